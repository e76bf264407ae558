//! Posting, listing, reading, deleting, popping (Zaqar reference 7).

use http::Method;
use serde_json::{Value, json};

use super::world::{ALICE, BOB, World, bodies};

#[tokio::test]
async fn posts_are_answered_in_the_form_of_their_version() {
    let w = World::new();
    let ids = w.fill(&[json!(1), json!(null)]).await;
    assert!(ids.iter().all(|id| id.len() == 24));
    let answer = w.post("/v1.1/queues/jobs/messages", json!({"messages": [{"body": "ü"}]})).await;
    let id = answer.json()["resources"][0].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!(answer.text, format!("{{\"resources\": [\"/v1.1/queues/jobs/messages/{id}\"]}}"));
    assert_eq!(answer.location(), format!("/v1.1/queues/jobs/messages?ids={id}"));
    let old = w.post("/v1/queues/jobs/messages", json!([{"body": 1, "ttl": 60}])).await;
    assert!(old.text.starts_with("{\"partial\": false, \"resources\": [\"/v1/queues/jobs/messages/"));
    let none = w.post("/v1/queues/none/messages", json!([{"body": 1, "ttl": 60}])).await.error();
    assert_eq!(none.2, "Queue none does not exist for project acme");
}

#[tokio::test]
async fn a_refused_post_creates_the_queue_nevertheless() {
    let w = World::new();
    assert_eq!(w.post("/v2/queues/jobs/messages", json!({})).await.status, 400);
    let list = w.get("/v2/queues").await.ok();
    assert_eq!(list["queues"][0]["name"], "jobs");
}

