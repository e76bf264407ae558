//! Metadata: records of the old dialects, aspects of the modern one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::shape::{reference, when};

/// What somebody said about an entity, and when that held (IVCAP reference 7.7 and 7.8).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Record {
    /// Its name in the platform.
    #[serde(default, alias = "record-id")]
    pub id: String,
    /// What it is about.
    #[serde(default)]
    pub entity: String,
    /// Its schema.
    #[serde(default)]
    pub schema: String,
    /// The metadata itself, where it was asked for.
    #[serde(default, alias = "aspect", skip_serializing_if = "Option::is_none")]
    pub content: Option<Value>,
    /// Type of the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The part that a path has found.
    #[serde(
        default,
        alias = "aspectContext",
        alias = "aspect-context",
        skip_serializing_if = "Option::is_none"
    )]
    pub context: Option<String>,
    /// When it began to hold.
    #[serde(default, deserialize_with = "when", skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// When it ceased to hold.
    #[serde(default, deserialize_with = "when", skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
    /// Who said so.
    #[serde(default, deserialize_with = "reference", skip_serializing_if = "Option::is_none")]
    pub asserter: Option<String>,
    /// Who took it back.
    #[serde(
        default,
        alias = "revoker",
        deserialize_with = "reference",
        skip_serializing_if = "Option::is_none"
    )]
    pub retracter: Option<String>,
    /// The record that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Who pays.
    #[serde(default, deserialize_with = "reference", skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Who may see it.
    #[serde(default, deserialize_with = "reference", skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Whatever else the platform says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
