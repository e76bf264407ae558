//! Every route with every kind of token of the real identity service: the table beside this file says what each gets.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method};
use pentad_server::database::Trove;
use pentad_server::http::{Inbound, ReplyBody};
use pentad_server::{Context, Service, ServiceTime, Tasks};
use pentad_store::{Engine, StoreOptions};
use serde_json::{Value, json};

use crate::identity::matrix::{callers, cloud};
use crate::identity::{Cloud, password, project};

/// Method, route, and the status for each of the callers, in their order.
const TABLE: &str = include_str!("matrix.txt");

struct Place {
    trove: Arc<Trove>,
    time: Arc<ServiceTime>,
    cloud: Cloud,
    _tasks: Tasks,
}

impl Place {
    async fn new() -> Self {
        let cloud = cloud(StoreOptions::memory()).await;
        let time = Arc::new(ServiceTime::new());
        time.freeze(Some("2030-01-01T12:00:00Z".parse().unwrap()));
        let engine = Engine::open(StoreOptions::memory(), Arc::clone(&time) as _).unwrap();
        let mut context = Context::new(engine, Arc::clone(&time));
        context.identity = cloud.identity.clone();
        context.options = json!({"task_seconds": 0});
        let trove = Trove::open(&context).unwrap();
        trove.seed(Value::Null).await.unwrap();
        let tasks = Tasks::new();
        Arc::clone(&trove).background(&tasks);
        Self { trove, time, cloud, _tasks: tasks }
    }

