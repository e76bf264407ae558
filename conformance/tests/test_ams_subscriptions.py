"""Subscriptions through `ArgoMessagingService` and `AmsSubscription`: life, access, offsets, options."""

import datetime

import pytest
from argo_ams_library import AmsServiceException, AmsSubscription

EMPTY_PUSH = {
    "type": "",
    "pushEndpoint": "",
    "maxMessages": 0,
    "authorizationHeader": {},
    "retryPolicy": {},
    "verificationHash": "",
    "verified": False,
    "mattermostUrl": "",
    "mattermostUsername": "",
    "mattermostChannel": "",
    "base64Decode": False,
}


def full(ams, sub):
    return f"/projects/{ams.project}/subscriptions/{sub}"


@pytest.fixture
def sub(ams, feed):
    """The subscription of the feed as an object."""
    return ams.get_sub(feed[1], retobj=True)


def test_create_sub_returns_the_complete_object(ams, unique):
    topic, name = unique("t"), unique("s")
    ams.create_topic(topic)
    answer = ams.create_sub(name, topic)
    assert list(answer) == ["name", "topic", "pushConfig", "ackDeadlineSeconds", "createdOn"]
    assert answer["name"] == full(ams, name)
    assert answer["topic"] == f"/projects/{ams.project}/topics/{topic}"
    assert answer["ackDeadlineSeconds"] == 10
    assert answer["pushConfig"] == EMPTY_PUSH
    assert list(answer["pushConfig"]) == list(EMPTY_PUSH)


def test_create_sub_can_return_an_object(ams, unique):
    topic = ams.topic(unique("t"))
    sub = ams.create_sub(unique("s"), topic.name, ackdeadline=25, retobj=True)
    assert isinstance(sub, AmsSubscription)
    assert (sub.ackdeadline, sub.topic, sub.acls) == (25, topic, None)
    assert (sub.push_endpoint, sub.retry_policy_type, sub.retry_policy_period) == ("", "", "")


def test_create_sub_for_a_missing_topic_fails_before_it_is_sent(ams, unique):
    with pytest.raises(AmsServiceException) as caught:
        ams.create_sub(unique("s"), unique("t"))
    assert caught.value.msg == "While trying the [topic_get]: Topic doesn't exist"


def test_create_sub_twice_conflicts(ams, feed):
    with pytest.raises(AmsServiceException) as caught:
        ams.create_sub(feed[1], feed[0])
    assert (caught.value.code, caught.value.status) == (409, "ALREADY_EXISTS")
    assert caught.value.msg == "While trying the [sub_create]: Subscription already exists"


def test_get_sub_returns_a_dict_or_the_cached_object(ams, feed):
    assert ams.get_sub(feed[1])["name"] == full(ams, feed[1])
    assert ams.get_sub(feed[1], retobj=True) is ams.subs[full(ams, feed[1])]


def test_get_sub_caches_the_topic_too(ams, feed):
    ams.topics.clear()
    ams.subs.clear()
    sub = ams.get_sub(feed[1], retobj=True)
    assert sub.topic.name == feed[0]
    assert list(ams.topics) == [sub.topic.fullname]


def test_get_sub_that_is_not_there(ams, unique):
    with pytest.raises(AmsServiceException) as caught:
        ams.get_sub(unique("s"))
    assert caught.value.msg == "While trying the [sub_get]: Subscription doesn't exist"


def test_cached_objects_are_never_refreshed(ams, plain, feed):
    before = ams.get_sub(feed[1], retobj=True)
    assert plain("POST", f"{full(ams, feed[1])}:modifyAckDeadline", {"ackDeadlineSeconds": 77}).status_code == 200
    assert ams.get_sub(feed[1])["ackDeadlineSeconds"] == 77
    assert ams.get_sub(feed[1], retobj=True).ackdeadline == before.ackdeadline == 10


def test_has_sub_tells_missing_from_present(ams, feed, unique):
    assert ams.has_sub(feed[1]) is True
    assert ams.has_sub(unique("s")) is False


def test_delete_sub_empties_the_cache(ams, feed):
    assert ams.delete_sub(feed[1]) == {}
    assert ams.subs == {}
    assert ams.has_sub(feed[1]) is False


def test_subscription_object_deletes_itself(ams, sub):
    assert sub.delete() == {}
    assert ams.has_sub(sub.name) is False


def test_deleting_a_missing_subscription_is_a_bare_key_error(ams, unique):
    with pytest.raises(KeyError, match="sub_delete"):
        ams.delete_sub(unique("s"))


