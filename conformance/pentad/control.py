"""The control interface of the server: here, its clock."""

import requests


class Clock:
    """Service time, moved by tests. Nothing in these tests waits for real time."""

    def __init__(self, server):
        self._base = server.endpoints["control"]

    def advance(self, seconds):
        """Moves service time forward; deadlines that pass take effect."""
        for path, body in (("advance", {"seconds": seconds}), ("settle", {})):
            answer = requests.post(f"{self._base}/clock/{path}", json=body, timeout=60)
            answer.raise_for_status()