#[tokio::test]
async fn a_list_hides_own_claimed_and_delayed_messages_unless_asked() {
    let w = World::new();
    let ids = w.fill(&[json!(1), json!(2)]).await;
    let other = w.call(BOB, Method::POST, "/v2/queues/jobs/messages", r#"{"messages": [{"body": 3}]}"#).await;
    other.ok();
    let list = async |query: &str| bodies(&w.get(&format!("/v2/queues/jobs/messages{query}")).await.ok());
    assert_eq!(list("").await, [json!(3)]);
    assert_eq!(list("?echo=true").await, [json!(1), json!(2), json!(3)]);
    let undashed = ALICE.replace('-', "").to_uppercase();
    let same = w.call(&undashed, Method::GET, "/v2/queues/jobs/messages", "").await.ok();
    assert_eq!(bodies(&same), [json!(3)], "client ids are compared as UUIDs");
    w.post("/v2/queues/jobs/claims?limit=1", json!({})).await.ok();
    assert_eq!(list("?echo=true").await, [json!(2), json!(3)]);
    let all = w.get("/v2/queues/jobs/messages?echo=true&include_claimed=true&limit=1").await.ok();
    let href = all["messages"][0]["href"].as_str().unwrap();
    assert!(href.starts_with(&format!("/v2/queues/jobs/messages/{}?claim_id=", ids[0])), "{href}");
    assert_eq!(
        all["links"][0]["href"],
        "/v2/queues/jobs/messages?limit=1&echo=true&include_claimed=true&include_delayed=true&marker=1"
    );
    assert_eq!(list("?echo=true&marker=2").await, [json!(3)]);
    assert_eq!(list("?echo=true&marker=nonsense").await, [] as [Value; 0]);
    let empty = w.get("/v2/queues/none/messages").await;
    assert_eq!(empty.text, "{\"messages\": [], \"links\": []}");
    assert_eq!(w.get("/v1/queues/none/messages").await.status, 204);
}

#[tokio::test]
async fn messages_have_the_fields_of_their_version() {
    let w = World::new();
    let id = &w.fill(&[json!({"k": [1.5, "é"]})]).await[0];
    w.advance(7).await;
    assert_eq!(
        w.get(&format!("/v2/queues/jobs/messages/{id}")).await.text,
        format!(
            "{{\"id\": \"{id}\", \"href\": \"/v2/queues/jobs/messages/{id}\", \"ttl\": 3600, \"age\": 7, \
             \"body\": {{\"k\": [1.5, \"é\"]}}}}"
        )
    );
    let old = w.get(&format!("/v1/queues/jobs/messages/{id}")).await;
    assert!(old.text.starts_with(&format!("{{\"href\": \"/v1/queues/jobs/messages/{id}\", \"ttl\": 3600")));
    assert!(old.header("content-location").is_some());
    assert_eq!(
        w.delete("/v2/queues/jobs/messages?pop=5").await.text,
        format!(
            "{{\"messages\": [{{\"id\": \"{id}\", \"age\": 7, \"ttl\": 3600, \"claim_count\": 0, \"body\": \
             {{\"k\": [1.5, \"é\"]}}, \"claim_id\": null}}]}}"
        )
    );
    assert_eq!(w.delete("/v2/queues/jobs/messages?pop=5").await.text, "{\"messages\": []}");
}

#[tokio::test]
async fn several_are_found_in_the_order_of_posting() {
    let w = World::new();
    let ids = w.fill(&[json!(1), json!(2), json!(3)]).await;
    let query = format!("ids={},{},nope&ids={}", ids[2], ids[0], ids[2]);
    let found = w.get(&format!("/v2/queues/jobs/messages?{query}")).await.ok();
    assert_eq!(bodies(&found), [json!(1), json!(3)]);
    assert!(found.get("links").is_none());
    let old = w.get(&format!("/v1/queues/jobs/messages?{query}")).await.ok();
    assert_eq!(bodies(&old), [json!(1), json!(3)]);
    let none = w.get("/v2/queues/jobs/messages?ids=a,b").await.error();
    assert_eq!(none.2, "No messages with IDs: ['a', 'b'] found in the queue jobs for project acme.");
    assert_eq!(w.get("/v1/queues/jobs/messages?ids=a").await.status, 204);
    w.delete(&format!("/v2/queues/jobs/messages?{query}")).await.ok();
    assert_eq!(bodies(&w.get("/v2/queues/jobs/messages?echo=1").await.ok()), [json!(2)]);
}

#[tokio::test]
async fn a_claimed_message_is_deleted_only_with_its_claim() {
    let w = World::new();
    let ids = w.fill(&[json!(1), json!(2), json!(3)]).await;
    let claim = w.post("/v2/queues/jobs/claims?limit=2", json!({})).await;
    let claim = claim.location().rsplit('/').next().unwrap().to_owned();
    let delete = async |id: &str, query: String| {
        let answer = w.delete(&format!("/v2/queues/jobs/messages/{id}{query}")).await;
        if answer.text.is_empty() {
            (answer.status, String::new())
        } else {
            (answer.status, answer.error().2)
        }
    };
    let other = "0123456789abcdef01234567";
    let held = "This message is claimed; it cannot be deleted without a valid claim ID.".to_owned();
    let free = "A claim was specified, but the message is not currently claimed.".to_owned();
    let malformed = "The specified claim does not exist or has expired.".to_owned();
    assert_eq!(delete(&ids[0], String::new()).await, (403, held.clone()));
    assert_eq!(delete(&ids[0], format!("?claim_id={other}")).await, (403, held));
    assert_eq!(delete(&ids[0], "?claim_id=x".to_owned()).await, (400, malformed.clone()));
    assert_eq!(delete(&ids[2], format!("?claim_id={claim}")).await, (400, free));
    assert_eq!(delete(other, "?claim_id=x".to_owned()).await, (400, malformed));
    assert_eq!(delete(&ids[0], format!("?claim_id={}", claim.to_uppercase())).await, (204, String::new()));
    assert_eq!(delete(&ids[0], String::new()).await, (204, String::new()));
    assert_eq!(delete(&ids[2], String::new()).await, (204, String::new()));
    assert_eq!(w.get("/v2/queues/jobs/stats").await.ok()["messages"]["total"], 1);
}

#[tokio::test]
async fn a_queue_gives_its_messages_ttl_delay_and_size() {
    let w = World::new();
    let metadata =
        r#"{"_default_message_ttl": 90, "_default_message_delay": 30, "_max_messages_post_size": 100}"#;
    w.put("/v2/queues/jobs", metadata).await.ok();
    w.post("/v2/queues/jobs/messages", json!({"messages": [{"body": 1}, {"body": 2, "delay": 0}]}))
        .await
        .ok();
    let list = async |query: &str| w.get(&format!("/v2/queues/jobs/messages?echo=1{query}")).await.ok();
    let page = list("").await;
    assert_eq!(bodies(&page), [json!(2)]);
    assert_eq!(page["messages"][0]["ttl"], 90);
    assert_eq!(page["links"][0]["href"], "/v2/queues/jobs/messages?echo=true&marker=2");
    assert_eq!(bodies(&list("&include_delayed=1").await), [json!(1), json!(2)]);
    let claim = w.post("/v2/queues/jobs/claims", json!({})).await.ok();
    assert_eq!(bodies(&claim), [json!(2)]);
    let stats = w.get("/v2/queues/jobs/stats").await.ok();
    assert_eq!((&stats["messages"]["free"], &stats["messages"]["claimed"]), (&json!(1), &json!(1)));
    w.advance(30).await;
    assert_eq!(bodies(&w.post("/v2/queues/jobs/claims", json!({})).await.ok()), [json!(1)]);
    let long = json!({"messages": [{"body": "x".repeat(90)}]});
    let refused = w.post("/v2/queues/jobs/messages", long.clone()).await.error();
    assert_eq!(
        refused.2,
        "Message collection size is too large. The max size for current queue is 100. It is calculated by max size = \
         min(max_messages_post_size_config: 262144, max_messages_post_size_queue: 100)."
    );
    w.post("/v1.1/queues/jobs/messages", long).await.ok();
}

#[tokio::test]
async fn pop_takes_the_oldest_and_minds_no_delay() {
    let w = World::new();
    w.put("/v2/queues/jobs", r#"{"_default_message_delay": 30}"#).await.ok();
    let sent = json!({"messages": [{"body": 1}, {"body": 2, "delay": 0}, {"body": 3}]});
    w.post("/v2/queues/jobs/messages", sent).await.ok();
    assert_eq!(bodies(&w.delete("/v2/queues/jobs/messages?pop=2").await.ok()), [json!(1), json!(2)]);
}

#[tokio::test]
async fn expired_messages_are_gone_from_every_view() {
    let w = World::new().awake();
    w.post("/v2/queues/jobs/messages", json!({"messages": [{"body": 1, "ttl": 60}, {"body": 2}]})).await.ok();
    w.advance(60).await;
    assert_eq!(bodies(&w.get("/v2/queues/jobs/messages?echo=1").await.ok()), [json!(2)]);
    assert_eq!(w.get("/v2/queues/jobs/stats").await.ok()["messages"]["total"], 1);
    assert_eq!(bodies(&w.post("/v2/queues/jobs/claims", json!({})).await.ok()), [json!(2)]);
}

#[tokio::test]
async fn checksums_are_shown_with_the_option() {
    let w = World::with(json!({"enable_checksum": true}));
    w.fill(&[json!("two"), json!(null)]).await;
    let page = w.get("/v2/queues/jobs/messages?echo=1").await.ok();
    assert_eq!(page["messages"][0]["checksum"], "MD5:6f237ec7b76451c132689c83822a8b76");
    assert!(page["messages"][1].get("checksum").is_none());
}

#[tokio::test]
async fn a_list_without_ones_own_messages_steps_over_many_of_them() {
    let w = World::new();
    for batch in 0..60 {
        let bodies: Vec<Value> = (0..20).map(|n| json!(batch * 20 + n)).collect();
        w.fill(&bodies).await;
    }
    let message = json!({"messages": [{"body": "theirs"}]}).to_string();
    w.call(BOB, Method::POST, "/v2/queues/jobs/messages", message).await.ok();
    w.fill(&[json!("mine")]).await;
    for query in ["", "?include_claimed=true"] {
        let seen = w.get(&format!("/v2/queues/jobs/messages{query}")).await.ok();
        assert_eq!(bodies(&seen), [json!("theirs")], "{query}");
    }
    let all = w.call(BOB, Method::GET, "/v2/queues/jobs/messages?limit=20", "").await.ok();
    assert_eq!(bodies(&all).len(), 20);
}

/// Nothing runs in the background here: what time ended still stands in the rows.
#[tokio::test]
async fn what_ended_shows_in_lists_and_statistics_before_it_is_taken_off() {
    let w = World::new();
    let metadata = json!({"_default_message_delay": 30}).to_string();
    w.put("/v2/queues/jobs", metadata).await;
    w.fill(&[json!(1), json!(2), json!(3)]).await;
    let list = "/v2/queues/jobs/messages?echo=true";
    let stats = async || w.get("/v2/queues/jobs/stats").await.ok()["messages"].clone();
    let newest = |stats: &Value| stats["newest"]["href"].as_str().unwrap_or_default().to_owned();
    assert!(bodies(&w.get(list).await.ok()).is_empty());
    w.advance(30).await;
    assert_eq!(bodies(&w.get(list).await.ok()), [json!(1), json!(2), json!(3)]);
    let three = newest(&stats().await);
    let claim = w.post("/v2/queues/jobs/claims?limit=2", json!({"ttl": 60, "grace": 60})).await;
    let claim = claim.location().to_owned();
    w.fill(&[json!(4)]).await;
    assert_eq!(bodies(&w.get(list).await.ok()), [json!(3)]);
    let now = stats().await;
    assert_eq!((newest(&now), &now["claimed"], &now["total"]), (three.clone(), &json!(2), &json!(4)));
    w.advance(60).await;
    assert_eq!(bodies(&w.get(list).await.ok()), [json!(1), json!(2), json!(3), json!(4)]);
    let now = stats().await;
    assert_eq!((&now["claimed"], &now["free"]), (&json!(0), &json!(4)));
    assert_ne!(newest(&now), three);
    w.delete(&claim).await.ok();
    assert_eq!(stats().await["free"], 4, "a claim that ended is let go");
    w.fill(&[json!(5)]).await;
    let popped = w.delete("/v2/queues/jobs/messages?pop=5").await.ok();
    assert_eq!(bodies(&popped), [json!(1), json!(2), json!(3), json!(4), json!(5)]);
    assert_eq!(stats().await["total"], 0);
}
