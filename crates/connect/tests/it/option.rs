//! The options of the constructor (reference 1 and 2.2), the ways to name a place, the raw doors.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use pentad_connect::{Client, ENDPOINT, ErrorExt};
use pentad_core::ErrorKind;
use pentad_testkit::{ScriptedTransport, run};
use serde_json::json;

use crate::support::{KEY, builder, client, json as answer, paths};

#[test]
fn the_key_is_sent_as_it_is_and_no_debug_shows_it() {
    let script = answer(200, "{}");
    let client = client(&script);
    run(client.collection("p").resource(1).get()).unwrap();
    assert_eq!(script.requests()[0].header("authorization"), KEY);
    let call = client.collection("p").resource(1).get();
    for text in
        [format!("{client:?}"), format!("{call:?}"), call.curl().unwrap(), format!("{:?}", builder(&script))]
    {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn the_endpoint_is_the_service_s_own_unless_set_and_loses_its_last_slash() {
    let url = |endpoint: &str| {
        let client = Client::new(KEY.to_owned()).endpoint(endpoint).build().unwrap();
        client.collection("p").resource(1).get().request().unwrap().uri().unwrap().to_string()
    };
    assert_eq!(url(""), format!("{ENDPOINT}/p/1"));
    assert_eq!(url("http://h.test/v1/"), "http://h.test/v1/p/1");
    assert_eq!(Client::new(String::new()).build().unwrap_err().kind(), ErrorKind::Config);
    assert!(Client::new(KEY.to_owned()).endpoint("ftp://x").build().is_err());
}

#[test]
fn default_headers_and_page_size_concern_every_request() {
    let script = ScriptedTransport::new().answer(200, "[]");
    let client = builder(&script)
        .header(HeaderName::from_static("x-tenant"), HeaderValue::from_static("7"))
        .page_size(25)
        .build()
        .unwrap();
    run(client.collection("p").all().collect()).unwrap();
    assert_eq!(paths(&script), ["/p?limit=25&offset=0"]);
    assert_eq!(script.requests()[0].header("x-tenant"), "7");
    assert_eq!(builder(&script).page_size(0).build().unwrap().page_size(), 100);
}

#[test]
fn one_text_names_the_same_place_as_its_steps() {
    let client = client(&ScriptedTransport::new());
    let steps = client.ns("devops").collection("services").resource("SRVC-1").collection("environments");
    let text = client.at("devops/services/SRVC-1/environments");
    assert_eq!(text.path(), steps.path());
    let path = |call: pentad_core::Call<Option<serde_json::Value>>| call.request().unwrap().path_and_query();
    assert_eq!(path(text.all().first()), path(steps.all().first()));
    assert_eq!(
        text.resource("ENV-1").collection("variables").path(),
        "devops/services/SRVC-1/environments/ENV-1/variables"
    );
    assert_eq!(client.at("/products/PRD-1/").action("endsale").path(), "products/PRD-1/endsale");
    assert_eq!(client.at_steps(["products", "a/b"]).get().request().unwrap().path, "/products/a%2Fb");
    assert!(client.at("products?eq(a,1)").get().request().is_err());
    let deep = (0..40).fold(client.ns("n0"), |ns, at| ns.ns(format!("n{at}")));
    assert_eq!(deep.collection("c").all().first().request().unwrap().path.matches('/').count(), 42);
}

#[test]
fn the_time_limits_are_those_of_the_original_unless_set() {
    let limits = |client: Client| client.collection("p").resource(1).get().request().unwrap().limits;
    let seconds = Duration::from_secs;
    let usual = limits(Client::new(KEY.to_owned()).build().unwrap());
    assert_eq!((usual.connect, usual.idle, usual.attempt), (seconds(15), seconds(180), None));
    assert_eq!(usual.total, seconds(600));
    let set =
        |connect, silence| limits(Client::new(KEY.to_owned()).timeout(connect, silence).build().unwrap());
    let changed = set(seconds(1), seconds(2));
    assert_eq!((changed.connect, changed.idle, changed.total), (seconds(1), seconds(2), seconds(600)));
    let none = set(Duration::MAX, Duration::MAX);
    assert!(
        none.connect > seconds(86_400 * 365 * 100)
            && none.connect < Duration::MAX
            && none.idle == none.connect
    );
}

#[tokio::test]
async fn a_call_without_time_limits_is_answered() {
    let mock = pentad_connect::mock::Mock::new();
    mock.collection("p").resource(1).get().reply(json!({"id": 1}));
    let server = mock.serve().await.unwrap();
    let client =
        Client::new(KEY.to_owned()).endpoint(server.endpoint()).timeout(Duration::MAX, Duration::MAX);
    assert_eq!(client.build().unwrap().collection("p").resource(1).get().await.unwrap()["id"], 1);
}

#[test]
fn status_headers_and_attempts_come_beside_the_value() {
    let script = ScriptedTransport::new()
        .answer(503, "")
        .answer_with(201, ("x-request-id", "req-7"), "{\"id\":1}")
        .answer_with(404, ("x-request-id", "req-8"), "");
    let client = client(&script);
    let (value, response) = run(client.collection("p").resource(1).get().with_response()).unwrap();
    assert_eq!((value["id"].as_u64(), response.status, response.attempts), (Some(1), StatusCode::CREATED, 2));
    assert_eq!(
        (response.headers["x-request-id"].as_bytes(), response.request_id()),
        (&b"req-7"[..], Some("req-7"))
    );
    let error = run(client.collection("p").resource(2).get().with_response()).unwrap_err();
    assert_eq!((error.status(), error.request_id()), (Some(StatusCode::NOT_FOUND), Some("req-8")));
}

#[test]
fn raw_doors_send_any_method_to_any_path() {
    let script = (0..6).fold(ScriptedTransport::new(), |script, _| script.answer(200, "{}"));
    let client = client(&script);
    run(client.get("products?eq(a,1)").query("limit", "5")).unwrap();
    run(client.create("products", json!({"a": 1}))).unwrap();
    run(client.update("products/P", json!({"a": 1}))).unwrap();
    run(client.delete("products/P", json!([1]))).unwrap();
    run(client.execute(&Method::PATCH, "products/P", json!({"a": 1}))).unwrap();
    run(client.call("connect.resource.get", &[("path", "products/P")], &[("select", "a")], None).unwrap())
        .unwrap();
    let sent: Vec<String> = script.requests().iter().map(|r| format!("{} {}", r.method, r.path())).collect();
    let expected = [
        "GET /public/v1/products?eq(a,1)&limit=5",
        "POST /public/v1/products",
        "PUT /public/v1/products/P",
        "DELETE /public/v1/products/P",
        "PATCH /public/v1/products/P",
        "GET /public/v1/products/P?select=a",
    ];
    assert_eq!(sent, expected);
    let unknown = run(client.execute(&Method::from_bytes(b"BREW").unwrap(), "x", ())).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Unsupported);
    assert!(client.call("connect.nothing", &[], &[], None).is_err());
    assert!(
        client.call("connect.get", &[("path", "a"), ("other", "b")], &[], None).unwrap().request().is_err()
    );
}

#[test]
fn an_answer_is_json_bytes_or_nothing() {
    let script = ScriptedTransport::new()
        .answer_with(200, ("content-type", "application/json; charset=utf-8"), "{\"a\":1}")
        .answer_with(200, ("content-type", "application/vnd.ms-excel"), &b"\x00xls"[..])
        .answer(204, "");
    let action = client(&script).collection("p").action("export");
    let answer = run(action.get()).unwrap();
    assert!(answer.is_json() && !format!("{answer:?}").contains("\"a\""));
    assert_eq!(answer.value().unwrap(), json!({"a": 1}));
    let answer = run(action.get()).unwrap();
    assert_eq!((answer.is_json(), answer.content_type()), (false, Some("application/vnd.ms-excel")));
    assert_eq!(answer.into_bytes().as_ref(), b"\x00xls");
    let answer = run(action.post(())).unwrap();
    assert!(answer.is_empty() && answer.value().unwrap().is_null());
}

#[test]
fn a_document_where_json_is_expected_says_how_to_have_it() {
    let script = ScriptedTransport::new().answer_with(200, ("content-type", "text/html"), "<html>");
    let error = run(client(&script).collection("p").resource(1).get()).unwrap_err();
    assert!(error.message().contains("text/html") && error.hint().is_some(), "{error}");
    assert_eq!(error.error_code(), None);
}
