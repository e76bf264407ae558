"""The websocket transport of the original client, and frames that it does not use itself."""

import json

import msgpack
import pytest
import websocket
from zaqarclient import transport
from zaqarclient.transport import errors, request

from pentad.process import Server

CLIENT = "5b0f6c1e-4f0a-4d0e-9a55-0c1d2e3f4a5b"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    seed = tmp_path_factory.mktemp("seed") / "seed.yaml"
    seed.write_text("zaqar: {options: {auth: keystone}}\n")
    running = Server("--seed", str(seed))
    yield running
    assert running.stop()[0] == 0


def _token(server):
    from keystoneauth1 import session
    from keystoneauth1.identity import v3

    announced = server.announcement["credentials"]["openstack"]
    sess = session.Session(auth=v3.Password(**announced))
    return {"os_auth_token": sess.get_token(), "os_project_id": sess.get_project_id()}


def test_the_transport_of_the_client_authenticates_calls_and_is_told(guarded):
    endpoint = guarded.endpoints["zaqar_ws"]

    def call(ws, operation, **body):
        return json.loads(ws.send(request.Request(endpoint, operation, content=json.dumps(body))).content)

    with transport.get_transport_for(endpoint, version=2, options={"auth_opts": {"options": _token(guarded)}}) as ws:
        assert call(ws, "queue_create", queue_name="jobs") == "Queue jobs created."
        assert call(ws, "subscription_create", queue_name="jobs")["message"] == "Subscription jobs created."
        ids = call(ws, "message_post", queue_name="jobs", messages=[{"body": "x", "ttl": 60}])["message_ids"]
        assert ws.recv() == {"ttl": 60, "body": "x", "Message_Type": "Notification", "queue_name": "jobs"}
        listed = call(ws, "message_list", queue_name="jobs", echo=True)["messages"]
        assert [message["id"] for message in listed] == ids
        claimed = call(ws, "claim_create", queue_name="jobs", ttl=300, grace=60)
        with pytest.raises(errors.ForbiddenError) as refused:
            call(ws, "message_delete", queue_name="jobs", message_id=ids[0])
        assert "This message is claimed" in str(refused.value)
        call(ws, "message_delete", queue_name="jobs", message_id=ids[0], claim_id=claimed["claim_id"])


def test_a_bad_token_is_refused(guarded):
    options = {"auth_opts": {"options": dict(_token(guarded), os_auth_token="bad")}}
    endpoint = guarded.endpoints["zaqar_ws"]
    with transport.get_transport_for(endpoint, version=2, options=options) as ws:
        with pytest.raises(errors.UnauthorizedError):
            ws.send(request.Request(endpoint, "queue_list", content="{}"))


def test_messagepack_is_answered_in_kind(server, auth):
    connection = websocket.create_connection(server.endpoints["zaqar_ws"], timeout=10)
    headers = {"Client-ID": CLIENT, "X-Project-ID": auth["options"]["os_project_id"]}
    if auth["backend"] == "keystone":
        token = dict(headers, **{"X-Auth-Token": auth["options"]["os_auth_token"]})
        connection.send_binary(msgpack.packb({"action": "authenticate", "headers": token}))
        assert msgpack.unpackb(connection.recv())["headers"] == {"status": 200}
    asked = {"action": "queue_create", "headers": headers,
             "body": {"queue_name": "jobs"}}
    connection.send_binary(msgpack.packb(asked))
    answer = msgpack.unpackb(connection.recv())
    assert (answer["body"], answer["headers"]) == ("Queue jobs created.", {"status": 201})
    assert answer["request"] == dict(asked, api="v2")
    connection.close()
