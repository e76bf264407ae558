//! What a seed makes, and what it refuses.

use std::sync::Arc;

use http::Method;
use pentad_server::{Mode, Service, Tasks};
use serde_json::{Value, json};

use crate::receiver::Receiver;
use crate::world::{World, demo_section};

/// The refusal of a section: place and reason.
async fn refusal(section: Value) -> (String, String) {
    let error = World::empty(Mode::Relaxed, Vec::new()).ams.seed(section).await.unwrap_err();
    (error.place, error.why)
}

#[tokio::test]
async fn two_users_with_one_token_are_refused_at_the_second_one() {
    let users = json!([{"name": "one", "token": "same"}, {"name": "two", "token": "same"}]);
    let (place, why) = refusal(json!({ "users": users })).await;
    assert_eq!((place.as_str(), why.as_str()), ("ams.users[1]", "token: user one has the same one"));
}

#[tokio::test]
async fn a_user_with_the_service_token_is_refused() {
    let section = json!({"service_token": "svc", "users": [{"name": "one", "token": "svc"}]});
    assert_eq!(refusal(section).await.0, "ams.users[0]");
}

#[tokio::test]
async fn a_refused_seed_leaves_nothing_behind() {
    let w = World::new(Mode::Relaxed).await;
    let users = json!([{"name": "one", "token": "t"}, {"name": "two", "token": "t"}]);
    w.ams.seed(json!({"service_token": "other", "users": users})).await.unwrap_err();
    assert_eq!(w.get("svc", "/v1/users/one").await.status, 404);
    assert_eq!(w.get("other", "/v1/users").await.status, 401);
}

#[tokio::test]
async fn a_user_who_is_what_the_seed_says_is_not_modified_again() {
    let w = World::demo().await;
    w.advance(3600);
    let mut section = demo_section();
    section["users"][1]["email"] = json!("new@example.org");
    w.ams.seed(section).await.unwrap();
    let modified = |user: Value| user["modified_on"].as_str().unwrap().to_owned();
    assert_eq!(modified(w.get("svc", "/v1/users/admin").await.ok()), "2024-05-06T07:08:09Z");
    assert_eq!(modified(w.get("svc", "/v1/users/pub").await.ok()), "2024-05-06T08:08:09Z");
}

#[tokio::test]
async fn the_demo_users_stay_as_they_are_over_a_restart_with_known_tokens() {
    let w = World::seeded(Mode::Relaxed, Value::Null).await;
    let token = w.ams.credentials().await.unwrap()["project_admin"].as_str().unwrap().to_owned();
    let before = w.get(&token, "/v1/users/profile").await.ok();
    w.advance(3600);
    w.ams.seed(Value::Null).await.unwrap();
    assert_eq!(w.get(&token, "/v1/users/profile").await.ok(), before);
}

#[tokio::test]
async fn a_seeded_push_subscription_delivers_with_its_fixed_header() {
    let receiver = Receiver::start().await;
    let w = World::empty(Mode::Strict, vec![receiver.ca()]);
    let mut section = demo_section();
    let push = json!({"type": "http_endpoint", "endpoint": receiver.url("/in"), "max_messages": 5, "retry": "linear",
        "period_ms": 200, "authorization_value": "fixed", "verification_hash": "abc", "verified": true});
    let hook = json!({"project": "DEMO", "name": "hook", "topic": "alerts", "push": push});
    section["subscriptions"].as_array_mut().unwrap().push(hook);
    w.ams.seed(section).await.unwrap();
    let tasks = Tasks::new();
    Arc::clone(&w.ams).background(&tasks);
    let shown = w.get("tA", "/v1/projects/DEMO/subscriptions/hook").await.ok()["pushConfig"].clone();
    assert_eq!((&shown["verificationHash"], &shown["verified"]), (&json!("abc"), &json!(true)));
    w.publish(2).await;
    let mut hits = Vec::new();
    while hits.is_empty() {
        tokio::task::yield_now().await;
        w.time.advance(jiff::SignedDuration::from_millis(200));
        w.time.settle().await;
        hits = receiver.take();
    }
    assert_eq!((hits[0].header("authorization"), hits[0].ids().len()), (Some("fixed"), 2));
    tasks.shutdown().await;
}

#[tokio::test]
async fn a_seeded_push_configuration_is_checked_as_the_api_does() {
    let mut section = demo_section();
    section["subscriptions"][0]["push"] =
        json!({"type": "http_endpoint", "endpoint": "http://plain.example"});
    let (place, why) = refusal(section).await;
    assert_eq!(place, "ams.subscriptions[0]");
    assert_eq!(why, "push: Push endpoint should be addressed by a valid https url");
}

#[tokio::test]
async fn status_warns_and_push_is_unavailable_while_the_named_worker_is_missing() {
    let w = World::empty(Mode::Relaxed, Vec::new());
    let mut section = demo_section();
    section["options"] = json!({"push_worker_token": "tMissing"});
    w.ams.seed(section.clone()).await.unwrap();
    assert_eq!(w.get("", "/v1/status").await.ok()["status"], "warning");
    let push = json!({"type": "http_endpoint", "pushEndpoint": "https://example.org/x"});
    let body = json!({"topic": "projects/DEMO/topics/alerts", "pushConfig": push});
    let refused = w.put("tA", "/v1/projects/DEMO/subscriptions/p", body).await;
    assert_eq!(refused.error(), (500, "Push functionality is currently unavailable".to_owned()));
    let modify = "/v1/projects/DEMO/subscriptions/alerts-sub:modifyPushConfig";
    assert_eq!(w.post("tA", modify, json!({ "pushConfig": push })).await.status, 500);
    assert_eq!(w.call("tA", Method::POST, modify, "{}").await.status, 200, "pull mode needs no worker");
    section["options"] = json!({"push_worker_token": "tW"});
    w.ams.seed(section).await.unwrap();
    assert_eq!(w.get("", "/v1/status").await.ok()["status"], "ok");
}

#[tokio::test]
async fn every_time_that_can_be_written_may_be_asked_for() {
    let w = World::demo().await;
    w.publish(1).await;
    let at = |time: &str| format!("/v1/projects/DEMO/subscriptions/alerts-sub:timeToOffset?time={time}");
    let late = w.get("tC", &at("9999-12-31T23:59:59.999Z")).await;
    let text = "Timestamp is out of bounds for the subscription's topic/partition";
    assert_eq!(late.error(), (409, text.to_owned()));
    assert_eq!(w.get("tC", &at("0001-01-01T00:00:00.000Z")).await.text, "{\"offset\":0}");
    assert_eq!(w.get("tC", &at("2016-12-31T23:59:60.000Z")).await.status, 400);
}
