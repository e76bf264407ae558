//! What is stored outlasts declarations, restarts and removals.

use std::sync::Arc;

use http::Method;
use pentad_server::connect::Connect;
use pentad_server::{Context, Service, Tasks};
use serde_json::{Value, json};

use super::world::{KEY, World};

/// The same data, opened again with another seed.
async fn again(w: World, section: Value) -> World {
    let context = Context::new(w.engine.clone(), Arc::clone(&w.time));
    let connect = Connect::open(&context).unwrap();
    connect.seed(section).await.unwrap();
    let own = connect.credentials().await.unwrap();
    let key = own["api_key"].as_str().unwrap_or(KEY).to_owned();
    World { connect, key, ..w }
}

fn indexed(indexes: Option<&[&str]>) -> Value {
    json!({"api_keys": [{"key": KEY}], "collections": [{"path": "things", "indexes": indexes}]})
}

async fn hits(w: &World, query: &str) -> Vec<String> {
    w.get(&format!("things?{query}")).await.ids()
}

/// Waits for work that no request waits for.
async fn until(mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..10_000 {
        if done().await {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it did not come to its end");
}

#[tokio::test]
async fn what_was_stored_under_other_indexes_is_found() {
    let mut w = World::seeded(indexed(Some(&["status"]))).await;
    w.post("things", json!({"id": "a", "size": 5, "status": "x"})).await.with(201);
    for seed in
        [Value::Null, indexed(Some(&["size"])), indexed(None), indexed(Some(&["status"])), indexed(Some(&[]))]
    {
        w = again(w, seed).await;
        let id = format!("b{}", w.get("things").await.ids().len());
        w.post("things", json!({"id": id, "size": 5, "status": "x"})).await.with(201);
        let all = w.get("things").await.ids();
        for query in ["size=5", "size=ge=5", "status=x", "in(size,(4,5))", "eq(size,5)&eq(status,x)"] {
            assert_eq!(hits(&w, query).await, all, "{query}");
            let counted = w.get(&format!("things?{query}&limit=0")).await.range;
            assert_eq!(counted, Some(format!("items 0-0/{}", all.len())), "{query}");
        }
    }
}

#[tokio::test]
async fn other_indexes_are_made_while_questions_are_answered() {
    let w = World::seeded(indexed(Some(&["status"]))).await;
    let list: Vec<Value> = (0..350).map(|n| json!({"size": n % 7, "status": "x"})).collect();
    w.post("things", json!(list)).await.with(201);
    let w = again(w, indexed(Some(&["size"]))).await;
    let tasks = Tasks::new();
    w.connect.clone().background(&tasks);
    for _ in 0..20 {
        assert_eq!(w.get("things?size=3&limit=0").await.range.as_deref(), Some("items 0-0/50"));
        assert_eq!(w.get("things?status=x&limit=0").await.range.as_deref(), Some("items 0-0/350"));
    }
    tasks.shutdown().await;
}

#[tokio::test]
async fn a_seed_adds_to_keys_and_declarations_and_a_reset_forgets_them() {
    let w = World::seeded(json!({"collections": [
        {"path": "requests", "prefix": "ZZ", "actions": [{"name": "stop"}]}, {"path": "others", "prefix": "OO"}]}))
    .await;
    let more = json!({"resources": {"products": [{"id": "NEW"}]}});
    w.connect.seed(more).await.unwrap();
    let made = w.post("requests", json!({})).await.with(201)["id"].as_str().unwrap().to_owned();
    assert!(made.starts_with("ZZ-"), "{made}");
    assert_eq!(w.connect.credentials().await.unwrap(), Value::Null, "no key is made beside the seeded one");
    let other = "ApiKey SU-999-999-999:other";
    let again = json!({"api_keys": [{"key": other}], "collections": [{"path": "requests", "prefix": "QQ"}]});
    w.connect.seed(again).await.unwrap();
    for key in [KEY, other] {
        assert_eq!(w.call_as(Some(key), Method::GET, "products/NEW", "").await.status, 200);
    }
    let made = w.post("requests", json!({})).await.with(201)["id"].as_str().unwrap().to_owned();
    assert!(made.starts_with("QQ-"), "{made}");
    assert_eq!(w.call(Method::POST, &format!("requests/{made}/stop"), "").await.status, 404);
    assert!(w.post("others", json!({})).await.with(201)["id"].as_str().unwrap().starts_with("OO-"));
    w.engine.reset().await.unwrap();
    w.connect.reset().await.unwrap();
    w.connect.seed(json!({"api_keys": [{"key": other}]})).await.unwrap();
    assert_eq!(w.get("products").await.status, 401);
}

#[tokio::test]
async fn declarations_and_keys_outlast_the_server_they_were_told_to() {
    let w = World::seeded(json!({"collections": [{"path": "requests", "prefix": "ZZ"}]})).await;
    let more = json!({
    "api_keys": [{"key": "ApiKey SU-777-777-777:other", "name": "Other"}],
    "collections": [
        {"path": "requests/{id}/notes", "prefix": "NN", "fields": {"size": "integer"}, "resources": []},
        {"path": "orders", "prefix": "OO", "status": {"initial": "draft", "transitions": [{"action": "place", "to": "placed"}]},
         "actions": [{"name": "stats", "on": "collection", "methods": ["GET"], "answer": {"total": 3}}]},
    ]});
    w.connect.seed(more).await.unwrap();
    w.connect.seed(json!({"collections": [{"path": "requests", "prefix": "QQ"}]})).await.unwrap();
    let mut w = again(w, Value::Null).await;
    assert_eq!(w.key, KEY, "no key is made beside the kept ones");
    w.key = "ApiKey SU-777-777-777:other".to_owned();
    let order = w.post("orders", json!({})).await.with(201);
    assert_eq!(
        (order["status"].as_str(), order["events"]["created"]["by"]["name"].as_str()),
        (Some("draft"), Some("Other"))
    );
    let id = order["id"].as_str().unwrap();
    assert!(id.starts_with("OO-"), "{id}");
    assert_eq!(w.call(Method::POST, &format!("orders/{id}/place"), "").await.with(200)["status"], "placed");
    assert_eq!(w.get("orders/stats").await.with(200), json!({"total": 3}));
    let request = w.post("requests", json!({})).await.with(201)["id"].as_str().unwrap().to_owned();
    assert!(request.starts_with("QQ-"), "{request}");
    w.post(&format!("requests/{request}/notes"), json!({"size": 1})).await.with(201);
    assert_eq!(w.get(&format!("requests/{request}/notes?size=x")).await.status, 400, "types hold, too");
    w.engine.reset().await.unwrap();
    w.connect.reset().await.unwrap();
    w.connect.seed(Value::Null).await.unwrap();
    assert_eq!(w.get("orders").await.status, 401);
    let w = again(w, Value::Null).await;
    let order = w.post("orders", json!({})).await.with(201);
    assert_eq!(
        (order["status"].as_str(), &order["id"].as_str().unwrap()[..4]),
        (None, "ORD-"),
        "a reset forgets"
    );
}

#[tokio::test]
async fn a_document_holds_until_another_or_none_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.yml");
    let text = "openapi: 3.0.3\ninfo: {title: Shop, version: '1'}\npaths:\n  /PLACE: {get: {responses: {'200': {description: x}}}, \
                post: {responses: {'201': {description: x}}}}\n";
    let serve = async |w: World, options: Value| {
        let mut context = Context::new(w.engine.clone(), Arc::clone(&w.time));
        context.options = options;
        let connect = Connect::open(&context).unwrap();
        connect.seed(json!({"api_keys": [{"key": KEY}]})).await.unwrap();
        World { connect, key: KEY.to_owned(), ..w }
    };
    let status = async |w: &World| (w.get("products").await.status, w.get("offers").await.status);
    let mut w = World::seeded(json!({})).await;
    for (name, options, expected) in [
        ("products", json!({"spec": path}), (200, 404)),
        ("", Value::Null, (200, 404)),
        ("", json!({"closed": false}), (200, 200)),
        ("offers", json!({"spec": path}), (404, 200)),
        ("", Value::Null, (404, 200)),
        ("", json!({"spec": ""}), (200, 200)),
        ("", Value::Null, (200, 200)),
    ] {
        if !name.is_empty() {
            std::fs::write(&path, text.replace("PLACE", name)).unwrap();
        }
        w = serve(w, options.clone()).await;
        assert_eq!(status(&w).await, expected, "{name} {options}");
        if name.is_empty() {
            let _ = std::fs::remove_file(&path);
        }
    }
}

#[tokio::test]
async fn what_is_below_a_removed_resource_is_gone_at_once_and_does_not_come_back() {
    let w = World::new().await;
    w.post("products", json!({"id": "P"})).await.with(201);
    let items: Vec<Value> = (0..250).map(|n| json!({"id": format!("I{n}"), "n": n})).collect();
    w.post("products/P/items", json!(items)).await.with(201);
    w.post("products/P/items/I7/prices", json!({"id": "X"})).await.with(201);
    assert_eq!(w.delete("products/P").await.status, 204);
    // Nothing works in the background: as if the server had been killed right behind the answer.
    w.post("products", json!({"id": "P"})).await.with(201);
    assert_eq!(w.get("products/P/items").await.range.as_deref(), Some("items 0-0/0"));
    assert_eq!(w.get("products/P/items/I7/prices").await.with(200), json!([]));
    w.post("products/P/items", json!({"id": "I7"})).await.with(201);
    let w = again(w, Value::Null).await;
    let tasks = Tasks::new();
    w.connect.clone().background(&tasks);
    until(async || w.get("products/P/items?n=7").await.ids().is_empty()).await;
    assert_eq!(w.get("products/P/items").await.ids(), ["I7"]);
    assert_eq!(w.get("products/P/items/I7/prices").await.with(200), json!([]));
    tasks.shutdown().await;
}

#[tokio::test]
async fn nothing_is_created_below_a_resource_that_is_gone() {
    let w = World::seeded(json!({"collections": [{"path": "products/{id}/items"}]})).await;
    w.post("products", json!({"id": "P"})).await.with(201);
    w.post("products/P/items", json!({"id": "I"})).await.with(201);
    w.post("products/P/notes", json!({"id": "N"})).await.with(201);
    w.delete("products/P").await;
    for path in ["products/P/items", "products/P/notes", "products/P/items/I/prices"] {
        assert_eq!(w.post(path, json!({"id": "J"})).await.status, 404, "{path}");
        assert_eq!(w.get(path).await.status, 404, "{path}");
    }
}