def test_list_subs_is_one_page_newest_first(ams, feed, unique):
    second = unique("s")
    ams.create_sub(second, feed[0])
    ams.subs.clear()
    page = ams.list_subs()
    assert [sub["name"] for sub in page["subscriptions"]] == [full(ams, second), full(ams, feed[1])]
    assert (page["totalSize"], page["nextPageToken"]) == (2, "")
    assert list(ams.subs) == [full(ams, second), full(ams, feed[1])]


def test_list_subs_of_an_empty_project(ams):
    assert ams.list_subs() == {"subscriptions": [], "nextPageToken": "", "totalSize": 0}


def test_iter_subs_yields_the_cache_and_filters_by_short_topic_name(ams, feed, unique):
    other = unique("t")
    ams.create_topic(other)
    ams.create_sub(unique("s"), other)
    assert len(list(ams.iter_subs())) == 2
    assert [sub.name for sub in ams.iter_subs(topic=feed[0])] == [feed[1]]


def test_iter_subs_keeps_yielding_what_others_deleted(ams, plain, feed):
    assert plain("DELETE", full(ams, feed[1])).status_code == 200
    assert [sub.name for sub in ams.iter_subs()] == [feed[1]]


def test_a_consumer_sees_only_the_subscriptions_that_list_it(ams, member, feed, unique):
    consumer, other = member("consumer"), unique("s")
    ams.create_sub(other, feed[0])
    ams.modifyacl_sub(other, [consumer.user_name])
    page = consumer.list_subs()
    assert [sub["name"] for sub in page["subscriptions"]] == [full(ams, other)]
    assert page["totalSize"] == 1


def test_a_subscription_object_needs_its_topic_in_the_cache(ams):
    with pytest.raises(KeyError):
        AmsSubscription(full(ams, "s"), "/projects/x/topics/unknown", EMPTY_PUSH, 10, init=ams)


def test_subscription_acl_starts_empty_and_can_be_set_and_reset(ams, sub, member):
    consumer = member("consumer")
    assert sub.acl() == {"authorized_users": []}
    assert sub.acl([consumer.user_name]) is True
    assert sub.acls == [consumer.user_name]
    assert ams.getacl_sub(sub.name) == {"authorized_users": [consumer.user_name]}
    assert ams.modifyacl_sub(sub.name, []) is True
    assert sub.acl() == {"authorized_users": []}


def test_an_unknown_user_in_a_subscription_acl_is_a_bare_key_error(ams, feed):
    with pytest.raises(KeyError, match="sub_modifyacl"):
        ams.modifyacl_sub(feed[1], ["ghost"])


def test_acl_of_a_missing_subscription_fails_at_the_first_request(ams, unique):
    with pytest.raises(AmsServiceException) as caught:
        ams.getacl_sub(unique("s"))
    assert caught.value.msg == "While trying the [sub_get]: Subscription doesn't exist"


def test_offsets_all_or_one(ams, feed, sub):
    ams.publish(feed[0], [{"data": "YQ=="}] * 4)
    assert ams.getoffsets_sub(feed[1]) == {"max": 4, "min": 0, "current": 0}
    assert [ams.getoffsets_sub(feed[1], name) for name in ("max", "min", "current")] == [4, 0, 0]
    assert sub.offsets() == {"max": 4, "min": 0, "current": 0}
    assert sub.offsets("max") == 4


def test_an_unknown_offset_name_fails_after_the_request_and_has_no_code(ams, feed):
    with pytest.raises(AmsServiceException) as caught:
        ams.getoffsets_sub(feed[1], "bogus")
    assert caught.value.msg == "While trying the [sub_offsets]: 'bogus' is not valid offset position"
    assert not hasattr(caught.value, "code")
    assert not hasattr(caught.value, "status")


def test_an_unknown_offset_name_on_the_object_is_silent_unless_it_moves(ams, feed, sub):
    ams.publish(feed[0], [{"data": "YQ=="}] * 4)
    assert sub.offsets("bogus") is None
    with pytest.raises(AmsServiceException):
        sub.offsets("bogus", move_to=3)
    assert sub.offsets("current") == 3


def test_offsets_of_a_missing_subscription_are_a_bare_key_error(ams, unique):
    with pytest.raises(KeyError, match="sub_offsets"):
        ams.getoffsets_sub(unique("s"))


