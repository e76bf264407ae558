//! Queues, metadata, lists, statistics, purge (Zaqar reference 6).

use http::Method;
use serde_json::{Value, json};

use super::world::{ALICE, World};

const DEFAULTS: &str = "{\"_max_messages_post_size\": 262144, \"_default_message_ttl\": 3600, \
    \"_default_message_delay\": 0, \"_dead_letter_queue\": null, \"_dead_letter_queue_messages_ttl\": null, \
    \"_max_claim_count\": null, \"_enable_encrypt_messages\": false}";

#[tokio::test]
async fn a_queue_is_created_once_and_keeps_its_metadata() {
    let w = World::new();
    let first = w.put("/v2/queues/jobs", r#"{"team": "blue", "_default_message_ttl": 120}"#).await;
    assert_eq!((first.status, first.location(), first.text.as_str()), (201, "/v2/queues/jobs", ""));
    assert_eq!(first.header("content-type"), Some("application/json"));
    let again = w.put("/v2/queues/jobs", r#"{"team": "red"}"#).await;
    assert_eq!((again.status, again.location()), (204, "/v2/queues/jobs"));
    assert_eq!(
        w.get("/v2/queues/jobs").await.text,
        "{\"team\": \"blue\", \"_default_message_ttl\": 120, \"_max_messages_post_size\": 262144, \
         \"_default_message_delay\": 0, \"_dead_letter_queue\": null, \"_dead_letter_queue_messages_ttl\": null, \
         \"_max_claim_count\": null, \"_enable_encrypt_messages\": false}"
    );
    assert_eq!(w.get("/v1.1/queues/jobs").await.text, "{\"team\": \"blue\", \"_default_message_ttl\": 120}");
}

#[tokio::test]
async fn a_queue_that_is_not_there_looks_empty_in_the_newer_versions() {
    let w = World::new();
    assert_eq!(w.get("/v2/queues/none").await.text, DEFAULTS);
    assert_eq!(w.get("/v1.1/queues/none").await.text, "{}");
    let head = w.bare(Method::HEAD, "/v1/queues/none", &[], "").await;
    assert_eq!((head.status, head.text.as_str()), (404, ""));
    let zeros = "{\"messages\": {\"claimed\": 0, \"free\": 0, \"total\": 0}}";
    assert_eq!(w.get("/v2/queues/none/stats").await.text, zeros);
    assert_eq!(w.get("/v1/queues/none/stats").await.error().2, "Queue none does not exist for project acme");
    assert_eq!(w.delete("/v2/queues/none").await.status, 204);
}

#[tokio::test]
async fn v1_replaces_metadata_as_a_whole() {
    let w = World::new();
    assert_eq!(w.put("/v1/queues/jobs/metadata", "{}").await.status, 404);
    w.put("/v1/queues/jobs", "ignored").await.ok();
    let set = w.put("/v1/queues/jobs/metadata", r#"{"b": 1, "a": "ü"}"#).await;
    assert_eq!((set.status, set.location()), (204, "/v1/queues/jobs/metadata"));
    let shown = w.get("/v1/queues/jobs/metadata").await;
    assert_eq!(shown.text, r#"{"b": 1, "a": "ü"}"#);
    assert_eq!(shown.header("content-location"), Some("/v1/queues/jobs/metadata"));
    let reserved = w.put("/v1/queues/jobs/metadata", r#"{"_x": 1}"#).await.error();
    assert_eq!(reserved.1, "Invalid API request");
    let empty = [("client-id", ALICE), ("x-project-id", "acme"), ("content-length", "0")];
    let empty = w.bare(Method::PUT, "/v1/queues/jobs/metadata", &empty, "").await.error();
    assert_eq!(empty.2, "Request body could not be parsed.");
}

#[tokio::test]
async fn v2_patches_metadata_all_or_nothing() {
    let w = World::new();
    let change = json!([{"op": "add", "path": "/metadata/team", "value": "blue"}]);
    let missing = w.json_patch("/v2/queues/jobs", change.clone()).await.error();
    assert_eq!(missing, (404, "Not found".into(), "Queue jobs does not exist for project acme".into()));
    w.put("/v2/queues/jobs", "").await.ok();
    let media = w.patch("/v2/queues/jobs", change.clone()).await.error();
    assert_eq!(media.0, 415);
    assert_eq!(
        media.2,
        "Accepted media type for PATCH: {'Accept-Patch': 'application/openstack-messaging-v2.0-json-patch'}."
    );
    let set = w.json_patch("/v2/queues/jobs", change).await.ok();
    assert_eq!(set["team"], "blue");
    let halfway = json!([
        {"op": "replace", "path": "/metadata/team", "value": "red"},
        {"op": "remove", "path": "/metadata/none"}]);
    let refused = w.json_patch("/v2/queues/jobs", halfway).await.error();
    assert_eq!(refused, (409, "Resource conflict".into(), "Can't remove non-existent object none.".into()));
    let bad = json!([{"op": "add", "path": "/metadata/_default_message_ttl", "value": 59}]);
    let refused = w.json_patch("/v2/queues/jobs", bad).await.error();
    assert_eq!(refused.1, "Invalid request body");
    assert_eq!(w.get("/v1.1/queues/jobs").await.ok(), json!({"team": "blue"}));
    assert_eq!(w.json_patch("/v2/queues/jobs", json!({})).await.status, 503);
    assert_eq!(w.json_patch("/v2/queues/jobs", json!([])).await.status, 200);
}

#[tokio::test]
async fn the_list_is_sorted_filtered_and_paged_by_name() {
    let w = World::new();
    assert_eq!(w.get("/v2/queues").await.text, "{\"queues\": [], \"links\": []}");
    assert_eq!(w.get("/v1/queues").await.status, 204);
    for (name, team) in [("c", "blue"), ("a", "blue"), ("b", "red"), ("a.x", "blue")] {
        w.put(&format!("/v2/queues/{name}"), json!({"team": team, "n": 5, "t": "5"}).to_string()).await.ok();
    }
    let names = async |query: &str| {
        let page = w.get(&format!("/v2/queues{query}")).await.ok();
        let list = page["queues"].as_array().unwrap().clone();
        list.iter().map(|queue| queue["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["a", "a.x", "b", "c"]);
    assert_eq!(names("?marker=aa").await, ["b", "c"]);
    assert_eq!(names("?team=blue&name=%5Ea").await, ["a", "a.x"]);
    assert_eq!(names("?n=5").await.len(), 4);
    assert_eq!(names("?t=5").await.len(), 0, "a number in a query is compared with numbers only");
    assert_eq!(w.get("/v2/queues?name=(").await.status, 503);
    assert_eq!(
        w.get("/v2/queues?limit=1&detailed=false&with_count=1&team=blue").await.text,
        "{\"queues\": [{\"name\": \"a\", \"href\": \"/v2/queues/a\"}], \"links\": [{\"rel\": \"next\", \"href\": \
         \"/v2/queues?limit=1&detailed=false&with_count=true&marker=a\"}], \"count\": 4}"
    );
    let old = w.get("/v1/queues?limit=1&marker=a").await;
    assert_eq!(old.header("content-location"), Some("/v1/queues?limit=1&marker=a"));
    assert_eq!(old.ok()["links"][0]["href"], "/v1/queues?marker=a.x&limit=1");
    let detailed = w.get("/v2/queues?detailed=true").await.ok();
    assert_eq!(detailed["queues"][0]["metadata"]["_default_message_ttl"], 3600);
}

#[tokio::test]
async fn projects_do_not_see_each_other() {
    let w = World::new();
    let ids = w.fill(&[json!(1)]).await;
    let other = [("client-id", ALICE), ("x-project-id", "other")];
    let seen = w.bare(Method::GET, "/v2/queues", &other, "").await.ok();
    assert_eq!(seen["queues"], json!([]));
    w.bare(Method::PUT, "/v2/queues/jobs", &other, "").await.ok();
    let path = format!("/v2/queues/jobs/messages/{}", ids[0]);
    assert_eq!(w.bare(Method::GET, &path, &other, "").await.status, 404);
    w.bare(Method::DELETE, &path, &other, "").await.ok();
    w.bare(Method::DELETE, "/v2/queues/jobs", &other, "").await.ok();
    assert_eq!(w.get(&path).await.status, 200);
}

#[tokio::test]
async fn statistics_tell_oldest_and_newest_and_forget_what_expired() {
    let w = World::new();
    let ids = w.fill(&[json!(1)]).await;
    w.advance(54).await;
    let short = json!({"messages": [{"body": 2, "ttl": 60}, {"body": 3}]});
    w.post("/v2/queues/jobs/messages", short).await.ok();
    w.advance(10).await;
    let stats = w.get("/v2/queues/jobs/stats").await;
    let first = format!(
        "{{\"messages\": {{\"claimed\": 0, \"free\": 3, \"total\": 3, \"oldest\": {{\"age\": 64, \"created\": \
         \"2030-05-01T10:00:00Z\", \"href\": \"/v2/queues/jobs/messages/{}\"}}, \"newest\": {{\"age\": 10, \
         \"created\": \"2030-05-01T10:00:54Z\"",
        ids[0]
    );
    assert!(stats.text.starts_with(&first), "{}", stats.text);
    w.post("/v2/queues/jobs/claims?limit=1", json!({"ttl": 60, "grace": 60})).await.ok();
    let counts = async || {
        let stats = w.get("/v2/queues/jobs/stats").await.ok();
        ["claimed", "free", "total"].map(|key| stats["messages"][key].as_i64().unwrap())
    };
    assert_eq!(counts().await, [1, 2, 3]);
    w.advance(51).await;
    assert_eq!(counts().await, [1, 1, 2], "the short one is gone");
    w.advance(10).await;
    assert_eq!(counts().await, [0, 2, 2], "the claim ended");
}

#[tokio::test]
async fn purge_takes_what_it_is_told() {
    let w = World::new();
    let ids = w.fill(&[json!(1), json!(2)]).await;
    w.post("/v2/queues/jobs/claims?limit=1", json!({})).await.ok();
    let refused = |body: Value| async { w.post("/v2/queues/jobs/purge", body).await.error().2 };
    assert_eq!(refused(json!({"x": 1})).await, "Post body must contain key \"resource_types\".");
    assert_eq!(
        refused(json!({"resource_types": ["queues"]})).await,
        "Resource types must be a sub set of {'messages', 'subscriptions'}."
    );
    assert_eq!(w.post("/v2/queues/jobs/purge", json!({"resource_types": []})).await.status, 204);
    assert_eq!(w.get("/v2/queues/jobs/stats").await.ok()["messages"]["total"], 2);
    assert_eq!(w.call(ALICE, Method::POST, "/v2/queues/jobs/purge", "").await.status, 204);
    assert_eq!(w.get("/v2/queues/jobs/stats").await.ok()["messages"]["total"], 0);
    assert_eq!(w.get(&format!("/v2/queues/jobs/messages/{}", ids[0])).await.status, 404);
    w.fill(&[json!(3)]).await;
    let page = w.get("/v2/queues/jobs/messages?echo=true").await.ok();
    assert!(page["links"][0]["href"].as_str().unwrap().ends_with("marker=3"), "markers go on counting");
}

#[tokio::test]
async fn a_deleted_queue_is_empty_when_it_comes_back() {
    let w = World::new().awake();
    w.put("/v2/queues/jobs", r#"{"a": 1}"#).await.ok();
    w.fill(&[json!(1)]).await;
    w.delete("/v2/queues/jobs").await.ok();
    assert_eq!(w.get("/v2/queues/jobs").await.text, DEFAULTS);
    w.put("/v2/queues/jobs", "").await.ok();
    assert_eq!(w.get("/v2/queues/jobs/messages?echo=true").await.ok()["messages"], json!([]));
    w.advance(10).await;
    assert_eq!(w.get("/v2/queues/jobs/stats").await.ok()["messages"]["total"], 0);
}

#[tokio::test]
async fn patches_do_not_grow_metadata_beyond_their_limit() {
    let w = World::with(json!({"max_queue_metadata": 1000}));
    w.put("/v2/queues/jobs", "{}").await;
    let patch = async |key: &str| {
        let value = "x".repeat(600);
        w.json_patch(
            "/v2/queues/jobs",
            json!([{"op": "add", "path": format!("/metadata/{key}"), "value": value}]),
        )
        .await
    };
    assert_eq!(patch("a").await.status, 200);
    let refused = patch("b").await.error();
    assert_eq!((refused.0, refused.2.as_str()), (400, "Queue metadata is too large. Max size: 1000"));
    assert_eq!(patch("a").await.status, 200);
}
