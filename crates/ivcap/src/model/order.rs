//! Orders.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::artifact::ArtifactStatus;
use super::shape::{listed, reference, size, texts, when};

texts! {
    /// State of an order or a job (IVCAP reference 6.2).
    State {
        /// The platform does not say.
        Unknown = "unknown",
        /// Not looked at yet.
        Pending = "pending",
        /// In the queue of what will run.
        Scheduled = "scheduled",
        /// Running.
        Executing = "executing",
        /// Done. The oldest dialect says `finished` in listings.
        Succeeded = "succeeded" | "finished",
        /// The service reported a failure.
        Failed = "failed",
        /// The platform could not run it: time, memory, infrastructure.
        Error = "error",
    }
}

impl State {
    /// Whether nothing will change any more.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Error)
    }

    /// Whether a thing in this state may still come into `goal`: states only move forwards.
    pub fn may_become(&self, goal: &Self) -> bool {
        let rank = |state: &Self| match state {
            Self::Pending => Some(0),
            Self::Scheduled => Some(1),
            Self::Executing => Some(2),
            Self::Succeeded | Self::Failed | Self::Error => Some(3),
            Self::Unknown | Self::Other(_) => None,
        };
        match (rank(self), rank(goal)) {
            _ if self == goal => true,
            (Some(here), Some(there)) => here < there,
            _ => true,
        }
    }
}

/// An order in full (IVCAP reference 7.3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Order {
    /// Its name in the platform.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it stands.
    #[serde(default = "unknown")]
    pub status: State,
    /// What was ordered.
    #[serde(default, deserialize_with = "reference")]
    pub service: Option<String>,
    /// Who pays.
    #[serde(default, deserialize_with = "reference")]
    pub account: Option<String>,
    /// When it was placed.
    #[serde(default, alias = "ordered_at", deserialize_with = "when")]
    pub ordered_at: Option<Timestamp>,
    /// When it left the queue.
    #[serde(default, alias = "started_at", deserialize_with = "when")]
    pub started_at: Option<Timestamp>,
    /// When it came to its end.
    #[serde(default, alias = "finished_at", deserialize_with = "when")]
    pub finished_at: Option<Timestamp>,
    /// What the service was told.
    #[serde(default, deserialize_with = "listed")]
    pub parameters: Vec<Given>,
    /// Words to find it by.
    #[serde(default, deserialize_with = "listed", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What it has produced; in the modern dialect the first page, see [`Order::products`](crate::Order::products).
    #[serde(default, deserialize_with = "listed")]
    pub products: Vec<Product>,
    /// Whatever else the platform says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An order in a listing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct OrderItem {
    /// Its name in the platform.
    #[serde(default)]
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it stands.
    #[serde(default = "unknown")]
    pub status: State,
    /// What was ordered.
    #[serde(default, alias = "service_id", alias = "service-id", deserialize_with = "reference")]
    pub service: Option<String>,
    /// Who pays.
    #[serde(default, alias = "account_id", alias = "account-id", deserialize_with = "reference")]
    pub account: Option<String>,
    /// When it was placed.
    #[serde(default, alias = "ordered_at", deserialize_with = "when")]
    pub ordered_at: Option<Timestamp>,
    /// When it left the queue.
    #[serde(default, alias = "started_at", deserialize_with = "when")]
    pub started_at: Option<Timestamp>,
    /// When it came to its end.
    #[serde(default, alias = "finished_at", deserialize_with = "when")]
    pub finished_at: Option<Timestamp>,
    /// Whatever else the platform says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

const fn unknown() -> State {
    State::Unknown
}

/// A value that was given for a parameter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Given {
    /// The parameter.
    #[serde(default)]
    pub name: Option<String>,
    /// The value.
    #[serde(default)]
    pub value: Value,
}

impl Given {
    pub(crate) fn new(name: impl Into<String>, value: Value) -> Self {
        Self { name: Some(name.into()), value }
    }
}

/// Something that an order has produced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Product {
    /// The artifact.
    #[serde(default)]
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether its content is there.
    #[serde(default)]
    pub status: Option<ArtifactStatus>,
    /// Type of its content.
    #[serde(default)]
    pub mime_type: Option<String>,
    /// Size of its content in bytes.
    #[serde(default, deserialize_with = "size")]
    pub size: Option<u64>,
    /// Whatever else the platform says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What a container of an order uses, in the platform's own units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Usage {
    /// The container.
    pub container: String,
    /// Processor time.
    pub cpu: String,
    /// Memory.
    pub memory: String,
    /// Storage.
    #[serde(default)]
    pub storage: String,
    /// Storage that goes with the container.
    #[serde(default)]
    pub ephemeral_storage: String,
}

/// A link to a metadata record of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct MetadataLink {
    /// The record.
    pub id: String,
    /// Its schema.
    pub schema: String,
    /// Its address.
    #[serde(default)]
    pub href: Option<String>,
    /// Type of its content.
    #[serde(default)]
    pub content_type: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_only_move_forwards() {
        assert!(State::Pending.may_become(&State::Succeeded));
        assert!(State::Executing.may_become(&State::Failed));
        assert!(!State::Failed.may_become(&State::Succeeded));
        assert!(!State::Succeeded.may_become(&State::Executing));
        assert!(State::Failed.may_become(&State::Failed));
        assert!(State::Unknown.may_become(&State::Pending));
        assert_eq!(State::from("finished"), State::Succeeded);
    }
}
