"""Status, version, metrics and reports; the request methods; and the three ways to get credentials."""

import datetime
import json

import pytest
import requests
from argo_ams_library import AmsConnectionException, AmsServiceException, ArgoMessagingService
from argo_ams_library.ams import AmsHttpRequests

from pentad.balancer import Page
from pentad.plain import Plain, error_of

FAR = datetime.datetime(2999, 1, 1)


def by_certificate(server, **changes):
    """The original client, logging in with the announced certificate."""
    credentials = server.ams
    arguments = {
        "endpoint": "127.0.0.1",
        "project": credentials["project"],
        "cert": credentials["client_cert"],
        "key": credentials["client_key"],
        "authn_port": credentials["authn_port"],
    }
    return ArgoMessagingService(**{**arguments, **changes})


def test_status(ams):
    answer = ams.status()
    assert answer["status"] in ("ok", "warning")
    assert ("push_servers" in answer) != (answer.get("push_functionality") == "disabled")


def test_status_in_detail_is_for_administrators(ams, root):
    assert "status" in root.status(params={"details": "true"})
    with pytest.raises(AmsServiceException) as caught:
        ams.status(params={"details": "true"})
    assert caught.value.code == 401
    ams.token = "unknown"
    with pytest.raises(AmsServiceException) as caught:
        ams.status(params={"details": "true"})
    assert caught.value.code == 403


def test_version(ams, root):
    assert {"build_time", "golang", "compiler", "os", "architecture"} <= set(ams.version())
    assert "release" not in ams.version()
    assert "release" in root.version()


def test_metrics_has_two_entries_per_node(root):
    metrics = root.metrics()["metrics"]
    assert [entry["metric"] for entry in metrics] == ["ams_node.cpu_usage", "ams_node.memory_usage"]
    for entry in metrics:
        assert (entry["metric_type"], entry["value_type"]) == ("percentage", "float64")
        assert isinstance(entry["timeseries"][0]["value"], (int, float))


def test_va_metrics_counts_what_happened_in_the_project(root, ams, feed):
    ams.publish(feed[0], [{"data": "eA=="}] * 3)
    answer = root.va_metrics(projects=[ams.project])
    [project] = answer["projects_metrics"]["projects"]
    assert (project["project"], project["message_count"]) == (ams.project, 3)
    assert (project["topics_count"], project["subscriptions_count"]) == (1, 1)
    assert answer["projects_metrics"]["total_message_count"] == 3


def test_va_metrics_of_two_projects_and_a_period(root, ams, feed, make_project, server):
    other = make_project(server)
    other.topic("t").publish({"data": "eA=="})
    ams.publish(feed[0], {"data": "eA=="})
    names = [ams.project, other.project]
    answer = root.va_metrics(names, start_date=datetime.datetime(2020, 1, 1), end_date=FAR)
    assert {project["project"] for project in answer["projects_metrics"]["projects"]} == set(names)
    answer = root.va_metrics(names, start_date=datetime.datetime(2000, 1, 1), end_date=datetime.datetime(2000, 1, 2))
    assert answer["projects_metrics"]["projects"] == []


def test_va_metrics_ignores_dates_of_another_type_and_single_texts(root):
    assert "projects_metrics" in root.va_metrics("demo", start_date="nonsense", end_date=datetime.date(2000, 1, 1))


def test_va_metrics_of_a_missing_project(root):
    with pytest.raises(AmsServiceException) as caught:
        root.va_metrics(["no-such-project"])
    assert (caught.value.code, caught.value.msg) == (
        404,
        "While trying the [api_va_metrics]: Project no-such-project doesn't exist",
    )


def test_va_metrics_with_dates_in_the_wrong_order(root):
    with pytest.raises(AmsServiceException) as caught:
        root.va_metrics(start_date=FAR, end_date=datetime.datetime(2000, 1, 1))
    assert caught.value.msg == "While trying the [api_va_metrics]: Start date cannot be after the end date"


def test_usage_report_covers_the_projects_of_an_administrator(ams, feed):
    ams.publish(feed[0], [{"data": "eA=="}] * 2)
    report = ams.usage_report(projects=[ams.project], start_date=datetime.datetime(2020, 1, 1), end_date=FAR)
    assert set(report) == {"va_metrics", "operational_metrics"}
    [project] = report["va_metrics"]["projects_metrics"]["projects"]
    assert (project["project"], project["message_count"]) == (ams.project, 2)


def test_usage_report_of_somebody_who_administers_nothing(member):
    report = member("consumer").usage_report()
    assert report["va_metrics"]["projects_metrics"]["projects"] == []
    assert report["operational_metrics"]["metrics"] == []


def test_usage_report_needs_a_known_token(ams):
    ams.token = "unknown"
    with pytest.raises(AmsServiceException) as caught:
        ams.usage_report()
    assert caught.value.code == 401


def test_the_request_methods_reach_the_service(server, ams, unique):
    http = AmsHttpRequests(server.endpoints["ams"], 8443, token=ams.token)
    base = f"https://{server.endpoints['ams']}/v1/projects/{ams.project}"
    topic, sub = f"{base}/topics/{unique('t')}", f"{base}/subscriptions/{unique('s')}"
    assert http.do_put(topic, "", "topic_create")["name"] in topic
    assert http.do_get(topic, "topic_get")["name"] in topic
    reference = topic.split("/v1/")[1]
    assert http.do_put(sub, json.dumps({"topic": reference}), "sub_create")["ackDeadlineSeconds"] == 10
    messages = json.dumps({"messages": [{"data": "eA=="}]})
    assert http.do_post(f"{topic}:publish", messages, "topic_publish", retry=1, retrysleep=0) == {"messageIds": ["0"]}
    assert http.do_delete(sub, "sub_delete", retry=1, retrysleep=0) == {}
    assert http.do_delete(topic, "topic_delete") == {}


