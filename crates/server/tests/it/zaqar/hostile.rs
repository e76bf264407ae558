//! Input that nobody sends by accident.

use http::Method;
use proptest::prelude::*;
use serde_json::json;

use super::world::{ALICE, World};

#[tokio::test]
async fn odd_values_are_answered_and_store_nothing() {
    let w = World::new();
    w.fill(&[json!(1)]).await;
    for path in [
        "/v2/queues?marker=%00",
        "/v2/queues?name=%00",
        "/v2/queues?%00=1",
        "/v2/queues/jobs/messages?marker=%00",
        "/v2/queues/jobs/messages/%00",
        "/v2/queues/jobs/messages?ids=%00",
        "/v2/queues/jobs/claims/%00",
        "/v2/queues/jobs/messages/ffffffffffffffffffffffff",
    ] {
        let answer = w.get(path).await;
        assert!(answer.status < 500, "{path}: {} {}", answer.status, answer.text);
    }
    assert_eq!(w.delete("/v2/queues/jobs/messages/x?claim_id=%00").await.status, 204);
    assert_eq!(w.delete("/v2/queues/jobs/claims/%00").await.status, 204);
    assert_eq!(w.put("/v2/queues/q", "{\"k\\u0000\": \"\\u0000\"}").await.status, 201);
    assert_eq!(w.get("/v1.1/queues/q").await.text, "{\"k\\u0000\": \"\\u0000\"}");
    let deep = format!("{{\"messages\": [{{\"body\": {}{}}}]}}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(w.call(ALICE, Method::POST, "/v2/queues/jobs/messages", deep).await.status, 400);
    let project = "p".repeat(257);
    let headers = [("client-id", ALICE), ("x-project-id", project.as_str())];
    assert_eq!(w.bare(Method::PUT, "/v2/queues/jobs", &headers, "").await.status, 400);
    assert_eq!(w.bare(Method::GET, "/v2/queues", &headers, "").await.status, 200);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_request_gets_an_answer_that_is_no_crash(
        path in "/(v1|v1.1|v2)/queues(/[a-z%0-9/]{0,12})?(/(messages|claims|stats|purge)(/[a-f0-9]{0,24})?)?",
        query in "[a-z_]{1,8}=[ -~]{0,12}",
        method in prop::sample::select(vec!["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD"]),
        body in "[ -~]{0,40}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let w = World::new();
            let query: String = query.replace(['#', ' ', '"', '<', '>'], "+");
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = w.call(ALICE, method, &format!("{path}?{query}"), body).await;
            assert!(answer.status != 500, "{} {}", answer.status, answer.text);
        });
    }
}
