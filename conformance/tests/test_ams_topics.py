"""Topics through `ArgoMessagingService` and `AmsTopic`."""

import pytest
from argo_ams_library import AmsServiceException, AmsSubscription, AmsTopic


def full(ams, topic):
    return f"/projects/{ams.project}/topics/{topic}"


def test_create_topic_returns_what_the_server_said_and_caches_it(ams, unique):
    name = unique("t")
    answer = ams.create_topic(name)
    assert answer["name"] == full(ams, name)
    assert set(answer) == {"name", "created_on"}
    assert list(ams.topics) == [full(ams, name)]


def test_create_topic_can_return_an_object(ams, unique):
    name = unique("t")
    topic = ams.create_topic(name, retobj=True)
    assert isinstance(topic, AmsTopic)
    assert (topic.name, topic.fullname, topic.acls) == (name, full(ams, name), None)
    assert topic.init is ams


def test_create_topic_twice_conflicts(ams, unique):
    name = unique("t")
    ams.create_topic(name)
    with pytest.raises(AmsServiceException) as caught:
        ams.create_topic(name)
    assert caught.value.code == 409
    assert caught.value.status == "ALREADY_EXISTS"
    assert caught.value.msg == "While trying the [topic_create]: Topic already exists"


def test_get_topic_returns_a_dict_or_the_cached_object(ams, unique):
    name = unique("t")
    made = ams.create_topic(name, retobj=True)
    assert ams.get_topic(name)["name"] == full(ams, name)
    assert ams.get_topic(name, retobj=True) is made


def test_get_topic_that_is_not_there(ams, unique):
    with pytest.raises(AmsServiceException) as caught:
        ams.get_topic(unique("t"))
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
    assert caught.value.msg == "While trying the [topic_get]: Topic doesn't exist"


def test_has_topic_tells_missing_from_present(ams, unique):
    name = unique("t")
    assert ams.has_topic(name) is False
    ams.create_topic(name)
    assert ams.has_topic(name) is True


def test_has_topic_raises_what_is_not_a_404(ams):
    with pytest.raises(AmsServiceException) as caught:
        ams.has_topic("bad.name")
    assert caught.value.code == 400
    assert caught.value.msg == "While trying the [topic_get]: Invalid topic name"


def test_topic_creates_or_finds(ams, unique):
    name = unique("t")
    made = ams.topic(name)
    assert isinstance(made, AmsTopic)
    assert ams.topic(name) is made


def test_delete_topic_empties_the_cache(ams, unique):
    name = unique("t")
    ams.create_topic(name)
    assert ams.delete_topic(name) == {}
    assert ams.topics == {}
    assert ams.has_topic(name) is False


def test_delete_topic_that_is_not_there(ams, unique):
    with pytest.raises(AmsServiceException) as caught:
        ams.delete_topic(unique("t"))
    assert caught.value.code == 404


def test_topic_object_deletes_itself(ams, unique):
    topic = ams.topic(unique("t"))
    assert topic.delete() == {}
    assert ams.has_topic(topic.name) is False


def test_list_topics_is_one_page_newest_first(ams, unique):
    names = [unique("t") for _ in range(3)]
    for name in names:
        ams.create_topic(name)
    ams.topics.clear()
    page = ams.list_topics()
    assert [topic["name"] for topic in page["topics"]] == [full(ams, name) for name in reversed(names)]
    assert (page["totalSize"], page["nextPageToken"]) == (3, "")
    assert list(ams.topics) == [full(ams, name) for name in reversed(names)]


def test_list_topics_of_an_empty_project(ams):
    assert ams.list_topics() == {"topics": [], "nextPageToken": "", "totalSize": 0}


