use http::Method;
use serde_json::json;

use super::world::{BOB, World};

const E: &str = "urn:x:entity:1";
const S: &str = "urn:acme:schema:label.1";

#[tokio::test]
async fn an_aspect_is_added_read_listed_and_retracted() {
    let world = World::new().await;
    let id = world.aspect(E, S, &json!({"$schema": S, "label": "cat"})).await;
    assert!(id.starts_with("urn:ivcap:aspect:"));
    let read = world.get(&format!("/1/aspects/{id}")).await.with(200);
    assert_eq!(read["content"], json!({"$schema": S, "label": "cat"}));
    assert_eq!((&read["entity"], &read["schema"]), (&json!(E), &json!(S)));
    assert_eq!(read["content-type"], "application/json");
    assert_eq!(read["policy"], "urn:ivcap:policy:ivcap.base.metadata");
    assert!(read["links"].is_array() && read.get("valid-to").is_none());
    let list = world.get(&format!("/1/aspects?entity={E}&include-content=true")).await.with(200);
    assert_eq!(list["items"][0]["content"]["label"], "cat");
    assert_eq!(list["entity"], E);
    let bare = world.get(&format!("/1/aspects?entity={E}")).await.with(200);
    assert!(bare["items"][0].get("content").is_none());
    world.pass(1);
    world.delete(&format!("/1/aspects/{id}")).await.with(204);
    assert_eq!(world.get(&format!("/1/aspects?entity={E}")).await.with(200)["items"], json!([]));
    let gone = world.get(&format!("/1/aspects/{id}")).await.with(200);
    assert!(gone["valid-to"].is_string() && gone["retracter"].is_string());
    let again = world.delete(&format!("/1/aspects/{id}")).await;
    assert_eq!(again.status, 204, "retracting twice changes nothing");
    assert_eq!(world.get(&format!("/1/aspects/{id}")).await.with(200), gone);
}

#[tokio::test]
async fn an_update_replaces_the_only_record_and_names_it() {
    let world = World::new().await;
    let path = format!("/1/aspects?entity={E}&schema={S}");
    let first = world.put(&path, &json!({"n": 1})).await.with(200)["id"].clone();
    world.pass(1);
    let second = world.put(&path, &json!({"n": 2})).await.with(200)["id"].clone();
    let read = world.get(&format!("/1/aspects/{}", second.as_str().unwrap())).await.with(200);
    assert_eq!((&read["replaces"], &read["content"]), (&first, &json!({"n": 2})));
    let old = world.get(&format!("/1/aspects/{}", first.as_str().unwrap())).await.with(200);
    assert_eq!(old["valid-to"], read["valid-from"]);
    world.post(&path, &json!({"n": 3})).await.with(200);
    let several = world.put(&path, &json!({"n": 4})).await.with(424);
    assert_eq!(several, json!({"message": "found 2 matches."}));
    let other = format!("/1/aspects?entity={E}&schema={S}0");
    world.put(&other, &json!({})).await.with(200);
}

#[tokio::test]
async fn lists_are_narrowed_by_schema_path_and_filter() {
    let world = World::new().await;
    for number in 0..5 {
        let content =
            json!({"n": number, "item": format!("urn:i:{number}"), "images": [{"size": number * 10}]});
        world.aspect(E, &format!("urn:acme:schema:s{number}.1"), &content).await;
        world.pass(1);
    }
    let count = async |query: &str| {
        let found = world.get(&format!("/1/aspects?entity={E}&{query}")).await.with(200);
        found["items"].as_array().unwrap().len()
    };
    assert_eq!(count("schema=urn:acme:schema:s3.1").await, 1);
    assert_eq!(count("schema=urn:acme:schema:").await, 5);
    assert_eq!(count("schema=urn:acme:%25").await, 5);
    assert_eq!(count("schema=%25s3%25").await, 1);
    assert_eq!(count("schema=urn:acme:schema:s1.1,urn:acme:schema:s2.1").await, 2);
    assert_eq!(count("content-path=$.item%20?%20(@%20==%20%22urn:i:2%22)").await, 1);
    assert_eq!(count("aspect-path=$.images[*]%20?%20(@.size%20%3E%2010)").await, 3);
    assert_eq!(count("filter=n%3E=3").await, 2);
    assert_eq!(count("filter=schema~='%25s4%25'%20or%20n==0").await, 2);
    assert_eq!(count("filter=").await, 5);
    assert_eq!(count("at-time=2001-02-03T04:05:06%2B00:00").await, 0);
    let refused = world.get("/1/aspects?content-path=$.a.size()").await.with(422);
    assert_eq!(refused["name"], "content-path");
    assert!(refused["message"].as_str().unwrap().contains(".size()"));
    assert_eq!(world.get("/1/aspects?filter=a%20b").await.with(422)["name"], "filter");
}

#[tokio::test]
async fn lists_are_ordered_by_the_fields_that_are_named() {
    let world = World::new().await;
    for (entity, schema) in [("urn:e:2", "urn:s:a"), ("urn:e:1", "urn:s:b"), ("urn:e:1", "urn:s:a")] {
        world.aspect(entity, schema, &json!({})).await;
        world.pass(1);
    }
    let order = async |query: &str| {
        let found = world.get(&format!("/1/aspects?{query}")).await.with(200);
        let pair =
            |item: &serde_json::Value| format!("{} {}", item["entity"], item["schema"]).replace('"', "");
        found["items"].as_array().unwrap().iter().map(pair).collect::<Vec<_>>().join(", ")
    };
    let newest = "urn:e:1 urn:s:a, urn:e:1 urn:s:b, urn:e:2 urn:s:a";
    assert_eq!(order("").await, newest);
    assert_eq!(order("order-by=valid_from&order-direction=DESC").await, newest);
    assert_eq!(
        order("order-by=valid-from&order-direction=asc").await,
        "urn:e:2 urn:s:a, urn:e:1 urn:s:b, urn:e:1 urn:s:a"
    );
    assert_eq!(
        order("order-by=schema,entity&order-direction=ASC").await,
        "urn:e:1 urn:s:a, urn:e:2 urn:s:a, urn:e:1 urn:s:b"
    );
    assert_eq!(world.get("/1/aspects?order-by=colour").await.with(422)["name"], "order-by");
    assert_eq!(world.get("/1/aspects?order-direction=up").await.with(422)["name"], "order-direction");
}

