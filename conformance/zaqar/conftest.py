"""Fixtures: a server for each way to authenticate, and the original client of this environment in each version that it has."""

import itertools

import pytest
from zaqarclient.queues import client as factory

from pentad.control import Clock
from pentad.process import Server
from tenants import Tenants

_numbers = itertools.count(1)
_VERSIONS = [version for version in (1, 1.1, 2) if version in factory._CLIENTS]


@pytest.fixture(scope="session", params=["noauth", "keystone"])
def mode(request):
    """How callers say who they are: by headers, or by a token without which nobody comes in."""
    return request.param


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """The server of each mode, started when it is asked for."""
    running = {}

    def of(mode):
        if mode not in running:
            flags = []
            if mode == "keystone":
                seed = tmp_path_factory.mktemp("seed") / "seed.yaml"
                seed.write_text("zaqar: {options: {auth: keystone}}\n")
                flags = ["--seed", str(seed)]
            running[mode] = Server(*flags)
        return running[mode]

    yield of
    for server in running.values():
        code, rest = server.stop()
        assert code == 0, f"the server did not stop cleanly:\n{server.errors()}"
        assert rest == b"", "nothing may follow the announcement on standard output"


@pytest.fixture
def server(mode, servers):
    return servers(mode)


@pytest.fixture
def clock(server):
    return Clock(server)


@pytest.fixture
def project():
    """A project that no other test uses."""
    return f"project-{next(_numbers)}"


@pytest.fixture(scope="session")
def login(servers):
    """What the client is told to authenticate with in a mode, in a project."""
    known = {}

    def options(mode, project):
        if mode == "noauth":
            return {"backend": "noauth", "options": {"os_project_id": project}}
        if project not in known:
            known[project] = Tenants(servers(mode)).token(project)
        token, identifier = known[project]
        return {"backend": "keystone", "options": {"os_auth_token": token, "os_project_id": identifier}}

    return options


@pytest.fixture
def auth(mode, login, project):
    """The same for one test."""
    return login(mode, project)


@pytest.fixture
def connect(server, auth):
    """Makes an original client of a version; each has a client id of its own."""

    def make(version):
        if version not in _VERSIONS:
            pytest.skip(f"this client has no version {version}")
        return factory.Client(server.endpoints["zaqar"], version=version, conf={"auth_opts": auth})

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
