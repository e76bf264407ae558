//! New instances: what is taken, what is refused, and in which words.

use http::Method;
use serde_json::{Value, json};

use super::world::{ANN, BOB, ROOT, World, fault, small, states};

#[tokio::test]
async fn an_instance_is_built_and_then_healthy() {
    let world = World::new().await;
    let mut wanted = small("db1");
    wanted["databases"] = json!([{"name": "shop", "character_set": "utf8"}]);
    wanted["users"] = json!([{"name": "app", "password": "pw", "databases": [{"name": "shop"}]}]);
    let got = world.post("/instances", json!({"instance": wanted})).await;
    assert_eq!(got.status, 200);
    let instance = &got.json()["instance"];
    let id = instance["id"].as_str().unwrap();
    assert_eq!(
        (instance["status"].as_str(), instance["operating_status"].as_str()),
        (Some("BUILD"), Some(""))
    );
    assert_eq!(instance["created"], "2030-01-01T12:00:00");
    assert_eq!(instance["flavor"]["id"], "1");
    assert_eq!(instance["datastore"], json!({"type": "mysql", "version": "8.0", "version_number": "8.0.29"}));
    assert_eq!(instance["links"][0]["href"], format!("https://db.example:8779/v1.0/shop/instances/{id}"));
    assert!(instance.get("ip").is_none() && instance.get("password").is_none());
    world.advance(1).await;
    assert_eq!(world.states(id).await, states("ACTIVE", "HEALTHY"));
    let got = world.get(&format!("/instances/{id}")).await.ok();
    assert!(got["instance"]["volume"]["used"].is_number() && got["instance"]["ip"].is_array());
    let users = world.get(&format!("/instances/{id}/users")).await.ok();
    assert_eq!(users["users"], json!([{"name": "app", "host": "%", "databases": [{"name": "shop"}]}]));
}

#[tokio::test]
async fn refusals_have_the_words_of_the_original() {
    let world = World::new().await;
    let unknown = "0c2f3b3e-6a3c-4f6e-9d5a-3f0a3e7b1c11";
    let long = "Two or more databases share the same name in the initial databases list. Please correct the names or \
                remove the duplicate entries.";
    let cases = [
        (
            json!({"flavorRef": null}),
            400,
            "Validation error: instance['flavorRef'] None is not valid under any of \
          the given schemas; None is not of type 'string'; None is not of type 'integer'",
        ),
        (json!({"flavorRef": "99"}), 400, "Resource 99 cannot be found."),
        (
            json!({"volume": {"size": 26}}),
            413,
            "Volume 'size' cannot exceed maximum of 10 GB, 26 cannot be accepted.",
        ),
        (
            json!({"locality": "x"}),
            400,
            "Invalid locality 'x'. Must be one of ['affinity', 'soft-affinity', \
          'anti-affinity', 'soft-anti-affinity']",
        ),
        (
            json!({"replica_count": 2}),
            400,
            "Replica count only valid when creating replicas. Cannot create 2 \
          instances.",
        ),
        (json!({"replica_of": unknown}), 400, "Cannot specify flavor when creating replicas."),
        (json!({"datastore": {"type": "nope"}}), 404, "Datastore 'nope' cannot be found."),
        (
            json!({"datastore": {"type": "mysql", "version": "9"}}),
            400,
            "Datastore version '9' cannot be found.",
        ),
        (
            json!({"databases": [{"name": "mysql"}]}),
            400,
            "Database name \"mysql\" is on the reserved list: ['mysql', \
          'information_schema', 'performance_schema', 'sys'].",
        ),
        (
            json!({"users": [{"name": "root", "password": "x"}]}),
            400,
            "User name \"root\" is on the reserved list: \
          ['os_admin', 'root'].",
        ),
        (
            json!({"users": [{"name": "r", "password": "x", "databases": [{"name": "z"}]}]}),
            400,
            "The request indicates \
          that user r should have access to database z, but database z is not included in the initial databases \
          list.",
        ),
        (json!({"databases": [{"name": "d"}, {"name": "d"}]}), 400, long),
        (
            json!({"configuration": unknown}),
            404,
            "Configuration group with ID 0c2f3b3e-6a3c-4f6e-9d5a-3f0a3e7b1c11 \
          could not be found.",
        ),
        (
            json!({"restorePoint": {"backupRef": unknown}}),
            404,
            "Resource 0c2f3b3e-6a3c-4f6e-9d5a-3f0a3e7b1c11 cannot \
          be found.",
        ),
        (json!({"nics": [{}]}), 400, "Instance network or subnet needs to be specified."),
    ];
    for (change, status, message) in cases {
        let mut wanted = small("a");
        wanted.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let got = world.post("/instances", json!({"instance": wanted})).await.fault();
        assert_eq!((got.0, got.2.as_str()), (status, message), "{change}");
    }
    let got = world.post("/instances", json!({"instance": {"name": "a", "volume": {"size": 1}}})).await;
    assert_eq!(got.fault(), fault(400, "badRequest", "Resource None cannot be found."));
    let got = world.post("/instances", json!({"instance": {"name": "a", "flavorRef": 1}})).await;
    assert_eq!(got.fault(), fault(400, "badRequest", "Volume size was not specified."));
    assert_eq!(world.get("/instances").await.ok()["instances"], json!([]));
}