#[tokio::test]
async fn collections_work_as_the_original_client_keeps_them() {
    let world = World::new().await;
    let (collection, schema) = ("urn:x:collection:trip", "urn:ivcap:schema:collection-item.1");
    for number in 0..120 {
        world
            .aspect(collection, schema, &json!({"collection": collection, "item": format!("urn:i:{number}")}))
            .await;
    }
    // Records of a page are retracted before the next is asked for, by the whole link as the cursor.
    let mut page =
        world.get(&format!("/1/aspects?entity={collection}&schema={schema}&limit=50")).await.with(200);
    let mut retracted = 0;
    loop {
        for item in page["items"].as_array().unwrap() {
            world.delete(&format!("/1/aspects/{}", item["id"].as_str().unwrap())).await.with(204);
            retracted += 1;
        }
        let Some(next) = super::world::next(&page) else { break };
        let whole = format!("http%3A%2F%2Fpentad.local%2F1%2Faspects%3Fpage%3D{next}");
        page = world.get(&format!("/1/aspects?limit=50&page={whole}")).await.with(200);
    }
    assert_eq!(retracted, 120);
    assert_eq!(world.all(&format!("/1/aspects?entity={collection}"), 50, "items").await.len(), 0);
}

#[tokio::test]
async fn hostile_requests_are_refused_and_nothing_is_stored() {
    let world = World::new().await;
    let good = format!("/1/aspects?entity={E}&schema={S}");
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(120), "]".repeat(120));
    for body in ["", "{", "[]", "1", "\"x\"", "{\"a\":\"\\u0000\"}", &deep, &"[".repeat(100_000)] {
        let refused = world.ask(Method::POST, &good, body.to_owned()).send().await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert!(refused.json()["message"].is_string());
    }
    let typed = world.ask(Method::POST, &good, "{}").header("content-type", "text/html").send().await;
    assert_eq!(typed.status, 400);
    let long = format!("urn:{}", "x".repeat(2000));
    for (path, name) in [
        (format!("/1/aspects?schema={S}"), "entity"),
        (format!("/1/aspects?entity={E}"), "schema"),
        (format!("/1/aspects?entity=plain&schema={S}"), "entity"),
        (format!("/1/aspects?entity={long}&schema={S}"), "entity"),
        (format!("/1/aspects?entity={E}&schema=a%20b"), "schema"),
        (format!("{good}&policy=urn:ivcap:policy:none"), "policy"),
        (format!("/1/aspects?entity={E}%00&schema={S}"), "entity"),
    ] {
        assert_eq!(world.post(&path, &json!({})).await.with(422)["name"], name, "{path}");
    }
    let huge = json!({"a": "x".repeat(5 << 20)});
    assert_eq!(world.post(&good, &huge).await.status, 413);
    assert_eq!(world.all("/1/aspects", 10, "items").await.len(), 0);
    assert_eq!(world.get("/1/aspects/urn:ivcap:aspect:none").await.status, 404);
    assert_eq!(world.get("/1/aspects/..%2F..%2Fetc").await.status, 404);
}

#[tokio::test]
async fn records_of_another_account_are_not_there_unless_their_policy_says_so() {
    let world = World::seeded().await;
    let secret = world.aspect(E, S, &json!({"n": 1})).await;
    let open = format!("/1/aspects?entity={E}&schema={S}&policy=urn:ivcap:policy:ivcap.open.metadata");
    let open = world.post(&open, &json!({"n": 2})).await.with(200)["id"].as_str().unwrap().to_owned();
    let team = format!("/1/aspects?entity={E}&schema={S}&policy=urn:ivcap:policy:team");
    let team = world.post(&team, &json!({"n": 3})).await.with(200)["id"].as_str().unwrap().to_owned();
    let seen = world.ask(Method::GET, &format!("/1/aspects?entity={E}"), "").by(BOB).send().await.with(200);
    let ids: Vec<&str> =
        seen["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&open.as_str()) && ids.contains(&team.as_str()));
    let by_bob = async |method: Method, id: &str| {
        world.ask(method, &format!("/1/aspects/{id}"), "").by(BOB).send().await.status
    };
    assert_eq!(by_bob(Method::GET, &secret).await, 404);
    assert_eq!(by_bob(Method::DELETE, &secret).await, 422);
    assert_eq!(by_bob(Method::GET, &open).await, 200);
    assert_eq!(by_bob(Method::DELETE, &open).await, 403);
    assert_eq!(by_bob(Method::DELETE, &team).await, 204);
    // An update by another account adds a record of its own.
    let path = format!("/1/aspects?entity={E}&schema={S}");
    world.ask(Method::PUT, &path, "{}").by(BOB).send().await.with(200);
    assert_eq!(world.get(&format!("/1/aspects/{secret}")).await.with(200)["content"], json!({"n": 1}));
}
