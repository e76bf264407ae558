//! Every route against every kind of caller: without id, without project, without token, without role, and from another
//! project.

use http::Method;
use pentad_server::Service;
use serde_json::{Value, json};

use super::world::{ALICE, Answer, BOB, World};

/// What only one project may know.
const SECRET: &str = "what acme alone knows";

/// The ids that routes are filled with.
struct Ids {
    message: String,
    claim: String,
    subscription: String,
}

/// Method and path of every route, filled.
fn routes(w: &World, ids: &Ids) -> Vec<(Method, String)> {
    let fill = |template: &str| {
        [
            ("{*queue}", "jobs"),
            ("{*message}", ids.message.as_str()),
            ("{*claim}", ids.claim.as_str()),
            ("{*subscription}", ids.subscription.as_str()),
            ("{*pool}", "p1"),
            ("{*flavor}", "gold"),
        ]
        .iter()
        .fold(template.to_owned(), |path, (name, value)| path.replace(name, value))
    };
    // What other nodes of the installation ask for needs their signature, and nothing else.
    let routes = w.zaqar.routes();
    let public = routes.iter().filter(|route| route.name != "websocket:notify");
    public.map(|route| (route.method.clone(), fill(route.template))).collect()
}

async fn filled(w: &World) -> Ids {
    let message = w.fill(&[json!(SECRET), json!(SECRET)]).await.remove(0);
    let claim = w.post("/v2/queues/jobs/claims?limit=1", json!({})).await;
    let claim = claim.location().rsplit('/').next().unwrap().to_owned();
    let wanted = json!({"subscriber": "http://127.0.0.1:1/acme", "options": {"k": SECRET}});
    let made = w.post("/v2/queues/jobs/subscriptions", wanted).await.ok();
    let subscription = made["subscription_id"].as_str().unwrap().to_owned();
    w.json_patch("/v2/queues/jobs", json!([{"op": "add", "path": "/metadata/k", "value": SECRET}]))
        .await
        .ok();
    Ids { message, claim, subscription }
}

/// All that the project sees of its own.
async fn state(w: &World, ids: &Ids) -> Vec<Value> {
    let mut all = Vec::new();
    for path in [
        "/v2/queues?detailed=true".to_owned(),
        "/v2/queues/jobs/messages?echo=true&include_claimed=true".to_owned(),
        "/v2/queues/jobs/stats".to_owned(),
        "/v2/queues/jobs/subscriptions".to_owned(),
        format!("/v2/queues/jobs/claims/{}", ids.claim),
    ] {
        all.push(w.get(&path).await.ok());
    }
    all
}

/// A body that suits the method, so that the route goes as far as it can.
fn body(method: &Method, path: &str) -> &'static str {
    let is_v1 = path.starts_with("/v1/");
    match *method {
        Method::POST if path.ends_with("/messages") && is_v1 => "[{\"ttl\": 60, \"body\": 1}]",
        Method::POST if path.ends_with("/messages") => "{\"messages\": [{\"body\": 1}]}",
        Method::POST if path.ends_with("/purge") => "",
        Method::POST if path.ends_with("/subscriptions") => "{\"subscriber\": \"http://127.0.0.1:1/acme\"}",
        Method::PUT if path.ends_with("/confirm") => "{\"confirmed\": true}",
        Method::PATCH if path.contains("/claims/") => "{\"ttl\": 60, \"grace\": 60}",
        Method::PATCH if path.contains("/subscriptions/") => "{\"ttl\": 60}",
        Method::PATCH if path.ends_with("/queues/jobs") => {
            "[{\"op\": \"add\", \"path\": \"/metadata/x\", \"value\": 1}]"
        }
        Method::POST => "{\"ttl\": 60, \"grace\": 60}",
        Method::PUT if path.starts_with("/v1.1/flavors") => "{\"capabilities\": {}}",
        Method::PUT => "{}",
        _ => "",
    }
}

