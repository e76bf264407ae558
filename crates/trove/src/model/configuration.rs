//! Configuration groups and their parameters (OpenStack reference C15).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::time;
use crate::wire;

/// A configuration group as lists have it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ConfigurationSummary {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub created: Option<Timestamp>,
    /// When it was changed.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub updated: Option<Timestamp>,
    /// Its datastore.
    pub datastore_name: Option<String>,
    /// Id of its version.
    pub datastore_version_id: Option<String>,
    /// Name of its version.
    pub datastore_version_name: Option<String>,
}

/// A configuration group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Configuration {
    /// What lists have, too.
    #[serde(flatten)]
    pub summary: ConfigurationSummary,
    /// Number of the datastore's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datastore_version_number: Option<String>,
    /// The settings; what looks like a password is `***`.
    pub values: Map<String, Value>,
    /// How many instances have it attached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_count: Option<u64>,
}

/// An instance by id and name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct NamedInstance {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A setting that a version of a datastore knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The version that knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datastore_version_id: Option<String>,
    /// Whether a change takes effect with the next restart only.
    #[serde(deserialize_with = "wire::flag")]
    pub restart_required: Option<bool>,
    /// `integer`, `string`, `boolean`, `float`.
    #[serde(rename = "type", alias = "data_type")]
    pub kind: String,
    /// Its largest value, or longest text.
    #[serde(alias = "max_size", skip_serializing_if = "Option::is_none", deserialize_with = "wire::number")]
    pub max: Option<i64>,
    /// Its smallest value.
    #[serde(alias = "min_size", skip_serializing_if = "Option::is_none", deserialize_with = "wire::number")]
    pub min: Option<i64>,
    /// Whether it was removed, in management answers.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "wire::flag")]
    pub deleted: Option<bool>,
}
