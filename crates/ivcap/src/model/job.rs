//! Jobs and what happens to them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::order::{Product, State};
use super::shape::{listed, reference, when};

/// A job in full (IVCAP reference 7.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Job {
    /// Its name in the platform.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it stands.
    pub status: State,
    /// What runs it.
    #[serde(default, deserialize_with = "reference")]
    pub service: Option<String>,
    /// The order that it belongs to, if any.
    #[serde(default, deserialize_with = "reference")]
    pub order: Option<String>,
    /// Who pays.
    #[serde(default, deserialize_with = "reference")]
    pub account: Option<String>,
    /// Who may see it.
    #[serde(default, deserialize_with = "reference")]
    pub policy: Option<String>,
    /// When it was requested.
    #[serde(default, deserialize_with = "when")]
    pub requested_at: Option<Timestamp>,
    /// When it began.
    #[serde(default, deserialize_with = "when")]
    pub started_at: Option<Timestamp>,
    /// When it came to its end.
    #[serde(default, deserialize_with = "when")]
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Type of the request.
    #[serde(default)]
    pub request_content_type: Option<String>,
    /// The request, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_content: Option<Value>,
    /// Type of the result.
    #[serde(default)]
    pub result_content_type: Option<String>,
    /// The result, where it is there and was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_content: Option<Value>,
    /// The aspect that holds the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_content_urn: Option<String>,
    /// Words to find it by.
    #[serde(default, deserialize_with = "listed", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What it has produced.
    #[serde(default, deserialize_with = "listed")]
    pub products: Vec<Product>,
    /// Whatever else the platform says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A job in a listing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct JobItem {
    /// Its name in the platform.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it stands.
    pub status: State,
    /// What runs it.
    #[serde(default, deserialize_with = "reference")]
    pub service: Option<String>,
    /// The order that it belongs to, if any.
    #[serde(default, deserialize_with = "reference")]
    pub order: Option<String>,
    /// When it began.
    #[serde(default, deserialize_with = "when")]
    pub started_at: Option<Timestamp>,
    /// When it came to its end.
    #[serde(default, deserialize_with = "when")]
    pub finished_at: Option<Timestamp>,
    /// Whatever else the platform says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Something that happened to a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JobEvent {
    /// Its place in the stream, from which a broken stream goes on.
    #[serde(rename = "SeqID", alias = "seqID", alias = "seq-id", default)]
    pub place: String,
    /// Its own name.
    #[serde(rename = "eventID", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What kind of event it is.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Schema of its data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Who tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it happened, as the platform writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// What happened.
    #[serde(default)]
    pub data: Value,
    /// Whatever else the platform says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
