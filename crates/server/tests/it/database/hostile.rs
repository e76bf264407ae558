//! Input that nobody means well with: refused in the service's own shape, and without harm.

use http::Method;
use serde_json::{Value, json};

use super::world::{ANN, World};

#[tokio::test]
async fn no_body_breaks_a_route() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let bodies = [
        "null",
        "0",
        "\"x\"",
        "[]",
        "{}",
        "{\"instance\": null}",
        "{\"instance\": []}",
        "{\"users\": [1]}",
        "{\"databases\": [{\"name\": {}}]}",
        "{\"backup\": {\"name\": []}}",
        "{\"configuration\": {\"values\": []}}",
        "{\"resize\": 1}",
        "{\"resize\": {\"volume\": {\"size\": 1e400}}}",
        "{\"resize\": {\"volume\": {\"size\": 99999999999999999999}}}",
        "{\"name\": [], \"enable\": {}}",
        "{\"modules\": [1]}",
        "{\"ssl\": []}",
        "{\"reapply\": 3}",
        "{\"grow\": [{}]}",
        "{\"a\": \"\\u0000\"}",
        deep.as_str(),
    ];
    let routes = pentad_server::Service::routes(&*world.trove);
    for route in routes.iter().filter(|route| route.method != Method::GET && route.method != Method::DELETE) {
        let path = route.template.replace("{project}", "shop").replace("{id}", &id);
        let path = path
            .replace("{user}", "u")
            .replace("{version}", "v")
            .replace("{name}", "n")
            .replace("{module}", "m");
        for token in [ANN, "shop:admin"] {
            for body in bodies {
                let headers = [("x-auth-token", token), ("content-type", "application/json")];
                let got = world.bare(route.method.clone(), &format!("/v1.0{path}"), &headers, body).await;
                assert!(
                    got.status >= 200 && got.status != 503,
                    "{} {path} {body}: {}",
                    route.method,
                    got.text
                );
            }
        }
    }
    world.advance(5).await;
    assert_eq!(world.get(&format!("/instances/{id}")).await.status, 200);
}

#[tokio::test]
async fn no_path_or_query_breaks_a_route() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let odd = ["%00", "%ff", "..", "%2e%2e%2f", "'%20OR%20'1'='1", "%25", "@", "a%40", &"x".repeat(4000)];
    for route in pentad_server::Service::routes(&*world.trove) {
        for value in odd {
            for fixed in [true, false] {
                let mut path = route.template.replace("{project}", "shop");
                if fixed && path.contains("/instances/{id}/") {
                    path = path.replace("{id}", &id);
                }
                for name in ["id", "user", "database", "datastore", "version", "name", "module", "instance"] {
                    path = path.replace(&format!("{{{name}}}"), value);
                }
                let got = world.call("shop:admin", route.method.clone(), &path[5..], Value::Null).await;
                assert_ne!(got.status, 503, "{} {path}: {}", route.method, got.text);
            }
        }
    }
    for query in [
        "limit=-1",
        "limit=99999999999999999999",
        "marker=%00",
        "marker=%ff",
        "deleted=%00",
        "project_id=%00",
    ] {
        for path in
            ["/instances", "/backups", "/mgmt/instances", "/clusters", "/modules", "/backup_strategies"]
        {
            let got = world.call("shop:admin", Method::GET, &format!("{path}?{query}"), Value::Null).await;
            assert_ne!(got.status, 503, "{path}?{query}: {}", got.text);
        }
    }
}

#[tokio::test]
async fn hostile_names_are_kept_out_of_databases_and_users() {
    let world = World::new().await;
    let id = world.instance("db").await;
    for name in ["a'b", "a\"b", "a;b", "a`b", " a", "a ", "a,b", "a/b", "a\\b", &"x".repeat(33)] {
        let body = json!({"users": [{"name": name, "password": "p"}]});
        let got = world.post(&format!("/instances/{id}/users"), body).await;
        assert_eq!(got.status, 400, "{name}");
    }
    assert_eq!(world.get(&format!("/instances/{id}/users")).await.ok()["users"], json!([]));
}
