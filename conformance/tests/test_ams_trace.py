"""The end-to-end trace of the AMS reference (appendix), request by request, without a client."""

import pytest

from pentad.control import Clock
from pentad.plain import Plain, error_of

LATER = "2999-01-01T00:00:00.000Z"
EARLIER = "2000-01-01T00:00:00.000Z"


def ids(sub, *offsets):
    return {"ackIds": [f"{sub}:{offset}" for offset in offsets]}


def received(answer):
    assert answer.status_code == 200, answer.text
    return [
        (item["ackId"], item["message"]["messageId"], item["message"]["data"])
        for item in answer.json()["receivedMessages"]
    ]


def create_people(service, server, project, admin, io):
    """Rows 1 to 3. Returns the administrator and the reader-writer."""
    answer = service("POST", f"/projects/{project}", {"description": "demo"})
    assert answer.status_code == 200
    assert answer.json()["name"] == project
    assert answer.json()["description"] == "demo"
    roles = [{"project": project, "roles": ["project_admin"]}]
    answer = service("POST", f"/users/{admin}", {"email": "a@example.org", "projects": roles})
    assert answer.status_code == 200
    t_a = Plain(server, answer.json()["token"])
    roles = [{"project": project, "roles": ["publisher", "consumer"]}]
    answer = t_a("POST", f"/projects/{project}/members/{io}", {"email": "b@example.org", "projects": roles})
    assert answer.status_code == 200
    assert answer.json()["created_by"] == admin
    return t_a, Plain(server, answer.json()["token"])


def create_feed(t_a, t_b, project, io, topic, sub):
    """Rows 4 to 11: topic, subscription, access lists."""
    answer = t_a("PUT", topic)
    assert answer.status_code == 200
    assert answer.json()["name"] == topic
    assert error_of(t_a("PUT", topic)) == (409, "Topic already exists", "ALREADY_EXISTS")
    answer = t_a("PUT", sub, {"topic": topic})
    assert error_of(answer) == (400, "Invalid Topic name", "INVALID_ARGUMENT")
    answer = t_a("PUT", sub, {"topic": topic.lstrip("/")})
    assert answer.status_code == 200
    assert answer.json()["ackDeadlineSeconds"] == 10
    answer = t_b("POST", f"{topic}:publish", {"messages": [{"data": "aGVsbG8="}]})
    assert error_of(answer) == (403, "Access to this resource is forbidden", "FORBIDDEN")
    answer = t_a("POST", f"{topic}:modifyAcl", {"authorized_users": ["nobody"]})
    assert error_of(answer) == (404, "User(s): nobody do not exist", "NOT_FOUND")
    for resource in (topic, sub):
        answer = t_a("POST", f"{resource}:modifyAcl", {"authorized_users": [io]})
        assert (answer.status_code, answer.content) == (200, b"")


def publish_and_acknowledge(t_b, topic, sub, ack):
    """Rows 12 to 20: ids in order, one batch outstanding, one acknowledgement per pull."""
    messages = [
        {"data": "aGVsbG8=", "attributes": {"k": "v"}},
        {"data": "d29ybGQ="},
        {"attributes": {"only": "attr"}},
    ]
    answer = t_b("POST", f"{topic}:publish", {"messages": messages})
    assert answer.json() == {"messageIds": ["0", "1", "2"]}
    assert t_b("GET", f"{sub}:offsets").json() == {"max": 3, "min": 0, "current": 0}
    answer = t_b("POST", f"{sub}:pull", {"maxMessages": 2})
    assert error_of(answer) == (400, "Invalid Pull Parameters Arguments", "INVALID_ARGUMENT")
    answer = t_b("POST", f"{sub}:pull", {"maxMessages": "2", "returnImmediately": "true"})
    assert received(answer) == [(f"{ack}:0", "0", "aGVsbG8="), (f"{ack}:1", "1", "d29ybGQ=")]
    assert received(t_b("POST", f"{sub}:pull", {"maxMessages": "1"})) == [(f"{ack}:0", "0", "aGVsbG8=")]
    answer = t_b("POST", f"{sub}:acknowledge", ids(ack, 1))
    assert error_of(answer) == (500, "wrong ack", "INTERNAL_SERVER_ERROR")
    answer = t_b("POST", f"{sub}:acknowledge", ids(ack, 0))
    assert (answer.status_code, answer.text) == (200, "{}")
    answer = t_b("POST", f"{sub}:acknowledge", ids(ack, 0))
    assert error_of(answer) == (500, "no ack pending", "INTERNAL_SERVER_ERROR")
    answer = t_b("POST", f"{sub}:pull", {"maxMessages": "10", "returnImmediately": "true"})
    assert received(answer) == [(f"{ack}:1", "1", "d29ybGQ="), (f"{ack}:2", "2", "")]
    assert answer.json()["receivedMessages"][1]["message"]["attributes"] == {"only": "attr"}


