"""Push from the command line to a receiver of one's own: `--push-ca` says whom the server trusts."""

from argo_ams_library import AmsMessage

from pentad.control import Clock
from pentad.plain import Plain, error_of


def subscribed(server, ams, receiver):
    """A topic whose messages go to the receiver once it is verified; gives the call that verifies it."""
    ams.create_topic("t")
    ams.create_sub("s", "t")
    plain = Plain(server, ams.token)
    path = f"/projects/{ams.project}/subscriptions/s"
    config = {"type": "http_endpoint", "pushEndpoint": receiver.url, "retryPolicy": {"type": "linear", "period": 3000}}
    assert plain("POST", f"{path}:modifyPushConfig", {"pushConfig": config}).status_code == 200
    receiver.shown = ams.get_sub("s")["pushConfig"]["verificationHash"].encode()
    return lambda: plain("POST", f"{path}:verifyPushEndpoint", {})


def test_a_receiver_whose_authority_is_named_gets_what_the_original_client_publishes(
    trusting_server, make_project, receiver
):
    ams = make_project(trusting_server)
    verify = subscribed(trusting_server, ams, receiver)
    assert verify().status_code == 200
    ams.publish("t", [AmsMessage(data="disk full")])
    Clock(trusting_server).advance(4)
    assert receiver.texts == ["disk full"]


def test_a_receiver_of_an_unknown_authority_is_not_talked_to(server, make_project, receiver):
    verify = subscribed(server, make_project(server), receiver)
    assert error_of(verify())[0] >= 400
    assert receiver.texts == []
