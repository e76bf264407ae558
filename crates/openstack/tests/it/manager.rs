//! Managers and what they give (OpenStack reference A16 to A18).

use pentad_core::{Cursor, ErrorKind};
use pentad_openstack::manager::{Fields, Resource, human_id};
use pentad_openstack::{CloudAuth, ErrorExt, HttpClient, Manager, Object};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::{Map, Value, json};

use crate::stage::{URL, issued, keystone};

fn http(script: &ScriptedTransport) -> HttpClient {
    let builder = HttpClient::builder(CloudAuth::new(keystone(URL)));
    builder.transport(script.shared()).clock(ManualClock::auto().shared()).build().unwrap()
}

/// Servers of a service, after the login.
pub(crate) fn servers(script: &ScriptedTransport) -> Manager<Object> {
    http(script).raw("database").manager("server", "/servers")
}

pub(crate) fn script() -> ScriptedTransport {
    ScriptedTransport::new().reply(issued("t1"))
}

fn sent(script: &ScriptedTransport) -> Vec<String> {
    let line = |request: &pentad_testkit::Recorded| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        format!(
            "{} {} {body}",
            request.method,
            request.uri.to_string().replace("http://db.test:8779/v1.0/p1", "")
        )
        .trim_end()
        .to_owned()
    };
    script.requests()[1..].iter().map(line).collect()
}

