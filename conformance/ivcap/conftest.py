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


@pytest.fixture
def client():
    """The module of the original client; in the environment of the contract there is none."""
    return pytest.importorskip("ivcap_client")


@pytest.fixture
def ivcap(client, server, credentials):
    """The original client on the endpoint that speaks its dialect."""
    if hasattr(client.IVCAP, "add_metadata"):
        url = server.endpoints["ivcap_l28"]
        return client.IVCAP(url, token=credentials["jwt"], account_id=credentials["account_id"])
    return client.IVCAP(server.endpoints["ivcap"], token=credentials["jwt"])
