//! Hostile and odd requests.

use http::Method;
use pentad_server::Mode;
use serde_json::json;

use crate::world::World;

const PUBLISH: &str = "/v1/projects/DEMO/topics/alerts:publish";
const SUB: &str = "/v1/projects/DEMO/subscriptions/alerts-sub";

#[tokio::test]
async fn broken_json_gets_the_text_of_its_operation() {
    let w = World::demo().await;
    let rows = [
        (Method::POST, PUBLISH, "Invalid Message Arguments"),
        (
            Method::POST,
            "/v1/projects/DEMO/subscriptions/alerts-sub:pull",
            "Invalid Pull Parameters Arguments",
        ),
        (Method::POST, "/v1/projects/DEMO/subscriptions/alerts-sub:acknowledge", "Invalid ack parameter"),
        (Method::POST, "/v1/projects/DEMO/subscriptions/alerts-sub:modifyOffset", "Invalid Offset Arguments"),
        (Method::POST, "/v1/projects/DEMO/topics/alerts:modifyAcl", "Invalid Topic ACL Arguments"),
        (
            Method::POST,
            "/v1/projects/DEMO/subscriptions/alerts-sub:modifyAcl",
            "Invalid Subscription ACL Arguments",
        ),
        (Method::PUT, "/v1/projects/DEMO/subscriptions/new", "Invalid Subscription Arguments"),
        (Method::PUT, "/v1/projects/DEMO/topics/new", "Invalid Request Body"),
        (Method::POST, "/v1/projects/NEW", "Invalid Project Arguments"),
        (Method::PUT, "/v1/projects/DEMO", "Invalid Request Body"),
        (Method::POST, "/v1/users/new", "Invalid User Arguments"),
        (Method::POST, "/v1/projects/DEMO/schemas/new", "Invalid Schema Arguments"),
        (Method::POST, "/v1/projects/DEMO/members/pub:add", "Invalid Request Body"),
    ];
    for body in ["{", "[1]", "\"x\"", "{} trailing", "\u{0}", "{\"a\":}"] {
        for (method, path, text) in &rows {
            if body == "{} trailing" && path.contains("/schemas/") {
                continue;
            }
            let answer = w.call("svc", method.clone(), path, body.to_owned()).await;
            assert_eq!(answer.error(), (400, (*text).to_owned()), "{path} {body}");
            assert_eq!(answer.kind, "application/json; charset=utf-8");
        }
    }
}

#[tokio::test]
async fn nested_beyond_reason_is_an_ordinary_error() {
    let w = World::demo().await;
    let body = format!("{{\"messages\":{}", "[".repeat(200_000));
    assert_eq!(w.call("svc", Method::POST, PUBLISH, body).await.message(), "Invalid Message Arguments");
}

#[tokio::test]
async fn an_oversized_message_is_413_relaxed_and_500_strict_and_nothing_is_stored() {
    for (mode, expected) in
        [(Mode::Relaxed, (413, "Message size is too large")), (Mode::Strict, (500, "Backend Error"))]
    {
        let w = World::demo_in(mode).await;
        let body = json!({"messages": [{"data": "aa"}, {"data": "a".repeat(1_500_001)}]});
        assert_eq!(w.post("tA", PUBLISH, body).await.error(), (expected.0, expected.1.to_owned()));
        assert_eq!(w.get("tA", &format!("{SUB}:offsets")).await.ok()["max"], 0);
    }
}

#[tokio::test]
async fn attributes_with_quotes_come_back_as_sent() {
    let w = World::demo().await;
    let attributes = json!({"a\"b": "c\\d\n<&>", "z": ""});
    w.post("tA", PUBLISH, json!({"messages": [{"attributes": attributes, "data": "not base64 \"<"}]}))
        .await
        .ok();
    let answer = w.post("tC", &format!("{SUB}:pull"), json!({})).await;
    assert!(answer.text.contains("\\u003c\\u0026\\u003e"));
    let message = answer.ok()["receivedMessages"][0]["message"].clone();
    assert_eq!(message["attributes"], attributes);
    assert_eq!(message["data"], "not base64 \"<");
}

#[tokio::test]
async fn paths_are_matched_as_the_service_does() {
    let w = World::demo().await;
    let unknown = w.get("svc", "/v1/nothing").await;
    assert_eq!((unknown.status, unknown.text.as_str()), (404, "404 page not found\n"));
    let verb = w.call("svc", Method::PATCH, "/v1/projects", "").await;
    assert_eq!((verb.status, verb.text.as_str()), (405, ""));
    assert_eq!(w.post("svc", &format!("{SUB}:nosuchverb"), json!({})).await.status, 405);
    assert_eq!(w.get("svc", PUBLISH).await.message(), "Invalid topic name");
    assert_eq!(w.get("svc", "/v1//projects").await.status, 301);
    assert_eq!(w.get("svc", "/v1/projects/DEMO/topics/alerts%3Aacl").await.status, 200);
    assert_eq!(w.get("", "/v1/projects?key=svc").await.status, 200);
}
