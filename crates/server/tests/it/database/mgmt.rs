//! What administrators do.

use http::Method;
use serde_json::{Value, json};

use super::world::{ROOT, World, fault, states};

impl World {
    async fn admin(&self, method: Method, path: &str, body: Value) -> super::world::Answer {
        self.call(ROOT, method, &format!("/mgmt{path}"), body).await
    }
}

#[tokio::test]
async fn instances_of_all_projects_are_seen_in_full() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let got = world.call("bank:admin", Method::GET, "/mgmt/instances?deleted=False", Value::Null).await.ok();
    let row = &got["instances"][0];
    assert_eq!((&row["id"], &row["tenant_id"], &row["deleted"]), (&json!(id), &json!("shop"), &json!(false)));
    assert_eq!(row["task_description"], "No tasks for the instance.");
    let got = world.admin(Method::GET, &format!("/instances/{id}"), Value::Null).await.ok();
    assert_eq!(got["instance"]["guest_status"], json!({"state_description": "healthy"}));
    assert_eq!(got["instance"]["volume"]["size"], 1);
    for (path, status) in [("hwinfo", 200), ("diagnostics", 200), ("rpc_ping", 204), ("root", 200)] {
        assert_eq!(
            world.admin(Method::GET, &format!("/instances/{id}/{path}"), Value::Null).await.status,
            status
        );
    }
    let got = world.admin(Method::POST, &format!("/instances/{id}/upgrade"), json!({"upgrade": {}})).await;
    assert_eq!(got.status, 202);
    let got = world.admin(Method::GET, &format!("/instances/{id}/diagnostics"), Value::Null).await.ok();
    assert_eq!(got["diagnostics"]["version"], "2");
}

#[tokio::test]
async fn one_action_is_done_at_a_time() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let path = format!("/instances/{id}/action");
    for (body, message) in [
        (json!({"bogus": {}}), "Invalid instance action: bogus"),
        (json!({"stop": {}, "reboot": {}}), "Only one action can be specified per request."),
        (
            json!({"rebuild": {"image_id": "x"}}),
            "Validation error: rebuild['image_id'] 'x' does not match \
          '^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$'",
        ),
    ] {
        assert_eq!(world.admin(Method::POST, &path, body).await.fault(), fault(400, "badRequest", message));
    }
    let image = "0c2f3b3e-6a3c-4f6e-9d5a-3f0a3e7b1c11";
    for (body, status) in [
        (json!({"reboot": {}}), "REBOOT"),
        (json!({"migrate": {"host": "h"}}), "ACTIVE"),
        (json!({"rebuild": {"image_id": image}}), "UPGRADE"),
    ] {
        assert_eq!(world.admin(Method::POST, &path, body.clone()).await.status, 202, "{body}");
        assert_eq!(world.states(&id).await, states(status, ""), "{body}");
        world.advance(1).await;
        assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"), "{body}");
    }
    world.admin(Method::POST, &path, json!({"reboot": {}})).await.ok();
    assert_eq!(world.admin(Method::POST, &path, json!({"reset-task-status": {}})).await.status, 202);
    assert_eq!(world.states(&id).await, states("ACTIVE", "RESTARTING"));
}

#[tokio::test]
async fn quotas_are_set_by_resource() {
    let world = World::new().await;
    let got =
        world.admin(Method::PUT, "/quotas/bank", json!({"quotas": {"instances": 20, "volumes": null}})).await;
    assert_eq!(got.ok(), json!({"quotas": {"instances": 20}}));
    let got = world.admin(Method::GET, "/quotas/bank", Value::Null).await.ok();
    assert_eq!(got["quotas"][0]["limit"], 20);
    let got = world.admin(Method::PUT, "/quotas/bank", json!({"quotas": {"nope": 1}})).await.fault();
    assert_eq!(got, fault(404, "itemNotFound", "Unknown quota resources nope."));
    let got = world.admin(Method::PUT, "/quotas/bank", json!({"quotas": {"ram": -2}})).await.fault();
    assert_eq!(
        got,
        fault(400, "badRequest", "Quota limit '-2' for 'ram' is too small - must be at least '-1'.")
    );
}

#[tokio::test]
async fn versions_and_their_parameters_are_managed() {
    let world = World::new().await;
    let version = json!({"version": {"name": "9.0", "datastore_name": "mysql", "datastore_manager": "mysql",
                                     "image_tags": ["trove"], "active": true, "default": true}});
    let got = world.admin(Method::POST, "/datastore-versions", version.clone()).await;
    assert_eq!((got.status, got.text.as_str()), (202, ""));
    let got = world.admin(Method::POST, "/datastore-versions", version).await.fault();
    assert_eq!(got.2, "The datastore version '9.0(9.0)' already exists.");
    let all = world.admin(Method::GET, "/datastore-versions", Value::Null).await.ok();
    let row = all["versions"].as_array().unwrap().iter().find(|row| row["name"] == "9.0").unwrap().clone();
    assert_eq!(
        (&row["packages"], &row["default"], &row["image"]),
        (&json!([""]), &json!(true), &Value::Null)
    );
    let id = row["id"].as_str().unwrap();
    let parameters = format!("/datastores/versions/{id}/parameters");
    let body = |max: &str| {
        json!({"configuration-parameter": {"name": "x", "restart_required": 1, "data_type": "integer",
                                                              "max_size": max, "min_size": "1"}})
    };
    let got = world.admin(Method::POST, &parameters, body("0")).await.fault();
    assert_eq!(got.2, "max_size must be greater than or equal to min_size.");
    let got = world.admin(Method::POST, &parameters, body("9")).await.ok();
    assert_eq!((&got["max_size"], &got["restart_required"]), (&json!(9), &json!(true)));
    assert_eq!(world.admin(Method::PUT, &format!("{parameters}/x"), body("7")).await.ok()["max_size"], 7);
    assert_eq!(world.admin(Method::DELETE, &format!("{parameters}/x"), Value::Null).await.status, 204);
    let got = world.admin(Method::DELETE, &format!("{parameters}/x"), Value::Null).await.fault();
    assert_eq!(got, fault(400, "badRequest", "Parameter x does not exist in the database."));
    let path = format!("/datastore-versions/{id}");
    assert_eq!(world.admin(Method::PATCH, &path, json!({"active": false, "name": "9"})).await.status, 202);
    let got = world.admin(Method::GET, &path, Value::Null).await.ok();
    assert_eq!((&got["version"]["name"], &got["version"]["active"]), (&json!("9"), &json!(false)));
    assert_eq!(world.admin(Method::DELETE, &path, Value::Null).await.status, 202);
    let used = world.get("/datastores/mysql").await.ok();
    assert!(used["datastore"].get("default_version").is_none(), "it was the default");
}