    async fn call(&self, token: &str, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let mut inbound = Inbound::local(method, path, text);
        for (name, value) in [("x-auth-token", token), ("content-type", "application/json")] {
            if !value.is_empty() {
                let name = HeaderName::from_static(name);
                inbound.headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
        }
        let reply = self.trove.handle(inbound).await;
        let ReplyBody::Full(bytes) = reply.body else { panic!("Trove answers in full") };
        (reply.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// The id of something new that `token` makes in its project.
    async fn made(&self, token: &str, path: &str, body: Value) -> String {
        let (status, got) = self.call(token, Method::POST, &format!("/v1.0/shop-id{path}"), &body).await;
        assert!((200..300).contains(&status), "{path}: {status} {got}");
        self.time.settle().await;
        let (_, inner) = got.as_object().unwrap().iter().next().unwrap();
        inner["id"].as_str().unwrap().to_owned()
    }

    /// A token of an application credential of a member with these access rules.
    async fn ruled(&self, rules: Value) -> String {
        let member = self.cloud.token("ann", project("shop")).await;
        let body = json!({"application_credential": {
            "name": "ruled", "secret": "ruled-secret", "roles": [{"name": "member"}], "access_rules": rules,
        }});
        let path = "/v3/users/ann-id/application_credentials";
        let made = self.cloud.call(Method::POST, path, &member, body).await;
        let id = made.body["application_credential"]["id"].as_str().unwrap().to_owned();
        let login = json!({"identity": {"methods": ["application_credential"],
            "application_credential": {"id": id, "secret": "ruled-secret"}}});
        self.cloud.login(login).await.header("x-subject-token").to_owned()
    }
}

/// What the routes of administrators need to get beyond the check of their bodies.
fn body(method: &Method, template: &str) -> Value {
    match (method.as_str(), template.rsplit('/').next().unwrap_or_default()) {
        ("GET" | "DELETE", _) => Value::Null,
        ("POST", "action") if template.contains("/mgmt/instances") => json!({"stop": {}}),
        ("POST", "action") if template.contains("/mgmt/clusters") => json!({"reset-task": {}}),
        ("POST", "upgrade") => json!({"upgrade": {"location": "here"}}),
        ("PUT", "{id}") if template.contains("/quotas/") => json!({"quotas": {"instances": 5}}),
        ("POST", "datastore-versions") => json!({"version": {
            "name": "9", "datastore_name": "none", "datastore_manager": "none", "image_tags": ["t"],
            "active": true,
        }}),
        ("PATCH", "{id}") if template.contains("/datastore-versions/") => json!({"active": true}),
        ("POST" | "PUT", "parameters" | "{name}") => json!({"configuration-parameter": {
            "name": "none", "restart_required": 0, "data_type": "string",
        }}),
        _ => json!({}),
    }
}

#[tokio::test]
async fn every_route_answers_every_kind_of_token_as_the_table_says() {
    let place = Place::new().await;
    let mut callers = callers(&place.cloud).await;
    callers.push((
        "ruled",
        place.ruled(json!([{"service": "database", "method": "GET", "path": "/v1.0/*/instances"}])).await,
    ));
    let names: Vec<&str> = callers.iter().map(|(name, _)| *name).collect();
    let mut lines = vec![format!("# {}", names.join(" "))];
    for route in place.trove.routes() {
        let segment = |part: &str| match part {
            "{project}" => "shop-id".to_owned(),
            part if part.starts_with('{') => "none".to_owned(),
            part => part.to_owned(),
        };
        let path = route.template.split('/').map(segment).collect::<Vec<_>>().join("/");
        let (path, body) = (format!("/v1.0{path}"), body(&route.method, route.template));
        let mut statuses = Vec::new();
        for (_, token) in &callers {
            let (status, _) = place.call(token, route.method.clone(), &path, &body).await;
            statuses.push(status.to_string());
        }
        lines.push(format!("{} {} {}", route.method, route.template, statuses.join(" ")));
    }
    let table: Vec<&str> = TABLE.lines().collect();
    let different: Vec<&String> = lines.iter().filter(|line| !table.contains(&line.as_str())).collect();
    assert!(different.is_empty(), "not as in the table; all of it:\n{}", lines.join("\n"));
    assert_eq!(table.len(), lines.len(), "the table has routes that are not there");
}

#[tokio::test]
async fn tokens_that_do_not_count_and_those_of_other_scopes_open_nothing() {
    for line in TABLE.lines().skip(1) {
        let statuses: Vec<&str> = line.split(' ').skip(2).collect();
        assert!(statuses[..6].iter().all(|status| *status == "401"), "{line}");
        for (at, name) in [(6, "unscoped"), (9, "domain"), (11, "auditor"), (13, "system")] {
            assert_eq!(statuses[at], "403", "{name}: {line}");
        }
        if line.contains("/mgmt/") && !line.starts_with("GET /{project}/mgmt/quotas") {
            for (at, name) in [(7, "reader"), (8, "member"), (10, "credential")] {
                assert_eq!(statuses[at], "401", "{name}: {line}");
            }
            assert_ne!(statuses[12], "401", "admin: {line}");
        }
    }
}

#[tokio::test]
async fn a_member_of_another_project_reaches_nothing_of_this_one() {
    let place = Place::new().await;
    let root = place.cloud.token("root", project("shop")).await;
    let roles = place.cloud.get("/v3/roles?name=member", &root).await;
    let role = roles.body["roles"][0]["id"].as_str().unwrap().to_owned();
    let grant = format!("/v3/projects/bank-id/users/bob-id/roles/{role}");
    assert_eq!(place.cloud.call(Method::PUT, &grant, &root, Value::Null).await.status.as_u16(), 204);
    let login = json!({"identity": password("bob", "bob-pw"), "scope": project("bank")});
    let bob = place.cloud.login(login).await.header("x-subject-token").to_owned();
    let ann = place.cloud.token("ann", project("shop")).await;
    let small = json!({"name": "db", "flavorRef": "1", "volume": {"size": 1}, "databases": [{"name": "d"}],
        "users": [{"name": "u", "password": "p", "databases": [{"name": "d"}]}]});
    let instance = place.made(&ann, "/instances", json!({"instance": small})).await;
    let backup = place.made(&ann, "/backups", json!({"backup": {"name": "b", "instance": instance}})).await;
    let values = json!({"configuration": {"name": "c", "values": {"max_connections": 10}}});
    let group = place.made(&ann, "/configurations", values).await;
    let before =
        place.call(&ann, Method::GET, &format!("/v1.0/shop-id/instances/{instance}"), &Value::Null).await;
    for route in place.trove.routes().into_iter().filter(|route| route.template.contains("/{id}")) {
        let id = if route.template.contains("/backups/") {
            &backup
        } else if route.template.contains("/configurations/") {
            &group
        } else {
            &instance
        };
        let filled = route.template.replace("{project}", "bank-id").replace("{id}", id);
        let path = filled.replace("{user}", "u").replace("{database}", "d").replace("{name}", "none");
        let path = format!("/v1.0{path}");
        for body in [
            json!({}),
            json!({"restart": {}}),
            json!({"name": "general", "enable": 1}),
            json!({"instance": {"name": "x"}}),
        ] {
            let body = if matches!(route.method, Method::GET | Method::DELETE) { Value::Null } else { body };
            let (status, got) = place.call(&bob, route.method.clone(), &path, &body).await;
            assert!(!(200..300).contains(&status), "{} {path}: {status} {got}", route.method);
        }
    }
    place.time.settle().await;
    let after =
        place.call(&ann, Method::GET, &format!("/v1.0/shop-id/instances/{instance}"), &Value::Null).await;
    assert_eq!(after, before);
    for path in [
        format!("/backups/{backup}"),
        format!("/configurations/{group}"),
        format!("/instances/{instance}/users/u"),
    ] {
        assert_eq!(place.call(&ann, Method::GET, &format!("/v1.0/shop-id{path}"), &Value::Null).await.0, 200);
    }
}

#[tokio::test]
async fn access_rules_of_a_credential_are_kept_here_too() {
    let place = Place::new().await;
    let ann = place.cloud.token("ann", project("shop")).await;
    let small = json!({"instance": {"name": "db", "flavorRef": "1", "volume": {"size": 1}}});
    let instance = place.made(&ann, "/instances", small).await;
    let ruled = place
        .ruled(json!([
            {"service": "database", "method": "GET", "path": "/v1.0/*/instances/**"},
            {"service": "identity", "method": "GET", "path": "/**"},
        ]))
        .await;
    let ask = async |method: Method, path: &str| {
        place.call(&ruled, method, &format!("/v1.0/shop-id{path}"), &Value::Null).await.0
    };
    assert_eq!(ask(Method::GET, &format!("/instances/{instance}")).await, 200);
    assert_eq!(ask(Method::GET, &format!("/instances/{instance}/users")).await, 200);
    for (method, path) in [
        (Method::DELETE, format!("/instances/{instance}")),
        (Method::GET, "/instances".to_owned()),
        (Method::GET, "/flavors".to_owned()),
        (Method::POST, format!("/instances/{instance}/action")),
    ] {
        assert_eq!(ask(method.clone(), &path).await, 401, "{method} {path}");
    }
}
