"""The control interface of the server: here, its clock."""

import requests


class Clock:
    """Service time, moved by tests. Nothing in these tests waits for real time."""

    def __init__(self, server):
        self._base = server.endpoints["control"]

    def advance(self, seconds):
        """Moves service time forward; deadlines that pass take effect."""
        answer = requests.post(f"{self._base}/clock/advance", json={"seconds": seconds}, timeout=30)
        answer.raise_for_status()
