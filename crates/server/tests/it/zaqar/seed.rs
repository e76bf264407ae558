//! Seeds, resets, and queues that encrypt.

use jiff::SignedDuration;
use pentad_server::{Seed, Server, ServerOptions, Service, TenantFault};
use serde_json::{Value, json};

use super::world::{World, bodies};

fn section() -> Value {
    json!({
        "queues": [{"project": "acme", "name": "jobs", "metadata": {"_default_message_ttl": 600}},
            {"project": "other", "name": "jobs"}],
        "subscriptions": [
            {"project": "acme", "queue": "jobs", "subscriber": "http://127.0.0.1:1/a", "ttl": 600,
                "options": {"k": "v"}, "confirmed": true},
            {"project": "acme", "queue": "jobs", "subscriber": "mailto:a@b.example"}],
        "pools": [{"name": "p1", "uri": "mongodb://a", "weight": 100, "options": {"o": 1}},
            {"name": "p2", "uri": "mongodb://b", "weight": 0}],
        "flavors": [{"name": "gold", "pool_list": ["p1"]}],
    })
}

#[tokio::test]
async fn a_seed_makes_queues_subscriptions_pools_and_flavors_and_repeating_it_changes_nothing() {
    let w = World::new();
    w.zaqar.check(section()).await.unwrap();
    assert_eq!(w.get("/v2/queues").await.ok()["queues"], json!([]), "a check changes nothing");
    for _ in 0..2 {
        w.zaqar.seed(section()).await.unwrap();
        assert_eq!(w.get("/v2/queues/jobs").await.ok()["_default_message_ttl"], 600);
        let all = w.get("/v2/queues/jobs/subscriptions").await.ok()["subscriptions"].clone();
        assert_eq!(all.as_array().unwrap().len(), 2);
        assert_eq!(
            (&all[0]["ttl"], &all[0]["options"], &all[0]["confirmed"], &all[1]["ttl"], &all[1]["confirmed"]),
            (&json!(600), &json!({"k": "v"}), &json!(true), &json!(3600), &json!(false))
        );
        let admin = [("client-id", super::world::ALICE), ("x-project-id", "acme"), ("x-roles", "admin")];
        let pool = w.bare(http::Method::GET, "/v2/pools/p1?detailed=true", &admin, "").await.ok();
        assert_eq!(
            (&pool["flavor"], &pool["weight"], &pool["options"]),
            (&json!("gold"), &json!(100), &json!({"o": 1}))
        );
        let flavor = w.bare(http::Method::GET, "/v2/flavors/gold", &admin, "").await.ok();
        assert_eq!(flavor["pool_list"], json!(["p1"]));
    }
}

#[tokio::test]
async fn a_wrong_seed_is_refused_by_its_place_and_makes_nothing() {
    let w = World::new();
    for (wrong, place) in [
        (json!({"queues": [{"project": "p", "name": "a b"}]}), "zaqar.queues[0].name"),
        (json!({"queues": [{"project": "p".repeat(257), "name": "a"}]}), "zaqar.queues[0].project"),
        (
            json!({"queues": [{"project": "p", "name": "a", "metadata": {"_default_message_ttl": 1}}]}),
            "zaqar.queues[0].metadata",
        ),
        (
            json!({"subscriptions": [{"project": "p", "queue": "", "subscriber": "http://a"}]}),
            "zaqar.subscriptions[0].queue",
        ),
        (
            json!({"subscriptions": [{"project": "p", "queue": "q", "subscriber": "ftp://a"}]}),
            "zaqar.subscriptions[0]",
        ),
        (
            json!({"subscriptions": [{"project": "p", "queue": "q", "subscriber": "http://a", "ttl": 59}]}),
            "zaqar.subscriptions[0]",
        ),
        (
            json!({"pools": [{"name": "a", "uri": "u", "weight": 1}, {"name": "b", "uri": "u", "weight": 1}]}),
            "zaqar.pools[1].uri",
        ),
        (json!({"flavors": [{"name": "f", "pool_list": ["none"]}]}), "zaqar.flavors[0].pool_list"),
        (json!({"flavors": [{"name": "f", "pool_list": []}]}), "zaqar.flavors[0]"),
        (json!({"nonsense": []}), "zaqar"),
    ] {
        let error = w.zaqar.check(wrong.clone()).await.unwrap_err();
        assert_eq!(error.place, place, "{error}");
        assert_eq!(w.zaqar.seed(wrong).await.unwrap_err().place, place);
    }
    assert_eq!(w.get("/v2/queues").await.ok()["queues"], json!([]));
}

