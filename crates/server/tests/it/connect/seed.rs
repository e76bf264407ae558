//! Seeds.

use std::sync::Arc;

use pentad_server::connect::Connect;
use pentad_server::{Context, Service, ServiceTime};
use pentad_store::{Engine, StoreOptions};
use serde_json::{Value, json};

use super::world::{KEY, World};

#[tokio::test]
async fn a_seed_fills_collections_and_repeating_it_changes_nothing() {
    let section = json!({
        "api_keys": [{"key": KEY}],
        "collections": [{"path": "products", "resources": [{"id": "P", "n": 1}, {"n": 2}]}],
        "resources": {"products/P/items": [{"id": "I"}]},
    });
    let w = World::seeded(section.clone()).await;
    let before = w.get("products").await.with(200);
    assert_eq!(w.get("products/P/items").await.ids(), ["I"]);
    assert_eq!(before[0]["events"]["created"]["at"], "2024-05-06T07:08:09+00:00");
    w.connect.seed(section).await.unwrap();
    assert_eq!(w.get("products").await.with(200), before);
    assert_eq!(w.connect.credentials().await.unwrap(), Value::Null, "seeded keys are not announced");
    let id = w.post("products", json!({})).await.with(201)["id"].clone();
    assert_ne!(id, before[1]["id"]);
}

#[tokio::test]
async fn what_is_wrong_in_a_seed_is_told_at_its_place() {
    let w = World::new().await;
    for (section, text) in [
        (json!({"api_keys": [{"key": "secret"}]}), "connect.api_keys[0].key: "),
        (json!({"collections": [{"path": ""}]}), "connect.collections[0].path: "),
        (
            json!({"collections": [{"path": "a", "fields": {"x": "float"}}]}),
            "connect.collections[0].fields.x: ",
        ),
        (
            json!({"collections": [{"path": "a", "actions": [{"name": ""}]}]}),
            "connect.collections[0].actions[0]: ",
        ),
        (
            json!({"collections": [{"path": "a/{id}/b", "resources": [{}]}]}),
            "connect.collections[0].resources: ",
        ),
        (
            json!({"collections": [{"path": "a", "resources": [{"id": []}]}]}),
            "connect.collections[0].resources[0]: ",
        ),
        (
            json!({"resources": {"a": [{"id": "x"}, {"id": "x"}]}}),
            "connect.resources.a[1]: id: connect.resources.a[0]",
        ),
        (json!({"resources": {"a": [{"n": "\u{0}"}]}}), "connect.resources.a[0]: Null"),
        (json!({"colections": []}), "connect: "),
    ] {
        let error = w.connect.check(section.clone()).await.unwrap_err().to_string();
        assert!(error.starts_with(text), "{error}");
        assert_eq!(w.connect.seed(section).await.unwrap_err().to_string(), error);
    }
}

#[tokio::test]
async fn the_generated_key_stays_over_restarts() {
    let time = Arc::new(ServiceTime::new());
    let clock: Arc<dyn pentad_store::ServiceClock> = time.clone();
    let engine = Engine::open(StoreOptions::memory(), clock).unwrap();
    let mut context = Context::new(engine, time);
    context.known = Some(json!({"api_key": KEY}));
    let connect = Connect::open(&context).unwrap();
    connect.seed(Value::Null).await.unwrap();
    assert_eq!(connect.credentials().await.unwrap(), json!({"api_key": KEY}));
}

#[tokio::test]
async fn the_seed_of_the_documentation_does_what_it_says() {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/connect-seed.yaml"));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("seed.yaml");
    std::fs::write(&file, text).unwrap();
    let section = pentad_server::Seed::read(&file).unwrap().section("connect");
    let mut w = World::with(pentad_server::Mode::Relaxed, Value::Null, section).await;
    w.key = "ApiKey SU-123-456-789:a-secret-of-yours".to_owned();
    assert_eq!(w.get("products?search=disk&ge(price,9)").await.ids(), ["PRD-100-000-001"]);
    assert_eq!(w.get("products/PRD-100-000-001/items").await.ids(), ["ITM-100-000-001"]);
    let id = w.post("requests", json!({})).await.with(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(w.post(&format!("requests/{id}/approve"), json!({})).await.error().1, "TRE_003");
    assert_eq!(w.get("requests/stats").await.with(200), json!({"total": 3}));
}
