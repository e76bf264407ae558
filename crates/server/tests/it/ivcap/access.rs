use http::{HeaderValue, Method};
use jiff::SignedDuration;
use pentad_server::Service;
use pentad_server::http::Inbound;
use serde_json::json;

use super::world::{READER, WRITER, World};

/// Each variable names nothing.
fn concrete(template: &str) -> String {
    let part = |part: &str| {
        if part.starts_with('{') {
            "7b1e2c34-0000-4000-8000-000000000001".to_owned()
        } else {
            part.to_owned()
        }
    };
    template.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Routes that need no token.
fn is_open(name: &str) -> bool {
    name == "ivcap:openapi"
        || name == "ivcap:authinfo"
        || name.starts_with("ivcap:auth:")
        || name.ends_with(":options")
}

#[tokio::test]
async fn every_route_but_the_open_ones_needs_a_token_that_counts_now() {
    let world = World::new().await;
    let other = World::new().await;
    let altered = format!("{}x", world.token);
    for route in world.ivcap.routes().iter().filter(|route| !is_open(route.name)) {
        let path = concrete(route.template);
        let without = world.ask(route.method.clone(), &path, "").anonymous().send().await;
        assert_eq!(without.status, 401, "{} {path}", route.method);
        assert!(without.text.is_empty());
        for token in ["", "forged", &other.token, &altered, "a.b.c"] {
            let got = world.ask(route.method.clone(), &path, "").by(token).send().await;
            assert_eq!(got.status, 401, "{} {path} with {token:?}", route.method);
        }
        let basic = world.ask(route.method.clone(), &path, "").anonymous();
        let basic = basic.header("authorization", "Basic dXNlcjpwYXNz").send().await;
        assert_eq!(basic.status, 401, "{} {path}", route.method);
    }
    world.time.advance(SignedDuration::from_hours(24 * 365 * 11));
    for route in world.ivcap.routes().iter().filter(|route| !is_open(route.name)) {
        let ended = world.ask(route.method.clone(), &concrete(route.template), "").send().await;
        assert_eq!(ended.status, 401, "{} {}", route.method, route.template);
    }
}

#[tokio::test]
async fn every_route_needs_its_scope() {
    let world = World::seeded().await;
    let mut refused = (0, 0);
    for route in world.ivcap.routes().iter().filter(|route| !is_open(route.name)) {
        let path = concrete(route.template);
        let by = async |token: &str| world.ask(route.method.clone(), &path, "").by(token).send().await;
        let (read, write) = (by(READER).await, by(WRITER).await);
        let lacks =
            |answer: &super::world::Answer| answer.status == 403 && answer.text.contains("lacks the scope");
        assert!(lacks(&read) != lacks(&write), "{} {path}: one of two scopes is needed", route.method);
        if lacks(&read) {
            assert!(read.json().get("id").is_none(), "clients take only a UUID there");
        }
        refused = (refused.0 + usize::from(lacks(&read)), refused.1 + usize::from(lacks(&write)));
    }
    assert!(refused.0 > 10 && refused.1 > 10);
}

#[tokio::test]
async fn a_token_ends_by_the_clock_of_the_service() {
    let world = World::new().await;
    assert_eq!(world.get("/1/aspects").await.status, 200);
    world.time.advance(SignedDuration::from_hours(24 * 365 * 11));
    assert_eq!(world.get("/1/aspects").await.status, 401);
    let renewed = world.ivcap.credentials().await.unwrap();
    let token = renewed["jwt"].as_str().unwrap();
    assert_eq!(world.ask(Method::GET, "/1/aspects", "").by(token).send().await.status, 200);
}

#[tokio::test]
async fn credentials_stay_the_same_and_outlive_a_reset() {
    let world = World::new().await;
    let before = world.ivcap.credentials().await.unwrap();
    assert!(before["account_id"].as_str().unwrap().starts_with("urn:ivcap:account:"));
    world.aspect("urn:e:1", "urn:s:1", &json!({})).await;
    world.engine.reset().await.unwrap();
    world.ivcap.reset().await.unwrap();
    world.ivcap.seed(json!({"services": []})).await.unwrap();
    assert_eq!(world.ivcap.credentials().await.unwrap(), before);
    assert_eq!(world.get("/1/aspects").await.with(200)["items"], json!([]));
}

#[tokio::test]
async fn unknown_paths_and_verbs_are_told_apart() {
    let world = World::new().await;
    assert_eq!(world.get("/1/nothing").await.status, 404);
    assert_eq!(world.get("/").await.status, 404);
    let wrong = world.ask(Method::PATCH, "/1/aspects", "").send().await;
    assert_eq!(wrong.status, 405);
    assert_eq!(wrong.headers["allow"], "GET, POST, PUT");
}

#[tokio::test]
async fn a_header_that_is_no_text_is_no_token() {
    let world = World::new().await;
    let mut inbound = Inbound::local(Method::GET, "/1/aspects", "");
    inbound.headers.insert("authorization", HeaderValue::from_bytes(b"Bearer \xff").unwrap());
    assert_eq!(world.ivcap.handle(inbound).await.status, 401);
}

#[tokio::test]
async fn what_needs_no_token_answers_without() {
    let world = World::new().await;
    let document = world.ask(Method::GET, "/1/openapi/openapi3.json", "").anonymous().send().await.with(200);
    assert!(document["paths"]["/1/aspects/{id}"]["delete"].is_object());
    let old = world.ask(Method::GET, "/l23/1/openapi/openapi3.json", "").anonymous().send().await.with(200);
    assert!(old["paths"].get("/1/aspects").is_none());
    let login = world.ask(Method::GET, "/1/authinfo.yaml", "").anonymous().send().await;
    assert!(login.text.contains("code-url: http://pentad.local/1/auth/device"));
}

#[tokio::test]
async fn the_example_seed_lets_its_users_in() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/seed.yaml");
    let seed = pentad_server::Seed::read(std::path::Path::new(file)).unwrap();
    let world = World::with(pentad_server::Mode::Relaxed, seed.options("ivcap"), seed.section("ivcap")).await;
    world.ivcap.check(seed.section("ivcap")).await.unwrap();
    let path = "/1/aspects?schema=urn:example:&include-content=true";
    let found = world.ask(Method::GET, path, "").by("token-of-a-guest").send().await.with(200);
    assert_eq!(found["items"][0]["content"], json!({"label": "cat"}));
    let services = world.ask(Method::GET, "/1/services2", "").by("token-of-carol").send().await.with(200);
    assert_eq!(services["items"][0]["name"], "count");
    world.ivcap.seed(seed.section("ivcap")).await.unwrap();
    let again = world.ask(Method::GET, path, "").by("token-of-carol").send().await.with(200);
    assert_eq!(again["items"], found["items"], "seeding again adds nothing");
}

#[tokio::test]
async fn a_seed_that_contradicts_itself_is_refused_with_its_place() {
    let world = World::new().await;
    for (section, place) in [
        (json!({"accounts": [{"id": "x"}]}), "ivcap.accounts[0].id"),
        (
            json!({"accounts": [{"id": super::world::ACCOUNT_A}], "users": [{"name": "a", "token": "short"}]}),
            "ivcap.users[0].token",
        ),
        (json!({"policies": {"mine": {}}}), "ivcap.policies.mine"),
        (json!({"aspects": [{"entity": "x", "schema": "urn:s"}]}), "ivcap.aspects[0].entity"),
        (json!({"colour": 1}), "ivcap"),
    ] {
        assert_eq!(world.ivcap.check(section).await.unwrap_err().place, place);
    }
}
