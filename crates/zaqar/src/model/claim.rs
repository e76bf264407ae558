//! Claims as the service shows them.

use serde::{Deserialize, Serialize};

use super::Message;

/// What a claim got hold of. Nothing to claim is no error: then there is neither id nor message.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Claimed {
    /// The lease; none if nothing was there to be claimed.
    pub id: Option<String>,
    /// The messages, oldest first.
    pub messages: Vec<Message>,
}

/// A live claim (Zaqar reference 8.2). Once all its messages are deleted it is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Claim {
    /// Seconds since it was made or last updated.
    pub age: u64,
    /// Seconds that it lasts, counted from then.
    pub ttl: u64,
    /// The messages that it still holds.
    pub messages: Vec<Message>,
    /// Its path; none over websocket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
}
