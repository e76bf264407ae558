"""Fixtures: one server for most tests, a fresh project for each."""

import itertools
import os

import pytest
import trustme
from argo_ams_library import ArgoMessagingService

from pentad.balancer import Balancer
from pentad.control import Clock
from pentad.plain import Plain
from pentad.process import Server
from pentad.receiver import Receiver

_numbers = itertools.count(1)


def pytest_addoption(parser):
    parser.addoption("--postgres", help="also run the trace on this database: postgres://…")


@pytest.fixture(scope="session")
def foreign_ca():
    """A certificate authority that the server does not know."""
    return trustme.CA()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory, foreign_ca):
    """The file with every authority that the client under test trusts; servers add theirs."""
    path = tmp_path_factory.mktemp("trust") / "bundle.pem"
    path.write_bytes(foreign_ca.cert_pem.bytes())
    before = {name: os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "NO_PROXY")}
    os.environ.update(REQUESTS_CA_BUNDLE=str(path), NO_PROXY="127.0.0.1,localhost")
    yield path
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def _serve(bundle, *flags):
    server = Server(*flags)
    with open(server.ca_file, "rb") as own, open(bundle, "ab") as trusted:
        trusted.write(own.read())
    yield server
    code, rest = server.stop()
    assert code == 0, f"the server did not stop cleanly:\n{server.errors()}"
    assert rest == b"", "nothing may follow the announcement on standard output"


@pytest.fixture(scope="session")
def server(bundle):
    """The server as a newcomer starts it."""
    yield from _serve(bundle)


@pytest.fixture(scope="session")
def strict_server(bundle):
    """A server that keeps every oddity of the real service."""
    yield from _serve(bundle, "--mode", "strict")


@pytest.fixture(scope="session")
def relaxed_server(bundle):
    """A server that forgives the known slips of the original client."""
    yield from _serve(bundle, "--mode", "relaxed")


@pytest.fixture(scope="session")
def trusting_server(bundle, foreign_ca, tmp_path_factory):
    """A server that pushes to receivers of the foreign authority."""
    authority = tmp_path_factory.mktemp("push") / "ca.pem"
    authority.write_bytes(foreign_ca.cert_pem.bytes())
    yield from _serve(bundle, "--push-ca", str(authority))


@pytest.fixture(scope="session")
def postgres_server(bundle, request, tmp_path_factory):
    """A server that keeps its tables in PostgreSQL; keys and blobs are in a directory."""
    url = request.config.getoption("--postgres")
    if not url:
        pytest.skip("no --postgres given")
    yield from _serve(bundle, "--store", url, "--data", str(tmp_path_factory.mktemp("data")))


@pytest.fixture
def clock(server):
    return Clock(server)


@pytest.fixture
def unique():
    """Makes names that no other test uses."""
    return lambda stem: f"{stem}-{next(_numbers)}"


@pytest.fixture
def root(server):
    """The original client as service administrator."""
    return ArgoMessagingService(endpoint=server.endpoints["ams"], token=server.ams["service_admin"], project="demo")


@pytest.fixture
def make_project(unique):
    """Makes a fresh project with an administrator on a server; returns the original client bound to both."""

    def make(server):
        service = Plain(server, server.ams["service_admin"])
        project, user = unique("P"), unique("admin")
        assert service("POST", f"/projects/{project}", {"description": "conformance"}).status_code == 200
        roles = [{"project": project, "roles": ["project_admin"]}]
        answer = service("POST", f"/users/{user}", {"email": "a@example.org", "projects": roles})
        assert answer.status_code == 200, answer.text
        ams = ArgoMessagingService(endpoint=server.endpoints["ams"], token=answer.json()["token"], project=project)
        ams.user_name = user  # for the tests; the client does not know its own name
        return ams

    return make


@pytest.fixture
def ams(server, make_project):
    """The original client as administrator of a project of its own."""
    return make_project(server)


@pytest.fixture
def plain(server, ams):
    """Requests without a client, as the same administrator."""
    return Plain(server, ams.token)


@pytest.fixture
def feed(ams, unique):
    """A topic with a subscription: `(topic name, subscription name)`."""
    topic, sub = unique("topic"), unique("sub")
    ams.create_topic(topic)
    ams.create_sub(sub, topic)
    return topic, sub


@pytest.fixture
def member(server, ams, unique):
    """Adds a user with the given roles to the project; returns the original client as that user."""

    def add(*roles):
        name = unique("member")
        user = ams.create_project_member(name, roles=list(roles), email="m@example.org")
        client = ArgoMessagingService(endpoint=server.endpoints["ams"], token=user.token, project=ams.project)
        client.user_name = name
        return client

    return add


@pytest.fixture
def balancer(server, foreign_ca):
    """A load balancer before the server, with a certificate that the client trusts."""
    front = Balancer(server, foreign_ca.issue_cert("127.0.0.1"))
    yield front
    front.stop()


@pytest.fixture
def receiver(foreign_ca):
    """An endpoint for push deliveries, with a certificate of the foreign authority."""
    endpoint = Receiver(foreign_ca.issue_cert("127.0.0.1"))
    yield endpoint
    endpoint.stop()


@pytest.fixture
def balanced(ams, balancer):
    """The administrator's client, through the balancer."""
    client = ArgoMessagingService(endpoint=balancer.endpoint, token=ams.token, project=ams.project)
    return client
