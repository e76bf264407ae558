//! Changes of instances, on the clock.

use http::Method;
use serde_json::{Value, json};

use super::world::{ANN, ROOT, World, fault, states};

impl World {
    async fn act(&self, id: &str, body: Value) -> super::world::Answer {
        self.post(&format!("/instances/{id}/action"), body).await
    }
}

#[tokio::test]
async fn restart_and_resize_take_their_time_and_refuse_others_meanwhile() {
    let world = World::new().await;
    let id = world.instance("db").await;
    for (body, status, task) in [
        (json!({"restart": {}}), "REBOOT", "REBOOTING"),
        (json!({"resize": {"volume": {"size": 5}}}), "RESIZE", "RESIZING"),
        (json!({"resize": {"flavorRef": "https://x/flavors/3"}}), "RESIZE", "RESIZING"),
    ] {
        let got = world.act(&id, body.clone()).await;
        assert_eq!((got.status, got.text.as_str()), (202, ""), "{body}");
        assert_eq!(world.states(&id).await, states(status, ""), "{body}");
        let text = format!(
            "Instance {id} is not currently available for an action to be performed (task status was {task})."
        );
        assert_eq!(
            world.act(&id, json!({"restart": {}})).await.fault(),
            fault(422, "unprocessableEntity", &text)
        );
        world.advance(1).await;
        assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"), "{body}");
    }
    let got = world.get(&format!("/instances/{id}")).await.ok();
    assert_eq!(
        (&got["instance"]["volume"]["size"], &got["instance"]["flavor"]["id"]),
        (&json!(5), &json!("3"))
    );
}

#[tokio::test]
async fn resizes_that_change_nothing_or_too_much_are_refused() {
    let world = World::new().await;
    let id = world.instance("db").await;
    for (body, status, message) in [
        (
            json!({"resize": {"volume": {"size": 1}}}),
            400,
            "The new volume 'size' must be larger than the current volume size of '1'.",
        ),
        (
            json!({"resize": {"volume": {"size": 11}}}),
            413,
            "Volume 'size' cannot exceed maximum of 10 GB, 11 cannot be accepted.",
        ),
        (
            json!({"resize": {"flavorRef": 1}}),
            400,
            "The new flavor id must be different than the current flavor id of '1'.",
        ),
        (json!({"resize": {"flavorRef": "99"}}), 400, "Resource 99 cannot be found."),
    ] {
        let got = world.act(&id, body).await.fault();
        assert_eq!((got.0, got.2.as_str()), (status, message));
    }
    for body in [json!({}), json!({"bogus": {}}), json!({"resize": {}})] {
        assert_eq!(world.act(&id, body).await.fault().0, 500);
    }
}

#[tokio::test]
async fn promotion_turns_source_and_replica_around() {
    let world = World::new().await;
    let source = world.instance("source").await;
    let (first, second) = (world.replica("a", &source).await, world.replica("b", &source).await);
    let got = world.act(&source, json!({"promote_to_replica_source": {}})).await.fault();
    assert_eq!(got, fault(400, "badRequest", &format!("Instance {source} is not a replica.")));
    assert_eq!(world.act(&first, json!({"promote_to_replica_source": {}})).await.status, 202);
    for id in [&source, &first, &second] {
        assert_eq!(world.states(id).await, states("PROMOTE", ""));
    }
    world.advance(1).await;
    let of = async |id: &str| world.get(&format!("/instances/{id}")).await.ok()["instance"].clone();
    assert!(of(&first).await.get("replica_of").is_none());
    assert_eq!(of(&source).await["replica_of"]["id"], json!(first));
    assert_eq!(of(&second).await["replica_of"]["id"], json!(first));
}

#[tokio::test]
async fn a_source_is_ejected_only_when_its_heart_stopped() {
    let world = World::new().await;
    let source = world.instance("source").await;
    let got = world.act(&source, json!({"eject_replica_source": {}})).await.fault();
    assert_eq!(got.2, format!("Instance {source} is not a replica source."));
    let replica = world.replica("a", &source).await;
    let got = world.act(&source, json!({"eject_replica_source": {}})).await.fault();
    assert_eq!(got.2, format!("Replica Source {source} cannot be ejected as it has a current heartbeat"));
    let stop = format!("/mgmt/instances/{source}/action");
    assert_eq!(world.call(ROOT, Method::POST, &stop, json!({"stop": {}})).await.status, 202);
    world.advance(100).await;
    assert_eq!(world.states(&source).await, states("ACTIVE", "SHUTDOWN"));
    world.advance(100).await;
    assert_eq!(world.act(&source, json!({"eject_replica_source": {}})).await.status, 202);
    assert_eq!(world.states(&replica).await, states("EJECT", ""));
    world.advance(1).await;
    let got = world.get(&format!("/instances/{replica}")).await.ok();
    assert!(got["instance"].get("replica_of").is_none());
}

#[tokio::test]
async fn a_replica_is_detached_by_update() {
    let world = World::new().await;
    let source = world.instance("source").await;
    let replica = world.replica("a", &source).await;
    let got = world.put(&format!("/instances/{source}"), json!({"instance": {"replica_of": ""}})).await;
    assert_eq!(got.fault().2, format!("Instance {source} is not a replica."));
    let body = json!({"instance": {"slave_of": "", "name": "free"}});
    let got = world.call(ANN, Method::PATCH, &format!("/instances/{replica}"), body).await;
    assert_eq!(got.status, 202);
    assert_eq!(world.states(&replica).await, states("DETACH", ""));
    world.advance(1).await;
    let got = world.get(&format!("/instances/{replica}")).await.ok();
    assert!(got["instance"].get("replica_of").is_none());
    assert_eq!(got["instance"]["name"], "free");
}