#[tokio::test]
async fn a_secret_in_a_refused_body_is_not_said_again() {
    let world = World::new().await;
    let mut wanted = small("a");
    wanted["users"] = json!([{"name": "u", "password": "?!?!"}, "canary"]);
    let (status, _, message) = world.post("/instances", json!({"instance": wanted})).await.fault();
    assert_eq!(status, 400);
    assert!(!message.contains("?!?!") && message.contains("'***' does not match"), "{message}");
}

#[tokio::test]
async fn quotas_bound_a_project_and_deleting_frees_them_at_once() {
    let options = json!({"max_instances_per_tenant": 2, "max_volumes_per_tenant": 3});
    let world = World::with(options, Value::Null).await;
    let first = world.instance("one").await;
    world.instance("two").await;
    let got = world.post("/instances", json!({"instance": small("three")})).await.fault();
    assert_eq!(got, fault(413, "overLimit", "Quota exceeded for resources: ['instances']."));
    let mut large = small("three");
    large["volume"]["size"] = json!("2");
    let got = world.post("/instances", json!({"instance": large})).await.fault();
    assert_eq!(got.2, "Quota exceeded for resources: ['instances', 'volumes'].");
    assert_eq!(world.delete(&format!("/instances/{first}")).await.status, 202);
    assert_eq!(world.post("/instances", json!({"instance": large})).await.status, 200);
    let other = world.call(BOB, Method::POST, "/instances", json!({"instance": small("x")})).await;
    assert_eq!(other.status, 200, "projects do not share");
}

#[tokio::test]
async fn replicas_follow_a_source_that_then_cannot_be_deleted() {
    let world = World::new().await;
    let source = world.instance("source").await;
    let body = json!({"instance": {"name": "copy", "replica_of": source, "replica_count": 2}});
    let last = world.post("/instances", body).await.ok()["instance"].clone();
    assert_eq!(last["name"], "copy-2");
    assert_eq!(last["replica_of"]["id"], json!(source));
    world.advance(1).await;
    let got = world.get(&format!("/instances/{source}")).await.ok();
    assert_eq!(got["instance"]["replicas"].as_array().unwrap().len(), 2);
    let got = world.delete(&format!("/instances/{source}")).await.fault();
    assert_eq!(got, fault(403, "forbidden", "Detach replicas before deleting replica source."));
    let replica = last["id"].as_str().unwrap();
    let body = json!({"instance": {"name": "x", "replica_of": replica}});
    let got = world.post("/instances", body).await.fault();
    assert_eq!(got, fault(401, "unauthorized", &format!("Cannot create a replica of a replica {replica}")));
}

#[tokio::test]
async fn an_instance_shuts_down_before_it_is_gone() {
    let world = World::new().await;
    let id = world.begun("db").await;
    let path = format!("/instances/{id}");
    let got = world.delete(&path).await.fault();
    let text = format!("Instance {id} is not ready. (Status is BUILD).");
    assert_eq!(got, fault(422, "unprocessableEntity", &text));
    world.advance(1).await;
    let got = world.delete(&path).await;
    assert_eq!((got.status, got.text.as_str(), got.header("content-type")), (202, "", "application/json"));
    assert_eq!(world.states(&id).await, states("SHUTDOWN", ""));
    world.advance(1).await;
    let missing = fault(404, "itemNotFound", &format!("Resource {id} cannot be found."));
    assert_eq!(world.get(&path).await.fault(), missing);
    let gone = world.call(ROOT, Method::GET, "/mgmt/instances?deleted=true", Value::Null).await.ok();
    assert_eq!((&gone["instances"][0]["id"], &gone["instances"][0]["deleted"]), (&json!(id), &json!(true)));
}

#[tokio::test]
async fn an_instance_of_another_project_does_not_exist() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let missing = fault(404, "itemNotFound", &format!("Resource {id} cannot be found."));
    for (method, path) in [
        (Method::GET, format!("/instances/{id}")),
        (Method::DELETE, format!("/instances/{id}")),
        (Method::GET, format!("/instances/{id}/users")),
        (Method::GET, format!("/instances/{id}/log")),
        (Method::GET, format!("/instances/{id}/backups")),
    ] {
        assert_eq!(world.call(BOB, method, &path, Value::Null).await.fault(), missing, "{path}");
    }
    assert_eq!(world.call(BOB, Method::GET, "/instances", Value::Null).await.ok()["instances"], json!([]));
    let seen = world.call("bank:admin", Method::GET, &format!("/instances/{id}"), Value::Null).await;
    assert_eq!(seen.ok()["instance"]["tenant_id"], "shop");
    assert_eq!(world.call(ANN, Method::GET, &format!("/instances/{id}"), Value::Null).await.status, 200);
}
