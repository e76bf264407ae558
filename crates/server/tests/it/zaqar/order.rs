//! The order of checks and the form of refusals (Zaqar reference 2.2).

use http::Method;
use serde_json::json;

use super::world::{ALICE, World};

const FULL: [(&str, &str); 2] = [("client-id", ALICE), ("x-project-id", "acme")];

#[tokio::test]
async fn each_check_answers_before_the_next() {
    let w = World::new();
    let bad = "/v2/queues/a%20b/messages";
    let get = |headers: Vec<(&'static str, &'static str)>| w_get(&w, bad, headers);
    let (form, xml) =
        (("content-type", "application/x-www-form-urlencoded"), ("accept", "application/vnd.x+json"));
    assert_eq!(get(vec![form, xml]).await.0, 400);
    assert_eq!(get(vec![form, xml]).await.1, "Invalid Content-Type");
    assert_eq!(get(vec![xml]).await.1, "406 Not Acceptable");
    assert_eq!(get(vec![]).await.1, "Missing header value");
    assert_eq!(get(vec![("client-id", "x")]).await.1, "Wrong UUID value");
    assert_eq!(get(vec![("client-id", ALICE)]).await.1, "Project-Id Missing");
    let empty = get(vec![("client-id", ALICE), ("x-project-id", "")]).await;
    assert_eq!(empty.1, "Empty project header not allowed");
    assert_eq!(get(FULL.to_vec()).await.1, "Invalid queue identification");
    let wrong = w.bare(Method::PATCH, "/v2/queues/jobs/messages", &FULL, "").await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("DELETE, GET, POST, OPTIONS")));
    assert_eq!(wrong.text, "{\"title\": \"405 Method Not Allowed\"}");
}

async fn w_get(w: &World, path: &str, headers: Vec<(&'static str, &'static str)>) -> (u16, String) {
    let answer = w.bare(Method::POST, path, &headers, "{}").await;
    let error = answer.error();
    (error.0, error.1)
}

#[tokio::test]
async fn an_unknown_path_is_told_before_any_check() {
    let w = World::new();
    let unknown = w.bare(Method::GET, "/v2/nope", &[], "").await;
    assert_eq!((unknown.status, unknown.text.as_str()), (404, "{\"title\": \"404 Not Found\"}"));
    assert_eq!(unknown.header("vary"), Some("Accept"));
    assert!(unknown.header("x-openstack-request-id").is_some());
    let html = w.bare(Method::GET, "/v2/nope", &[("accept", "text/html")], "").await;
    assert_eq!((html.status, html.text.as_str()), (404, ""));
    assert_eq!(w.get("/v1.1/queues/jobs/metadata").await.status, 404);
    assert_eq!(w.get("/v2/queues/jobs/metadata").await.status, 404);
    assert_eq!(w.get("/v2").await.status, 404);
}

#[tokio::test]
async fn names_may_be_empty_in_a_known_path() {
    let w = World::new();
    assert_eq!(w.get("/v2/queues/").await.error().1, "Invalid queue identification");
    assert_eq!(w.get("/v2/queues//stats").await.error().1, "Invalid queue identification");
    let message = w.get("/v2/queues/jobs/messages/").await.error();
    assert_eq!(
        message,
        (404, "Not found".into(), "Message  does not exist in queue jobs for project acme".into())
    );
    assert_eq!(w.delete("/v2/queues/jobs/messages/").await.status, 204);
}

#[tokio::test]
async fn browsers_get_an_answer_to_their_preflight() {
    let w = World::new();
    let full = w.bare(Method::OPTIONS, "/v2/queues", &FULL, "").await;
    assert_eq!((full.status, full.header("allow")), (200, Some("GET")));
    let bare = w.bare(Method::OPTIONS, "/v2/queues", &[], "").await;
    assert_eq!((bare.status, bare.header("allow")), (200, None));
}

#[tokio::test]
async fn errors_come_as_xml_to_who_reads_only_that() {
    let w = World::new();
    let answer = w.bare(Method::GET, "/v2/queues", &[("accept", "application/xml")], "").await;
    assert_eq!((answer.status, answer.header("content-type")), (406, Some("application/xml")));
    assert!(answer.text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?><error><title>406 Not"));
}

#[tokio::test]
async fn v1_needs_less() {
    let w = World::new();
    assert_eq!(w.bare(Method::PUT, "/v1/queues/jobs", &[], "").await.status, 201);
    assert_eq!(w.bare(Method::GET, "/v1/queues/jobs/stats", &[], "").await.status, 200);
    let list = w.bare(Method::GET, "/v1/queues/jobs/messages", &[], "").await;
    assert_eq!(list.error().1, "Missing header value");
    let wrong = w.bare(Method::GET, "/v1/queues", &[("client-id", "x")], "").await;
    assert_eq!(wrong.error().1, "Wrong UUID value");
    let gone = w.bare(Method::GET, "/v1/queues/none/stats", &[], "").await;
    assert_eq!(gone.error().2, "Queue none does not exist for project None");
}

#[tokio::test]
async fn versions_that_are_off_are_not_there() {
    let w = World::with(json!({"enable_deprecated_api_versions": ["1.1"]}));
    assert_eq!(w.get("/v1/queues").await.status, 404);
    assert_eq!(w.get("/v1.1/queues").await.status, 200);
    assert_eq!(w.get("/v2/queues").await.status, 200);
}

#[tokio::test]
async fn tokens_decide_over_project_where_they_are_asked_for_or_sent() {
    let client = ("client-id", ALICE);
    for (auth, token, status) in [
        ("none", "", 200),
        ("none", "wrong", 200),
        ("either", "", 200),
        ("either", "wrong", 401),
        ("keystone", "", 401),
        ("keystone", "wrong", 401),
    ] {
        let w = World::with(json!({ "auth": auth }));
        let headers = [client, ("x-project-id", "acme"), ("x-auth-token", token)];
        let answer = w.bare(Method::GET, "/v2/queues", &headers, "").await;
        assert_eq!(answer.status, status, "{auth} {token:?}");
    }
    for auth in ["either", "keystone"] {
        let w = World::with(json!({ "auth": auth }));
        let own = [client, ("x-project-id", "other"), ("x-auth-token", "acme:member")];
        w.bare(Method::PUT, "/v2/queues/jobs", &own, "").await.ok();
        let seen =
            w.bare(Method::GET, "/v2/queues", &[client, ("x-auth-token", "acme:reader")], "").await.ok();
        assert_eq!(seen["queues"][0]["name"], "jobs");
        let other =
            w.bare(Method::GET, "/v2/queues", &[client, ("x-auth-token", "other:reader")], "").await.ok();
        assert_eq!(other["queues"], json!([]));
    }
}
