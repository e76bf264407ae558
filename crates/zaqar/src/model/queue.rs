//! Queues as the service lists them, and their counts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Metadata;

/// A queue of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its path; none over websocket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// Its metadata, in detailed listings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

/// Counts of messages (Zaqar reference 6.7). `free + claimed = total`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stats {
    /// Messages that some claim holds.
    pub claimed: u64,
    /// Messages that no claim holds, delayed ones included.
    pub free: u64,
    /// All messages.
    pub total: u64,
    /// The oldest message; none in an empty queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Edge>,
    /// The newest message; none in an empty queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Edge>,
}

/// The message at one end of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Edge {
    /// Seconds since its post.
    pub age: u64,
    /// When it was posted, to the second.
    pub created: Timestamp,
    /// Its path; none over websocket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
}
