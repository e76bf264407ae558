use serde_json::{Value, json};

use super::world::{BOB, World, next};
use http::Method;

#[tokio::test]
async fn pages_are_full_until_the_last_one_also_when_most_is_left_out() {
    let world = World::new().await;
    for number in 0..60 {
        world.aspect("urn:e:1", "urn:s:1", &json!({"n": number, "rare": number % 20 == 0})).await;
    }
    let numbers = |items: Vec<Value>| -> Vec<i64> {
        items.iter().map(|item| item["content"]["n"].as_i64().unwrap()).collect()
    };
    let all = numbers(world.all("/1/aspects?include-content=true", 7, "items").await);
    assert_eq!(all, (0..60).rev().collect::<Vec<i64>>());
    let rare = world.all("/1/aspects?include-content=true&filter=rare==true", 2, "items").await;
    assert_eq!(numbers(rare), [40, 20, 0]);
    let path = world
        .all("/1/aspects?include-content=true&content-path=$%20?%20(@.rare%20==%20true)", 1, "items")
        .await;
    assert_eq!(numbers(path), [40, 20, 0]);
    let sorted =
        world.all("/1/aspects?include-content=true&order-by=content&order-direction=ASC", 7, "items").await;
    assert_eq!(sorted.len(), 60);
}

#[tokio::test]
async fn later_pages_belong_to_the_moment_of_the_first() {
    let world = World::new().await;
    for number in 0..15 {
        world.aspect("urn:e:1", "urn:s:1", &json!({"n": number})).await;
    }
    let first = world.get("/1/aspects?limit=10&order-direction=ASC").await.with(200);
    for item in first["items"].as_array().unwrap() {
        world.delete(&format!("/1/aspects/{}", item["id"].as_str().unwrap())).await.with(204);
    }
    world.aspect("urn:e:1", "urn:s:1", &json!({"n": 99})).await;
    world.pass(60_000);
    let second = world.get(&format!("/1/aspects?page={}", next(&first).unwrap())).await.with(200);
    assert_eq!(second["items"].as_array().unwrap().len(), 5);
    assert_eq!(second["at-time"], first["at-time"]);
    assert_eq!(next(&second), None);
    let again = second["links"].as_array().unwrap().iter().find(|link| link["rel"] == "first").unwrap();
    let (_, cursor) = again["href"].as_str().unwrap().split_once("page=").unwrap();
    let again = world.get(&format!("/1/aspects?page={cursor}")).await.with(200);
    assert_eq!(again["items"], first["items"]);
}

#[tokio::test]
async fn a_cursor_counts_only_where_it_came_from_and_as_it_was() {
    let world = World::seeded().await;
    for number in 0..3 {
        world.aspect("urn:e:1", "urn:s:1", &json!({"n": number})).await;
    }
    let page = world.get("/1/aspects?limit=1").await.with(200);
    let cursor = next(&page).unwrap();
    let mut altered = cursor.clone().into_bytes();
    let middle = altered.len() / 2;
    altered[middle] = if altered[middle] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    for (path, page) in [
        ("/1/aspects", altered.as_str()),
        ("/1/aspects", "c10"),
        ("/1/aspects", &"A".repeat(100_000)),
        ("/1/metadata", &cursor),
        ("/1/queues", &cursor),
    ] {
        assert_eq!(world.get(&format!("{path}?page={page}")).await.with(422)["name"], "page", "{path}");
    }
    let foreign = world.ask(Method::GET, &format!("/1/aspects?page={cursor}"), "").by(BOB).send().await;
    assert_eq!(foreign.status, 422);
    assert_eq!(
        world.get(&format!("/1/aspects?page={cursor}=")).await.status,
        200,
        "padding is no alteration"
    );
}

#[tokio::test]
async fn limits_and_flags_are_checked() {
    let world = World::new().await;
    for limit in ["0", "51", "-1", "x", "", "9999999999999999999"] {
        let refused = world.get(&format!("/1/aspects?limit={limit}")).await.with(422);
        assert_eq!(refused["name"], "limit");
        assert_eq!(refused["value"], limit);
    }
    assert_eq!(world.get("/1/metadata?order-desc=maybe").await.with(422)["name"], "order-desc");
    assert_eq!(world.get("/1/metadata?at-time=yesterday").await.with(422)["name"], "at-time");
    assert_eq!(world.get("/1/metadata?order-by=a%20b").await.with(422)["name"], "order-by");
    world.get("/1/metadata?at-time=2023-07-01T12:00:00.000005&order-desc=false&limit=50").await.with(200);
}

#[tokio::test]
async fn the_future_is_as_now() {
    let world = World::new().await;
    let list = world.get("/1/aspects?at-time=2999-01-01T00:00:00Z").await.with(200);
    assert_eq!(list["at-time"], world.now());
}