def test_the_verb_comes_from_the_route_not_from_the_method(server, ams, unique):
    http = AmsHttpRequests(server.endpoints["ams"], 8443, token=ams.token)
    topic = f"https://{server.endpoints['ams']}/v1/projects/{ams.project}/topics/{unique('t')}"
    assert http.do_post(topic, "", "topic_create")["name"] in topic


def test_an_unknown_route_is_a_key_error(ams):
    with pytest.raises(KeyError):
        ams.do_get("https://127.0.0.1/", "no_such_route")


def test_headers_of_the_caller_get_the_token_too(ams):
    headers = {"X-Extra": "1"}
    assert ams.list_topics(headers=headers)["totalSize"] == 0
    assert headers == {"X-Extra": "1", "x-api-key": ams.token}


def test_a_token_costs_no_traffic():
    ams = ArgoMessagingService(endpoint="127.0.0.1:9", token="t", project="p")
    assert (ams.endpoint, ams.token, ams.project, ams.authn_port) == ("127.0.0.1:9", "t", "p", 8443)
    assert (ams.topics, ams.subs) == ({}, {})
    assert ArgoMessagingService(endpoint="127.0.0.1:9", token=None).token is None


def test_nothing_given_is_refused_without_traffic():
    with pytest.raises(AmsServiceException) as caught:
        ArgoMessagingService(endpoint="127.0.0.1:9", project="p")
    assert caught.value.code == 400
    assert caught.value.msg == "While trying the [auth_x509]: No certificate provided. No token provided."


def test_a_certificate_buys_a_token_that_works(server):
    ams = by_certificate(server)
    assert ams.token
    ams.endpoint = server.endpoints["ams"]
    profile = ams.get_user_profile()
    assert profile.token == ams.token
    assert ams.list_topics(params={"pageSize": "1"})["totalSize"] >= 0


def test_auth_via_cert_and_assign_token(server, ams):
    credentials = server.ams
    http = AmsHttpRequests("127.0.0.1", credentials["authn_port"], token="given")
    token = http.auth_via_cert(credentials["client_cert"], credentials["client_key"], timeout=0.000001)
    assert token == by_certificate(server).token
    http.assign_token("given", credentials["client_cert"], credentials["client_key"])
    assert http.token == "given"
    http.assign_token("", credentials["client_cert"], credentials["client_key"])
    assert http.token == token
    with pytest.raises(AmsServiceException) as caught:
        http.auth_via_cert("", "")
    assert caught.value.msg == "While trying the [auth_x509]: No certificate provided."


def test_certificate_login_breaks_on_an_endpoint_with_a_port(server):
    with pytest.raises(AmsConnectionException):
        by_certificate(server, endpoint=server.endpoints["ams"])


def test_certificate_files_that_are_missing(server):
    with pytest.raises(AmsConnectionException):
        by_certificate(server, cert="/nowhere/cert.pem", key="/nowhere/key.pem")


def test_a_certificate_of_a_stranger_is_refused(server, foreign_ca, tmp_path):
    stranger = foreign_ca.issue_cert("stranger@example.org")
    stranger.private_key_pem.write_to_path(tmp_path / "key.pem")
    stranger.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    with pytest.raises((AmsConnectionException, AmsServiceException)):
        by_certificate(server, cert=str(tmp_path / "cert.pem"), key=str(tmp_path / "key.pem"))


def test_the_exchange_explains_what_is_wrong(server):
    pair = (server.ams["client_cert"], server.ams["client_key"])
    plain = Plain(server)
    service = "/service-types/ams/hosts"
    assert error_of(plain("GET", f"{service}/127.0.0.1:authx509")) == (400, "No certificate provided", "BAD REQUEST")
    answer = plain("GET", f"{service}/elsewhere.example.org:authx509", cert=pair)
    assert error_of(answer) == (404, "Host was not found", "NOT FOUND")
    answer = plain("GET", "/service-types/mail/hosts/127.0.0.1:authx509", cert=pair)
    assert error_of(answer) == (404, "Service-type was not found", "NOT FOUND")
    answer = plain("GET", f"{service}/127.0.0.1:authx509", cert=pair)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.text == f'{{\n "token": "{answer.json()["token"]}"\n}}'


def test_an_exchange_without_a_token_is_an_error_of_its_own(server, balancer):
    balancer.play(Page(200, b'{"other_field": "x"}'))
    with pytest.raises(AmsServiceException) as caught:
        by_certificate(server, authn_port=balancer.port)
    text = "Token was not found in the response. Response: {'other_field': 'x'}"
    assert (caught.value.code, caught.value.msg) == (500, f"While trying the [auth_x509]: {text}")


def test_the_token_is_also_taken_from_the_query_as_old_clients_send_it(server, ams):
    answer = requests.get(
        f"https://{server.endpoints['ams']}/v1/projects/{ams.project}/topics", params={"key": ams.token}, timeout=30
    )
    assert answer.status_code == 200
