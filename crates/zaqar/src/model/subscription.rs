//! Subscriptions as the service shows them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Address, Names};

/// A subscription (Zaqar reference 10.1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// The queue.
    pub source: String,
    /// Where notifications go.
    pub subscriber: String,
    /// Seconds that it lives, counted from its creation or its last new ttl.
    pub ttl: u64,
    /// Seconds since its creation.
    pub age: u64,
    /// Options of the delivery.
    #[serde(default)]
    pub options: Map<String, Value>,
    /// Whether the receiver agreed; old services do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<bool>,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("id", &self.id)
            .field("source", &self.source)
            .field("subscriber", &Address(&self.subscriber))
            .field("ttl", &self.ttl)
            .field("age", &self.age)
            .field("options", &Names(&self.options))
            .field("confirmed", &self.confirmed)
            .finish()
    }
}
