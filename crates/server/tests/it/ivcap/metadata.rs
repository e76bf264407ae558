use http::Method;
use serde_json::json;

use super::world::World;

const E: &str = "urn:x:entity:1";
const S: &str = "urn:acme:schema:label.1";

#[tokio::test]
async fn old_dialects_have_their_own_shapes() {
    let world = World::new().await;
    for dialect in ["/l23", "/l28"] {
        let path = format!("{dialect}/1/metadata?entity-id={E}&schema={S}");
        let added = world.post(&path, &json!({"label": "cat"})).await.with(200);
        let id = added["record-id"].as_str().unwrap().to_owned();
        assert!(id.starts_with("urn:ivcap:record:"));
        let list = world.get(&format!("{dialect}/1/metadata?entity-id={E}&limit=10")).await.with(200);
        assert!(list["links"]["self"].as_str().unwrap().contains(dialect));
        assert!(list["links"].get("next").is_none() && list["at-time"].is_string());
        let record = &list["records"][0];
        assert_eq!(record["aspect"], json!({"label": "cat"}));
        assert_eq!((&record["entity"], &record["schema"]), (&json!(E), &json!(S)));
        let read = world.get(&format!("{dialect}/1/metadata/{id}")).await.with(200);
        assert_eq!(read["record-id"], json!(id));
        assert!(read.get("revoker").is_none());
        world.delete(&format!("{dialect}/1/metadata/{id}")).await.with(204);
        assert_eq!(world.get(&format!("{dialect}/1/aspects")).await.status, 404);
    }
}

#[tokio::test]
async fn the_modern_shape_names_items_and_leaves_content_out_on_request() {
    let world = World::new().await;
    let path = format!("/1/metadata?entity-id={E}&schema={S}");
    world.post(&path, &json!({"label": "cat"})).await.with(200);
    let list = world.get(&format!("/1/metadata?entity-id={E}")).await.with(200);
    assert_eq!(list["items"][0]["aspect"], json!({"label": "cat"}));
    assert_eq!(list["entity"], E);
    let bare = world.get(&format!("/1/metadata?entity-id={E}&include-content=false")).await.with(200);
    assert!(bare["items"][0].get("aspect").is_none());
    let id = list["items"][0]["id"].as_str().unwrap();
    let read = world.get(&format!("/1/metadata/{id}")).await.with(200);
    assert_eq!(read["id"], id);
    assert!(read["asserter"].is_string() && read["links"].is_array());
}

#[tokio::test]
async fn what_is_no_object_is_shown_in_one() {
    let world = World::new().await;
    let path = format!("/l28/1/metadata?entity-id={E}&schema={S}");
    world.post(&path, &json!([1, 2])).await.with(200);
    let list = world.get(&format!("/l28/1/metadata?entity-id={E}")).await.with(200);
    assert_eq!(list["records"][0]["aspect"], json!({"value": [1, 2]}));
    // Aspects show only objects.
    let modern = world.get(&format!("/1/aspects?entity={E}&include-content=true")).await.with(200);
    assert!(modern["items"][0].get("content").is_none());
}

#[tokio::test]
async fn a_path_gives_its_matches_as_context() {
    let world = World::new().await;
    let path = format!("/l28/1/metadata?entity-id={E}&schema={S}");
    world.post(&path, &json!({"images": [{"size": 5}, {"size": 50}]})).await.with(200);
    let found =
        world.get("/l28/1/metadata?aspect-path=$.images[*]%20?%20(@.size%20%3E%2010)").await.with(200);
    assert_eq!(found["records"][0]["aspectContext"], json!("{\"size\":50}"));
    assert_eq!(found["aspect-path"], "$.images[*] ? (@.size > 10)");
    let none =
        world.get("/l28/1/metadata?aspect-path=$.images[*]%20?%20(@.size%20%3E%20100)").await.with(200);
    assert_eq!(none["records"], json!([]));
}

#[tokio::test]
async fn a_record_is_amended_and_keeps_what_is_not_given() {
    let world = World::new().await;
    let path = format!("/l28/1/metadata?entity-id={E}&schema={S}");
    let first = world.post(&path, &json!({"n": 1})).await.with(200)["record-id"].as_str().unwrap().to_owned();
    world.pass(1);
    let second = world.put(&format!("/l28/1/metadata/{first}"), &json!({"n": 2})).await.with(200);
    let second = second["record-id"].as_str().unwrap().to_owned();
    let read = world.get(&format!("/l28/1/metadata/{second}")).await.with(200);
    assert_eq!((&read["entity"], &read["aspect"]), (&json!(E), &json!({"n": 2})));
    let moved = world
        .ask(Method::PUT, &format!("/l28/1/metadata/{second}?schema=urn:other"), "")
        .send()
        .await
        .with(200);
    let moved = moved["record-id"].as_str().unwrap();
    let read = world.get(&format!("/l28/1/metadata/{moved}")).await.with(200);
    assert_eq!((&read["schema"], &read["aspect"]), (&json!("urn:other"), &json!({"n": 2})));
    world.put(&format!("/l28/1/metadata/{first}"), &json!({})).await.with(422);
    // The oldest document gives this update no body.
    world.ask(Method::PUT, "/l23/1/metadata?entity-id=urn:e&schema=urn:s", "").send().await.with(200);
}
