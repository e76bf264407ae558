//! What the client makes of answers, dialect by dialect.

use std::sync::Arc;
use std::time::Duration;

use pentad_core::auth::{MemoryTokenStore, Renewing};
use pentad_core::work::Polling;
use pentad_core::{Clock, Error, ErrorKind, Secret, Sent};
use pentad_ivcap::login::{Login, Provider};
use pentad_ivcap::model::{SecretValue, State};
use pentad_ivcap::{Answer, Arguments, Client, Dialect, ErrorExt, ListQuery, NewRecord, RecordQuery};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::json;

use super::client;

fn modern(transport: &ScriptedTransport) -> Client {
    client(transport, Dialect::Modern)
}

fn paths(transport: &ScriptedTransport) -> Vec<String> {
    transport.requests().iter().map(|sent| format!("{} {}", sent.method, sent.path())).collect()
}

#[test]
fn one_order_has_one_form_whatever_the_dialect() {
    let old = r#"{"id": "urn:ivcap:order:3f", "status": "succeeded", "ordered_at": "2023-07-13T01:02:03Z",
        "service": {"id": "urn:ivcap:service:7b", "links": {"self": "x"}}, "account": {"id": "urn:a", "links": {}},
        "parameters": [{"name": "region", "value": "upper valley"}], "products": [{"id": "urn:ivcap:artifact:9a",
        "status": "ready", "mime-type": "image/tiff", "size": 1234, "links": {}}], "links": {"self": "x"}}"#;
    let later = old.replace("ordered_at", "ordered-at");
    let new = r#"{"id": "urn:ivcap:order:3f", "status": "succeeded", "ordered-at": "2023-07-13T01:02:03Z",
        "service": "urn:ivcap:service:7b", "account": "urn:a", "parameters": [{"name": "region", "value": "upper valley"}],
        "products": {"items": [{"id": "urn:ivcap:artifact:9a", "status": "ready", "mime-type": "image/tiff", "size": 1234,
        "href": "x"}], "links": []}, "links": []}"#;
    let mut seen = Vec::new();
    for (dialect, text) in Dialect::ALL.into_iter().zip([old, &later, new]) {
        let transport = ScriptedTransport::new().answer(200, text.to_owned());
        let mut order = run(client(&transport, dialect).order("urn:ivcap:order:3f").get()).unwrap();
        assert!(order.other.contains_key("links"));
        order.other.clear();
        order.products[0].other.clear();
        seen.push(order);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[1], seen[2]);
    assert_eq!(seen[0].service.as_deref(), Some("urn:ivcap:service:7b"));
    assert_eq!(seen[0].ordered_at.unwrap().to_string(), "2023-07-13T01:02:03Z");
    assert_eq!(seen[0].products[0].size, Some(1234));
}

