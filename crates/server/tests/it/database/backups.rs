//! Backups, what is made of them, and where they go.

use http::Method;
use serde_json::{Value, json};

use super::world::{ANN, BOB, ROOT, World, fault, small, states};

impl World {
    async fn backup(&self, instance: &str, more: Value) -> String {
        let mut body = json!({"name": "b", "instance": instance});
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let got = self.post("/backups", json!({"backup": body})).await;
        assert_eq!(got.status, 202, "{}", got.text);
        got.json()["backup"]["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_backup_is_made_while_the_database_runs() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let backup = world.backup(&id, Value::Null).await;
    let got = world.get(&format!("/backups/{backup}")).await.ok();
    assert_eq!((&got["backup"]["status"], &got["backup"]["size"]), (&json!("NEW"), &Value::Null));
    assert_eq!(world.states(&id).await, states("BACKUP", "HEALTHY"));
    let got = world.post("/backups", json!({"backup": {"name": "b", "instance": id}})).await.fault();
    assert!(got.2.ends_with("(instance status was BACKUP)."), "{}", got.2);
    let got = world.delete(&format!("/backups/{backup}")).await.fault();
    assert_eq!(got.2, format!("Backup {backup} cannot be deleted because it is running."));
    world.advance(1).await;
    let got = world.get(&format!("/backups/{backup}")).await.ok();
    assert_eq!(
        (&got["backup"]["status"], &got["backup"]["project_id"]),
        (&json!("COMPLETED"), &json!("shop"))
    );
    assert_eq!(got["backup"]["datastore"]["type"], "mysql");
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"));
    assert_eq!(world.get(&format!("/instances/{id}/backups")).await.ok()["backups"][0], got["backup"]);
    assert_eq!(world.call(BOB, Method::GET, &format!("/backups/{backup}"), Value::Null).await.status, 404);
}

#[tokio::test]
async fn an_instance_of_a_backup_has_what_was_there_then() {
    let world = World::new().await;
    let id = world.instance("db").await;
    world.post(&format!("/instances/{id}/databases"), json!({"databases": [{"name": "old"}]})).await.ok();
    let backup = world.backup(&id, Value::Null).await;
    let mut wanted = small("again");
    wanted["restorePoint"] = json!({"backupRef": backup});
    let got = world.post("/instances", json!({"instance": wanted})).await.fault();
    let text =
        format!("Unable to create instance because backup {backup} is not completed. Actual state: NEW.");
    assert_eq!(got, fault(409, "conflict", &text));
    world.advance(1).await;
    world.post(&format!("/instances/{id}/databases"), json!({"databases": [{"name": "new"}]})).await.ok();
    let got = world.post("/instances", json!({"instance": wanted})).await.ok();
    let again = got["instance"]["id"].as_str().unwrap();
    world.advance(1).await;
    let got = world.get(&format!("/instances/{again}/databases")).await.ok();
    assert_eq!(got["databases"], json!([{"name": "old"}]));
    wanted["datastore"] = json!({"type": "postgresql"});
    let got = world.post("/instances", json!({"instance": wanted})).await.fault();
    let text = "The datastore from which the backup was taken, mysql, does not match the destination datastore of \
                postgresql.";
    assert_eq!(got, fault(400, "badRequest", text));
}

#[tokio::test]
async fn incremental_backups_build_on_the_last_and_go_with_it() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let first = world.backup(&id, json!({"incremental": 1})).await;
    world.advance(1).await;
    let second = world.backup(&id, json!({"incremental": 1})).await;
    world.advance(1).await;
    let got = world.get(&format!("/backups/{second}")).await.ok();
    assert_eq!(got["backup"]["parent_id"], json!(first));
    assert_eq!(world.delete(&format!("/backups/{first}")).await.status, 202);
    world.advance(1).await;
    assert_eq!(world.get("/backups").await.ok(), json!({"backups": []}));
}

#[tokio::test]
async fn backups_are_paged_by_offset() {
    let world = World::new().await;
    let id = world.instance("db").await;
    for _ in 0..4 {
        world.backup(&id, Value::Null).await;
        world.advance(1).await;
    }
    let page = world.get("/backups?limit=2").await.ok();
    assert!(page["links"][0]["href"].as_str().unwrap().ends_with("/backups?limit=2&marker=2"));
    let page = world.get("/backups?limit=2&marker=2").await.ok();
    assert!(page.get("links").is_some(), "a full page always has a next one");
    let page = world.get("/backups?limit=2&marker=4").await.ok();
    assert_eq!(page, json!({"backups": []}));
    let got = world.get("/backups?all_projects=True").await.fault();
    assert_eq!(
        got,
        fault(403, "forbidden", "Policy doesn't allow backup:index:all_projects to be performed.")
    );
    let all = world.call("bank:admin", Method::GET, "/backups?all_projects=True", Value::Null).await.ok();
    assert_eq!(all["backups"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn strategies_name_the_container_of_later_backups() {
    let world = World::new().await;
    let got = world.post("/backup_strategies", json!({"backup_strategy": {"swift_container": "mine"}})).await;
    assert_eq!(got.status, 202);
    let row = json!({"project_id": "shop", "instance_id": "", "backend": "swift", "swift_container": "mine"});
    assert_eq!(got.json()["backup_strategy"], row);
    assert_eq!(world.get("/backup_strategies").await.ok()["backup_strategies"], json!([row]));
    let id = world.instance("db").await;
    let backup = world.backup(&id, Value::Null).await;
    world.advance(1).await;
    let got = world.get(&format!("/backups/{backup}")).await.ok();
    assert!(got["backup"]["locationRef"].as_str().unwrap().contains("/AUTH_shop/mine/"));
    let got = world.get("/backup_strategies?project_id=bank").await.fault();
    assert_eq!(got, fault(403, "forbidden", "Operation not allowed for tenant shop."));
    assert_eq!(world.delete("/backup_strategies").await.status, 202);
    assert_eq!(world.delete("/backup_strategies").await.status, 202, "also where nothing is");
    let other = world.call(ROOT, Method::GET, "/backup_strategies?project_id=bank", Value::Null).await.ok();
    assert_eq!(other["backup_strategies"], json!([]));
}

#[tokio::test]
async fn requests_for_backups_are_checked() {
    let world = World::new().await;
    for (body, message) in [
        (json!({"name": "b"}), "instance is missing."),
        (
            json!({"name": "b", "instance": "x"}),
            "Validation error: backup['instance'] 'x' does not match \
          '^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$'",
        ),
        (json!({"name": "b", "swift_container": "a b"}), "The value is not allowed: a b."),
        (
            json!({"name": "b", "incremental": true}),
            "Validation error: backup['incremental'] True is not of type 'integer'",
        ),
    ] {
        let got = world.call(ANN, Method::POST, "/backups", json!({"backup": body})).await.fault();
        assert_eq!(got, fault(400, "badRequest", message));
    }
    let version = world.get("/datastores/mysql/versions/8.0").await.ok()["version"]["id"].clone();
    let from = json!({"remote_location": "http://x/y", "local_datastore_version_id": version, "size": 0.5});
    let got = world.post("/backups", json!({"backup": {"name": "b", "restore_from": from}})).await;
    assert_eq!((got.status, got.json()["backup"]["status"].clone()), (202, json!("RESTORED")));
}