def miss_the_deadline(t_b, sub, ack, clock):
    """Rows 21 to 23."""
    clock.advance(12)
    answer = t_b("POST", f"{sub}:acknowledge", ids(ack, 2))
    assert error_of(answer) == (408, "ack timeout", "TIMEOUT")
    answer = t_b("POST", f"{sub}:pull", {"maxMessages": "10", "returnImmediately": "true"})
    assert len(received(answer)) == 2
    assert t_b("POST", f"{sub}:acknowledge", ids(ack, 2)).text == "{}"
    assert t_b("GET", f"{sub}:offsets").json()["current"] == 3
    answer = t_b("POST", f"{sub}:pull", {"maxMessages": "1", "returnImmediately": "false"})
    assert answer.json() == {"receivedMessages": []}


def move_and_delete(t_a, t_b, topic, sub, ack):
    """Rows 24 to 29."""
    answer = t_a("POST", f"{sub}:modifyOffset", {"offset": 99})
    assert error_of(answer) == (400, "Offset out of bounds", "INVALID_ARGUMENT")
    answer = t_a("POST", f"{sub}:modifyOffset", {"offset": 0})
    assert (answer.status_code, answer.content) == (200, b"")
    assert received(t_b("POST", f"{sub}:pull", {})) == [(f"{ack}:0", "0", "aGVsbG8=")]
    answer = t_a("GET", f"{sub}:timeToOffset", params={"time": EARLIER})
    assert (answer.status_code, answer.text) == (200, '{"offset":0}')
    answer = t_a("GET", f"{sub}:timeToOffset", params={"time": LATER})
    assert error_of(answer)[0::2] == (409, "CONFLICT")
    answer = t_a("DELETE", topic)
    assert (answer.status_code, answer.content) == (200, b"")
    answer = t_b("POST", f"{sub}:pull", {})
    assert error_of(answer) == (409, "Subscription's topic doesn't exist", "CONFLICT")


def refuse_strangers(server, project):
    """Rows 30 to 33: the order of the checks decides the error."""
    nobody, bogus = Plain(server), Plain(server, "bogus")
    assert error_of(nobody("GET", f"/projects/{project}")) == (401, "Unauthorized", "UNAUTHORIZED")
    assert error_of(bogus("GET", "/projects/NOPE")) == (404, "project doesn't exist", "NOT_FOUND")
    assert error_of(bogus("GET", f"/projects/{project}")) == (401, "Unauthorized", "UNAUTHORIZED")
    assert error_of(nobody("GET", "/projects/DE.MO")) == (400, "Invalid project name", "INVALID_ARGUMENT")


def run_trace(server, unique):
    project, admin, io = unique("DEMO"), unique("demo-admin"), unique("demo-io")
    topic, sub = f"/projects/{project}/topics/alerts", f"/projects/{project}/subscriptions/alerts-sub"
    ack = sub.lstrip("/")
    service = Plain(server, server.ams["service_admin"])
    t_a, t_b = create_people(service, server, project, admin, io)
    create_feed(t_a, t_b, project, io, topic, sub)
    publish_and_acknowledge(t_b, topic, sub, ack)
    miss_the_deadline(t_b, sub, ack, Clock(server))
    move_and_delete(t_a, t_b, topic, sub, ack)
    refuse_strangers(server, project)


@pytest.mark.parametrize("which", ["server", "strict_server", "postgres_server"])
def test_the_trace_of_the_reference_holds(request, unique, which):
    run_trace(request.getfixturevalue(which), unique)
