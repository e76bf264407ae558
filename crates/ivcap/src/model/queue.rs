//! Queues.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::shape::{reference, when};

/// A queue (IVCAP reference 7.10). Counts are there when one queue is asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Queue {
    /// Its name in the platform.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Who pays.
    #[serde(default, deserialize_with = "reference", skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// When it was created.
    #[serde(default, deserialize_with = "when", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Number of messages in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_messages: Option<u64>,
    /// Bytes in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Number of those who read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer_count: Option<u64>,
    /// When its oldest message came.
    #[serde(default, deserialize_with = "when", skip_serializing_if = "Option::is_none")]
    pub first_time: Option<Timestamp>,
    /// When its newest message came.
    #[serde(default, deserialize_with = "when", skip_serializing_if = "Option::is_none")]
    pub last_time: Option<Timestamp>,
    /// Whatever else the platform says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A message that was taken out of a queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct QueueMessage {
    /// Its name in the platform.
    #[serde(default)]
    pub id: Option<String>,
    /// What it says.
    #[serde(default)]
    pub content: Value,
    /// Type of the content.
    #[serde(default)]
    pub content_type: Option<String>,
    /// Schema of the content.
    #[serde(default)]
    pub schema: Option<String>,
}
