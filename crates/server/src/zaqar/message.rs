//! Messages as answers show them (Zaqar reference 7.2).

use serde::Serialize;
use serde_json::value::RawValue;

use super::context::Version;
use super::error::Failure;
use super::storage::messages::Message;

/// A message in an answer; the order of the fields is that of the wire.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    href: String,
    ttl: i64,
    age: i64,
    body: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
}

/// A message that was popped.
#[derive(Debug, Serialize)]
pub(crate) struct Popped {
    id: String,
    age: i64,
    ttl: i64,
    claim_count: i64,
    body: Box<RawValue>,
    claim_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
}

fn raw(body: String) -> Result<Box<RawValue>, Failure> {
    RawValue::from_string(body).map_err(|_| damaged())
}

/// 500: what is stored cannot be shown.
pub(crate) fn damaged() -> Failure {
    Failure::internal("a stored message is damaged")
}

/// Whole seconds between two moments.
pub(crate) fn seconds(from: i64, to: i64) -> i64 {
    to.saturating_sub(from).max(0) / 1_000_000
}

/// A message below a queue's path; `claim` stands in its href.
pub(crate) fn view(
    message: Message,
    version: Version,
    queue_path: &str,
    claim: Option<&str>,
    now: i64,
) -> Result<View, Failure> {
    let id = message.id();
    let query = claim.map(|claim| format!("?claim_id={claim}")).unwrap_or_default();
    Ok(View {
        href: format!("{queue_path}/messages/{id}{query}"),
        id: (version != Version::V1).then_some(id),
        ttl: message.ttl,
        age: seconds(message.created_at, now),
        body: raw(message.body)?,
        checksum: message.checksum.filter(|_| version != Version::V1),
    })
}

/// Messages of a list: each href names the claim that holds its message, except in v1.
pub(crate) fn views(
    messages: Vec<Message>,
    version: Version,
    queue_path: &str,
    now: i64,
) -> Result<Vec<View>, Failure> {
    let one = |message: Message| {
        let claim = message.held_by(now).filter(|_| version != Version::V1).map(str::to_owned);
        view(message, version, queue_path, claim.as_deref(), now)
    };
    messages.into_iter().map(one).collect()
}

/// A message that was popped.
pub(crate) fn popped(message: Message, now: i64) -> Result<Popped, Failure> {
    Ok(Popped {
        id: message.id(),
        age: seconds(message.created_at, now),
        ttl: message.ttl,
        claim_count: message.claim_count,
        body: raw(message.body)?,
        claim_id: None,
        checksum: message.checksum,
    })
}
