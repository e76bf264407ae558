//! What the service says of itself: versions, resources, health.

use http::Method;
use serde_json::json;

use super::world::{ALICE, World};

const ADMIN: [(&str, &str); 3] = [("client-id", ALICE), ("x-project-id", "acme"), ("x-roles", "admin")];

#[tokio::test]
async fn versions_are_told_to_everybody() {
    for auth in ["none", "keystone"] {
        let w = World::with(json!({ "auth": auth }));
        let answer = w.bare(Method::GET, "/", &[], "").await;
        assert_eq!((answer.status, answer.header("content-type")), (300, Some("application/json")));
        let versions = answer.json()["versions"].clone();
        assert_eq!(versions[1]["id"], "1.1");
        assert_eq!(versions[2]["links"], json!([{"href": "/v2/", "rel": "self"}]));
        assert_eq!(versions[1]["media-types"][0]["type"], "application/vnd.openstack.messaging-v1_1+json");
    }
    let w = World::new();
    let wrong = w.bare(Method::POST, "/", &[], "").await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET, OPTIONS")));
    assert_eq!(w.bare(Method::GET, "/", &[("accept", "text/html")], "").await.status, 406);
}

#[tokio::test]
async fn each_version_tells_its_resources() {
    let w = World::new();
    let first = |text: &str| {
        let start = "{\n    \"resources\": {\n        \"rel/queues\": {\n            \"href-template\": ";
        assert!(text.starts_with(start), "{text}");
    };
    for (version, rows) in [("v1", 7), ("v1.1", 17), ("v2", 24)] {
        let answer = w.get(&format!("/{version}/")).await;
        assert_eq!(answer.header("content-type"), Some("application/json-home"));
        assert_eq!(answer.header("cache-control"), Some("max-age=86400"));
        first(&answer.text);
        assert_eq!(answer.json()["resources"].as_object().unwrap().len(), rows, "{version}");
    }
    let v2 = w.get("/v2/").await.json()["resources"].clone();
    assert_eq!(
        v2["rel/subscription_patch"],
        json!({
            "href-template": "/v2/queues/{queue_name}/subscriptions/{subscriptions_id}",
            "href-vars": {"queue_name": "param/queue_name", "subscriptions_id": "param/subscriptions_id"},
            "hints": {"allow": ["PATCH"], "formats": {"application/json": {}}, "accept-post": ["application/json"]},
        })
    );
    assert_eq!(v2["rel/health"]["href"], "/v2/health");
    assert_eq!(w.bare(Method::GET, "/v2/", &[], "").await.status, 400, "headers are needed");
    let public = World::with(json!({"admin_mode": false}));
    assert!(public.get("/v2/").await.json()["resources"].get("rel/pools").is_none());
}

#[tokio::test]
async fn health_is_simple_in_v1_and_for_administrators_later() {
    let w = World::new();
    assert_eq!(w.get("/v1/health").await.status, 204);
    assert_eq!(w.call(ALICE, Method::HEAD, "/v1/health", "").await.status, 204);
    assert_eq!(w.get("/v2/health").await.status, 403);
    assert_eq!(w.get("/v1.1/health").await.ok(), json!({"catalog_reachable": true}));
    let w = World::with(json!({"pooling": false}));
    w.fill(&[json!(1), json!(2)]).await;
    let health = w.bare(Method::GET, "/v2/health", &ADMIN, "").await.ok();
    assert_eq!(health["storage_reachable"], true);
    assert_eq!(health["message_volume"], json!({"free": 2, "claimed": 0, "total": 2}));
    let tried: Vec<&String> = health["operation_status"].as_object().unwrap().keys().collect();
    assert_eq!(tried[0], "create_queue");
    assert_eq!(tried.len(), 8);
    assert_eq!(health["operation_status"]["delete_queue"]["succeeded"], true);
    assert_eq!(w.bare(Method::HEAD, "/v2/health", &ADMIN, "").await.status, 405);
    let public = World::with(json!({"admin_mode": false}));
    assert_eq!(public.bare(Method::GET, "/v2/health", &ADMIN, "").await.status, 404);
}
