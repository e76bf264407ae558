//! Claims and dead letters (Zaqar reference 4 and 8).

use http::Method;
use serde_json::{Value, json};

use super::world::{World, bodies};

async fn claim(w: &World, query: &str, body: Value) -> (String, Value) {
    let answer = w.post(&format!("/v2/queues/jobs/claims{query}"), body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    (answer.location().to_owned(), answer.json())
}

#[tokio::test]
async fn a_claim_leases_the_oldest_and_prolongs_what_would_expire() {
    let w = World::new();
    let sent = json!({"messages": [{"body": 1}, {"body": 2, "ttl": 60}, {"body": 3}]});
    w.post("/v2/queues/jobs/messages", sent).await.ok();
    let (location, taken) = claim(&w, "?limit=2", json!({"ttl": 100, "grace": 60})).await;
    let id = location.rsplit('/').next().unwrap();
    assert_eq!(bodies(&taken), [json!(1), json!(2)]);
    assert_eq!((&taken["messages"][0]["ttl"], &taken["messages"][1]["ttl"]), (&json!(3600), &json!(160)));
    let href = taken["messages"][0]["href"].as_str().unwrap();
    assert!(href.ends_with(&format!("?claim_id={id}")), "{href}");
    w.advance(19).await;
    let shown = w.get(&location).await.ok();
    assert_eq!((&shown["age"], &shown["ttl"], &shown["href"]), (&json!(19), &json!(100), &json!(location)));
    w.advance(81).await;
    assert_eq!(w.get(&location).await.status, 404);
    let (_, again) = claim(&w, "?limit=20", json!({})).await;
    assert_eq!(bodies(&again), [json!(1), json!(2), json!(3)], "what a claim held comes back in its place");
    w.advance(59).await;
    assert_eq!(w.get("/v2/queues/jobs/stats").await.ok()["messages"]["total"], 3);
}

#[tokio::test]
async fn nothing_to_claim_is_no_content() {
    let w = World::new();
    let none = w.call(super::world::ALICE, Method::POST, "/v2/queues/jobs/claims", "").await;
    assert_eq!((none.status, none.location()), (204, ""));
    assert_eq!(
        w.get("/v2/queues/jobs/claims/x").await.error().2,
        "Claim x does not exist in queue jobs for project acme"
    );
    assert_eq!(w.delete("/v2/queues/jobs/claims/x").await.status, 204);
    assert_eq!(w.get("/v2/queues/jobs/claims").await.status, 405);
}

#[tokio::test]
async fn v1_wants_both_fields_and_answers_a_bare_list() {
    let w = World::new();
    w.fill(&[json!(1)]).await;
    let empty = w.call(super::world::ALICE, Method::POST, "/v1/queues/jobs/claims", "").await.error();
    assert_eq!(empty.1, "Invalid request body");
    let half = w.post("/v1/queues/jobs/claims", json!({"ttl": 60})).await.error();
    assert_eq!(half.2, "Missing \"grace\" field.");
    let taken = w.post("/v1/queues/jobs/claims", json!({"ttl": 60, "grace": 60})).await;
    let message = &taken.json()[0];
    assert!(message.get("id").is_none() && message["href"].as_str().unwrap().contains("?claim_id="));
    let patched = w.patch(taken.location(), json!({"ttl": 100})).await;
    assert_eq!(patched.status, 204);
}

#[tokio::test]
async fn an_update_counts_from_now_with_the_defaults() {
    let w = World::new();
    w.fill(&[json!(1)]).await;
    let (location, _) = claim(&w, "", json!({"ttl": 60, "grace": 60})).await;
    w.advance(50).await;
    assert_eq!(w.patch(&location, json!({})).await.status, 204);
    w.advance(299).await;
    let shown = w.get(&location).await.ok();
    assert_eq!((&shown["ttl"], &shown["age"]), (&json!(300), &json!(299)));
    w.advance(1).await;
    assert_eq!(w.patch(&location, json!({})).await.status, 404);
    let empty = w.call(super::world::ALICE, Method::PATCH, &location, "").await.error();
    assert_eq!(empty.1, "Invalid request body");
    let null = w.patch(&location, json!({"ttl": null})).await.error();
    assert_eq!(null.2, "The value of the \"ttl\" field must be a int.");
}

#[tokio::test]
async fn a_released_claim_gives_back_and_an_emptied_one_is_gone() {
    let w = World::new();
    w.fill(&[json!(1), json!(2)]).await;
    let (location, taken) = claim(&w, "?limit=1", json!({})).await;
    w.delete(&location).await.ok();
    assert_eq!(w.get("/v2/queues/jobs/stats").await.ok()["messages"]["claimed"], 0);
    assert_eq!(bodies(&w.get("/v2/queues/jobs/messages?echo=1").await.ok()), [json!(1), json!(2)]);
    let _ = taken;
    let (location, taken) = claim(&w, "?limit=1", json!({})).await;
    w.delete(taken["messages"][0]["href"].as_str().unwrap()).await.ok();
    assert_eq!(w.get(&location).await.status, 404);
}

#[tokio::test]
async fn claims_work_in_the_background_too() {
    let w = World::new().awake();
    w.fill(&[json!(1)]).await;
    let (_, _) = claim(&w, "", json!({"ttl": 60, "grace": 60})).await;
    w.advance(70).await;
    let stats = w.get("/v2/queues/jobs/stats").await.ok();
    assert_eq!((&stats["messages"]["claimed"], &stats["messages"]["free"]), (&json!(0), &json!(1)));
}

#[tokio::test]
async fn a_message_claimed_too_often_goes_to_the_dead_letter_queue() {
    let w = World::new();
    let metadata =
        r#"{"_max_claim_count": 2, "_dead_letter_queue": "dead", "_dead_letter_queue_messages_ttl": 500}"#;
    w.put("/v2/queues/jobs", metadata).await.ok();
    let ids = w.fill(&[json!(1)]).await;
    for _ in 0..2 {
        claim(&w, "", json!({"ttl": 60, "grace": 60})).await;
        w.advance(60).await;
    }
    assert_eq!(w.post("/v2/queues/jobs/claims", json!({"ttl": 60, "grace": 60})).await.status, 204);
    assert_eq!(w.get("/v2/queues/jobs/stats").await.ok()["messages"]["total"], 0);
    assert_eq!(w.get("/v2/queues/dead/messages?echo=1").await.ok()["messages"], json!([]));
    w.put("/v2/queues/dead", "").await.ok();
    let held = w.get("/v2/queues/dead/messages?echo=1&include_claimed=1").await.ok();
    assert_eq!((&held["messages"][0]["id"], &held["messages"][0]["ttl"]), (&json!(ids[0]), &json!(500)));
    assert_eq!(w.get(&format!("/v2/queues/dead/messages/{}", ids[0])).await.status, 200);
    w.advance(60).await;
    let taken = w.post("/v2/queues/dead/claims", json!({})).await.ok();
    assert_eq!(bodies(&taken), [json!(1)]);
    w.delete(taken["messages"][0]["href"].as_str().unwrap()).await.ok();
    assert_eq!(w.get("/v2/queues/dead/stats").await.ok()["messages"]["total"], 0);
}