def test_iter_topics_yields_the_whole_cache_stale_entries_too(ams, plain, unique):
    gone, kept = unique("t"), unique("t")
    ams.create_topic(gone)
    assert plain("DELETE", full(ams, gone)).status_code == 200
    assert plain("PUT", full(ams, kept)).status_code == 200
    topics = list(ams.iter_topics())
    assert all(isinstance(topic, AmsTopic) for topic in topics)
    assert [topic.name for topic in topics] == [gone, kept]


def test_iter_topics_sends_nothing_before_the_first_step(ams):
    ams.project = "no-such-project"
    topics = ams.iter_topics()
    with pytest.raises(AmsServiceException) as caught:
        next(topics)
    assert caught.value.code == 404


def test_topic_acl_starts_empty_and_can_be_set_and_reset(ams, member, unique):
    publisher = member("publisher")
    topic = ams.topic(unique("t"))
    assert topic.acl() == {"authorized_users": []}
    assert topic.acls == []
    assert topic.acl([publisher.user_name]) is True
    assert topic.acls == [publisher.user_name]
    assert topic.acl() == {"authorized_users": [publisher.user_name]}
    assert topic.acl([]) is True
    assert ams.getacl_topic(topic.name) == {"authorized_users": []}


def test_modifyacl_topic_lets_a_publisher_in(ams, member, unique):
    name, publisher = unique("t"), member("publisher")
    ams.create_topic(name)
    with pytest.raises(AmsServiceException) as caught:
        publisher.publish(name, {"data": "eA=="})
    assert caught.value.code == 403
    assert ams.modifyacl_topic(name, [publisher.user_name]) is True
    assert publisher.publish(name, {"data": "eA=="}) == {"messageIds": ["0"]}
    assert ams.getacl_topic(name)["authorized_users"] == [publisher.user_name]


def test_modifyacl_topic_with_an_unknown_user(ams, unique):
    name = unique("t")
    ams.create_topic(name)
    with pytest.raises(AmsServiceException) as caught:
        ams.modifyacl_topic(name, ["ghost-a", "ghost-b"])
    assert caught.value.code == 404
    assert caught.value.msg == "While trying the [topic_modifyacl]: User(s): ghost-a, ghost-b do not exist"


def test_a_topic_object_of_another_project_cannot_be_made(ams):
    with pytest.raises(IndexError):
        AmsTopic("/projects/elsewhere/topics/t", init=ams)


def test_topic_subscription_creates_then_finds(ams, unique):
    topic, name = ams.topic(unique("t")), unique("s")
    made = topic.subscription(name, ackdeadline=33)
    assert isinstance(made, AmsSubscription)
    assert made.ackdeadline == 33
    assert topic.subscription(name, ackdeadline=44) is made


def test_topic_subscription_of_another_topic_is_returned_as_it_is(ams, unique):
    name, one, other = unique("s"), ams.topic(unique("t")), ams.topic(unique("t"))
    one.subscription(name)
    assert other.subscription(name).topic is one


def test_topic_iter_subs_yields_only_its_own(ams, unique):
    one, other = ams.topic(unique("t")), ams.topic(unique("t"))
    mine = [one.subscription(unique("s")) for _ in range(2)]
    other.subscription(unique("s"))
    assert {sub.name for sub in one.iter_subs()} == {sub.name for sub in mine}


def test_topic_publish(ams, unique):
    topic = ams.topic(unique("t"))
    assert topic.publish({"data": "YQ=="}) == {"messageIds": ["0"]}
    assert topic.publish([{"data": "YQ=="}, {"data": "Yg=="}]) == {"messageIds": ["1", "2"]}


def test_a_publisher_sees_only_the_topics_that_list_it(ams, member, unique):
    open_topic, closed = unique("t"), unique("t")
    publisher = member("publisher")
    ams.create_topic(open_topic)
    ams.create_topic(closed)
    ams.modifyacl_topic(open_topic, [publisher.user_name])
    page = publisher.list_topics()
    assert [topic["name"] for topic in page["topics"]] == [full(ams, open_topic)]
    assert page["totalSize"] == 1
