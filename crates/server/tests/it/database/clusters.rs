//! Clusters.

use http::Method;
use serde_json::{Value, json};

use super::world::{ROOT, World, fault};

async fn world() -> World {
    let section = json!({"datastores": [
        {"name": "mysql", "default_version": "8.0", "versions": [{"name": "8.0"}]},
        {"name": "pxc", "default_version": "8.0", "versions": [{"name": "8.0"}, {"name": "8.4"}]},
    ]});
    World::with(json!({}), section).await
}

fn wanted(datastore: &str, members: usize) -> Value {
    let member = json!({"flavorRef": "1", "volume": {"size": 1}});
    json!({"cluster": {"name": "c", "datastore": {"type": datastore, "version": "8.0"},
                       "instances": vec![member; members]}})
}

#[tokio::test]
async fn a_cluster_is_built_grown_shrunk_and_deleted() {
    let world = world().await;
    let got = world.post("/clusters", wanted("pxc", 3)).await;
    assert_eq!(got.status, 200);
    let cluster = got.json()["cluster"].clone();
    assert_eq!(
        cluster["task"],
        json!({"id": 2, "name": "BUILDING", "description": "Building the initial cluster."})
    );
    let path = format!("/clusters/{}", cluster["id"].as_str().unwrap());
    let got = world.post(&path, json!({"restart": {}})).await.fault();
    let text = "This action cannot be performed on the cluster while the current cluster task is 'BUILDING'.";
    assert_eq!(got, fault(422, "unprocessableEntity", text));
    world.advance(1).await;
    let got = world.get(&path).await.ok();
    assert_eq!(
        (&got["cluster"]["task"]["name"], &got["cluster"]["instances"][0]["status"]),
        (&json!("NONE"), &json!("ACTIVE"))
    );
    let member = got["cluster"]["instances"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.get("/instances").await.ok()["instances"], json!([]), "members are not listed");
    let all = world.get("/instances?include_clustered=true").await.ok();
    assert_eq!(all["instances"].as_array().unwrap().len(), 3);
    let single = world.delete(&format!("/instances/{member}")).await.fault();
    assert_eq!(
        single,
        fault(501, "notImplemented", "Operation not supported for instances that are part of a cluster.")
    );
    let one = world.get(&format!("{path}/instances/{member}")).await.ok();
    assert_eq!(one["instance"]["cluster_id"], cluster["id"]);
    let grow = json!({"grow": [{"flavorRef": "1", "volume": {"size": 1}, "name": "extra"}]});
    assert_eq!(world.post(&path, grow).await.ok()["cluster"]["task"]["name"], "GROWING_CLUSTER");
    world.advance(1).await;
    assert_eq!(world.post(&path, json!({"shrink": [{"id": member}]})).await.status, 202);
    world.advance(2).await;
    assert_eq!(world.get(&path).await.ok()["cluster"]["instances"].as_array().unwrap().len(), 3);
    assert_eq!(world.delete(&path).await.status, 202);
    world.advance(2).await;
    let gone = fault(
        404,
        "itemNotFound",
        &format!("Cluster '{}' cannot be found.", cluster["id"].as_str().unwrap()),
    );
    assert_eq!(world.get(&path).await.fault(), gone);
}

#[tokio::test]
async fn clusters_are_refused_where_they_cannot_be() {
    let world = world().await;
    let got = world.post("/clusters", wanted("mysql", 3)).await.fault();
    assert_eq!(got, fault(501, "notImplemented", "Clusters not supported for mysql-8.0."));
    let got = world.post("/clusters", wanted("pxc", 2)).await.fault();
    assert_eq!(got.2, "The number of instances for your initial cluster must be at least 3.");
    let got = world.get("/clusters/nope").await.fault();
    assert_eq!(got, fault(404, "itemNotFound", "Cluster 'nope' cannot be found."));
    let id = world.post("/clusters", wanted("pxc", 3)).await.ok()["cluster"]["id"].clone();
    let path = format!("/clusters/{}", id.as_str().unwrap());
    let got = world.post(&path, json!({"restart": {}, "add_shard": {}})).await.fault();
    assert_eq!(got.2, "Action request should have exactly one action specified in body");
    let got = world.post(&path, json!({"reset-status": {}})).await.fault();
    assert_eq!(got, fault(403, "forbidden", "Policy doesn't allow cluster:reset-status to be performed."));
    let got = world.call(ROOT, Method::POST, &path, json!({"reset-status": {}})).await;
    assert_eq!((got.status, got.json()["cluster"]["task"]["name"].clone()), (202, json!("NONE")));
    let got = world.call(ROOT, Method::GET, "/mgmt/clusters", Value::Null).await.ok();
    assert_eq!(got["clusters"][0]["tenant_id"], "shop");
}
