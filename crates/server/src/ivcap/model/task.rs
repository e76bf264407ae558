//! Orders and jobs: what runs (IVCAP reference 6.2, 7.3, 7.4).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Given;
use crate::ivcap::dialect::Dialect;
use crate::ivcap::storage::things::Thing;
use crate::ivcap::urn::Kind;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    #[default]
    Pending,
    Scheduled,
    Executing,
    Succeeded,
    /// The service reported failure.
    Failed,
    /// The platform could not run it to its end.
    Error,
}

impl Status {
    /// Whether nothing more happens.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Error)
    }

    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Scheduled => "scheduled",
            Self::Executing => "executing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Error => "error",
        }
    }

    /// The word in a list of orders: the oldest dialect knows but four.
    pub(crate) fn list_word(self, dialect: Dialect) -> &'static str {
        match (dialect, self) {
            (Dialect::L23, Self::Scheduled) => "pending",
            (Dialect::L23, Self::Succeeded) => "finished",
            (Dialect::L23, Self::Failed) => "error",
            _ => self.word(),
        }
    }
}

/// What orders and jobs have in common.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Run {
    /// The URN of the service.
    pub(crate) service: String,
    pub(crate) status: Status,
    /// The user who asked for it.
    pub(crate) user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) finished_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_message: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Order {
    #[serde(flatten)]
    pub(crate) run: Run,
    /// As they were sent.
    pub(crate) parameters: Vec<Given>,
}

/// A job. What it was asked and what it answered is stored apart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Job {
    #[serde(flatten)]
    pub(crate) run: Run,
    /// The order that it belongs to, or nothing.
    pub(crate) order: String,
    pub(crate) request_content_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result_content_type: Option<String>,
    /// The aspect that holds the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result_urn: Option<String>,
}

impl Thing for Order {
    const KIND: Kind = Kind::Order;
}

impl Thing for Job {
    const KIND: Kind = Kind::Job;
}

/// What can be run.
pub(crate) trait Task: Thing {
    fn run(&self) -> &Run;
}

impl Task for Order {
    fn run(&self) -> &Run {
        &self.run
    }
}

impl Task for Job {
    fn run(&self) -> &Run {
        &self.run
    }
}
