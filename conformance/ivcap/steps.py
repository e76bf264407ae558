"""What tests of several clients do alike."""

import time

SECONDS = 30


def named(ivcap, name):
    """A service by its name, as every client can find it."""
    return next(service for service in ivcap.list_services() if service.name == name)


def until(question, what):
    """Asks until the answer is true; `what` is said if that takes too long."""
    end = time.monotonic() + SECONDS
    while not question():
        assert time.monotonic() < end, what
        time.sleep(0.05)
