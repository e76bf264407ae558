//! What a long past and large documents cost, and what shared ones show.

use http::Method;
use serde_json::{Value, json};

use super::world::{ANN, BOB, ROOT, World, next};

#[tokio::test]
async fn a_record_that_was_replaced_many_times_is_found_at_every_time() {
    let world = World::new().await;
    let path = "/1/aspects?entity=urn:e:beat&schema=urn:s:beat";
    world.aspect("urn:e:still", "urn:s:beat", &json!({})).await;
    let mut known: Vec<(String, Value)> = Vec::new();
    for number in 0..200_i64 {
        let done = world.put(path, &json!({"n": number})).await.with(200);
        let page = world.get("/1/aspects?entity=urn:e:beat").await.with(200);
        known.push((page["at-time"].as_str().unwrap().to_owned(), done["id"].clone()));
        world.pass(number * number % 977);
    }
    for (at, id) in known.iter().step_by(7) {
        for list in ["entity=urn:e:beat&", "schema=urn:s:beat&", "schema=urn:s:&", ""] {
            let page = world.get(&format!("/1/aspects?{list}at-time={at}")).await.with(200);
            let items = page["items"].as_array().unwrap();
            assert_eq!(&items[0]["id"], id, "{list} at {at}");
            assert_eq!(items.len(), if list.starts_with("entity") { 1 } else { 2 }, "{list} at {at}");
        }
    }
}

#[tokio::test]
async fn what_others_share_stands_among_ones_own() {
    let world = World::seeded().await;
    let policies = [
        "urn:ivcap:policy:ivcap.base.metadata",
        "urn:ivcap:policy:ivcap.open.metadata",
        "urn:ivcap:policy:team",
    ];
    for number in 0..40 {
        let (by, policy) = (if number % 4 == 0 { BOB } else { ANN }, policies[number % 3]);
        let path =
            format!("/1/aspects?entity=urn:e:{}&schema=urn:s:{}&policy={policy}", number % 5, number % 7);
        let added = world.ask(Method::POST, &path, "{}").by(by).send().await.with(200);
        if number % 6 == 0 {
            let path = format!("/1/aspects/{}", added["id"].as_str().unwrap());
            world.ask(Method::DELETE, &path, "").by(by).send().await.with(204);
        }
        world.pass(1);
    }
    for list in ["", "&entity=urn:e:1", "&schema=urn:s:3", "&schema=urn:s:", "&order-direction=ASC"] {
        let all = items(&world, list, ROOT).await;
        let mut seen = Vec::new();
        for item in &all {
            let path = format!("/1/aspects/{}", item["id"].as_str().unwrap());
            if world.ask(Method::GET, &path, "").by(BOB).send().await.status == 200 {
                seen.push(item.clone());
            }
        }
        assert!(!seen.is_empty() && seen.len() < all.len(), "{list}");
        assert_eq!(items(&world, list, BOB).await, seen, "{list}");
    }
}

async fn items(world: &World, list: &str, by: &str) -> Vec<Value> {
    let page =
        world.ask(Method::GET, &format!("/1/aspects?limit=50{list}"), "").by(by).send().await.with(200);
    page["items"].as_array().unwrap().clone()
}

/// As many bytes as a document may have, nearly.
fn large(number: usize) -> Value {
    json!({"n": number, "text": "x".repeat(3 << 20)})
}

#[tokio::test]
async fn a_page_of_large_records_ends_early_and_is_never_empty() {
    let world = World::new().await;
    for number in 0..12 {
        world.aspect("urn:e:1", "urn:s:1", &large(number)).await;
    }
    for list in ["", "&filter=n%20%3E=%200", "&order-by=entity", "&content-path=$.text"] {
        let mut page = world.get(&format!("/1/aspects?include-content=true&limit=50{list}")).await;
        let mut numbers = Vec::new();
        loop {
            assert!(page.text.len() < 17 << 20, "{list}: {} bytes", page.text.len());
            let body = page.with(200);
            let items = body["items"].as_array().unwrap();
            assert!(!items.is_empty(), "{list}");
            numbers.extend(items.iter().map(|item| item["content"]["n"].as_u64().unwrap()));
            let Some(cursor) = next(&body) else { break };
            page = world.get(&format!("/1/aspects?limit=50&page={cursor}")).await;
        }
        assert_eq!(numbers, (0..12).rev().collect::<Vec<_>>(), "{list}");
    }
    let typed = |text: &str| {
        world
            .ask(Method::POST, "/1/search", text.to_owned())
            .header("content-type", "application/datalog+mangle")
            .send()
    };
    let refused = typed("query(C) :- ivcap_aspect(_, _, C).").await.with(422);
    assert!(refused["message"].as_str().unwrap().contains("bytes"), "{refused}");
    assert_eq!(
        typed("query(E) :- ivcap_aspect(E, _, _).").await.with(200)["items"],
        json!([{"E": "urn:e:1"}])
    );
}

#[tokio::test]
async fn as_many_messages_are_taken_as_fit_an_answer() {
    let world = World::new().await;
    let queue = world.post("/1/queues", &json!({"name": "large"})).await.with(201);
    let messages = format!("/1/queues/{}/messages", queue["id"].as_str().unwrap());
    for number in 0..8 {
        world.post(&messages, &large(number)).await.with(200);
    }
    let mut taken = Vec::new();
    for _ in 0..2 {
        let some = world.get(&format!("{messages}?limit=1000")).await.with(200);
        let some = some["messages"].as_array().unwrap().clone();
        assert!((1..=5).contains(&some.len()), "{}", some.len());
        taken.extend(some.iter().map(|message| message["content"]["n"].as_u64().unwrap()));
    }
    assert_eq!(taken, (0..8).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_path_that_takes_too_many_steps_on_all_records_together_is_refused() {
    let world = World::new().await;
    let many: Vec<u32> = (0..1500).collect();
    for number in 0..15 {
        world.aspect("urn:e:1", "urn:s:1", &json!({"a": many, "n": number})).await;
    }
    let refused = world
        .get("/1/aspects?content-path=$.a[*]%20?%20(@%20==%20$.a[*]%20%26%26%20@%20%3C%200)")
        .await
        .with(422);
    assert_eq!(refused["name"], "content-path");
}
