"""Fixtures: one server, and the original client of this environment."""

import itertools

import pytest

from pentad.process import Server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server():
    running = Server()
    yield running
    code, rest = running.stop()
    assert code == 0, f"the server did not stop cleanly:\n{running.errors()}"
    assert rest == b"", "nothing may follow the announcement on standard output"


@pytest.fixture(scope="session")
def credentials(server):
    return server.announcement["credentials"]["ivcap"]


@pytest.fixture
def entity():
    """An entity that no other test uses."""
    return f"urn:conformance:entity:{next(_numbers)}"
