//! Databases, users, grants and root of a simulated instance.

use http::Method;
use serde_json::{Value, json};

use super::world::{ANN, ROOT, World, fault};

#[tokio::test]
async fn nothing_is_inside_of_an_instance_that_is_not_ready() {
    let world = World::new().await;
    let id = world.begun("db").await;
    let text = format!("Instance {id} is not ready, status: new.");
    for path in ["databases", "users", "root", "users/app"] {
        let got = world.get(&format!("/instances/{id}/{path}")).await.fault();
        assert_eq!(got, fault(422, "unprocessableEntity", &text), "{path}");
    }
}

#[tokio::test]
async fn databases_are_created_listed_and_dropped() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let path = format!("/instances/{id}/databases");
    let body = json!({"databases": [{"name": "b"}, {"name": "a", "character_set": "utf8", "collate": "utf8_general_ci"}]});
    let got = world.post(&path, body).await;
    assert_eq!((got.status, got.text.as_str()), (202, ""));
    assert_eq!(world.get(&path).await.ok(), json!({"databases": [{"name": "a"}, {"name": "b"}]}));
    let got = world.post(&path, json!({"databases": [{"name": "c"}, {"name": "a"}]})).await.fault();
    assert_eq!(got, fault(400, "badRequest", "A database with the name \"a\" already exists."));
    assert_eq!(world.get(&format!("{path}/a")).await.status, 501);
    assert_eq!(world.delete(&format!("{path}/a")).await.status, 202);
    let got = world.delete(&format!("{path}/a")).await.fault();
    assert_eq!(got, fault(404, "itemNotFound", "Database a cannot be found on the instance."));
    let got = world.delete(&format!("{path}/mysql")).await.fault();
    assert!(
        got.2.starts_with("Database delete error: Cannot delete database: Database name \"mysql\""),
        "{}",
        got.2
    );
    assert_eq!(
        world.get(&path).await.ok(),
        json!({"databases": [{"name": "b"}]}),
        "nothing of a refused call is done"
    );
}

#[tokio::test]
async fn users_have_hosts_that_paths_name_quoted() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let path = format!("/instances/{id}/users");
    let users = json!({"users": [{"name": "app.x", "password": "pw", "host": "10.0.0.%"},
                                 {"name": "app.x", "password": "pw"}]});
    assert_eq!(world.post(&path, users.clone()).await.status, 202);
    let got = world.post(&path, users).await.fault();
    assert_eq!(got, fault(400, "badRequest", "A user with the name \"app.x\" already exists."));
    let quoted = format!("{path}/app%2ex%4010%2e0%2e0%2e%25");
    assert_eq!(
        world.get(&quoted).await.ok()["user"],
        json!({"name": "app.x", "host": "10.0.0.%", "databases": []})
    );
    assert_eq!(world.delete(&quoted).await.status, 202);
    let got = world.get(&quoted).await.fault();
    assert_eq!(got, fault(404, "itemNotFound", "User app.x@10.0.0.% cannot be found on the instance."));
    assert_eq!(world.get(&format!("{path}/app.x")).await.ok()["user"]["host"], "%");
    let got = world.get(&format!("{path}/root")).await.fault();
    assert_eq!(got.2, "User show error: User name \"root\" is on the reserved list: ['os_admin', 'root'].");
}

#[tokio::test]
async fn users_change_names_and_passwords_and_keep_their_grants() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let path = format!("/instances/{id}/users");
    let user = json!({"name": "app", "password": "pw", "databases": [{"name": "shop"}]});
    world.post(&path, json!({"users": [user]})).await.ok();
    let got = world.put(&format!("{path}/app"), json!({"user": {}})).await.fault();
    assert_eq!(got, fault(400, "badRequest", "Validation error: user {} should be non-empty"));
    let change = json!({"user": {"name": "web", "password": "new"}});
    assert_eq!(world.put(&format!("{path}/app"), change).await.status, 202);
    assert_eq!(world.get(&format!("{path}/web")).await.ok()["user"]["databases"], json!([{"name": "shop"}]));
    assert_eq!(world.get(&format!("{path}/app")).await.status, 404);
    let change = json!({"users": [{"name": "web", "password": "x"}, {"name": "nobody", "password": "x"}]});
    let got = world.put(&path, change).await.fault();
    assert_eq!(got, fault(404, "itemNotFound", "User nobody@% cannot be found on the instance."));
}

#[tokio::test]
async fn grants_are_given_and_taken() {
    let world = World::new().await;
    let id = world.instance("db").await;
    world
        .post(&format!("/instances/{id}/users"), json!({"users": [{"name": "app", "password": "pw"}]}))
        .await
        .ok();
    let path = format!("/instances/{id}/users/app/databases");
    assert_eq!(world.put(&path, json!({"databases": [{"name": "a"}, {"name": "b"}]})).await.status, 202);
    assert_eq!(world.get(&path).await.ok(), json!({"databases": [{"name": "a"}, {"name": "b"}]}));
    assert_eq!(world.delete(&format!("{path}/a")).await.status, 202);
    let got = world.delete(&format!("{path}/a")).await.fault();
    assert_eq!(got, fault(404, "itemNotFound", "Database a cannot be found on the instance."));
    let got = world.put(&path, json!({"databases": [{"name": "a"}, {"name": "a"}]})).await.fault();
    assert_eq!(got.2, "Validation error: databases [{'name': 'a'}, {'name': 'a'}] has non-unique elements");
}

#[tokio::test]
async fn root_is_enabled_without_a_body_and_its_history_stays() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let path = format!("/instances/{id}/root");
    assert_eq!(world.get(&path).await.ok(), json!({"rootEnabled": false}));
    let never = fault(404, "itemNotFound", "Root user has never been enabled on the instance.");
    assert_eq!(world.delete(&path).await.fault(), never);
    let got = world.post(&path, Value::Null).await;
    assert_eq!(got.status, 200);
    assert_eq!(got.json()["user"]["name"], "root");
    assert!(got.json()["user"]["password"].as_str().unwrap().len() > 20);
    let got = world.post(&path, json!({"password": "mine"})).await.ok();
    assert_eq!(got["user"]["password"], "mine");
    assert_eq!(world.get(&path).await.ok(), json!({"rootEnabled": true}));
    let got = world.delete(&path).await;
    assert_eq!((got.status, got.text.as_str()), (204, ""));
    assert_eq!(world.get(&path).await.ok(), json!({"rootEnabled": false}));
    let history = format!("/mgmt/instances/{id}/root");
    let got = world.call(ROOT, Method::GET, &history, Value::Null).await.ok();
    assert_eq!(got["root_history"]["user"], "shop-member");
    let got = world.call(ANN, Method::GET, "/instances/x/root", Value::Null).await.fault();
    assert_eq!(got, fault(404, "itemNotFound", "DBCluster Not Found"));
}
