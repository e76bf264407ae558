"""Exceptions and retries: what the original makes of balancer pages, broken connections and bare errors."""

import pytest
from argo_ams_library import (
    AmsBalancerException,
    AmsConnectionException,
    AmsException,
    AmsMessageException,
    AmsServiceException,
    AmsTimeoutException,
    ArgoMessagingService,
)

from pentad.balancer import Page, Reset

CALLS = {
    "topic_publish": lambda ams, feed: ams.publish(feed[0], {"data": "eA=="}),
    "sub_pull": lambda ams, feed: ams.pull_sub(feed[1]),
    "sub_ack": lambda ams, feed: ams.ack_sub(feed[1], [f"projects/{ams.project}/subscriptions/{feed[1]}:0"]),
}
OTHERS = {
    "topic_get": lambda ams, feed: ams.get_topic(feed[0]),
    "sub_get": lambda ams, feed: ams.get_sub(feed[1]),
    "api_status": lambda ams, feed: ams.status(),
}
NO_SET = {
    "topic_getacl": ("topics", ":acl", "do_get"),
    "sub_getacl": ("subscriptions", ":acl", "do_get"),
    "sub_offsets": ("subscriptions", ":offsets", "do_get"),
    "sub_delete": ("subscriptions", "", "do_delete"),
    "sub_modifyacl": ("subscriptions", ":modifyAcl", "do_post"),
}


def test_the_hierarchy_of_the_exceptions():
    assert issubclass(AmsServiceException, AmsException)
    assert issubclass(AmsBalancerException, AmsServiceException)
    assert issubclass(AmsTimeoutException, AmsServiceException)
    assert issubclass(AmsConnectionException, AmsException)
    assert not issubclass(AmsConnectionException, AmsServiceException)
    assert issubclass(AmsMessageException, AmsException)
    assert AmsException("a", 1).args == ("a", 1)


@pytest.mark.parametrize("status", [502, 503])
@pytest.mark.parametrize("route", CALLS)
def test_a_balancer_page_on_the_three_routes_is_a_balancer_exception(balanced, balancer, feed, route, status):
    balancer.play(Page(status))
    with pytest.raises(AmsBalancerException) as caught:
        CALLS[route](balanced, feed)
    assert caught.value.code == status
    assert not hasattr(caught.value, "status")
    assert caught.value.msg == f"While trying the [{route}]: b'<html><body><h1>trouble</h1></body></html>'"


@pytest.mark.parametrize("status", [408, 504])
@pytest.mark.parametrize("route", CALLS)
def test_a_timeout_page_on_the_three_routes_is_a_timeout_exception(balanced, balancer, feed, route, status):
    balancer.play(Page(status))
    with pytest.raises(AmsTimeoutException) as caught:
        CALLS[route](balanced, feed)
    assert caught.value.code == status


@pytest.mark.parametrize("route", OTHERS)
def test_a_408_is_a_timeout_exception_on_every_route(balanced, balancer, feed, route):
    balancer.play(Page(408))
    with pytest.raises(AmsTimeoutException):
        OTHERS[route](balanced, feed)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("route", OTHERS)
def test_a_balancer_page_elsewhere_is_a_plain_service_exception(balanced, balancer, feed, route, status):
    balancer.play(Page(status))
    with pytest.raises(AmsServiceException) as caught:
        OTHERS[route](balanced, feed)
    assert type(caught.value) is AmsServiceException
    assert caught.value.code == status


@pytest.mark.parametrize("status", [201, 202, 204, 304, 422])
def test_any_other_status_is_a_service_exception(balanced, balancer, feed, status):
    page = Page(status, b"" if status in (204, 304) else b'{"error": {"message": "odd", "code": 1}}')
    balancer.play(page)
    with pytest.raises((AmsServiceException, KeyError)) as caught:
        balanced.get_topic(feed[0])
    if page.body:
        assert (caught.value.code, caught.value.msg) == (1, "While trying the [topic_get]: odd")
    else:
        assert caught.value.args == ("error",)


def test_an_empty_error_body_is_a_bare_key_error(balanced, balancer, feed):
    balancer.play(Page(404, b""))
    with pytest.raises(KeyError, match="error"):
        balanced.get_topic(feed[0])


def test_a_success_that_is_not_json_passes_for_a_result(balanced, balancer, feed):
    balancer.play(Page(200, b"welcome"))
    assert balanced.status() == {"error": {"code": 200, "message": b"welcome"}}


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"false"])
def test_an_empty_or_falsy_success_is_an_empty_dict(balanced, balancer, body):
    balancer.play(Page(200, body))
    assert balanced.status() == {}


@pytest.mark.parametrize("route", NO_SET)
def test_errors_of_routes_without_a_status_set_are_bare_key_errors(ams, server, unique, route):
    kind, verb, method = NO_SET[route]
    url = f"https://{server.endpoints['ams']}/v1/projects/{ams.project}/{kind}/{unique('missing')}{verb}"
    arguments = (url, '{"authorized_users": []}', route) if method == "do_post" else (url, route)
    with pytest.raises(KeyError) as caught:
        getattr(ams, method)(*arguments)
    assert caught.value.args == (route,)


def test_errors_of_sub_list_are_bare_key_errors_too(ams):
    ams.project = "bad.name"
    with pytest.raises(KeyError) as caught:
        ams.list_subs()
    assert caught.value.args == ("sub_list",)


def test_a_wrong_token_is_a_service_exception_even_there(ams, server):
    ams.token = "0" * 64
    for call in (ams.list_subs, ams.list_topics, lambda: ams.delete_sub("s"), lambda: ams.getoffsets_sub("s")):
        with pytest.raises(AmsServiceException) as caught:
            call()
        assert (caught.value.code, caught.value.status) == (401, "UNAUTHORIZED")
        assert caught.value.msg.endswith("]: Unauthorized")


