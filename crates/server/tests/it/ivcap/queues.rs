use http::Method;
use serde_json::json;

use super::world::{BOB, World};

#[tokio::test]
async fn messages_are_taken_once_in_the_order_they_came() {
    let world = World::new().await;
    let queue = world.post("/1/queues", &json!({"name": "jobs", "description": "work"})).await.with(201);
    assert!(queue["created-at"].is_string() && queue["account"].is_string());
    let id = queue["id"].as_str().unwrap();
    let messages = format!("/1/queues/{id}/messages");
    for number in 0..3 {
        let sent = world.post(&format!("{messages}?schema=urn:s:m"), &json!({"n": number})).await.with(200);
        assert!(sent["id"].as_str().unwrap().starts_with("urn:ivcap:message:"));
        world.pass(1000);
    }
    let read = world.get(&format!("/1/queues/{id}")).await.with(200);
    assert_eq!((&read["total-messages"], &read["bytes"]), (&json!(3), &json!(21)));
    assert!(read["first-time"].as_str() < read["last-time"].as_str());
    let taken = world.get(&format!("{messages}?limit=2")).await.with(200);
    let contents: Vec<_> =
        taken["messages"].as_array().unwrap().iter().map(|m| m["content"].clone()).collect();
    assert_eq!(contents, [json!({"n": 0}), json!({"n": 1})]);
    assert_eq!(taken["messages"][0]["schema"], "urn:s:m");
    assert_eq!(world.get(&messages).await.with(200)["messages"].as_array().unwrap().len(), 1);
    assert_eq!(world.get(&messages).await.with(200)["messages"], json!([]));
    world.delete(&format!("/1/queues/{id}")).await.with(204);
    assert_eq!(world.get(&format!("/1/queues/{id}")).await.status, 404);
    assert_eq!(world.get(&messages).await.status, 422);
    assert_eq!(world.delete(&format!("/1/queues/{id}")).await.status, 400);
}

#[tokio::test]
async fn names_are_unique_in_an_account_and_checked() {
    let world = World::seeded().await;
    world.post("/1/queues", &json!({"name": "jobs"})).await.with(201);
    let twice = world.post("/1/queues", &json!({"name": "jobs"})).await.with(409);
    assert!(twice["id"].as_str().unwrap().starts_with("urn:ivcap:queue:"));
    let other = world.ask(Method::POST, "/1/queues", r#"{"name": "jobs"}"#).by(BOB).send().await;
    assert_eq!(other.status, 201);
    for name in ["", "a b", "a.b", "a*", "a>", "a/b", "a\\b", "a\u{7}", "a\u{a0}b"] {
        assert_eq!(world.post("/1/queues", &json!({"name": name})).await.with(422)["name"], "name");
    }
    for body in [json!({}), json!([]), json!({"name": 1}), json!(null)] {
        assert_eq!(world.post("/1/queues", &body).await.status, 422);
    }
    assert_eq!(world.all("/1/queues", 10, "items").await.len(), 1);
}