#[tokio::test]
async fn one_project_is_reset_and_the_others_keep_theirs() {
    let w = World::new().awake();
    w.zaqar.seed(section()).await.unwrap();
    w.fill(&[json!(1)]).await;
    w.zaqar.reset_tenant("acme").await.unwrap();
    assert_eq!(w.get("/v2/queues").await.ok()["queues"], json!([]));
    assert_eq!(w.get("/v2/queues/jobs/subscriptions").await.ok()["subscriptions"], json!([]));
    assert_eq!(bodies(&w.get("/v2/queues/jobs/messages?echo=true").await.ok()), [] as [Value; 0]);
    let other = [("client-id", super::world::ALICE), ("x-project-id", "other")];
    let kept = w.bare(http::Method::GET, "/v2/queues", &other, "").await.ok();
    assert_eq!(kept["queues"][0]["name"], "jobs");
    assert!(matches!(w.zaqar.reset_tenant("acme").await, Err(TenantFault::Unknown)));
}

#[tokio::test]
async fn bodies_of_an_encrypted_queue_are_open_to_lists_and_sealed_to_claims_and_pops() {
    let w = World::new();
    w.put("/v2/queues/jobs", json!({"_enable_encrypt_messages": true}).to_string()).await.ok();
    let own = [json!("text"), json!({"a": ["ü", 1, null]}), json!(null)];
    let ids = w.fill(&own).await;
    assert_eq!(bodies(&w.get("/v2/queues/jobs/messages?echo=true").await.ok()), own);
    assert_eq!(bodies(&w.get(&format!("/v2/queues/jobs/messages?ids={}", ids.join(","))).await.ok()), own);
    assert_eq!(w.get(&format!("/v2/queues/jobs/messages/{}", ids[1])).await.ok()["body"], own[1]);
    let sealed = |body: &Value| body.as_str().is_some_and(|text| text.len() >= 44 && !text.contains("text"));
    let old = w.get("/v1.1/queues/jobs/messages?echo=true").await.ok();
    assert!(bodies(&old).iter().all(sealed), "{old}");
    let claimed = w.post("/v2/queues/jobs/claims?limit=2", json!({})).await.ok();
    assert!(bodies(&claimed).iter().all(sealed), "{claimed}");
    let popped = w.delete("/v2/queues/jobs/messages?pop=1").await.ok();
    assert!(bodies(&popped).iter().all(sealed), "{popped}");
    w.time.advance(SignedDuration::from_secs(1));
    let plain = json!({"messages": [{"body": "in the old way"}]});
    w.post("/v1.1/queues/jobs/messages", plain).await.ok();
    let listed = bodies(&w.get("/v2/queues/jobs/messages?echo=true").await.ok());
    assert_eq!(listed, [json!("in the old way")], "what was not encrypted stays as it is");
}

#[tokio::test]
async fn options_that_nothing_could_work_with_are_refused() {
    for (name, value) in [
        ("secret_key", json!("")),
        ("max_message_ttl", json!(-5)),
        ("default_message_ttl", json!(5)),
        ("max_message_delay", json!(i64::MAX)),
        ("default_claim_grace", json!(-1)),
        ("min_length_client_id", json!(99)),
    ] {
        let seed = Seed::from_value(json!({"zaqar": {"options": {name: value}}})).unwrap();
        let mut options = ServerOptions::memory();
        options.seed = Some(seed);
        let refused = Server::builder(options).open().await.err().map(|error| error.to_string());
        assert!(refused.is_some_and(|why| why.contains(name)), "{name}");
    }
}
