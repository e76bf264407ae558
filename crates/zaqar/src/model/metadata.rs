//! Metadata of a queue: what users keep there, and what the service reads.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::limit::{Delay, Ttl};

/// Metadata of a queue. Members that begin with `_` are the service's settings for the queue (Zaqar reference 3); only
/// v2 obeys them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(pub Map<String, Value>);

/// The members that v2 shows whether or not they are stored.
pub(crate) const RESERVED: [&str; 7] = [
    "_max_messages_post_size",
    "_default_message_ttl",
    "_default_message_delay",
    "_dead_letter_queue",
    "_dead_letter_queue_messages_ttl",
    "_max_claim_count",
    "_enable_encrypt_messages",
];

impl Metadata {
    /// No metadata.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a member.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// How long messages live that are posted without a ttl.
    #[must_use]
    pub fn default_ttl(self, ttl: Ttl) -> Self {
        self.set("_default_message_ttl", ttl.as_seconds())
    }

    /// Makes it a delayed queue: messages stay invisible for this long unless they say otherwise.
    #[must_use]
    pub fn default_delay(self, delay: Delay) -> Self {
        self.set("_default_message_delay", delay.as_seconds())
    }

    /// Most bytes of a post.
    #[must_use]
    pub fn max_post_size(self, bytes: u64) -> Self {
        self.set("_max_messages_post_size", bytes)
    }

    /// Moves messages that were claimed so often to another queue of the project, which must be created by itself.
    #[must_use]
    pub fn dead_letters(self, queue: impl Into<String>, claims: u64) -> Self {
        self.set("_dead_letter_queue", queue.into()).set("_max_claim_count", claims)
    }

    /// How long dead letters live.
    #[must_use]
    pub fn dead_letter_ttl(self, ttl: Ttl) -> Self {
        self.set("_dead_letter_queue_messages_ttl", ttl.as_seconds())
    }

    /// Stores bodies encrypted.
    #[must_use]
    pub fn encrypted(self, encrypted: bool) -> Self {
        self.set("_enable_encrypt_messages", encrypted)
    }

    /// The flavor that a new queue is made of, where the service has pools.
    #[must_use]
    pub fn flavor(self, name: impl Into<String>) -> Self {
        self.set("_flavor", name.into())
    }

    /// Where dead letters go and after how many claims, if both are set.
    pub fn dead_letter_queue(&self) -> Option<(&str, u64)> {
        let queue = self.0.get("_dead_letter_queue")?.as_str()?;
        Some((queue, self.0.get("_max_claim_count")?.as_u64()?))
    }

    /// The members that are the users' own.
    pub fn own(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().filter(|(name, _)| !name.starts_with('_')).map(|(name, value)| (name.as_str(), value))
    }
}

impl Deref for Metadata {
    type Target = Map<String, Value>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Metadata {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl From<Map<String, Value>> for Metadata {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}
