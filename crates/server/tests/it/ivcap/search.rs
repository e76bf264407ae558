use http::Method;
use serde_json::{Value, json};

use super::world::{BOB, World, next};

const MANGLE: &str = "application/datalog+mangle";

async fn search(world: &World, parameters: &str, text: &str) -> super::world::Answer {
    let path = format!("/1/search{parameters}");
    world.ask(Method::POST, &path, text.to_owned()).header("content-type", MANGLE).send().await
}

#[tokio::test]
async fn rules_ask_for_aspects_at_any_time() {
    let world = World::seeded().await;
    let first = world.aspect("urn:e:1", "urn:s:label", &json!({"label": "cat"})).await;
    world.aspect("urn:e:2", "urn:s:label", &json!({"label": "dog"})).await;
    world.aspect("urn:e:1", "urn:s:other", &json!({})).await;
    let text = "query(E, C) :- ivcap_aspect(E, \"urn:s:label\", C), ivcap_aspect(E, \"urn:s:other\", _).";
    let found = search(&world, "", text).await.with(200);
    assert_eq!(found["items"], json!([{"E": "urn:e:1", "C": {"label": "cat"}}]));
    let then = found["at-time"].as_str().unwrap();
    world.pass(1000);
    world.delete(&format!("/1/aspects/{first}")).await.with(204);
    assert_eq!(search(&world, "", text).await.with(200)["items"], json!([]));
    let past = search(&world, &format!("?at-time={then}"), text).await.with(200);
    assert_eq!(past["items"], found["items"]);
    let foreign =
        world.ask(Method::POST, "/1/search", text).by(BOB).header("content-type", MANGLE).send().await;
    assert_eq!(foreign.with(200)["items"], json!([]));
}

#[tokio::test]
async fn rows_come_in_pages() {
    let world = World::new().await;
    for number in 0..25 {
        world.aspect(&format!("urn:e:{number:02}"), "urn:s:1", &json!({})).await;
    }
    let text = "ivcap_aspect(Entity, \"urn:s:1\", _)";
    let mut page = search(&world, "?limit=10", text).await.with(200);
    let mut rows: Vec<Value> = page["items"].as_array().unwrap().clone();
    while let Some(cursor) = next(&page) {
        page = search(&world, &format!("?limit=10&page={cursor}"), "").await.with(200);
        rows.extend(page["items"].as_array().unwrap().clone());
    }
    assert_eq!(rows.len(), 25);
    assert_eq!(rows[24], json!({"Entity": "urn:e:24"}));
}

#[tokio::test]
async fn other_types_and_constructs_are_refused() {
    let world = World::new().await;
    let typed = world.ask(Method::POST, "/1/search", "x").header("content-type", "text/plain").send().await;
    assert!(typed.with(415)["message"].is_string());
    let refused = search(&world, "", "query(X) :- ivcap_service(X, _), !ivcap_job(X, _, _).").await.with(422);
    assert!(refused["message"].as_str().unwrap().contains("negation"));
    assert_eq!(search(&world, "", "").await.status, 422);
    assert_eq!(search(&world, "", &"x".repeat(50_000)).await.status, 422);
    let bytes =
        world.ask(Method::POST, "/1/search", &b"\xff\xfe"[..]).header("content-type", MANGLE).send().await;
    assert_eq!(bytes.status, 422);
}
