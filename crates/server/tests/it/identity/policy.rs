//! Who may do what, over every route.

use http::{Method, StatusCode};
use pentad_server::Service;
use serde_json::{Value, json};

use super::Cloud;

/// Routes that need no token.
const OPEN: [&str; 9] = [
    "identity:versions",
    "identity:v3",
    "identity:v2",
    "identity:authenticate",
    "identity:v2.authenticate",
    "identity:v2.extensions",
    "identity:change_password",
    "identity:federated_login",
    "identity:oauth2_token",
];

/// Each variable names something of somebody else, or nothing.
fn concrete(template: &str) -> String {
    template
        .replace("{user}", "root-id")
        .replace("{project}", "bank-id")
        .replace("{domain}", "default")
        .split('/')
        .map(|part| if part.starts_with('{') { "none" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

#[tokio::test]
async fn every_route_but_the_open_ones_needs_a_token_that_counts() {
    let cloud = Cloud::small().await;
    let routes = cloud.service.routes();
    assert!(routes.len() > 100);
    for route in routes.iter().filter(|route| !OPEN.contains(&route.name)) {
        let path = concrete(route.template);
        for headers in [&[][..], &[("x-auth-token", "forged")][..]] {
            let got = cloud.send(route.method.clone(), &path, headers, &Value::Null).await;
            assert_eq!(got.status, StatusCode::UNAUTHORIZED, "{} {path}", route.method);
        }
    }
}

#[tokio::test]
async fn neither_members_nor_readers_change_anything_of_others() {
    let cloud = Cloud::small().await;
    let tokens = [
        cloud.token("ann", Value::Null).await,
        cloud.token("ann", json!({"domain": {"id": "default"}})).await,
        cloud.token("bob", super::project("shop")).await,
        cloud.token("bob", json!("unscoped")).await,
    ];
    for route in cloud.service.routes() {
        if route.method == Method::GET || OPEN.contains(&route.name) {
            continue;
        }
        let path = concrete(route.template);
        let kind = route.name.rsplit('_').next().unwrap();
        let body = json!({kind: {"name": "x", "type": "t", "blob": "b", "user_id": "root-id"},
            "trust": {"trustor_user_id": "root-id", "trustee_user_id": "bob-id", "impersonation": true}});
        for token in &tokens {
            let got = cloud.call(route.method.clone(), &path, token, body.clone()).await;
            let refused = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST];
            assert!(refused.contains(&got.status), "{} {path}: {} {}", route.method, got.status, got.body);
        }
    }
}

#[tokio::test]
async fn people_see_themselves_and_no_others() {
    let cloud = Cloud::small().await;
    let bob = cloud.token("bob", super::project("shop")).await;
    assert_eq!(cloud.get("/v3/users/bob-id", &bob).await.body["user"]["name"], "bob");
    let other = cloud.get("/v3/users/ann-id", &bob).await;
    assert_eq!(other.message(), "You are not authorized to perform the requested action: identity:get_user.");
    assert_eq!(
        cloud.get("/v3/users/none", &bob).await.status,
        StatusCode::FORBIDDEN,
        "nor whether they exist"
    );
    assert_eq!(cloud.get("/v3/users", &bob).await.status, StatusCode::FORBIDDEN);
    assert_eq!(cloud.get("/v3/projects/shop-id", &bob).await.status, StatusCode::OK);
    assert_eq!(cloud.get("/v3/projects/bank-id", &bob).await.status, StatusCode::FORBIDDEN);
    let reader = cloud.token("ann", json!({"domain": {"id": "default"}})).await;
    assert_eq!(cloud.get("/v3/users", &reader).await.body["users"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn no_answer_shows_a_password_or_its_hash() {
    let cloud = Cloud::small().await;
    let root = cloud.token("root", Value::Null).await;
    for route in cloud.service.routes().iter().filter(|route| route.method == Method::GET) {
        let text = cloud.get(&concrete(route.template), &root).await.body.to_string();
        for secret in ["root-pw", "argon2", "job-secret"] {
            assert!(!text.contains(secret), "{}", route.template);
        }
    }
    let new = json!({"user": {"name": "eve", "password": "canary-pw"}});
    let made = cloud.call(Method::POST, "/v3/users", &root, new.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert!(!made.body.to_string().contains("canary-pw"));
    let twice = cloud.call(Method::POST, "/v3/users", &root, new).await;
    assert_eq!(
        twice.message(),
        "Conflict occurred attempting to store user - Duplicate entry found with name eve at domain ID default."
    );
    assert!(!format!("{:?}", cloud.service).contains("pw"));
}

#[tokio::test]
async fn unknown_paths_and_verbs_are_answered_as_the_real_service_does() {
    let cloud = Cloud::small().await;
    let root = cloud.token("root", Value::Null).await;
    assert_eq!(cloud.get("/v3/nope", &root).await.header("content-type"), "text/html; charset=utf-8");
    let wrong = cloud.call(Method::PUT, "/v3/users", &root, Value::Null).await;
    assert_eq!((wrong.status.as_u16(), wrong.header("allow")), (405, "OPTIONS, HEAD, GET, POST"));
    assert_eq!(wrong.body, json!({"message": "The method is not allowed for the requested URL."}));
    let versions = cloud.get("/", "").await;
    assert_eq!((versions.status.as_u16(), versions.header("location")), (300, "http://pentad.local/v3/"));
    assert_eq!(versions.body["versions"]["values"][0]["id"], "v3.14");
    assert_eq!(cloud.get("/v3/", "").await.body["version"]["links"][0]["href"], "http://pentad.local/v3/");
    let head = cloud.call(Method::HEAD, "/v3/users", &root, Value::Null).await;
    assert_eq!((head.status.as_u16(), head.body), (200, Value::Null));
}
