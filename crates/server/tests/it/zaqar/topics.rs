//! Topics: metadata under a name, beside queues of the same name.

use http::Method;
use serde_json::json;

use super::world::{ALICE, World};

#[tokio::test]
async fn topics_live_beside_queues_and_have_metadata_alone() {
    let w = World::new();
    assert_eq!(w.get("/v2/topics").await.text, "{\"topics\": [], \"links\": []}");
    let made = w.put("/v2/topics/news", json!({"a": 1}).to_string()).await;
    assert_eq!((made.status, made.location()), (201, "/v2/topics/news"));
    assert_eq!(w.put("/v2/topics/news", "").await.status, 204);
    assert_eq!(
        w.get("/v2/topics/news").await.text,
        "{\"a\": 1, \"_max_messages_post_size\": 262144, \"_default_message_ttl\": 3600, \"_default_message_delay\": 0}"
    );
    assert_eq!(w.get("/v2/topics/none").await.ok()["_default_message_ttl"], 3600);
    assert_eq!(
        w.get("/v2/topics?limit=1").await.text,
        "{\"topics\": [{\"name\": \"news\", \"href\": \"/v2/topics/news\"}], \"links\": [{\"rel\": \"next\", \
         \"href\": \"/v2/topics?limit=1&marker=news\"}]}"
    );
    assert_eq!(w.get("/v2/queues").await.ok()["queues"], json!([]));
    let patched =
        w.json_patch("/v2/topics/news", json!([{"op": "replace", "path": "/metadata/a", "value": 2}])).await;
    assert_eq!(patched.ok()["a"], 2);
    let missing = w.json_patch("/v2/topics/none", json!([])).await.error();
    assert_eq!(missing, (404, "Not found".into(), "Topic none does not exist for project acme".into()));
    assert_eq!(w.get("/v2/topics/news/stats").await.text, "{\"messages\": {\"total\": 0}}");
    assert_eq!(w.get("/v2/topics/none/stats").await.ok()["messages"]["free"], 0);
    assert_eq!(w.call(ALICE, Method::POST, "/v2/topics/news/purge", "").await.status, 204);
    assert_eq!(w.post("/v2/topics/news/purge", json!({"resource_types": ["x"]})).await.status, 400);
    assert_eq!(w.get("/v2/topics/a%20b").await.error().1, "Invalid queue identification");
    assert_eq!(w.get("/v2/topics/news/messages").await.status, 404);
    assert_eq!(w.get("/v1.1/topics").await.status, 404);
    assert_eq!(w.delete("/v2/topics/news").await.status, 204);
    assert_eq!(w.get("/v2/topics").await.ok()["topics"], json!([]));
}
