//! Signed URLs: made by the service, good for what they name and nothing else.

use http::Method;
use serde_json::{Value, json};

use super::world::{ALICE, Answer, World};

const SHARE: &str = "/v2/queues/jobs/share";

async fn shared(w: &World, wish: Value) -> Value {
    w.post(SHARE, wish).await.ok()
}

fn joined(list: &Value) -> String {
    let texts: Vec<&str> = list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    texts.join(",")
}

async fn use_it(w: &World, signed: &Value, method: Method, path: &str, project: &str) -> Answer {
    let (paths, methods) = (joined(&signed["paths"]), joined(&signed["methods"]));
    let headers = [
        ("client-id", ALICE),
        ("x-project-id", project),
        ("url-signature", signed["signature"].as_str().unwrap()),
        ("url-expires", signed["expires"].as_str().unwrap()),
        ("url-methods", &methods),
        ("url-paths", &paths),
    ];
    w.bare(method, path, &headers, "").await
}

#[tokio::test]
async fn a_signature_is_the_original_one() {
    let w = World::with(json!({"secret_key": "s3cr3t"}));
    let signed = shared(&w, json!({"expires": "2036-01-01T00:00:00"})).await;
    assert_eq!(
        signed,
        json!({
            "paths": ["/v2/queues/jobs/messages"], "methods": ["GET"], "project": "acme",
            "expires": "2036-01-01T00:00:00",
            "signature": "e8e19d53bf326adc2a54edc01800738a1ae01da5af9dbb4a1187dc4fe7ca14d8",
        })
    );
    let day = shared(&w, json!({"methods": ["POST", "GET"]})).await;
    assert_eq!((&day["expires"], &day["methods"]), (&json!("2030-05-02T10:00:00"), &json!(["GET", "POST"])));
}

#[tokio::test]
async fn a_signed_url_stands_in_for_a_token_where_it_says_so() {
    let w = World::with(json!({"auth": "keystone"}));
    let member = [("client-id", ALICE), ("x-auth-token", "acme:member")];
    let signed = w.bare(Method::POST, SHARE, &member, "{}").await.ok();
    let messages = "/v2/queues/jobs/messages";
    assert_eq!(use_it(&w, &signed, Method::GET, messages, "acme").await.status, 200);
    let one = format!("{messages}/0123456789abcdef01234567");
    assert_eq!(use_it(&w, &signed, Method::GET, &one, "acme").await.error().1, "Not found");
    for (method, path, project) in [
        (Method::POST, messages, "acme"),
        (Method::GET, "/v2/queues/jobs", "acme"),
        (Method::GET, "/v2/queues/other/messages", "acme"),
        (Method::GET, messages, "other"),
    ] {
        let answer = use_it(&w, &signed, method, path, project).await;
        assert_eq!((answer.status, answer.text.as_str()), (404, "{\"title\": \"404 Not Found\"}"));
    }
    let mut forged = signed.clone();
    forged["methods"] = json!(["DELETE", "GET"]);
    assert_eq!(use_it(&w, &forged, Method::DELETE, messages, "acme").await.status, 404);
    w.advance(24 * 3600).await;
    assert_eq!(use_it(&w, &signed, Method::GET, messages, "acme").await.status, 404);
}

