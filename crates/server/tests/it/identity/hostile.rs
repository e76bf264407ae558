//! Input that nobody sends by accident, and guessing.

use http::{Method, StatusCode};
use pentad_server::Service;
use pentad_server::http::Inbound;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Cloud, Got, password};

/// A body as it is, to a path that reads it.
async fn raw(cloud: &Cloud, method: Method, path: &str, token: &str, body: String) -> Got {
    let mut inbound = Inbound::local(method, path, body);
    let json = http::HeaderValue::from_static("application/json");
    inbound.headers.insert(http::header::CONTENT_TYPE, json);
    if !token.is_empty() {
        inbound.headers.insert("x-auth-token", token.parse().unwrap());
    }
    cloud.service.handle(inbound).await.into()
}

/// Bodies that are no sense, whatever they are sent to.
fn bodies() -> Vec<String> {
    vec![
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "1e999".to_owned(),
        "\"x\"".to_owned(),
        "\u{feff}{}".to_owned(),
        format!("{}{}", "[".repeat(20_000), "]".repeat(20_000)),
        format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000)),
        format!("{{\"auth\": \"{}\"}}", "x".repeat(200_000)),
        "{\"auth\": {\"identity\": {\"methods\": [\"password\"], \"password\": {\"user\": {\"id\": \"\\u0000\"}}}}}".to_owned(),
        json!({"auth": {"identity": {"methods": vec!["password"; 2000], "password": {}}}}).to_string(),
    ]
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused_by_every_route_that_reads_one() {
    let cloud = Cloud::small().await;
    let root = cloud.token("root", Value::Null).await;
    let kinds = [
        "user",
        "group",
        "project",
        "domain",
        "role",
        "service",
        "endpoint",
        "region",
        "credential",
        "trust",
        "policy",
        "limit",
        "registered_limit",
        "application_credential",
    ];
    let values = [
        json!(null),
        json!(1),
        json!("x"),
        json!([]),
        json!({}),
        json!({"name": 1}),
        json!({"name": ""}),
        json!({"name": "x".repeat(300)}),
        json!({"name": {"a": []}}),
        json!({"id": [1]}),
    ];
    for route in cloud.service.routes() {
        if route.method != Method::POST && route.method != Method::PATCH {
            continue;
        }
        let path: Vec<&str> =
            route.template.split('/').map(|part| if part.starts_with('{') { "none" } else { part }).collect();
        let path = path.join("/");
        for body in bodies() {
            let got = raw(&cloud, route.method.clone(), &path, &root, body.clone()).await;
            let status = got.status.as_u16();
            assert!(
                (400..500).contains(&status),
                "{} {path} {}: {status}",
                route.method,
                &body[..body.len().min(60)]
            );
        }
        for value in &values {
            let all: serde_json::Map<String, Value> =
                kinds.iter().map(|kind| ((*kind).to_owned(), value.clone())).collect();
            let got = cloud.call(route.method.clone(), &path, &root, Value::Object(all)).await;
            assert!(got.status.as_u16() < 500, "{} {path} {value}: {}", route.method, got.body);
        }
    }
    assert_eq!(
        cloud.get("/v3/users", &root).await.body["users"].as_array().unwrap().len(),
        3,
        "nothing was made"
    );
}

#[tokio::test]
async fn tokens_that_are_no_tokens_are_told_from_nothing() {
    let cloud = Cloud::small().await;
    let good = cloud.token("ann", Value::Null).await;
    let mut odd = vec![
        "x".to_owned(),
        "=".repeat(300),
        "gAAAAA".repeat(10_000),
        good.clone() + "A",
        good[..good.len() - 1].to_owned(),
    ];
    // Every character of a good token matters.
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
        odd.push(String::from_utf8(bytes).unwrap());
    }
    for token in odd {
        let got = cloud.get("/v3/auth/projects", &token).await;
        assert_eq!(got.status, StatusCode::UNAUTHORIZED, "{} characters", token.len());
        let headers = [("x-auth-token", good.as_str()), ("x-subject-token", token.as_str())];
        let got = cloud.send(Method::GET, "/v3/auth/tokens", &headers, &Value::Null).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn guessing_is_stopped_by_whatever_way_it_comes() {
    let cloud = Cloud::small().await;
    let totp = json!({"methods": ["totp"], "totp": {"user": {"id": "ann-id", "passcode": "000000"}}});
    let version2 = json!({"auth": {"passwordCredentials": {"username": "ann", "password": "wrong"}}});
    cloud.login(json!({"identity": password("ann", "wrong")})).await;
    cloud.login(json!({"identity": totp})).await;
    cloud.send(Method::POST, "/v2.0/tokens", &[], &version2).await;
    let locked = cloud.login(json!({"identity": password("ann", "ann-pw")})).await;
    assert_eq!(locked.message(), "The account is locked for user: ann-id.");
    let change = json!({"user": {"original_password": "ann-pw", "password": "mine now"}});
    let changed = cloud.send(Method::POST, "/v3/users/ann-id/password", &[], &change).await;
    assert_eq!(changed.status, StatusCode::UNAUTHORIZED, "nor is the password changed");
    // A token from before still counts: who has it is no guesser.
    cloud.advance(61);
    assert_eq!(cloud.login(json!({"identity": password("ann", "ann-pw")})).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_name_that_nobody_has_answers_as_one_with_a_wrong_password() {
    let cloud = Cloud::small().await;
    let nobody = cloud.login(json!({"identity": password("nobody", "x")})).await;
    let wrong = cloud.login(json!({"identity": password("bob", "x")})).await;
    assert_eq!((nobody.status, nobody.body), (wrong.status, wrong.body));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_request_gets_an_answer_that_is_no_crash(
        path in "/(v3|v2.0)/(users|projects|auth|limits|OS-TRUST|credentials|role_assignments)(/[a-z%0-9{}.~-]{0,12}){0,3}",
        query in "[a-z_.]{1,10}=[ -~]{0,12}",
        method in prop::sample::select(vec!["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD"]),
        body in "[ -~]{0,60}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let cloud = Cloud::small().await;
            let root = cloud.token("root", Value::Null).await;
            let query: String = query.replace(['#', ' ', '"', '<', '>', '`', '{', '}', '|', '\\', '^'], "+");
            let path = path.replace(['{', '}'], "-");
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let got = raw(&cloud, method, &format!("{path}?{query}"), &root, body).await;
            assert!(got.status.as_u16() < 500, "{} {}", got.status, got.body);
        });
    }
}
