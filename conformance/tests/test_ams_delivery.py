"""Publish, pull, acknowledge: through `ArgoMessagingService` and `AmsSubscription`."""

import re

import pytest
from argo_ams_library import (
    AmsBalancerException,
    AmsMessage,
    AmsMessageException,
    AmsServiceException,
    AmsTimeoutException,
)


@pytest.fixture
def sub(ams, feed):
    return ams.get_sub(feed[1], retobj=True)


def fill(ams, feed, count):
    return ams.publish(feed[0], [AmsMessage(data=f"message {i}") for i in range(count)])


def ack_id(ams, feed, offset):
    return f"projects/{ams.project}/subscriptions/{feed[1]}:{offset}"


def test_publish_one_message_object(ams, feed):
    assert ams.publish(feed[0], AmsMessage(data="hello", attributes={"k": "v"})) == {"messageIds": ["0"]}


def test_publish_numbers_messages_by_position(ams, feed):
    assert fill(ams, feed, 3) == {"messageIds": ["0", "1", "2"]}
    assert fill(ams, feed, 2) == {"messageIds": ["3", "4"]}


def test_publish_dicts_as_they_are(ams, feed):
    ams.publish(feed[0], {"data": "bm90IGVuY29kZWQgYWdhaW4="})
    [(_, message)] = ams.pull_sub(feed[1])
    assert message.get_data() == b"not encoded again"


def test_publish_nothing_is_accepted(ams, feed):
    assert ams.publish(feed[0], []) == {"messageIds": []}


def test_publish_of_a_mixed_list_or_a_tuple_fails_before_it_is_sent(ams, feed):
    message = AmsMessage(data="x")
    for wrong in ([message, {"data": "eA=="}], (message,)):
        with pytest.raises(AmsMessageException) as caught:
            ams.publish(feed[0], wrong)
        assert isinstance(caught.value.msg, TypeError)
    assert ams.getoffsets_sub(feed[1], "max") == 0


def test_publish_of_an_empty_message_fails_before_it_is_sent(ams, feed):
    with pytest.raises(AmsMessageException) as caught:
        ams.publish(feed[0], AmsMessage())
    assert caught.value.msg == "At least data field or one attribute needs to be defined"


def test_publish_of_wrong_attribute_types(ams, feed):
    with pytest.raises(AmsServiceException) as caught:
        ams.publish(feed[0], {"data": "eA==", "attributes": {"n": 1}})
    assert caught.value.msg == "While trying the [topic_publish]: Invalid Message Arguments"


def test_publish_to_a_missing_topic(ams, unique):
    with pytest.raises(AmsServiceException) as caught:
        ams.publish(unique("t"), {"data": "eA=="})
    assert type(caught.value) is AmsServiceException
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")


def test_publish_of_a_message_over_the_limit(ams, feed):
    with pytest.raises(AmsServiceException) as caught:
        ams.publish(feed[0], AmsMessage(data="x" * 1_200_000))
    assert (caught.value.code, caught.value.status) == (413, "INVALID_ARGUMENT")
    assert caught.value.msg == "While trying the [topic_publish]: Message size is too large"


def test_publish_just_below_the_limit(ams, feed):
    data = "x" * 1_100_000
    assert ams.publish(feed[0], AmsMessage(data=data)) == {"messageIds": ["0"]}
    assert ams.pull_sub(feed[1])[0][1].get_data() == data.encode()


def test_pull_returns_ack_ids_with_messages(ams, feed):
    ams.publish(feed[0], [AmsMessage(data="ùňĭćőđĕ", attributes={"b": "2", "a": "1"}), AmsMessage(data=b"\x00\xff")])
    (first_id, first), (second_id, second) = ams.pull_sub(feed[1], 2, return_immediately=True)
    assert [first_id, second_id] == [ack_id(ams, feed, 0), ack_id(ams, feed, 1)]
    assert first.get_data().decode() == "ùňĭćőđĕ"
    assert first.get_attr() == {"a": "1", "b": "2"}
    assert first.get_msgid() == "0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", first.get_publishtime())
    assert second.get_data() == b"\x00\xff"
    assert second.get_attr() == ""