#[tokio::test]
async fn a_signed_url_makes_nobody_an_administrator_and_admits_no_path_that_only_contains_it() {
    let admin = [("client-id", ALICE), ("x-auth-token", "acme:admin")];
    for w in [World::with(json!({"auth": "keystone"})), World::strict(json!({"auth": "keystone"}))] {
        w.bare(Method::PUT, "/v2/pools/p1", &admin, json!({"weight": 1, "uri": "redis://a"}).to_string())
            .await
            .ok();
        let member = [("client-id", ALICE), ("x-auth-token", "acme:member")];
        let signed = w.bare(Method::POST, SHARE, &member, json!({"methods": ["PUT"]}).to_string()).await.ok();
        let (paths, methods) = (joined(&signed["paths"]), joined(&signed["methods"]));
        let headers = [
            ("client-id", ALICE),
            ("x-project-id", "acme"),
            ("x-roles", "admin"),
            ("url-signature", signed["signature"].as_str().unwrap()),
            ("url-expires", signed["expires"].as_str().unwrap()),
            ("url-methods", &methods),
            ("url-paths", &paths),
        ];
        let body = json!({"pool_list": ["p1"]}).to_string();
        for path in ["/v2/flavors/x%2Fv2%2Fqueues%2Fjobs%2Fmessages", "/v2/flavors/x/v2/queues/jobs/messages"]
        {
            let answer = w.bare(Method::PUT, path, &headers, body.clone()).await;
            assert!([403, 404].contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
        }
        let pool = w.bare(Method::GET, "/v2/pools/p1", &admin, "").await.ok();
        assert_eq!(pool["flavor"], Value::Null);
    }
}

#[tokio::test]
async fn the_name_in_a_signed_path_is_no_pattern() {
    let w = World::with(json!({"auth": "keystone"}));
    let member = [("client-id", ALICE), ("x-auth-token", "acme:member")];
    let signed = w.bare(Method::POST, "/v2/queues/a.b/share", &member, "{}").await.ok();
    assert_eq!(use_it(&w, &signed, Method::GET, "/v2/queues/a.b/messages", "acme").await.status, 200);
    assert_eq!(use_it(&w, &signed, Method::GET, "/v2/queues/aXb/messages", "acme").await.status, 404);
    let strict = World::strict(json!({"auth": "keystone"}));
    let signed = strict.bare(Method::POST, "/v2/queues/a.b/share", &member, "{}").await.ok();
    assert_eq!(use_it(&strict, &signed, Method::GET, "/v2/queues/aXb/messages", "acme").await.status, 200);
}

/// Each would take long to compile: none of them is.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how long it really takes is the point")]
async fn patterns_that_nobody_signed_are_not_read() {
    let w = World::strict(json!({}));
    let wish = json!({"expires": "2036-01-01T00:00:00"});
    let mut forged = shared(&w, wish).await;
    forged["paths"] = json!(vec!["\\pL{200}"; 200]);
    let before = std::time::Instant::now();
    assert_eq!(use_it(&w, &forged, Method::GET, "/v2/queues/jobs/messages", "acme").await.status, 404);
    assert!(before.elapsed() < std::time::Duration::from_secs(1), "{:?}", before.elapsed());
}

#[tokio::test]
async fn an_installation_keeps_a_secret_of_its_own() {
    let (one, two) = (World::new(), World::new());
    let wish = json!({"expires": "2036-01-01T00:00:00"});
    let first = shared(&one, wish.clone()).await;
    assert_eq!(first, shared(&one, wish.clone()).await);
    assert_ne!(first["signature"], shared(&two, wish).await["signature"]);
}

#[tokio::test]
async fn wrong_wishes_are_refused_in_the_words_of_the_original() {
    let w = World::new();
    for (wish, text) in [
        (json!({"ttl": 1}), "Unknown keys: {'ttl'}"),
        (json!({"paths": ["foo"]}), "Invalid paths: {'foo'}"),
        (json!({"methods": "GET"}), "`methods` should be a list"),
        (json!({"expires": "wrong"}), "Unable to parse date string 'wrong'"),
        (json!({"expires": "2030-05-01T10:00:00"}), "`expires` is lower than the current time"),
        (
            json!({"expires": 3600}),
            "`expires` should be date format, for example 2016-01-01T00:00:00, not integer value: 3600",
        ),
    ] {
        assert_eq!(w.post(SHARE, wish).await.error(), (400, "Invalid API request".into(), text.into()));
    }
    assert_eq!(w.post(SHARE, json!([])).await.status, 500);
    assert_eq!(w.call(ALICE, Method::POST, SHARE, "").await.error().1, "Invalid request body");
}
