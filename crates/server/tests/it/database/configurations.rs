//! Configuration groups and the instances that have them.

use http::Method;
use serde_json::{Value, json};

use super::world::{ANN, BOB, World, fault, states};

impl World {
    async fn group(&self, values: Value) -> String {
        let got =
            self.post("/configurations", json!({"configuration": {"name": "g", "values": values}})).await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.json()["configuration"]["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_group_has_values_that_the_version_takes() {
    let world = World::new().await;
    let create = async |values: Value| {
        world.post("/configurations", json!({"configuration": {"name": "g", "values": values}})).await
    };
    let got = create(json!({"max_connections": 200, "MAX_USER_CONNECTIONS": 5})).await;
    assert_eq!(got.status, 200);
    let group = &got.json()["configuration"];
    assert_eq!(group["values"], json!({"max_connections": 200, "MAX_USER_CONNECTIONS": 5}));
    assert_eq!((&group["instance_count"], &group["datastore_version_number"]), (&json!(0), &json!("8.0.29")));
    for (values, message) in [
        (
            json!({"nope": 1}),
            "The configuration parameter nope is not supported for this datastore: mysql 8.0.",
        ),
        (
            json!({"max_connections": "200"}),
            "The value provided for the configuration parameter max_connections is not of type integer.",
        ),
        (
            json!({"max_connections": 0}),
            "The value for the configuration parameter max_connections is less than the minimum allowed: 1",
        ),
        (
            json!({"max_connections": 100_001}),
            "The value for the configuration parameter max_connections is greater than the maximum allowed: 100000",
        ),
    ] {
        assert_eq!(create(values).await.fault(), fault(422, "unprocessableEntity", message));
    }
}

#[tokio::test]
async fn put_replaces_and_patch_merges() {
    let world = World::new().await;
    let id = world.group(json!({"max_connections": 200, "wait_timeout": 10})).await;
    let path = format!("/configurations/{id}");
    let got = world
        .call(ANN, Method::PATCH, &path, json!({"configuration": {"values": {"wait_timeout": 20}}}))
        .await;
    assert_eq!((got.status, got.text.as_str()), (200, ""));
    let values = async || world.get(&path).await.ok()["configuration"]["values"].clone();
    assert_eq!(values().await, json!({"max_connections": 200, "wait_timeout": 20}));
    let body = json!({"configuration": {"name": "new", "description": "d", "values": {"autocommit": 1}}});
    let got = world.put(&path, body).await;
    assert_eq!((got.status, got.text.as_str()), (202, ""));
    assert_eq!(values().await, json!({"autocommit": 1}));
    let list = world.get("/configurations").await.ok();
    assert_eq!(list["configurations"][0]["name"], "new");
    assert!(list["configurations"][0].get("values").is_none());
    assert_eq!(world.call(BOB, Method::GET, &path, Value::Null).await.status, 404);
}

#[tokio::test]
async fn an_attached_group_stays_until_it_is_detached() {
    let world = World::new().await;
    let (instance, group) = (world.instance("db").await, world.group(json!({"max_connections": 200})).await);
    let path = format!("/instances/{instance}");
    assert_eq!(world.put(&path, json!({"instance": {"configuration": group}})).await.status, 202);
    assert_eq!(world.states(&instance).await, states("ACTIVE", "HEALTHY"), "no static value, no restart");
    assert_eq!(world.get(&path).await.ok()["instance"]["configuration"]["id"], json!(group));
    let got = world.put(&path, json!({"instance": {"configuration": group}})).await.fault();
    let text = format!("Instance {instance} already has a Configuration Group attached: {group}.");
    assert_eq!(got, fault(400, "badRequest", &text));
    let got = world.get(&format!("/configurations/{group}/instances")).await.ok();
    assert_eq!(got["instances"], json!([{"id": instance, "name": "db"}]));
    let got = world.delete(&format!("/configurations/{group}")).await.fault();
    assert!(got.2.starts_with("A configuration group cannot be deleted if it is associated"), "{}", got.2);
    assert_eq!(world.put(&path, json!({"instance": {}})).await.status, 202);
    assert_eq!(world.delete(&format!("/configurations/{group}")).await.status, 202);
}

#[tokio::test]
async fn static_values_ask_for_a_restart() {
    let world = World::new().await;
    let (instance, group) =
        (world.instance("db").await, world.group(json!({"innodb_open_files": 100})).await);
    let path = format!("/instances/{instance}");
    world.put(&path, json!({"instance": {"configuration": group}})).await.ok();
    assert_eq!(world.states(&instance).await, states("RESTART_REQUIRED", ""));
    let got = world.post(&format!("{path}/action"), json!({"restart": {}})).await;
    assert_eq!(got.status, 202);
    world.advance(1).await;
    assert_eq!(world.states(&instance).await, states("ACTIVE", "HEALTHY"));
    let body = json!({"configuration": {"values": {"innodb_open_files": 200}}});
    world.call(ANN, Method::PATCH, &format!("/configurations/{group}"), body).await.ok();
    assert_eq!(world.states(&instance).await, states("RESTART_REQUIRED", ""));
}

#[tokio::test]
async fn a_group_of_another_version_does_not_fit() {
    let world = World::new().await;
    let instance = world.instance("db").await;
    let body = json!({"configuration": {"name": "g", "values": {}, "datastore": {"type": "postgresql"}}});
    let group = world.post("/configurations", body).await.ok()["configuration"]["id"].clone();
    let got =
        world.put(&format!("/instances/{instance}"), json!({"instance": {"configuration": group}})).await;
    assert!(got.fault().2.starts_with("Datastore Version on Configuration "), "{}", got.text);
    let got = world.get(&format!("/instances/{instance}/configuration")).await.ok();
    assert_eq!(got["instance"]["configuration"]["max_connections"], "100");
}
