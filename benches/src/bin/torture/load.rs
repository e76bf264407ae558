//! The load: publishers and consumers that run until the server goes away, and keep the books.

use std::sync::Arc;

use http::Method;
use pentad_benches::Result;
use pentad_benches::bare::Bare;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::ledger::Ledger;

const PUBLISHERS: usize = 12;
/// Subscriptions, each with one consumer: AMS keeps one outstanding batch per subscription.
pub(crate) const CONSUMERS: usize = 4;
/// The project that an installation without a seed has.
const PROJECT: &str = "demo";

/// The path of the topic.
pub(crate) fn topic() -> String {
    format!("/projects/{PROJECT}/topics/torture")
}

/// The path of a subscription.
pub(crate) fn subscription(index: usize) -> String {
    format!("/projects/{PROJECT}/subscriptions/torture-{index}")
}

/// The subscription through which the stored messages are read back.
pub(crate) fn auditor() -> String {
    subscription(CONSUMERS)
}

/// Creates the topic and its subscriptions.
pub(crate) async fn prepare(http: &Bare) -> Result<()> {
    http.call(Method::PUT, &topic(), &Value::Null).await?;
    for index in 0..=CONSUMERS {
        let body = json!({"topic": topic().trim_start_matches('/'), "ackDeadlineSeconds": 600});
        http.call(Method::PUT, &subscription(index), &body).await?;
    }
    Ok(())
}

/// Starts the load. Each task ends at its first failure, which is how the kill shows.
pub(crate) fn start(http: &Bare, ledger: &Arc<Ledger>, round: u32) -> JoinSet<String> {
    let mut tasks = JoinSet::new();
    for index in 0..PUBLISHERS {
        let (http, ledger) = (http.clone(), Arc::clone(ledger));
        tasks.spawn(async move { why(publish(&http, &ledger, &format!("{round}-{index}")).await) });
    }
    for index in 0..CONSUMERS {
        let (http, ledger) = (http.clone(), Arc::clone(ledger));
        tasks.spawn(async move { why(consume(&http, &ledger, index).await) });
    }
    tasks
}

fn why(outcome: Result<()>) -> String {
    outcome.err().map(|e| e.to_string()).unwrap_or_default()
}

async fn publish(http: &Bare, ledger: &Ledger, writer: &str) -> Result<()> {
    let path = format!("{}:publish", topic());
    for sequence in 0_u64.. {
        let count = if fastrand::u8(..4) == 0 { fastrand::usize(2..12) } else { 1 };
        let contents: Vec<String> = (0..count).map(|part| format!("{writer}-{sequence}-{part}")).collect();
        // The service stores data as it comes; it need not be Base64 to be compared.
        let messages: Vec<Value> = contents.iter().map(|content| json!({"data": content})).collect();
        let answer = http.call(Method::POST, &path, &json!({"messages": messages})).await?;
        let ids = answer["messageIds"].as_array().ok_or("a publish was answered without ids")?;
        let ids: Option<Vec<i64>> = ids.iter().map(|id| id.as_str()?.parse().ok()).collect();
        ledger.published(&ids.ok_or("a message id is no number")?, contents);
    }
    Ok(())
}

async fn consume(http: &Bare, ledger: &Ledger, index: usize) -> Result<()> {
    let path = subscription(index);
    loop {
        let want = fastrand::u8(1..30).to_string();
        let asked = json!({"maxMessages": want, "returnImmediately": "true"});
        let answer = http.call(Method::POST, &format!("{path}:pull"), &asked).await?;
        let received = answer["receivedMessages"].as_array().ok_or("a pull was answered without messages")?;
        if received.is_empty() {
            tokio::task::yield_now().await;
            continue;
        }
        // Sometimes only a prefix is acknowledged, which is when a lost update would show.
        let upto = &received[fastrand::usize(..received.len())];
        let id = upto["ackId"].as_str().ok_or("a message has no ackId")?;
        let next = id.rsplit(':').next().ok_or("an ackId has no position")?.parse::<i64>()? + 1;
        ledger.acknowledging(index, next);
        http.call(Method::POST, &format!("{path}:acknowledge"), &json!({"ackIds": [id]})).await?;
        ledger.acknowledged(index, next);
    }
}