#[test]
fn things_are_made_read_changed_and_removed_by_their_urls() {
    let script = script()
        .answer(200, r#"{"server": {"id": "5", "a": 1}}"#)
        .answer(200, r#"{"server": {"id": "5"}}"#)
        .answer(200, r#"{"server": {"id": "5", "a": 2}}"#)
        .answer(204, "")
        .answer(404, "")
        .answer(202, "");
    let servers = servers(&script);
    let made = run(servers.create(&Fields::new().with("a", 1).with_opt("b", None::<&str>))).unwrap();
    assert_eq!((made.id(), &made["a"]), ("5", &json!(1)));
    run(servers.get("5")).unwrap();
    run(servers.update("5", &json!({"a": 2}))).unwrap();
    assert!(run(servers.exists("5")).unwrap());
    assert!(!run(servers.exists("a/b")).unwrap());
    run(servers.delete("5")).unwrap();
    assert_eq!(
        sent(&script),
        [
            r#"POST /servers {"server":{"a":1}}"#,
            "GET /servers/5",
            r#"PATCH /servers/5 {"server":{"a":2}}"#,
            "HEAD /servers/5",
            "HEAD /servers/a%2Fb",
            "DELETE /servers/5",
        ]
    );
}

#[test]
fn a_thing_stands_for_its_id_and_nothing_is_still_sent_as_an_object() {
    let script = script().answer(200, r#"{"server": {"id": "6"}}"#);
    let flavor: Object = serde_json::from_value(json!({"id": "f1"})).unwrap();
    let call = servers(&script).create(&Fields::new().with_id("flavor", &flavor));
    let body = |call: &pentad_core::Call<Object>| call.curl().unwrap();
    assert!(body(&call).contains(r#"{"server":{"flavor_id":"f1"}}"#));
    assert!(body(&servers(&script).create(&Fields::new())).contains(r#"{"server":{}}"#));
}

#[test]
fn pages_follow_links_in_each_form_that_services_have() {
    for second in [
        r#""links": {"next": "http://db.test:8779/v1.0/p1/servers?marker=2", "self": "x"}"#,
        r#""links": [{"rel": "self", "href": "x"}, {"rel": "next", "href": "http://db.test:8779/v1.0/p1/servers?marker=2"}]"#,
        r#""servers_links": [{"rel": "next", "href": "http://db.test:8779/v1.0/p1/servers?marker=2"}]"#,
        r#""next": "/v1.0/p1/servers?marker=2""#,
        // The host is that of the machine behind the proxy.
        r#""next": "https://internal:8779/v1.0/p1/servers?marker=2""#,
    ] {
        let script = script()
            .answer(200, format!(r#"{{"servers": [{{"id": 1}}, null, {{"id": 2}}], {second}}}"#))
            .answer(200, r#"{"servers": [{"id": 3}]}"#);
        let all = run(servers(&script).list().all()).unwrap();
        assert_eq!(all.iter().map(Resource::id).collect::<Vec<_>>(), ["1", "2", "3"], "{second}");
        assert_eq!(sent(&script), ["GET /servers", "GET /servers?marker=2"]);
    }
}

#[test]
fn pages_follow_the_last_id_where_there_are_no_links() {
    let script = script()
        .answer(200, r#"{"servers": [{"id": "a b"}]}"#)
        .answer(200, r#"{"servers": {"values": [{"id": "c"}]}}"#)
        .answer(200, r#"{"servers": []}"#);
    let all = run(servers(&script).list_by_marker(1, &[("all", "1")]).all()).unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(
        sent(&script),
        [
            "GET /servers?all=1&limit=1",
            "GET /servers?all=1&limit=1&marker=a%20b",
            "GET /servers?all=1&limit=1&marker=c"
        ]
    );
    let page = run(servers(&script_of_one()).list_by_marker(1, &[])).unwrap();
    assert_eq!(page.next, Some(Cursor::Marker("c".to_owned())));
}

fn script_of_one() -> ScriptedTransport {
    script().answer(200, r#"{"servers": [{"id": "c"}]}"#)
}

#[test]
fn a_name_is_looked_up_by_id_then_as_a_word_then_as_it_is() {
    let list = r#"{"servers": [{"id": "1", "name": "Web One"}, {"id": "2", "name": "twin"}, {"id": "3", "name": "twin"},
        {"id": "4", "name": "web-one-b"}]}"#;
    let look = |name: &str| {
        let script = script().answer(404, "{}").answer(200, list);
        run(servers(&script).lookup(name))
    };
    assert_eq!(look("web-one").unwrap().id(), "1");
    assert_eq!(look("Web One").unwrap().id(), "1");
    let none = look("nobody").unwrap_err();
    assert_eq!(none.kind(), ErrorKind::NotFound);
    assert_eq!(none.message(), "No server with a name or ID of 'nobody' exists.");
    let twins = look("twin").unwrap_err();
    assert!(twins.is_no_unique_match());
    assert!(
        twins
            .to_string()
            .contains("Multiple server matches found for 'twin', use an ID to be more specific.")
    );
    let script = script().answer(200, r#"{"server": {"id": "9"}}"#);
    assert_eq!(run(servers(&script).lookup("9")).unwrap().id(), "9");
    assert_eq!(script.left(), 0);
}

#[test]
fn a_failure_on_the_way_to_a_name_is_no_absence() {
    let script = script().answer(403, "{}");
    assert_eq!(run(servers(&script).lookup("x")).unwrap_err().kind(), ErrorKind::Forbidden);
}

#[test]
fn a_thing_shows_itself_sorted_and_without_secrets() {
    let thing = |value: Value| Object::new("Server", value.as_object().unwrap().clone());
    let shown = thing(json!({"name": "web", "id": 1, "adminPass": "canary", "_private": 1}));
    assert_eq!(shown.to_string(), "<Server adminPass=***, id=1, name=web>");
    assert!(!format!("{shown:?}").contains("canary"));
    assert_eq!(thing(json!({"uuid": "u", "id": "i"})).id(), "u", "a uuid goes before an id");
    assert_eq!(thing(json!({"uuid": "", "id": "i"})).id(), "i");
}

#[test]
fn a_name_becomes_a_word() {
    assert_eq!(human_id("Ünï  Côde--Name_1!"), "uni-code-name_1");
    assert_eq!(human_id("  日本 "), "");
}

#[test]
fn answers_that_hold_no_things_are_errors_that_repeat_nothing() {
    for body in ["[]", "1", r#"{"server": "canary"}"#, "{", ""] {
        let error = run(servers(&script().answer(200, body)).get("1")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
        assert!(!format!("{error:?} {error}").contains("canary"));
    }
    for body in ["[]", "{}", r#"{"servers": 1}"#, r#"{"servers": ["canary"]}"#] {
        let error = run(servers(&script().answer(200, body)).list()).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("canary"), "{body}");
    }
}

#[test]
fn what_is_known_of_a_thing_costs_nothing_and_the_rest_one_question() {
    let script = script().answer(403, "").answer(200, r#"{"server": {"id": "1", "name": "web"}}"#);
    let known: Map<String, Value> = json!({"id": "1", "state": "up"}).as_object().unwrap().clone();
    let thing = servers(&script).lazy_from(known);
    assert_eq!(run(thing.attribute("state")).unwrap(), Some(json!("up")));
    assert!(script.requests().is_empty() && !thing.is_loaded());
    // A failure is no answer: the next look asks again.
    run(thing.load()).unwrap_err();
    assert_eq!(run(thing.attribute("name")).unwrap(), Some(json!("web")));
    assert_eq!(run(thing.attribute("colour")).unwrap(), None);
    assert!(thing.is_loaded());
    assert_eq!(script.left(), 0);
}
