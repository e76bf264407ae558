"""Push configuration as the original client sends it, and the bugs around it."""

import pytest
from argo_ams_library import AmsServiceException

ENDPOINT = "https://127.0.0.1:9/receiver"
NO_TYPE = "Push configuration type can only be of 'http_endpoint' or 'mattermost'"


@pytest.fixture
def strict(strict_server, make_project):
    return make_project(strict_server)


@pytest.fixture
def relaxed(relaxed_server, make_project):
    return make_project(relaxed_server)


def push_to(plain, ams, sub, **policy):
    """Configures push as the service demands it, with a type."""
    config = {"type": "http_endpoint", "pushEndpoint": ENDPOINT, "retryPolicy": policy}
    path = f"/projects/{ams.project}/subscriptions/{sub}:modifyPushConfig"
    answer = plain("POST", path, {"pushConfig": config})
    assert (answer.status_code, answer.content) == (200, b""), answer.text


def test_pushconfig_lacks_the_type_which_strict_refuses(strict):
    sub = strict.topic("t").subscription("s")
    for call in (lambda: strict.pushconfig_sub("s", ENDPOINT), lambda: sub.pushconfig(ENDPOINT)):
        with pytest.raises(AmsServiceException) as caught:
            call()
        assert caught.value.code == 400
        assert caught.value.msg == f"While trying the [sub_pushconfig]: {NO_TYPE}"
    assert sub.push_endpoint == ""


def test_create_sub_with_push_is_not_atomic_when_strict(strict):
    strict.create_topic("t")
    with pytest.raises(AmsServiceException) as caught:
        strict.create_sub("s", "t", push_endpoint=ENDPOINT)
    assert caught.value.code == 400
    assert strict.has_sub("s") is True
    assert strict.get_sub("s")["pushConfig"]["pushEndpoint"] == ""


def test_pushconfig_without_type_is_forgiven_when_relaxed(relaxed):
    sub = relaxed.topic("t").subscription("s")
    assert sub.pushconfig(ENDPOINT, retry_policy_period=700) == {}
    assert (sub.push_endpoint, sub.retry_policy_type, sub.retry_policy_period) == (ENDPOINT, "linear", 700)
    config = relaxed.get_sub("s")["pushConfig"]
    assert (config["type"], config["pushEndpoint"], config["verified"]) == ("http_endpoint", ENDPOINT, False)
    assert config["retryPolicy"] == {"type": "linear", "period": 700}
    assert config["authorizationHeader"]["type"] == "autogen"
    assert len(config["verificationHash"]) == 64


def test_create_sub_with_push_replaces_the_configuration_locally(relaxed):
    relaxed.create_topic("t")
    answer = relaxed.create_sub("s", "t", push_endpoint=ENDPOINT, retry_policy_period=900)
    assert answer["pushConfig"] == {"pushEndpoint": ENDPOINT, "retryPolicy": {"type": "linear", "period": 900}}
    again = relaxed.get_sub("s", retobj=True)
    assert (again.push_endpoint, again.retry_policy_period) == (ENDPOINT, 900)


def test_an_endpoint_that_is_not_https_is_refused(relaxed):
    relaxed.topic("t").subscription("s")
    with pytest.raises(AmsServiceException) as caught:
        relaxed.pushconfig_sub("s", "http://127.0.0.1/receiver")
    text = "Push endpoint should be addressed by a valid https url"
    assert caught.value.msg == f"While trying the [sub_pushconfig]: {text}"


def test_an_unknown_retry_policy_is_refused(relaxed):
    relaxed.topic("t").subscription("s")
    with pytest.raises(AmsServiceException) as caught:
        relaxed.pushconfig_sub("s", ENDPOINT, retry_policy_type="eager")
    text = "Retry policy can only be of 'linear' or 'slowstart' type"
    assert caught.value.msg == f"While trying the [sub_pushconfig]: {text}"


def test_the_reset_needs_no_type_and_updates_a_cached_object(ams, plain, feed):
    sub = ams.get_sub(feed[1], retobj=True)
    push_to(plain, ams, feed[1], type="linear", period=500)
    assert ams.get_sub(feed[1])["pushConfig"]["pushEndpoint"] == ENDPOINT
    assert sub.pushconfig() == {}
    assert sub.push_endpoint is None
    assert (sub.retry_policy_type, sub.retry_policy_period) == ("linear", 300)
    assert ams.get_sub(feed[1])["pushConfig"]["pushEndpoint"] == ""


def test_a_linear_push_subscription_loads_with_its_policy(ams, plain, feed):
    push_to(plain, ams, feed[1], type="linear", period=500)
    ams.subs.clear()
    sub = ams.get_sub(feed[1], retobj=True)
    assert (sub.push_endpoint, sub.retry_policy_type, sub.retry_policy_period) == (ENDPOINT, "linear", 500)


def test_a_slowstart_subscription_cannot_be_loaded_by_the_original(ams, plain, feed):
    push_to(plain, ams, feed[1], type="slowstart")
    ams.subs.clear()
    for load in (lambda: ams.get_sub(feed[1]), ams.list_subs, lambda: list(ams.iter_subs())):
        with pytest.raises(KeyError, match="period"):
            load()


def test_pulling_from_a_push_subscription_is_for_the_service(ams, plain, feed):
    push_to(plain, ams, feed[1], type="linear")
    with pytest.raises(AmsServiceException) as caught:
        ams.pull_sub(feed[1])
    assert caught.value.msg == "While trying the [sub_pull]: Access to this resource is forbidden"


def test_pushconfig_of_a_missing_subscription(ams, unique):
    with pytest.raises(AmsServiceException) as caught:
        ams.pushconfig_sub(unique("s"))
    assert caught.value.code == 404