def test_pull_of_an_attribute_only_message(ams, feed):
    ams.publish(feed[0], AmsMessage(attributes={"only": "attr"}))
    [(_, message)] = ams.pull_sub(feed[1])
    assert message.get_attr() == {"only": "attr"}
    with pytest.raises(AmsMessageException, match=r"^b64decode\(\) "):
        message.get_data()


def test_attributes_with_quotes_and_controls_survive(ams, feed):
    attributes = {'"quoted"': "back\\slash", "control": "line\nbreak\t", "html": "<a href='x'>&</a>"}
    ams.publish(feed[0], AmsMessage(data="x", attributes=attributes))
    assert ams.pull_sub(feed[1])[0][1].get_attr() == attributes


def test_pull_of_an_empty_subscription_answers_at_once(ams, feed, sub):
    assert ams.pull_sub(feed[1]) == []
    assert ams.pull_sub(feed[1], 5, return_immediately=True) == []
    assert sub.pull() == []


def test_two_pulls_without_acknowledgement_return_the_same(ams, feed, sub):
    fill(ams, feed, 3)
    first = [ack for ack, _ in sub.pull(2, return_immediately=True)]
    assert first == [ack for ack, _ in ams.pull_sub(feed[1], 2, return_immediately=True)]


def test_pull_restores_the_options_after_success_only(ams, feed, unique):
    ams.set_pullopt("maxMessages", 7)
    ams.pull_sub(feed[1], 2, return_immediately=True)
    assert ams.pullopts == {"maxMessages": "7", "returnImmediately": "false"}
    with pytest.raises(AmsServiceException):
        ams.pull_sub(unique("s"), 2, return_immediately=True)
    assert ams.pullopts == {"maxMessages": "2", "returnImmediately": "true"}


def test_options_stored_by_the_user_never_take_effect(ams, feed):
    fill(ams, feed, 3)
    ams.set_pullopt("maxMessages", 3)
    assert len(ams.pull_sub(feed[1])) == 1


def test_pull_object_takes_its_arguments_in_another_order(ams, feed, sub):
    fill(ams, feed, 2)
    assert len(sub.pull(2, 0, 0, None, True)) == 2


def test_pull_from_a_missing_subscription(ams, unique):
    with pytest.raises(AmsServiceException) as caught:
        ams.pull_sub(unique("s"))
    assert caught.value.msg == "While trying the [sub_pull]: Subscription doesn't exist"


def test_a_consumer_needs_the_access_list_to_pull_but_not_to_acknowledge(ams, member, feed):
    fill(ams, feed, 1)
    consumer = member("consumer")
    with pytest.raises(AmsServiceException) as caught:
        consumer.pull_sub(feed[1])
    assert caught.value.code == 403
    ams.pull_sub(feed[1])
    assert consumer.ack_sub(feed[1], [ack_id(ams, feed, 0)]) is True


def test_ack_moves_the_position(ams, feed, sub):
    fill(ams, feed, 3)
    ids = [ack for ack, _ in ams.pull_sub(feed[1], 2, return_immediately=True)]
    assert ams.ack_sub(feed[1], ids) is True
    assert ams.getoffsets_sub(feed[1], "current") == 2
    [(last, _)] = sub.pull()
    assert sub.ack([last]) is True
    assert sub.offsets("current") == 3


def test_ack_of_a_prefix_delivers_the_rest_again(ams, feed):
    fill(ams, feed, 3)
    ams.pull_sub(feed[1], 3, return_immediately=True)
    assert ams.ack_sub(feed[1], [ack_id(ams, feed, 0)]) is True
    again = ams.pull_sub(feed[1], 3, return_immediately=True)
    assert [message.get_msgid() for _, message in again] == ["1", "2"]


def test_a_second_ack_of_one_pull_is_a_balancer_exception(ams, feed):
    fill(ams, feed, 3)
    ams.pull_sub(feed[1], 3, return_immediately=True)
    ams.ack_sub(feed[1], [ack_id(ams, feed, 0)])
    with pytest.raises(AmsBalancerException) as caught:
        ams.ack_sub(feed[1], [ack_id(ams, feed, 2)])
    assert (caught.value.code, caught.value.status) == (500, "INTERNAL_SERVER_ERROR")
    assert caught.value.msg == "While trying the [sub_ack]: no ack pending"


