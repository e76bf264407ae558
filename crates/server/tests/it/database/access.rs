//! Who gets in, and what is answered before any handler.

use http::Method;
use pentad_server::Mode;
use serde_json::{Value, json};

use super::world::{ANN, BOB, ROOT, World, fault};

#[tokio::test]
async fn versions_are_for_everybody() {
    let world = World::new().await;
    let got = world.bare(Method::GET, "/", &[], "").await.ok();
    assert_eq!(got["versions"][0]["links"][0]["href"], "http://db.example:8779/v1.0/");
    assert_eq!(got["versions"][0]["id"], "v1.0");
}

#[tokio::test]
async fn a_call_needs_a_token_of_the_project_in_its_path() {
    let world = World::new().await;
    for headers in [&[][..], &[("x-auth-token", "forged")][..]] {
        let got = world.bare(Method::GET, "/v1.0/shop/instances", headers, "").await;
        assert_eq!(got.status, 401);
        assert_eq!(got.json()["error"]["message"], "The request you have made requires authentication.");
        assert!(got.header("www-authenticate").starts_with("Keystone uri="));
    }
    for (path, token) in [
        ("/v1.0/shop/instances", BOB),
        ("/v1.0/shop", ANN),
        ("/v1.0/", ANN),
        ("/v1.0/shop/flavors", ":admin"),
    ] {
        let got = world.bare(Method::GET, path, &[("x-auth-token", token)], "").await;
        assert_eq!(got.status, 403, "{path}");
        assert_eq!(got.header("content-type"), "text/html; charset=UTF-8");
        assert!(got.text.contains("cannot access this resource."), "{}", got.text);
    }
    let headers = [("x-auth-token", BOB), ("accept", "application/json")];
    let got = world.bare(Method::GET, "/v1.0/shop/instances", &headers, "").await;
    assert_eq!((got.status, got.json()["title"].clone()), (403, json!("Forbidden")));
}

#[tokio::test]
async fn unknown_paths_and_verbs_are_not_found() {
    let world = World::new().await;
    let expected = fault(404, "itemNotFound", "The resource could not be found.");
    for (method, path) in [
        (Method::GET, "/nope"),
        (Method::PATCH, "/flavors"),
        (Method::GET, "/flavors/"),
        (Method::GET, "/security-groups"),
        (Method::PUT, "/backups/x"),
    ] {
        assert_eq!(world.call(ANN, method, path, Value::Null).await.fault(), expected, "{path}");
    }
    let got = world.bare(Method::GET, "/v2.0/shop/flavors", &[("x-auth-token", ANN)], "").await;
    assert_eq!(got.fault(), expected);
}

#[tokio::test]
async fn the_version_may_stand_in_the_accept_header() {
    let world = World::new().await;
    let ask = async |version: &str| {
        let accept = format!("application/vnd.openstack.trove+json;version={version}");
        let headers = [("x-auth-token", ANN), ("accept", accept.as_str())];
        world.bare(Method::GET, "/shop/flavors", &headers, "").await
    };
    assert_eq!(ask("1.0").await.status, 200);
    assert_eq!(ask("2.0").await.fault(), fault(406, "notAcceptable", "version not supported"));
}

#[tokio::test]
async fn bodies_must_be_json_and_say_so() {
    let world = World::new().await;
    let send = async |kind: Option<&str>, body: &str| {
        let mut headers = vec![("x-auth-token", ANN), ("accept", "application/json")];
        headers.extend(kind.map(|kind| ("content-type", kind)));
        world.bare(Method::POST, "/v1.0/shop/instances", &headers, body).await
    };
    let got = send(Some("application/json"), "{").await;
    assert_eq!((got.status, got.json()["code"].clone()), (400, json!("400 Bad Request")));
    let got = send(Some("text/plain"), "{}").await;
    assert_eq!((got.status, got.json()["code"].clone()), (415, json!("415 Unsupported Media Type")));
    for (kind, body) in [
        (None, r#"{"instance": {"name": "a"}}"#),
        (Some("application/json"), ""),
        (Some("application/json"), "{}"),
    ] {
        let (status, key, message) = send(kind, body).await.fault();
        assert_eq!((status, key.as_str()), (500, "instanceFault"), "{body}");
        assert!(message.starts_with("Internal Server Error. Please keep this ID"), "{message}");
    }
}

#[tokio::test]
async fn administrators_calls_are_401_for_others() {
    let world = World::new().await;
    let expected = fault(401, "unauthorized", "User does not have admin privileges.");
    for path in ["/mgmt/instances", "/mgmt/clusters", "/mgmt/datastore-versions", "/mgmt/instances/x/hwinfo"]
    {
        assert_eq!(world.get(path).await.fault(), expected, "{path}");
        assert_ne!(world.call(ROOT, Method::GET, path, Value::Null).await.status, 401, "{path}");
    }
    let own = world.get("/mgmt/quotas/shop").await.ok();
    assert_eq!(own["quotas"][0], json!({"resource": "instances", "in_use": 0, "reserved": 0, "limit": 10}));
    let other = world.get("/mgmt/quotas/bank").await.fault();
    assert_eq!(other, fault(403, "forbidden", "Operation not allowed for tenant shop."));
}

#[tokio::test]
async fn calls_are_counted_by_verb_and_let_in_again_with_time() {
    let world = World::of(json!({}), Value::Null, Mode::Strict).await;
    for _ in 0..200 {
        assert_eq!(world.get("/flavors").await.status, 200);
    }
    let got = world.get("/flavors").await;
    assert_eq!(got.status, 413);
    assert_eq!(got.header("retry-after"), "1");
    let expected = json!({"overLimit": {
        "code": 413, "message": "This request was rate-limited.",
        "details": "Only 200 GET request(s) can be made to * every minute.", "retryAfter": "1",
    }});
    assert_eq!(got.json(), expected);
    assert_eq!(world.get("/mgmt/quotas/shop").await.status, 200, "extensions are not counted");
    world.advance(30).await;
    let limits = world.get("/limits").await.ok();
    let get = limits["limits"].as_array().unwrap().iter().find(|row| row["verb"] == "GET").unwrap();
    assert_eq!((&get["value"], &get["remaining"]), (&json!(200), &json!(99)));
    assert_eq!(limits["limits"][0]["max_instances"], 10);
}