async fn send(w: &World, method: &Method, path: &str, headers: &[(&'static str, &str)]) -> Answer {
    let mut headers = headers.to_vec();
    if *method == Method::PATCH && path.ends_with("/queues/jobs") {
        headers.push(("content-type", "application/openstack-messaging-v2.0-json-patch"));
    }
    w.bare(method.clone(), path, &headers, body(method, path)).await
}

#[tokio::test]
async fn no_route_shows_or_changes_what_another_project_has() {
    let w = World::new();
    let ids = filled(&w).await;
    let before = state(&w, &ids).await;
    let all = routes(&w, &ids);
    assert!(all.len() > 60, "{}", all.len());
    for roles in ["", "admin"] {
        for (method, path) in &all {
            let headers = [("client-id", BOB), ("x-project-id", "other"), ("x-roles", roles)];
            let answer = send(&w, method, path, &headers).await;
            assert!(answer.status < 500, "{method} {path}: {} {}", answer.status, answer.text);
            assert!(!answer.text.contains(SECRET), "{method} {path}: {}", answer.text);
        }
    }
    assert_eq!(state(&w, &ids).await, before);
}

#[tokio::test]
async fn every_route_asks_for_a_client_id_and_a_project_in_this_order() {
    let w = World::new();
    let ids = filled(&w).await;
    let before = state(&w, &ids).await;
    for (method, path) in routes(&w, &ids) {
        if path == "/" {
            continue;
        }
        let is_v1 = path.starts_with("/v1/");
        let error = |answer: Answer| (answer.status, answer.error().1);
        if !is_v1 {
            let none = error(send(&w, &method, &path, &[("x-project-id", "acme")]).await);
            assert_eq!(none, (400, "Missing header value".to_owned()), "{method} {path}");
            let none = error(send(&w, &method, &path, &[("client-id", ALICE)]).await);
            assert_eq!(none, (400, "Project-Id Missing".to_owned()), "{method} {path}");
        }
        let odd = error(send(&w, &method, &path, &[("client-id", "odd"), ("x-project-id", "acme")]).await);
        assert_eq!(odd, (400, "Wrong UUID value".to_owned()), "{method} {path}");
        let empty = error(send(&w, &method, &path, &[("client-id", ALICE), ("x-project-id", "")]).await);
        assert_eq!(empty, (400, "Empty project header not allowed".to_owned()), "{method} {path}");
        let html = [("client-id", ALICE), ("x-project-id", "acme"), ("accept", "text/html")];
        let html = send(&w, &method, &path, &html).await;
        assert_eq!((html.status, html.text.as_str()), (406, ""), "{method} {path}");
    }
    assert_eq!(state(&w, &ids).await, before);
}

#[tokio::test]
async fn with_keystone_every_route_but_the_versions_wants_a_good_token_whatever_the_headers_say() {
    let open = World::new();
    let ids = filled(&open).await;
    let w = World::with(json!({"auth": "keystone"}));
    for (method, path) in routes(&w, &ids) {
        for token in [None, Some(""), Some("bad")] {
            let mut headers = vec![("client-id", ALICE), ("x-project-id", "acme"), ("x-roles", "admin")];
            headers.extend(token.map(|token| ("x-auth-token", token)));
            headers.push(("extra-spec", "x:y"));
            let answer = send(&w, &method, &path, &headers).await;
            let wanted = if path == "/" { 300 } else { 401 };
            assert_eq!(answer.status, wanted, "{method} {path} {token:?}: {}", answer.text);
        }
        // The token says which project and which roles; the request's own word is nothing.
        let headers = [
            ("client-id", ALICE),
            ("x-project-id", "acme"),
            ("x-roles", "admin"),
            ("x-auth-token", "other:member"),
        ];
        let answer = send(&w, &method, &path, &headers).await;
        let is_admins = path.contains("/pools")
            || ["/v1.1/health", "/v2/health"].contains(&path.as_str())
            || (path.contains("/flavors") && method != Method::GET);
        assert_eq!(answer.status == 403, is_admins, "{method} {path}: {} {}", answer.status, answer.text);
        if is_admins {
            assert_eq!(answer.error().1, "Not authorized");
        }
    }
}

#[tokio::test]
async fn administrators_routes_are_not_there_unless_the_options_say_so() {
    let open = World::new();
    let ids = filled(&open).await;
    let public = World::with(json!({"admin_mode": false, "enable_deprecated_api_versions": []}));
    let headers = [("client-id", ALICE), ("x-project-id", "acme"), ("x-roles", "admin")];
    for (method, path) in routes(&public, &ids) {
        let hidden = path.contains("/pools")
            || path.contains("/flavors")
            || path == "/v2/health"
            || path.starts_with("/v1");
        let answer = send(&public, &method, &path, &headers).await;
        let is_not_routed = answer.status == 404 && answer.text == "{\"title\": \"404 Not Found\"}";
        assert_eq!(is_not_routed, hidden, "{method} {path}: {} {}", answer.status, answer.text);
    }
}

#[tokio::test]
async fn a_token_without_a_project_opens_no_queues_of_v1_and_in_strict_mode_as_with_the_original() {
    let nowhere = [("client-id", ALICE), ("x-auth-token", ":member")];
    let w = World::with(json!({"auth": "keystone"}));
    for path in ["/v1/queues", "/v1.1/queues", "/v2/queues"] {
        let refused = w.bare(Method::GET, path, &nowhere, "").await.error();
        assert_eq!((refused.0, refused.1.as_str()), (400, "Project-Id Missing"), "{path}");
    }
    let strict = World::strict(json!({"auth": "keystone"}));
    assert_eq!(strict.bare(Method::GET, "/v1/queues", &nowhere, "").await.status, 204);
    let member = [("client-id", ALICE), ("x-auth-token", "acme:member")];
    assert_eq!(strict.bare(Method::GET, "/v1/pools", &member, "").await.status, 200);
}