#[tokio::test]
async fn updates_are_of_one_thing_at_a_time() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let path = format!("/instances/{id}");
    let got = world.put(&path, json!({"instance": {"access": {"is_public": true}, "replica_of": ""}})).await;
    assert_eq!(got.fault().2, "Only one attribute (except 'name') is allowed to update.");
    let got = world.put(&path, json!({"instance": {"a": 1}})).await;
    let text = "Validation error: instance Additional properties are not allowed ('a' was unexpected)";
    assert_eq!(got.fault(), fault(400, "badRequest", text));
    let access = json!({"is_public": true, "allowed_cidrs": ["10.0.0.0/8"]});
    assert_eq!(world.put(&path, json!({"instance": {"name": "new", "access": access}})).await.status, 202);
    world.advance(1).await;
    let got = world.get(&path).await.ok();
    assert_eq!((&got["instance"]["name"], &got["instance"]["access"]), (&json!("new"), &access));
    let got = world.put(&path, json!({"instance": {"datastore_version": "8.4"}})).await;
    assert_eq!(got.status, 202);
    assert_eq!(world.states(&id).await, states("UPGRADE", ""));
    world.advance(1).await;
    let got = world.get(&path).await.ok();
    assert_eq!(got["instance"]["datastore"]["version"], "8.4");
}

#[tokio::test]
async fn a_reset_ends_any_task_and_the_agent_tells_soon_how_the_database_is() {
    let world = World::new().await;
    let id = world.begun("db").await;
    let got = world.act(&id, json!({"reset_status": {}})).await.fault();
    assert_eq!(got, fault(403, "forbidden", "Policy doesn't allow instance:reset_status to be performed."));
    assert_eq!(world.act(&id, json!({"reset_status": {"force_delete": {}}})).await.status, 202);
    assert_eq!(world.states(&id).await, states("ACTIVE", "ERROR"));
    world.advance(1).await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"));
    assert_eq!(world.act(&id, json!({"restart": {}})).await.status, 202, "it is of use again");
    let stop = json!({"stop": {}});
    world.call(ROOT, Method::POST, &format!("/mgmt/instances/{id}/action"), stop).await.ok();
    world.advance(1).await;
    world.act(&id, json!({"reset_status": {"force_delete": {}}})).await.ok();
    world.advance(1).await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "SHUTDOWN"), "one that was stopped stays so");
    assert_eq!(world.delete(&format!("/instances/{id}")).await.status, 202);
    let body = json!({"reset_status": {}});
    let got = world.call(ROOT, Method::POST, &format!("/instances/{id}/action"), body).await;
    assert_eq!(got.status, 202);
}

#[tokio::test]
async fn after_a_reset_the_agent_tells_again_how_a_database_is() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let body = json!({"reset_status": {}});
    let got = world.call(ROOT, Method::POST, &format!("/instances/{id}/action"), body).await;
    assert_eq!(got.status, 202);
    assert_eq!(world.states(&id).await, states("ACTIVE", "ERROR"));
    world.advance(5).await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"));
}

#[tokio::test]
async fn logs_are_enabled_published_and_discarded() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let path = format!("/instances/{id}/log");
    let names: Vec<Value> = world.get(&path).await.ok()["logs"].as_array().unwrap().clone();
    assert_eq!(names.len(), 2);
    assert_eq!((&names[0]["name"], &names[0]["status"]), (&json!("general"), &json!("Disabled")));
    let act = async |body: Value| world.post(&path, body).await;
    let got = act(json!({"name": "general", "enable": 1})).await.ok();
    assert_eq!(got["log"]["status"], "Ready");
    assert!(got["log"]["pending"].as_u64().unwrap() > 0);
    let got = act(json!({"name": "general", "publish": 1})).await.ok();
    assert_eq!((&got["log"]["status"], &got["log"]["pending"]), (&json!("Published"), &json!(0)));
    assert_eq!(got["log"]["prefix"], format!("{id}/mysql-general/"));
    assert_eq!(got["log"]["container"], "database_logs");
    let got = act(json!({"name": "general", "discard": 1})).await.ok();
    assert_eq!((&got["log"]["published"], &got["log"]["container"]), (&json!(0), &Value::Null));
    let got = act(json!({"name": "general", "enable": 1, "disable": 1})).await.fault();
    assert_eq!(got, fault(400, "badRequest", "Cannot enable and disable log."));
}

#[tokio::test]
async fn tls_has_one_operation_at_a_time() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let path = format!("/instances/{id}/ssl");
    assert_eq!(world.get(&path).await.ok()["ssl"]["mode"], "builtin");
    for (body, message) in [
        (json!({"enable": 1}), "You should provide container_ref for enabling ssl."),
        (json!({"disable": 1, "rollback": 1}), "Cannot do several operations at once."),
        (
            json!({"enable": 1, "container_ref": "c", "mode": "x"}),
            "Unknown SSL mode. Available options are: basic, enforced, mtls",
        ),
    ] {
        assert_eq!(world.post(&path, json!({"ssl": body})).await.fault(), fault(400, "badRequest", message));
    }
    let body = json!({"ssl": {"enable": 1, "container_ref": "c", "mode": "mtls"}});
    assert_eq!(world.post(&path, body).await.ok()["ssl"]["mode"], "mtls");
    assert_eq!(world.get(&path).await.ok()["ssl"]["container_ref"], "c");
}
