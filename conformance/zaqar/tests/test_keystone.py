"""The original client with tokens of the identity service of the same server."""

import pytest
from zaqarclient.queues import client as factory
from zaqarclient.transport import errors

from pentad.process import Server


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server that lets nobody in without a token."""
    seed = tmp_path_factory.mktemp("seed") / "seed.yaml"
    seed.write_text("zaqar: {options: {auth: keystone}}\n")
    running = Server("--seed", str(seed))
    yield running
    assert running.stop()[0] == 0


def _client(server, **changes):
    announced = dict(server.announcement["credentials"]["openstack"], **changes)
    options = {"os_" + key: value for key, value in announced.items()}
    conf = {"auth_opts": {"backend": "keystone", "options": options}}
    return factory.Client(server.endpoints["zaqar"], version=2, conf=conf)


def test_a_password_opens_the_project_of_the_user(guarded):
    queue = _client(guarded).queue("jobs")
    queue.post({"body": 1})
    assert [message.body for message in queue.pop()] == [1]


def test_the_catalog_tells_the_endpoint(guarded):
    client = _client(guarded)
    client.api_url = ""
    assert client.ping()


def test_without_a_token_nobody_comes_in(guarded):
    options = {"backend": "noauth", "options": {"os_project_id": "p"}}
    stranger = factory.Client(guarded.endpoints["zaqar"], version=2, conf={"auth_opts": options})
    with pytest.raises(errors.UnauthorizedError):
        stranger.queue("jobs").post({"body": 1})