#[test]
fn lists_follow_their_cursor_and_repeat_the_question() {
    let page = |key: &str, id: &str, next: &str| {
        let next = if next.is_empty() {
            String::new()
        } else {
            format!(r#", "next": "http://h/1/orders?page={next}""#)
        };
        format!(
            r#"{{"{key}": [{{"id": "{id}", "status": "finished", "links": {{}}}}], "at-time": "2023-07-13T01:02:03Z", "links": {{"self": "x"{next}}}}}"#
        )
    };
    let transport = ScriptedTransport::new()
        .answer(200, page("orders", "a", "bz0x"))
        .answer(200, page("orders", "b", ""));
    let orders = run(client(&transport, Dialect::L23).orders(ListQuery::new().filter("x")).all()).unwrap();
    assert_eq!(orders.iter().map(|order| order.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(orders[0].status, State::Succeeded, "the oldest dialect calls it finished");
    assert_eq!(
        paths(&transport),
        [
            "GET /1/orders?filter=x&order-desc=false&limit=10",
            "GET /1/orders?filter=x&order-desc=false&limit=10&page=bz0x"
        ]
    );
    let transport = ScriptedTransport::new()
        .answer(200, r#"{"projects": [{"urn": "a"}], "at-time": "2025-07-13T01:02:03Z", "page": "p2"}"#)
        .answer(200, r#"{"projects": [{"urn": "b"}], "at-time": "2025-07-13T01:02:03Z", "page": ""}"#);
    assert_eq!(run(modern(&transport).projects(ListQuery::new()).all()).unwrap().len(), 2);
}

#[test]
fn an_order_is_placed_only_after_its_values_were_checked() {
    let service = r#"{"id": "urn:ivcap:service:7b", "links": {}, "parameters": [{"name": "region-name", "type": "string"},
        {"name": "threshold", "type": "float", "optional": true}]}"#;
    let placed = r#"{"id": "urn:ivcap:order:3f", "status": "pending", "parameters": [], "links": {}}"#;
    let transport = ScriptedTransport::new().answer(200, service).answer(200, placed);
    let handle = client(&transport, Dialect::L28).service("urn:ivcap:service:7b");
    let order =
        run(handle.place_order(Arguments::new().set("region_name", "x").set("threshold", 0.5))).unwrap();
    assert_eq!((order.id.as_str(), order.status), ("urn:ivcap:order:3f", State::Pending));
    let body: serde_json::Value = serde_json::from_slice(&transport.requests()[1].body).unwrap();
    assert_eq!(body["parameters"][0], json!({"name": "region-name", "value": "x"}));
    for wrong in [
        Arguments::new(),
        Arguments::new().set("region_name", 1),
        Arguments::new().set("region_name", "x").set("mode", 1),
    ] {
        let transport = ScriptedTransport::new().answer(200, service);
        let handle = client(&transport, Dialect::L28).service("urn:ivcap:service:7b");
        let error = run(handle.place_order(wrong)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(transport.requests().len(), 1, "nothing was ordered");
    }
}

#[test]
fn a_status_is_asked_for_once_unless_it_shall_be_fresh() {
    let state = |state: &str| format!(r#"{{"id": "o", "status": "{state}", "parameters": [], "links": []}}"#);
    let transport = ScriptedTransport::new().answer(200, state("pending")).answer(200, state("executing"));
    let order = modern(&transport).order("o");
    assert_eq!(run(order.status(false)).unwrap().status, State::Pending);
    assert_eq!(run(order.status(false)).unwrap().status, State::Pending);
    assert_eq!(run(order.status(true)).unwrap().status, State::Executing);
    assert_eq!(transport.requests().len(), 2);
}

#[test]
fn waiting_shows_each_state_and_stops_where_the_goal_is_out_of_reach() {
    let state = |state: &str| format!(r#"{{"id": "o", "status": "{state}", "parameters": [], "links": []}}"#);
    let script = |states: &[&str]| {
        states.iter().fold(ScriptedTransport::new(), |transport, name| transport.answer(200, state(name)))
    };
    let transport = script(&["pending", "scheduled", "executing", "executing", "succeeded"]);
    let mut progress =
        modern(&transport).order("o").succeeded(Polling::every(Duration::from_secs(1))).progress();
    let mut steps = Vec::new();
    run(async {
        while let Some(event) = progress.next().await {
            steps.push(event.step.into_owned());
        }
    });
    assert_eq!(steps, ["pending", "scheduled", "executing"]);
    assert_eq!(run(progress.finish()).unwrap().status, State::Succeeded);
    let transport = script(&["executing", "error"]);
    let error = run(modern(&transport).order("o").succeeded(Polling::default())).unwrap_err();
    assert_eq!((error.kind(), error.is_failed_remotely()), (ErrorKind::Failed, true));
    assert!(error.to_string().contains("error"), "{error}");
    let transport = script(&["executing"]);
    let error =
        run(modern(&transport).order("o").until(&[State::Scheduled], Polling::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed, "what is executing will not be scheduled again");
}

#[test]
fn logs_are_followed_by_lines_until_the_order_has_ended() {
    let state = |state: &str| format!(r#"{{"id": "o", "status": "{state}", "parameters": [], "links": []}}"#);
    let transport = ScriptedTransport::new()
        .answer(200, state("executing"))
        .answer(200, "one\ntw")
        .answer(200, state("executing"))
        .answer(200, "one\ntwo\n")
        .answer(200, state("succeeded"))
        .answer(200, "one\ntwo\nthree");
    let mut lines = modern(&transport).order("o").follow_logs(Polling::every(Duration::from_secs(1)));
    let mut seen = Vec::new();
    run(async {
        while let Some(line) = lines.next().await {
            seen.push(line.unwrap());
        }
    });
    assert_eq!(seen, ["one", "two", "three"]);
    assert_eq!(transport.left(), 0);
}

#[test]
fn of_a_long_log_only_the_end_is_read_again_and_a_cut_one_is_told() {
    let state = r#"{"id": "o", "status": "executing", "parameters": [], "links": []}"#;
    let ended = r#"{"id": "o", "status": "succeeded", "parameters": [], "links": []}"#;
    let date = |second: u32| format!("Tue, 01 Jul 2025 00:00:{second:02} GMT");
    let log = |lines: std::ops::Range<u32>| lines.map(|at| format!("{at:07}\n")).collect::<String>();
    let script = ScriptedTransport::new()
        .answer(200, state)
        .answer_with(200, ("date", &date(0)), log(0..20_000))
        .answer(200, state)
        .answer_with(200, ("date", &date(10)), log(0..30_000))
        .answer(200, state)
        .answer_with(200, ("date", &date(20)), log(15_000..31_000))
        .answer(200, ended);
    let follow = |transport: &ScriptedTransport| {
        modern(transport).order("o").follow_logs(Polling::every(Duration::from_secs(1)))
    };
    let whole = script.answer_with(200, ("date", &date(30)), log(29_000..31_001));
    let mut lines = follow(&whole);
    let mut seen = Vec::new();
    run(async {
        while let Some(line) = lines.next().await {
            seen.push(line.unwrap());
        }
    });
    assert_eq!(seen.len(), 31_001);
    assert!(seen.iter().enumerate().all(|(at, line)| *line == format!("{at:07}")));
    let asked: Vec<_> = whole.requests().iter().map(|request| request.path().to_owned()).collect();
    assert_eq!(
        (asked[3].as_str(), asked[5].as_str()),
        ("/1/orders/o/logs", "/1/orders/o/logs?from=1751327940")
    );
    let cut = ScriptedTransport::new().answer(200, state).answer(200, "one\ntwo\n").answer(200, state);
    let mut lines = follow(&cut.answer(200, "two\n"));
    run(async {
        assert_eq!(lines.next().await.unwrap().unwrap(), "one");
        assert_eq!(lines.next().await.unwrap().unwrap(), "two");
        assert_eq!(lines.next().await.unwrap().unwrap_err().kind(), ErrorKind::Unexpected);
    });
}

#[test]
fn a_job_is_on_its_way_or_brings_its_result_at_once() {
    let accepted = r#"{"job-id": "urn:ivcap:job:51", "location": "http://h/1/x", "retry-later": 5}"#;
    let mut done = pentad_core::Response::new(http::StatusCode::OK, r#"{"answer": 42}"#);
    done.headers.insert("ivcap-job-id", http::HeaderValue::from_static("urn:ivcap:job:52"));
    done.headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    let transport = ScriptedTransport::new().answer(202, accepted).reply(done).answer(200, "{}");
    let service = modern(&transport).service("s");
    let first = run(service.request_job(&json!({}), Duration::ZERO)).unwrap();
    assert_eq!((first.job.id(), first.retry_later), ("urn:ivcap:job:51", Some(Duration::from_secs(5))));
    assert!(first.output.is_none());
    let second = run(service.request_job(&json!({}), Duration::from_secs(5))).unwrap();
    assert_eq!(second.job.id(), "urn:ivcap:job:52");
    assert_eq!(second.output.unwrap().json::<serde_json::Value>().unwrap()["answer"], 42);
    let unnamed = run(service.request_job(&json!({}), Duration::ZERO)).unwrap_err();
    assert_eq!(unnamed.kind(), ErrorKind::Decode);
}

#[test]
fn a_job_is_run_to_its_result_or_to_the_reason_why_there_is_none() {
    let job = |state: &str, more: &str| {
        format!(
            r#"{{"id": "j", "status": "{state}", "service": "s", "order": "", "account": "a", "policy": "p",
            "requested-at": "2025-07-13T01:02:03Z", "request-content-type": "application/json", "links": []{more}}}"#
        )
    };
    let accepted = r#"{"job-id": "j", "location": "x", "retry-later": 1}"#;
    let transport = ScriptedTransport::new()
        .answer(202, accepted)
        .answer(200, job("executing", ""))
        .answer(200, job("succeeded", ""))
        .answer(200, "42");
    let output = run(modern(&transport).service("s").run(&json!({}), Polling::default())).unwrap();
    assert_eq!(output.json::<u8>().unwrap(), 42);
    let transport = ScriptedTransport::new()
        .answer(202, accepted)
        .answer(200, job("failed", r#", "error-message": "no such region""#));
    let error = run(modern(&transport).service("s").run(&json!({}), Polling::default())).unwrap_err();
    assert!(error.to_string().contains("no such region"), "{error}");
    let transport =
        ScriptedTransport::new().answer(202, r#"{"location": "x", "retry-later": 2}"#).answer(204, "");
    let job = modern(&transport).service("s").job("j");
    assert_eq!(run(job.output()).unwrap(), Answer::NotYet(Some(Duration::from_secs(2))));
    assert_eq!(run(job.output()).unwrap(), Answer::None);
}

#[test]
fn events_go_on_where_the_stream_broke_and_end_with_the_job() {
    let event = |n: u8| format!("data: {{\"SeqID\": \"{n}\", \"data\": {{\"n\": {n}}}}}\n\n");
    let job = |state: &str| {
        format!(r#"{{"id": "j", "status": "{state}", "request-content-type": "x", "links": []}}"#)
    };
    let transport = ScriptedTransport::new()
        .answer(200, format!("{}{}", event(1), event(2)))
        .answer(200, job("executing"))
        .answer(204, "")
        .answer(200, job("succeeded"))
        .answer(200, event(3));
    let mut events = modern(&transport).service("s").job("j").events();
    let mut seen = Vec::new();
    run(async {
        while let Some(event) = events.next().await {
            seen.push(event.unwrap().data["n"].as_u64().unwrap());
        }
    });
    assert_eq!(seen, [1, 2, 3]);
    assert_eq!(transport.requests()[4].header("last-event-id"), "2");
}

#[test]
fn metadata_has_one_form_and_what_was_added_is_given_back() {
    let transport = ScriptedTransport::new().answer(200, r#"{"record-id": "urn:ivcap:record:31"}"#).answer(
        200,
        r#"{"records": [{"record-id": "urn:ivcap:record:31", "entity": "urn:e:1", "schema": "urn:s:1",
            "aspect": {"label": "cat"}, "aspectContext": "\"cat\""}], "links": {"self": "x"}}"#,
    );
    let old = client(&transport, Dialect::L23);
    let added =
        run(old.add_metadata(NewRecord::new("urn:e:1", json!({"label": "cat"})).schema("urn:s:1"))).unwrap();
    assert_eq!((added.id.as_str(), added.schema.as_str()), ("urn:ivcap:record:31", "urn:s:1"));
    let found = run(old.metadata(RecordQuery::new()).all()).unwrap();
    assert_eq!(found[0].content, Some(json!({"label": "cat"})));
    assert_eq!(found[0].context.as_deref(), Some("\"cat\""));
    let transport = ScriptedTransport::new().answer(200, r#"{"items": [{"id": "urn:ivcap:aspect:77", "entity": "urn:e:1",
        "schema": "urn:s:1", "content-type": "application/json", "valid-from": "2025-07-13T01:02:03.123456789Z",
        "content": {"label": "cat"}}], "at-time": "2025-07-13T01:02:04Z", "links": []}"#);
    let found = run(modern(&transport).metadata(RecordQuery::new()).all()).unwrap();
    assert_eq!(found[0].content, Some(json!({"label": "cat"})));
    assert!(found[0].valid_from.is_some());
}

#[test]
fn errors_carry_the_platforms_words() {
    let transport = ScriptedTransport::new()
        .answer(422, r#"{"name": "limit", "value": "99", "message": "must be 1 to 50"}"#)
        .answer(404, r#"{"id": "urn:ivcap:order:1", "message": "no such order"}"#)
        .answer(424, r#"{"message": "found 3 matches."}"#)
        .answer(401, "")
        .answer(403, r#"{"message": "needs consumer:write"}"#);
    let client = modern(&transport);
    let error = run(client.orders(ListQuery::new()).page_size(99)).unwrap_err();
    assert_eq!((error.kind(), error.parameter()), (ErrorKind::Invalid, Some("limit")));
    let error = run(client.order("urn:ivcap:order:1").get()).unwrap_err();
    assert_eq!((error.kind(), error.resource()), (ErrorKind::NotFound, Some("urn:ivcap:order:1")));
    let error =
        run(client.update_metadata(NewRecord::new("urn:e:1", json!({"$schema": "urn:s:1"})))).unwrap_err();
    assert!(error.is_not_unique() && error.kind() == ErrorKind::Conflict);
    for _ in 0..2 {
        assert!(run(client.order("o").get()).unwrap_err().is_not_authorized());
    }
}

#[test]
fn the_dialect_is_found_by_the_api_document_or_by_a_listing() {
    let found =
        |transport: ScriptedTransport| run(modern(&transport).detect()).map(|client| client.dialect());
    for (level, dialect) in [("0.23", Dialect::L23), ("0.28", Dialect::L28), ("0.48", Dialect::Modern)] {
        let document = format!(r#"{{"openapi": "3.0.3", "info": {{"version": "{level}"}}}}"#);
        assert_eq!(found(ScriptedTransport::new().answer(200, document)).unwrap(), dialect);
    }
    for (list, dialect) in [
        (r#"{"items": [], "links": []}"#, Dialect::Modern),
        (r#"{"orders": [{"id": "o", "ordered_at": "x"}], "links": {}}"#, Dialect::L23),
        (r#"{"orders": [], "links": {}}"#, Dialect::L28),
    ] {
        assert_eq!(found(ScriptedTransport::new().answer(404, "").answer(200, list)).unwrap(), dialect);
    }
    let nothing = found(ScriptedTransport::new().answer(404, "").answer(200, "{}")).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::Unsupported);
}

const AUTHINFO: &str = "version: 1\nauth:\n  default-provider-id: local\n  providers:\n    local:\n      id: local\n      \
    login-url: http://h/auth/authorize\n      token-url: http://h/auth/token\n      code-url: http://h/auth/device\n      \
    jwks-url: http://h/auth/jwks.json\n      client-id: local-cli\n      audience: http://h\n";

#[test]
fn a_login_on_another_device_is_waited_for_and_gives_a_token_that_renews_itself() {
    let device = r#"{"device_code": "d", "user_code": "ABCD", "verification_uri": "http://h/go", "expires_in": 600, "interval": 5}"#;
    let transport = ScriptedTransport::new()
        .answer(200, AUTHINFO)
        .answer(200, device)
        .answer(403, r#"{"error": "authorization_pending"}"#)
        .answer(400, r#"{"error": "slow_down"}"#)
        .answer(200, r#"{"access_token": "first", "refresh_token": "again", "expires_in": 60}"#);
    let platform = modern(&transport);
    let information = run(platform.login_information()).unwrap();
    let provider: Provider = information.provider(None).unwrap().clone();
    let login = run(platform.device_login(&provider)).unwrap();
    assert_eq!((login.user_code.as_str(), login.verification_uri.as_str()), ("ABCD", "http://h/go"));
    let token = run(platform.await_login(&provider, &login)).unwrap();
    assert_eq!(token.secret.expose(), "first");
    let sent = transport.requests();
    assert!(
        sent[1..].iter().all(|sent| sent.header("authorization").is_empty()),
        "a login has no credential"
    );
    assert!(String::from_utf8_lossy(&sent[2].body).contains("device_code=d&client_id=local-cli"));

    let clock = ManualClock::auto();
    let renewals = ScriptedTransport::new()
        .answer(401, "")
        .answer(200, r#"{"access_token": "second", "expires_in": 60}"#)
        .answer(200, r#"{"id": "o", "status": "pending", "parameters": [], "links": []}"#);
    let token = Login::token(
        &Secret::new("stale"),
        Some(&Secret::new("again")),
        "2026-01-01T00:00:00Z".parse().unwrap(),
    );
    let renewing =
        Renewing::new(Login::new(provider)).store(Arc::new(MemoryTokenStore::default()), "k").token(token);
    let client = Client::new("http://h").authorize(Arc::new(renewing));
    let client = client.transport(renewals.shared()).clock(clock.shared()).build().unwrap();
    run(client.order("o").get()).unwrap();
    let sent = renewals.requests();
    assert_eq!(sent[0].header("authorization"), "Bearer stale");
    assert!(String::from_utf8_lossy(&sent[1].body).contains("grant_type=refresh_token&refresh_token=again"));
    assert_eq!(sent[2].header("authorization"), "Bearer second");
}

#[test]
fn secrets_are_read_and_never_shown() {
    let transport = ScriptedTransport::new()
        .answer(200, r#"{"secret-name": "key", "secret-value": "canary", "expiry-time": 7}"#);
    let secret: SecretValue = run(modern(&transport).secret("key", None)).unwrap();
    assert_eq!((secret.secret_value.expose(), secret.expiry_time), ("canary", Some(7)));
    assert!(!format!("{secret:?}").contains("canary"));
    let set = modern(&transport).set_secret("key", &Secret::new("canary"), None, None);
    assert!(!format!("{set:?}{}", set.curl().unwrap()).contains("canary"));
}

#[test]
fn a_service_is_found_by_its_whole_name_only_if_there_is_one() {
    let list = |names: &[&str]| {
        let items: Vec<_> = names.iter().map(|name| json!({"id": format!("urn:{name}"), "name": name, "controller-schema": "x", "href": "x"})).collect();
        json!({"items": items, "at-time": "2025-07-13T01:02:03Z", "links": []}).to_string()
    };
    let found = |names: &[&str]| {
        run(modern(&ScriptedTransport::new().answer(200, list(names))).service_by_name("echo"))
    };
    assert_eq!(found(&["echo", "echo-two"]).unwrap().id, "urn:echo");
    assert_eq!(found(&["echo-two"]).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(found(&["echo", "echo"]).unwrap_err().kind(), ErrorKind::Conflict);
}

#[test]
fn a_collection_is_retracted_member_by_member_and_counted() {
    let page = |ids: &[&str], next: &str| {
        let items: Vec<_> = ids
            .iter()
            .map(|id| json!({"id": id, "entity": "urn:c:1", "schema": "urn:s", "content-type": "x", "valid-from": "2025-07-13T01:02:03Z", "content": {}}))
            .collect();
        let links = if next.is_empty() {
            json!([])
        } else {
            json!([{"rel": "next", "type": "x", "href": format!("/1/aspects?page={next}")}])
        };
        json!({"items": items, "at-time": "2025-07-13T01:02:03Z", "links": links}).to_string()
    };
    let transport = ScriptedTransport::new()
        .answer(200, page(&["def"], ""))
        .answer(200, page(&["a", "b"], "p2"))
        .answer(204, "")
        .answer(204, "")
        .answer(200, page(&["c"], ""))
        .answer(204, "")
        .answer(204, "");
    assert_eq!(run(modern(&transport).collection("urn:c:1").retract()).unwrap(), 4);
    assert_eq!(transport.left(), 0);
    let none = ScriptedTransport::new().answer(200, page(&[], ""));
    assert_eq!(run(modern(&none).collection("urn:c:1").retract()).unwrap_err().kind(), ErrorKind::NotFound);
    let unable = ScriptedTransport::new()
        .answer(422, r#"{"name": "content-path", "message": "?"}"#)
        .answer(200, r#"{"id": "x"}"#);
    assert!(run(modern(&unable).collection("urn:c:1").add("urn:i:1")).unwrap().is_some());
}

#[test]
fn the_sidecar_hands_jobs_out_until_there_are_no_more() {
    let transport = ScriptedTransport::new()
        .answer(200, r#"{"id": "j", "in-content-type": "application/json", "in-content": {"a": 1}}"#)
        .answer(200, r#"{"$schema": "urn:ivcap:schema.service.batch.done.1"}"#)
        .answer(200, r#"{"no": "job"}"#);
    let sidecar = modern(&transport).sidecar();
    assert_eq!(run(sidecar.next_task()).unwrap().unwrap().in_content["a"], 1);
    assert!(run(sidecar.next_task()).unwrap().is_none());
    assert_eq!(run(sidecar.next_task()).unwrap_err().kind(), ErrorKind::Decode);
}

#[test]
fn a_provider_is_asked_at_exactly_its_url_and_more_slowly_from_the_moment_that_it_says_so() {
    let device =
        r#"{"device_code": "d", "user_code": "A", "verification_uri": "http://h/go", "interval": 5}"#;
    let transport = ScriptedTransport::new()
        .answer(200, device)
        .answer(400, r#"{"error": "slow_down"}"#)
        .answer(400, r#"{"error": "authorization_pending"}"#)
        .answer(200, r#"{"access_token": "first"}"#);
    let provider: Provider = serde_json::from_value(json!({
        "token-url": "http://auth.test/token/", "code-url": "http://auth.test/code/", "client-id": "c"
    }))
    .unwrap();
    let clock = ManualClock::auto();
    let client = Client::new("http://h").transport(transport.shared()).clock(clock.shared()).build().unwrap();
    let login = run(client.device_login(&provider)).unwrap();
    let began = clock.wall();
    run(client.await_login(&provider, &login)).unwrap();
    assert_eq!(clock.wall().duration_since(began).as_secs(), 5 + 10 + 10);
    assert_eq!(paths(&transport), ["POST /code/", "POST /token/", "POST /token/", "POST /token/"]);
}

#[test]
fn a_content_whose_answer_was_lost_is_there_and_another_one_is_a_conflict() {
    let record = |state: &str| format!(r#"{{"id": "a", "status": "{state}", "size": 3, "links": []}}"#);
    let lost = || Error::new(ErrorKind::Connection, "broken").with_sent(Sent::Maybe);
    let put = |transport: &ScriptedTransport| {
        run(modern(transport).artifact("a").put(bytes::Bytes::from_static(b"abc"), "text/plain"))
    };
    let there = ScriptedTransport::new().answer(200, record("pending")).fail(lost()).answer(409, "{}");
    put(&there.answer(200, record("ready"))).unwrap();
    let other = ScriptedTransport::new().answer(200, record("ready")).answer(409, "{}");
    assert_eq!(put(&other).unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(other.left(), 0);
}
