use std::time::Duration;

use jiff::Timestamp;
use pentad_core::Secret;
use serde::Deserialize;

use super::{Other, null_as_default};
use crate::{name, when};

/// A subscription.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Full name, `/projects/P/subscriptions/S`.
    pub name: String,
    /// Full name of its topic, `/projects/P/topics/T`.
    #[serde(default)]
    pub topic: String,
    /// Push delivery; complete but empty for a pull subscription.
    #[serde(default, deserialize_with = "null_as_default")]
    pub push_config: PushState,
    /// Seconds allowed between a pull and its acknowledgement.
    #[serde(default)]
    pub ack_deadline_seconds: i64,
    /// How delivery goes, as free text; only in a single read of a verified push subscription.
    #[serde(default)]
    pub push_status: Option<String>,
    /// When it was created, to the second.
    #[serde(default, deserialize_with = "when::lenient")]
    pub created_on: Option<Timestamp>,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}

impl Subscription {
    /// The name without its project.
    pub fn short_name(&self) -> &str {
        name::short(&self.name)
    }

    /// The topic's name without its project.
    pub fn topic_name(&self) -> &str {
        name::short(&self.topic)
    }

    /// Time allowed between a pull and its acknowledgement.
    pub fn ack_deadline(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.ack_deadline_seconds).unwrap_or(0))
    }

    /// Whether messages are delivered by push.
    pub fn is_push(&self) -> bool {
        !self.push_config.push_endpoint.is_empty() || !self.push_config.mattermost_url.is_empty()
    }
}

/// The push configuration as the service shows it. What is sent is a [`PushConfig`](crate::PushConfig).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushState {
    /// `http_endpoint`, `mattermost`, or empty.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Where messages are posted.
    #[serde(default)]
    pub push_endpoint: String,
    /// Messages per delivery.
    #[serde(default)]
    pub max_messages: i64,
    /// What receivers can check.
    #[serde(default, deserialize_with = "null_as_default", alias = "authorization_header")]
    pub authorization_header: AuthorizationHeader,
    /// Timing of deliveries.
    #[serde(default, deserialize_with = "null_as_default")]
    pub retry_policy: RetryState,
    /// What the endpoint must show to be verified.
    #[serde(default, alias = "verification_hash")]
    pub verification_hash: String,
    /// Whether delivery has begun.
    #[serde(default)]
    pub verified: bool,
    /// Incoming hook of the chat.
    #[serde(default)]
    pub mattermost_url: String,
    /// Name shown in the chat.
    #[serde(default)]
    pub mattermost_username: String,
    /// Channel of the chat.
    #[serde(default)]
    pub mattermost_channel: String,
    /// Whether `data` is decoded before delivery.
    #[serde(default, rename = "base64Decode")]
    pub base64_decode: bool,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}

/// The authorization that push deliveries carry.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AuthorizationHeader {
    /// `autogen`, `disabled`, or empty.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// The header's value.
    #[serde(default)]
    pub value: Option<Secret>,
}

/// The timing of push deliveries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RetryState {
    /// `linear`, `slowstart`, or empty.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Milliseconds between deliveries; absent for `slowstart`.
    #[serde(default)]
    pub period: Option<i64>,
}