def test_a_broken_connection_is_a_connection_exception(balanced, balancer, feed):
    balancer.play(Reset())
    with pytest.raises(AmsConnectionException) as caught:
        balanced.get_topic(feed[0])
    assert caught.value.msg.startswith("While trying the [topic_get]: ")
    assert not hasattr(caught.value, "code")


def test_nobody_listening_is_a_connection_exception():
    with pytest.raises(AmsConnectionException):
        ArgoMessagingService(endpoint="127.0.0.1:9", token="t", project="p").list_topics()


def test_a_bad_address_is_a_connection_exception():
    with pytest.raises(AmsConnectionException):
        ArgoMessagingService(endpoint="host:port:more", token="t", project="p").list_topics()


def test_an_untrusted_certificate_is_a_connection_exception_unless_checks_are_off(ams, monkeypatch, tmp_path, foreign_ca):
    foreign_ca.cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    with pytest.raises(AmsConnectionException, match="SSL"):
        ams.list_topics()
    with pytest.warns(Warning):
        assert ams.list_topics(verify=False)["topics"] == []


def test_static_retry_repeats_until_it_works(balanced, balancer, feed):
    balancer.play(Page(503), Page(502), Reset(), Page(504))
    assert balanced.publish(feed[0], {"data": "eA=="}, retry=4, retrysleep=0) == {"messageIds": ["0"]}
    assert len(balancer.seen) == 5


def test_static_retry_raises_the_last_exception(balanced, balancer, feed):
    balancer.play(Page(503), Page(503), Page(504))
    with pytest.raises(AmsTimeoutException):
        balanced.pull_sub(feed[1], retry=2, retrysleep=0)
    assert len(balancer.seen) == 3


def test_backoff_retry_repeats_and_wins_over_static(balanced, balancer, feed):
    balancer.play(Page(503), Page(503))
    answer = balanced.publish(feed[0], {"data": "eA=="}, retry=3, retrysleep=3600, retrybackoff=0.001)
    assert answer == {"messageIds": ["0"]}
    assert len(balancer.seen) == 3


def test_backoff_without_retries_is_one_attempt(balanced, balancer, feed):
    balancer.play(Page(503))
    with pytest.raises(AmsBalancerException):
        balanced.publish(feed[0], {"data": "eA=="}, retrybackoff=5)
    assert len(balancer.seen) == 1


def test_every_method_takes_retry_arguments(balanced, balancer, feed):
    balancer.play(Reset(), Page(408))
    assert balanced.list_topics(retry=2, retrysleep=0)["totalSize"] == 1
    assert len(balancer.seen) == 3


def test_a_503_elsewhere_is_not_retried(balanced, balancer):
    balancer.play(Page(503))
    with pytest.raises(AmsServiceException):
        balanced.list_topics(retry=2, retrysleep=0)
    assert len(balancer.seen) == 1


def test_own_500_of_the_service_is_retried_as_if_it_came_from_a_balancer(balanced, balancer, feed):
    balancer.play()
    with pytest.raises(AmsBalancerException):
        balanced.ack_sub(
            feed[1], [f"projects/{balanced.project}/subscriptions/{feed[1]}:0"], retry=1, retrysleep=0
        )
    assert len(balancer.seen) == 2


def test_a_publish_whose_answer_was_lost_is_stored_twice(balanced, balancer, feed):
    balancer.play(Reset(after=True))
    assert balanced.publish(feed[0], {"data": "eA=="}, retry=1, retrysleep=0) == {"messageIds": ["1"]}
    assert balanced.getoffsets_sub(feed[1], "max") == 2


@pytest.mark.parametrize("name", ["pull", "pullack", "ack"])
def test_retry_arguments_of_the_subscription_object_are_swallowed(balanced, balancer, feed, name):
    balanced.publish(feed[0], {"data": "eA=="})
    sub = balanced.get_sub(feed[1], retobj=True)
    arguments = [[f"projects/{balanced.project}/subscriptions/{feed[1]}:0"]] if name == "ack" else []
    balancer.play(Page(503))
    with pytest.raises(AmsBalancerException):
        getattr(sub, name)(*arguments, retry=3, retrysleep=0)
    assert len(balancer.seen) == 1


def test_retry_arguments_of_the_topic_object_work(balanced, balancer, feed):
    topic = balanced.get_topic(feed[0], retobj=True)
    balancer.play(Page(503))
    assert topic.publish({"data": "eA=="}, retry=1, retrysleep=0) == {"messageIds": ["0"]}


def test_pullack_starts_again_when_the_ack_fails(balanced, balancer, feed, caplog):
    balanced.publish(feed[0], [{"data": "YQ=="}, {"data": "Yg=="}])
    balancer.play(Page(503), Page(408), only=":acknowledge")
    messages = balanced.pullack_sub(feed[1], 2, return_immediately=True)
    assert [message.get_data() for message in messages] == [b"a", b"b"]
    assert [path.rsplit(":", 1)[1] for path in balancer.seen] == ["pull", "acknowledge"] * 3
    assert balanced.getoffsets_sub(feed[1], "current") == 2


def test_pullack_loses_messages_when_only_the_answer_of_the_ack_is_lost(balanced, balancer, feed):
    balanced.publish(feed[0], {"data": "YQ=="})
    balancer.play(Reset(after=True), only=":acknowledge")
    assert balanced.pullack_sub(feed[1], return_immediately=True) == []


def test_redirects_are_followed_with_the_token(balanced, balancer, server, ams):
    target = f"https://{server.endpoints['ams']}/v1/projects/{ams.project}/topics"
    balancer.play(Page(307, b"", headers=[("Location", target)]))
    assert balanced.list_topics()["totalSize"] == 0
