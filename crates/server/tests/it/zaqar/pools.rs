//! Pools and flavors: administrators' records.

use http::Method;
use serde_json::{Value, json};

use super::world::{ALICE, Answer, World};

async fn admin(w: &World, method: Method, path: &str, body: Value) -> Answer {
    let headers = [("client-id", ALICE), ("x-project-id", "acme"), ("x-roles", "admin")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    w.bare(method, path, &headers, body).await
}

async fn pool(w: &World, name: &str) {
    let body = json!({"weight": 100, "uri": format!("mongodb://{name}:27017")});
    let answer = admin(w, Method::PUT, &format!("/v2/pools/{name}"), body).await;
    assert_eq!((answer.status, answer.location()), (201, format!("/v2/pools/{name}").as_str()));
}

#[tokio::test]
async fn pools_are_kept_and_listed() {
    let w = World::new();
    assert_eq!(admin(&w, Method::GET, "/v2/pools", Value::Null).await.text, "{\"links\": [], \"pools\": []}");
    let v1 = admin(&w, Method::GET, "/v1/pools", Value::Null).await;
    assert_eq!(v1.text, "{\"links\": [{\"rel\": \"next\", \"href\": \"/v1/pools\"}], \"pools\": []}");
    pool(&w, "p1").await;
    pool(&w, "p2").await;
    let one = admin(&w, Method::GET, "/v2/pools/p1", Value::Null).await;
    assert_eq!(
        one.text,
        "{\"name\": \"p1\", \"flavor\": null, \"uri\": \"mongodb://p1:27017\", \"weight\": 100, \"href\": \"/v2/pools/p1\"}"
    );
    let page = admin(&w, Method::GET, "/v2/pools?limit=1&detailed=true", Value::Null).await;
    assert_eq!(page.header("content-location"), Some("/v2/pools?limit=1&detailed=true"));
    assert_eq!(page.json()["links"][0]["href"], "/v2/pools?limit=1&detailed=true&marker=p1");
    assert_eq!(page.json()["pools"][0]["options"], json!({}));
    let changed = admin(&w, Method::PATCH, "/v2/pools/p1", json!({"weight": 7})).await.ok();
    assert_eq!(changed["weight"], 7);
    let old = admin(&w, Method::PATCH, "/v1.1/pools/p1", json!({"weight": 8})).await;
    assert_eq!((old.status, old.text.as_str()), (200, ""));
    assert_eq!(admin(&w, Method::DELETE, "/v2/pools/p1", Value::Null).await.status, 204);
    assert_eq!(admin(&w, Method::DELETE, "/v2/pools/p1", Value::Null).await.status, 204);
    let gone = admin(&w, Method::GET, "/v2/pools/p1", Value::Null).await.error();
    assert_eq!(gone, (404, "Not found".into(), "Pool p1 does not exist".into()));
}

#[tokio::test]
async fn a_pool_can_do_what_the_others_of_its_flavor_can() {
    let w = World::new();
    let put = async |name: &str, uri: &str, flavor: &str| {
        let body = json!({"weight": 1, "uri": uri, "flavor": flavor});
        admin(&w, Method::PUT, &format!("/v2/pools/{name}"), body).await
    };
    assert_eq!(put("p1", "mongodb://a", "gold").await.status, 201);
    assert_eq!(put("p2", "mongodb://b", "gold").await.status, 201);
    let text = "The pool being added does not support the minimum set of capabilities";
    let wanted = (400, "Unable to create pool".to_owned(), text.to_owned());
    assert_eq!(put("p3", "redis://c", "gold").await.error(), wanted);
    assert_eq!(put("p3", "redis://c", "silver").await.status, 201);
    let moved = admin(&w, Method::PATCH, "/v2/pools/p3", json!({"flavor": "gold"})).await;
    assert_eq!(moved.error(), wanted);
    assert_eq!(put("p1", "mongodb://z", "gold").await.status, 201, "it is compared with others");
}

#[tokio::test]
async fn pools_are_checked() {
    let w = World::new();
    let text = async |body: Value| admin(&w, Method::PUT, "/v2/pools/p1", body).await.error().2;
    for (body, part) in [
        (json!({"weight": 1}), "'uri' is a required property"),
        (json!({"uri": "redis://a"}), "'weight' is a required property"),
        (json!({"uri": "redis://a", "weight": -1}), "-1 is less than the minimum of 0"),
        (
            json!({"uri": "redis://a", "weight": 4_294_967_296_i64}),
            "is greater than the maximum of 4294967295",
        ),
        (json!({"uri": "redis://a", "weight": "x"}), "'x' is not of type 'integer'"),
        (json!({"uri": "x".repeat(256), "weight": 1}), "is too long"),
        (json!({"uri": "redis://a", "weight": 1, "flavor": null}), "None is not of type 'string'"),
        (
            json!({"uri": "redis://a", "weight": 1, "foo": 1}),
            "Additional properties are not allowed ('foo' was unexpected)",
        ),
        (json!({"uri": "nowhere://a", "weight": 1}), "cannot connect to nowhere://a"),
    ] {
        assert!(text(body.clone()).await.contains(part), "{body} {part}");
    }
    let edge =
        admin(&w, Method::PUT, "/v2/pools/p1", json!({"uri": "redis://a", "weight": 4_294_967_295_i64}));
    assert_eq!(edge.await.status, 201);
    let taken = admin(&w, Method::PUT, "/v2/pools/p2", json!({"uri": "redis://a", "weight": 1})).await;
    assert_eq!(taken.error().2, "The database URI is in use by another pool.");
    let broken = w.bare(
        Method::PUT,
        "/v2/pools/p",
        &[("client-id", ALICE), ("x-project-id", "a"), ("x-roles", "admin")],
        "{",
    );
    assert_eq!(broken.await.error().2, "JSON could not be parsed.");
    let nothing = admin(&w, Method::PATCH, "/v2/pools/p1", json!({"foo": 1})).await;
    assert_eq!(nothing.error().2, "One of `uri`, `weight`, `flavor`, or `options` needs to be specified");
    let limit = admin(&w, Method::GET, "/v2/pools?limit=21", Value::Null).await;
    assert_eq!(limit.error().2, "Limit must be at least 1 and no greater than 20.");
}

#[tokio::test]
async fn flavors_group_pools() {
    let w = World::new();
    pool(&w, "p1").await;
    pool(&w, "p2").await;
    let made = admin(&w, Method::PUT, "/v2/flavors/gold", json!({"pool_list": ["p1"]})).await;
    assert_eq!((made.status, made.location()), (201, "/v2/flavors/gold"));
    let gold = w.get("/v2/flavors/gold").await.ok();
    assert_eq!(gold["pool_list"], json!(["p1"]));
    assert_eq!(gold["capabilities"], json!(["FIFO", "CLAIMS", "DURABILITY", "AOD", "HIGH_THROUGHPUT"]));
    let page = w.get("/v2/flavors?limit=1&detailed=true").await.ok();
    assert_eq!(page["links"][0]["href"], "/v2/flavors?limit=1&marker=gold&detailed=true");
    let used = admin(&w, Method::DELETE, "/v2/pools/p1", Value::Null).await.error();
    let text = "This pool is used by flavors gold; It cannot be deleted.";
    assert_eq!(used, (403, "Unable to delete".into(), text.into()));
    let moved = admin(&w, Method::PATCH, "/v2/flavors/gold", json!({"pool_list": ["p2"]})).await.ok();
    assert_eq!(moved["pool_list"], json!(["p2"]));
    assert_eq!(admin(&w, Method::DELETE, "/v2/pools/p1", Value::Null).await.status, 204);
    assert_eq!(w.put("/v2/queues/q", r#"{"_flavor": "gold"}"#).await.status, 201);
    assert_eq!(w.put("/v2/queues/r", r#"{"_flavor": "tin"}"#).await.error().2, "Flavor tin does not exist");
    assert_eq!(admin(&w, Method::DELETE, "/v2/flavors/gold", Value::Null).await.status, 204);
    assert_eq!(w.get("/v2/flavors/gold").await.error().2, "Flavor gold does not exist");
    let unknown = admin(&w, Method::PUT, "/v2/flavors/x", json!({"pool_list": ["nope"]})).await.error();
    assert_eq!(unknown.1, "Unable to create");
    assert_eq!(unknown.2, "Flavor x could not be created, error:Pool nope does not exist");
    let empty = admin(&w, Method::PUT, "/v2/flavors/x", json!({"pool_list": []})).await.error();
    assert_eq!(empty, (400, "Unable to create".into(), "Bad Request".into()));
}

#[tokio::test]
async fn v1_1_knows_flavors_by_capabilities_and_v1_not_at_all() {
    let w = World::new();
    assert_eq!(w.put("/v1.1/flavors/gold", r#"{"capabilities": {"FIFO": 1}}"#).await.status, 201);
    assert_eq!(
        w.get("/v1.1/flavors/gold").await.text,
        "{\"name\": \"gold\", \"href\": \"/v1.1/flavors/gold\"}"
    );
    let detailed = w.get("/v1.1/flavors/gold?detailed=true").await.ok();
    assert_eq!(detailed["capabilities"], json!({"FIFO": 1}));
    assert_eq!(w.put("/v1.1/flavors/gold", "{}").await.status, 500);
    let patch = w.patch("/v1.1/flavors/gold", json!({"capabilities": {}})).await;
    assert_eq!(patch.error().2, "`capabilities` needs to be specified");
    assert_eq!(w.get("/v1/flavors").await.status, 404);
}

#[tokio::test]
async fn only_administrators_of_a_pooling_server_see_pools() {
    let w = World::new();
    assert_eq!(w.get("/v2/pools").await.error().1, "Not authorized");
    assert_eq!(w.get("/v2/flavors").await.status, 200);
    assert_eq!(w.put("/v2/flavors/x", "{}").await.status, 403);
    assert_eq!(w.get("/v1.1/pools").await.status, 200);
    for options in [json!({"admin_mode": false}), json!({"pooling": false})] {
        let w = World::with(options);
        assert_eq!(admin(&w, Method::GET, "/v2/pools", Value::Null).await.status, 404);
        assert_eq!(admin(&w, Method::GET, "/v2/flavors", Value::Null).await.status, 404);
    }
}
