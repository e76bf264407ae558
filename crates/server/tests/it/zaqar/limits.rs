//! Every limit at its edge, and the text beyond it (Zaqar reference 3).

use http::Method;
use serde_json::{Value, json};

use super::world::{ALICE, World};

#[tokio::test]
async fn message_values() {
    let w = World::new();
    let post = async |message: Value| {
        let answer = w.post("/v2/queues/jobs/messages", json!({ "messages": [message] })).await;
        if answer.status == 201 { String::new() } else { answer.error().2 }
    };
    let ttl = "The TTL for a message may not exceed 1209600 seconds, and must be at least 60 seconds long.";
    for (value, text) in [(59, ttl), (60, ""), (1_209_600, ""), (1_209_601, ttl)] {
        assert_eq!(post(json!({"body": 1, "ttl": value})).await, text, "{value}");
    }
    assert_eq!(post(json!({"body": 1, "ttl": true})).await, ttl);
    for wrong in [json!(null), json!(60.0), json!("60")] {
        assert_eq!(
            post(json!({"body": 1, "ttl": wrong})).await,
            "The value of the \"ttl\" field must be a int."
        );
    }
    assert_eq!(post(json!({"ttl": 60})).await, "Missing \"body\" field.");
    assert_eq!(post(json!({"body": 1, "delay": 9999})).await, "", "only queues that delay look at the field");
    w.put("/v2/queues/slow", r#"{"_default_message_delay": 1}"#).await.ok();
    let delay = "The Delay TTL for a message may not exceed 900 seconds,and must be at least 0 seconds long.";
    for (value, status) in [(-1, 400), (0, 201), (900, 201), (901, 400)] {
        let answer =
            w.post("/v2/queues/slow/messages", json!({"messages": [{"body": 1, "delay": value}]})).await;
        assert_eq!(answer.status, status);
        assert!(status == 201 || answer.error().2 == delay);
    }
}

#[tokio::test]
async fn bodies_of_posts() {
    let w = World::new();
    let post = async |body: &str| {
        let answer = w.call(ALICE, Method::POST, "/v2/queues/jobs/messages", body.to_owned()).await;
        let error = answer.error();
        (error.0, error.1, error.2)
    };
    let body = |text: &str| (400, "Invalid request body".to_owned(), text.to_owned());
    let api = |text: &str| (400, "Invalid API request".to_owned(), text.to_owned());
    assert_eq!(post("{\"messages\": []}").await, api("No messages to enqueu."));
    assert_eq!(post("{}").await, api("No messages were found in the request body."));
    assert_eq!(post("[1]").await, api("No messages were found in the request body."));
    assert_eq!(post("{\"messages\": {}}").await, body("Document type not supported."));
    assert_eq!(post("{").await, body("Request body could not be parsed."));
    assert_eq!(
        post("{\"messages\": [{\"body\": 9223372036854775808}]}").await,
        body("JSON contains integer that is too large.")
    );
    assert_eq!(post("{\"messages\": [1]}").await.2, "'int' object is not subscriptable");
    assert_eq!(post("{\"messages\": [\"x\"]}").await.0, 500);
    let empty = w
        .bare(
            Method::POST,
            "/v2/queues/jobs/messages",
            &[("client-id", ALICE), ("x-project-id", "p"), ("content-length", "0")],
            "",
        )
        .await;
    assert_eq!(empty.error().2, "Request body could not be parsed.");
    assert_eq!(post("").await, body("Request body can not be empty"));
    let fits = |size: usize| format!("{{\"messages\": [{{\"body\": \"{}\"}}]}}", "x".repeat(size - 28));
    assert_eq!(fits(262_144).len(), 262_144);
    assert_eq!(w.call(ALICE, Method::POST, "/v2/queues/jobs/messages", fits(262_144)).await.status, 201);
    assert_eq!(post(&fits(262_145)).await, api("Message collection size is too large. Max size 262144"));
}

#[tokio::test]
async fn pages_ids_and_pops() {
    let w = World::new();
    w.fill(&[json!(1)]).await;
    let text = async |method: Method, path: &str| {
        let answer = w.call(ALICE, method, path, "").await;
        if answer.status < 300 { String::new() } else { answer.error().2 }
    };
    let queues = "Limit must be at least 1 and no greater than 20.";
    let messages = "Limit must be at least 1 and may not be greater than 20.";
    for (limit, is_wrong) in [("0", true), ("1", false), ("20", false), ("21", true), ("-1", true)] {
        let expect = |text: &'static str| if is_wrong { text } else { "" };
        for version in ["v1", "v1.1", "v2"] {
            assert_eq!(text(Method::GET, &format!("/{version}/queues?limit={limit}")).await, expect(queues));
            let path = format!("/{version}/queues/jobs/messages?limit={limit}");
            assert_eq!(text(Method::GET, &path).await, expect(messages));
        }
        assert_eq!(
            text(Method::POST, &format!("/v2/queues/jobs/claims?limit={limit}")).await,
            expect(messages)
        );
    }
    assert_eq!(
        text(Method::GET, "/v2/queues?limit=x").await,
        "The \"limit\" parameter is invalid. The value must be an integer."
    );
    let ids = |count: usize| vec!["0123456789abcdef01234567"; count].join(",");
    assert_eq!(text(Method::GET, &format!("/v2/queues/jobs/messages?ids={}", ids(21))).await, messages);
    let many = "ids parameter should have at least 1 and not greater than 20 values.";
    assert_eq!(text(Method::DELETE, &format!("/v2/queues/jobs/messages?ids={}", ids(21))).await, many);
    assert_eq!(text(Method::DELETE, &format!("/v2/queues/jobs/messages?ids={}", ids(20))).await, "");
    assert_eq!(text(Method::DELETE, &format!("/v1/queues/jobs/messages?ids={}", ids(21))).await, messages);
    let pop = "Pop value must be at least 1 and may not be greater than 20.";
    for (count, text_of) in [("0", pop), ("21", pop), ("20", "")] {
        assert_eq!(text(Method::DELETE, &format!("/v2/queues/jobs/messages?pop={count}")).await, text_of);
    }
    assert_eq!(
        text(Method::DELETE, "/v2/queues/jobs/messages?pop=1&ids=a").await,
        "pop and id params cannot be present together in the delete request."
    );
    assert_eq!(
        text(Method::DELETE, "/v2/queues/jobs/messages").await,
        "The request should have either \"ids\" or \"pop\" parameter in the request, to be able to delete."
    );
    assert_eq!(
        text(Method::DELETE, "/v1/queues/jobs/messages?pop=1").await,
        "The \"ids\" parameter is required."
    );
}

#[tokio::test]
async fn claim_values() {
    let w = World::new();
    let claim = async |ttl: i64, grace: i64| {
        let answer = w.post("/v2/queues/jobs/claims", json!({"ttl": ttl, "grace": grace})).await;
        if answer.status == 204 { String::new() } else { answer.error().2 }
    };
    let ttl = "The TTL for a claim may not exceed 43200 seconds, and must be at least 60 seconds long.";
    let grace = "The grace for a claim may not exceed 43200 seconds, and must be at least 60 seconds long.";
    assert_eq!(claim(59, 60).await, ttl);
    assert_eq!(claim(43_201, 60).await, ttl);
    assert_eq!(claim(60, 59).await, grace);
    assert_eq!(claim(43_200, 43_201).await, grace);
    assert_eq!(claim(60, 60).await, "");
    assert_eq!(claim(43_200, 43_200).await, "");
}

#[tokio::test]
async fn reserved_metadata() {
    let w = World::new();
    let put = async |metadata: Value| {
        let answer = w.put("/v2/queues/q", metadata.to_string()).await;
        if answer.text.is_empty() { String::new() } else { answer.error().2 }
    };
    let ttl = "_default_message_ttl can not exceed 1209600 seconds, and must be at least 60 seconds long.";
    let size = "_max_messages_post_size can not exceed 262144,  and must be at least greater than 0.";
    let delay = "The TTL can not exceed 900 seconds, and must be at least 0 seconds long.";
    let dead = "The TTL for a message may not exceed 1209600 seconds, and must be at least 60 seconds long.";
    for (key, edges, text) in [
        ("_default_message_ttl", [59, 60, 1_209_600, 1_209_601], ttl),
        ("_max_messages_post_size", [0, 1, 262_144, 262_145], size),
        ("_default_message_delay", [-1, 0, 900, 901], delay),
        ("_dead_letter_queue_messages_ttl", [59, 60, 1_209_600, 1_209_601], dead),
    ] {
        assert_eq!(put(json!({ key: edges[0] })).await, text);
        assert_eq!(put(json!({ key: edges[1] })).await, "");
        assert_eq!(put(json!({ key: edges[2] })).await, "");
        assert_eq!(put(json!({ key: edges[3] })).await, text);
        assert_eq!(put(json!({ key: "7" })).await, format!("{key} must be integer."));
        assert_eq!(put(json!({ key: null })).await, "");
    }
    assert_eq!(put(json!({"_max_claim_count": "3"})).await, "_max_claim_count must be integer.");
    assert_eq!(
        put(json!({"_enable_encrypt_messages": 1})).await,
        "_enable_encrypt_messages must be boolean."
    );
    assert_eq!(put(json!({"_retry_policy": 1})).await, "retry_policy must be a dict.");
    assert_eq!(
        put(json!({"_retry_policy": {"minimum_delay": "x"}})).await,
        "Retry policy: minimum_delay must be a integer."
    );
    assert_eq!(put(json!({"_flavor": "gold"})).await, "Flavor gold does not exist");
    let long = json!({"k": "x".repeat(65_536)});
    assert_eq!(put(long).await, "Queue metadata is too large. Max size: 65536");
}
