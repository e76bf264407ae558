//! Messages as the service shows them.

use serde::{Deserialize, Serialize};

use super::Body;

/// A message of a listing, a claim, a pop or a websocket answer (Zaqar reference 7.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Wire")]
pub struct Message {
    /// Its id. v1 has it only at the end of `href`, where it is taken from.
    pub id: String,
    /// Its path; none after a pop, and none over websocket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// Seconds that it lives, counted from its post; a claim may have prolonged it.
    pub ttl: u64,
    /// Seconds since its post.
    pub age: u64,
    /// What it carries.
    pub body: Body,
    /// The claim that holds it, as far as the answer says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_id: Option<String>,
    /// How often it was claimed; only a pop says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_count: Option<u64>,
    /// `MD5:` and 32 hexadecimal digits, where the service computes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    id: Option<String>,
    href: Option<String>,
    #[serde(default)]
    ttl: u64,
    #[serde(default)]
    age: u64,
    #[serde(default)]
    body: Body,
    claim_id: Option<String>,
    claim_count: Option<u64>,
    checksum: Option<String>,
}

impl From<Wire> for Message {
    fn from(wire: Wire) -> Self {
        let href = wire.href.as_deref();
        let id = wire.id.or_else(|| href.map(|href| last_segment(href).to_owned()));
        let claim_id = wire.claim_id.or_else(|| href.and_then(claim_of).map(str::to_owned));
        Self {
            id: id.unwrap_or_default(),
            claim_id,
            href: wire.href,
            ttl: wire.ttl,
            age: wire.age,
            body: wire.body,
            claim_count: wire.claim_count,
            checksum: wire.checksum,
        }
    }
}

/// The last part of the path of a reference.
pub(crate) fn last_segment(href: &str) -> &str {
    let path = href.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

/// The claim that a reference to a message names.
pub(crate) fn claim_of(href: &str) -> Option<&str> {
    let query = href.split_once('?')?.1;
    query.split('&').find_map(|pair| pair.strip_prefix("claim_id="))
}

/// What became of a post (Zaqar reference 7.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Posted {
    /// Paths of the messages, in posting order.
    pub resources: Vec<String>,
    /// Whether only some were stored; v1 alone says it, and always no.
    #[serde(default)]
    pub partial: bool,
}

impl Posted {
    /// Ids of the messages, in posting order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().map(|href| last_segment(href))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_claim_come_from_the_reference_where_the_answer_has_no_members_for_them() {
        let text = r#"{"href": "/v1/queues/jobs/messages/6b0?claim_id=6b7", "ttl": 300, "age": 12, "body": {"a": 1}}"#;
        let message: Message = serde_json::from_str(text).unwrap();
        assert_eq!((message.id.as_str(), message.claim_id.as_deref()), ("6b0", Some("6b7")));
        assert_eq!(message.body.as_json(), r#"{"a": 1}"#);
        let text = r#"{"id": "B", "age": 1, "ttl": 360, "claim_count": 0, "body": 2, "claim_id": null}"#;
        let popped: Message = serde_json::from_str(text).unwrap();
        assert_eq!((popped.claim_id, popped.claim_count, popped.href), (None, Some(0), None));
    }

    #[test]
    fn a_body_of_null_is_a_body() {
        let text = r#"{"id": "B", "href": "/v2/queues/j/messages/B", "ttl": 60, "age": 1, "body": null}"#;
        let message: Message = serde_json::from_str(text).unwrap();
        assert_eq!(message.body, Body::default());
    }
}