@pytest.mark.parametrize("offset", [1, 3])
def test_an_ack_outside_the_window_is_a_balancer_exception(ams, feed, offset):
    fill(ams, feed, 4)
    ams.pull_sub(feed[1], 3, return_immediately=True)
    ams.pull_sub(feed[1], 1, return_immediately=True)
    with pytest.raises(AmsBalancerException) as caught:
        ams.ack_sub(feed[1], [ack_id(ams, feed, offset)])
    assert caught.value.msg == "While trying the [sub_ack]: wrong ack"


def test_an_empty_pull_at_the_end_makes_the_ack_wrong(ams, feed):
    fill(ams, feed, 2)
    ams.modifyoffset_sub(feed[1], 2)
    assert ams.pull_sub(feed[1], return_immediately=True) == []
    with pytest.raises(AmsBalancerException) as caught:
        ams.ack_sub(feed[1], [ack_id(ams, feed, 1)])
    assert caught.value.msg == "While trying the [sub_ack]: wrong ack"


@pytest.mark.parametrize("ids", [[], ["5"], ["projects/x/subscriptions/y:0"]], ids=["none", "bare", "foreign"])
def test_ids_that_are_none_of_this_subscription(ams, feed, ids):
    with pytest.raises(AmsServiceException) as caught:
        ams.ack_sub(feed[1], ids)
    assert caught.value.code == 400
    assert caught.value.msg == "While trying the [sub_ack]: Invalid ack id"


def test_a_late_ack_is_a_timeout_exception_and_a_new_pull_restarts_the_clock(ams, feed, sub, clock):
    fill(ams, feed, 1)
    [(ack, _)] = sub.pull()
    clock.advance(12)
    with pytest.raises(AmsTimeoutException) as caught:
        sub.ack([ack])
    assert (caught.value.code, caught.value.status) == (408, "TIMEOUT")
    assert caught.value.msg == "While trying the [sub_ack]: ack timeout"
    assert caught.value.args[0] == {"error": caught.value.msg, "status_code": 408, "status": "TIMEOUT"}
    sub.pull()
    assert sub.ack([ack]) is True


def test_an_ack_before_the_deadline_is_accepted(ams, feed, sub, clock):
    fill(ams, feed, 1)
    [(ack, _)] = sub.pull()
    clock.advance(9)
    assert sub.ack([ack]) is True


def test_pullack_returns_messages_that_are_done(ams, feed, sub):
    fill(ams, feed, 3)
    messages = ams.pullack_sub(feed[1], 2, return_immediately=True)
    assert [message.get_data() for message in messages] == [b"message 0", b"message 1"]
    assert ams.getoffsets_sub(feed[1], "current") == 2
    assert [message.get_msgid() for message in sub.pullack(1, return_immediately=True)] == ["2"]
    assert sub.pullack() == []


def test_a_received_message_can_be_published_again(ams, feed):
    ams.publish(feed[0], AmsMessage(data="round", attributes={"trip": "1"}))
    [(_, message)] = ams.pull_sub(feed[1])
    assert set(message.dict()) == {"attributes", "data", "messageId", "publishTime"}
    assert ams.publish(feed[0], message) == {"messageIds": ["1"]}
    ams.modifyoffset_sub(feed[1], 1)
    [(_, again)] = ams.pull_sub(feed[1])
    assert (again.get_msgid(), again.get_data(), again.get_attr()) == ("1", b"round", {"trip": "1"})


def test_messages_before_the_subscription_are_not_delivered_unless_moved(ams, unique):
    topic, name = ams.topic(unique("t")), unique("s")
    topic.publish({"data": "YmVmb3Jl"})
    sub = topic.subscription(name)
    assert sub.pull() == []
    ams.modifyoffset_sub(name, 0)
    assert sub.pull()[0][1].get_data() == b"before"


def test_pull_after_the_topic_is_gone(ams, feed):
    ams.delete_topic(feed[0])
    with pytest.raises(AmsServiceException) as caught:
        ams.pull_sub(feed[1])
    assert (caught.value.code, caught.value.status) == (409, "CONFLICT")
    assert caught.value.msg == "While trying the [sub_pull]: Subscription's topic doesn't exist"
