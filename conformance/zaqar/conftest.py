"""Fixtures: one server, and the original client of this environment in each version that it has."""

import itertools

import pytest
from zaqarclient.queues import client as factory

from pentad.control import Clock
from pentad.process import Server

_numbers = itertools.count(1)
_VERSIONS = [version for version in (1, 1.1, 2) if version in factory._CLIENTS]


@pytest.fixture(scope="session")
def server():
    running = Server()
    yield running
    code, rest = running.stop()
    assert code == 0, f"the server did not stop cleanly:\n{running.errors()}"
    assert rest == b"", "nothing may follow the announcement on standard output"


@pytest.fixture
def clock(server):
    return Clock(server)


@pytest.fixture
def project():
    """A project that no other test uses."""
    return f"project-{next(_numbers)}"


@pytest.fixture
def connect(server, project):
    """Makes an original client of a version; each has a client id of its own."""

    def make(version):
        if version not in _VERSIONS:
            pytest.skip(f"this client has no version {version}")
        options = {"backend": "noauth", "options": {"os_project_id": project}}
        return factory.Client(server.endpoints["zaqar"], version=version, conf={"auth_opts": options})

    return make


@pytest.fixture(params=[1, 1.1, 2])
def each(request, connect):
    """A client of each version."""
    return connect(request.param)


@pytest.fixture(params=[1.1, 2])
def newer(request, connect):
    """A client of each version after the first."""
    return connect(request.param)


@pytest.fixture
def v1(connect):
    return connect(1)


@pytest.fixture
def v2(connect):
    return connect(2)