def test_offsets_can_be_moved_but_not_to_zero_through_the_object(ams, feed, sub):
    ams.publish(feed[0], [{"data": "YQ=="}] * 4)
    assert sub.offsets(move_to=2) == {"max": 4, "min": 0, "current": 2}
    assert sub.offsets("current", move_to=4) == 4
    assert sub.offsets(move_to=0)["current"] == 4
    assert ams.modifyoffset_sub(feed[1], 0) == {}
    assert sub.offsets("current") == 0


def test_modifyoffset_takes_texts_and_refuses_what_is_out_of_bounds(ams, feed):
    ams.publish(feed[0], [{"data": "YQ=="}] * 2)
    assert ams.modifyoffset_sub(feed[1], "1") == {}
    assert ams.getoffsets_sub(feed[1], "current") == 1
    with pytest.raises(AmsServiceException) as caught:
        ams.modifyoffset_sub(feed[1], 3)
    assert caught.value.msg == "While trying the [sub_mod_offset]: Offset out of bounds"
    assert ams.getoffsets_sub(feed[1], "current") == 1


def test_time_to_offset_with_microseconds(ams, feed, sub):
    ams.publish(feed[0], [{"data": "YQ=="}])
    long_ago = datetime.datetime(2019, 9, 2, 13, 39, 11, 500000)
    assert ams.time_to_offset_sub(feed[1], long_ago) == 0
    assert sub.time_to_offset(long_ago) == 0


def test_time_to_offset_after_the_last_message(ams, feed):
    ams.publish(feed[0], [{"data": "YQ=="}])
    with pytest.raises(AmsServiceException) as caught:
        ams.time_to_offset_sub(feed[1], datetime.datetime(2999, 1, 1, 0, 0, 0, 1000))
    assert (caught.value.code, caught.value.status) == (409, "CONFLICT")
    text = "Timestamp is out of bounds for the subscription's topic/partition"
    assert caught.value.msg == f"While trying the [sub_timeToOffset]: {text}"


def test_time_to_offset_finds_the_message_published_at_or_after(ams, plain, feed, clock):
    ams.publish(feed[0], [{"data": "YQ=="}])
    clock.advance(60)
    ams.publish(feed[0], [{"data": "Yg=="}])
    first = ams.pull_sub(feed[1], 2, return_immediately=True)[0][1]
    text = first.get_publishtime().rstrip("Z").split(".")[0]
    between = datetime.datetime.fromisoformat(text) + datetime.timedelta(seconds=30, milliseconds=7)
    assert ams.time_to_offset_sub(feed[1], between) == 1


@pytest.mark.parametrize(
    "moment",
    [
        datetime.datetime(2019, 9, 2, 13, 39, 11, 500000, tzinfo=datetime.timezone.utc),
        datetime.date(2019, 9, 2),
        "2019-09-02T13:39:11.500Z",
        None,
    ],
    ids=["aware", "date", "text", "nothing"],
)
def test_time_to_offset_of_what_the_client_cannot_write(ams, feed, moment):
    with pytest.raises(AmsServiceException) as caught:
        ams.time_to_offset_sub(feed[1], moment)
    assert caught.value.msg == "While trying the [sub_timeToOffset]: Time is not in valid Zulu format."


@pytest.mark.parametrize("which", ["strict_server", "relaxed_server"])
def test_time_to_offset_of_a_whole_second_sends_a_blank_which_is_refused(request, make_project, which):
    ams = make_project(request.getfixturevalue(which))
    ams.topic("t").subscription("s").topic.publish({"data": "YQ=="})
    with pytest.raises(AmsServiceException) as caught:
        ams.time_to_offset_sub("s", datetime.datetime(2019, 9, 2, 13, 39, 11))
    assert caught.value.code == 400


def test_pull_options_are_texts_and_unknown_ones_are_refused_on_get(ams):
    assert ams.pullopts == {"maxMessages": "1", "returnImmediately": "false"}
    assert ams.set_pullopt("maxMessages", 42) is None
    assert ams.get_pullopt("maxMessages") == "42"
    ams.set_pullopt("custom", True)
    assert ams.get_pullopt("custom") == "True"
    with pytest.raises(KeyError):
        ams.get_pullopt("unknown")


def test_options_that_the_server_does_not_know_are_ignored(ams, feed):
    ams.publish(feed[0], {"data": "YQ=="})
    ams.set_pullopt("custom", "x")
    assert len(ams.pull_sub(feed[1])) == 1
