//! Flavors, volume types, limits, versions (OpenStack reference C6 and C16).

use pentad_core::{Context, Result, decode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::wire;

/// A size of instances.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Flavor {
    /// Its id as a number, where it is one.
    pub id: Option<u64>,
    /// Its id as text.
    pub str_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Memory in MB.
    pub ram: u64,
    /// Processors.
    pub vcpus: u64,
    /// Disk in GB.
    pub disk: u64,
    /// Disk that does not outlive the server, in GB.
    pub ephemeral: u64,
}

impl Flavor {
    /// Its id as it goes into calls.
    pub fn key(&self) -> String {
        self.str_id.clone().or_else(|| self.id.map(|id| id.to_string())).unwrap_or_default()
    }
}

/// A type of volumes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct VolumeType {
    /// Its id.
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Whether all projects may use it.
    pub is_public: Option<bool>,
    /// What else the service says.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A version of the API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ServiceVersion {
    /// Its id, such as `v1.0`.
    pub id: String,
    /// `CURRENT`, `SUPPORTED` or `DEPRECATED`.
    pub status: String,
    /// When it was changed.
    pub updated: Option<String>,
}

/// What the project may have, and how often it may call.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Limits {
    /// What the project may have.
    pub absolute: AbsoluteLimits,
    /// How often it may call.
    pub rates: Vec<RateLimit>,
}

/// What the project may have; -1 is no limit, `None` is not said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AbsoluteLimits {
    /// Instances.
    pub max_instances: Option<i64>,
    /// GB of volumes.
    pub max_volumes: Option<i64>,
    /// Backups.
    pub max_backups: Option<i64>,
    /// MB of memory.
    pub max_ram: Option<i64>,
}

/// How often the project may call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RateLimit {
    /// The method.
    pub verb: String,
    /// The calls that are counted, for people.
    pub uri: String,
    /// The calls that are counted.
    pub regex: String,
    /// How many calls.
    pub value: u64,
    /// How many are left.
    pub remaining: u64,
    /// In what time: `MINUTE`, `HOUR`, `DAY`.
    pub unit: String,
    /// When there will be more.
    #[serde(rename = "nextAvailable")]
    pub next_available: Option<String>,
}

/// The first element, with the verb `ABSOLUTE`, is what the project may have; the rates follow.
pub(crate) fn limits(context: &Context, parts: http::response::Parts, body: bytes::Bytes) -> Result<Limits> {
    #[derive(Deserialize)]
    struct Answer {
        limits: Vec<Value>,
    }
    let answer: Answer = decode::json(context, parts, body)?;
    let mut limits = Limits::default();
    for element in answer.limits {
        if element["verb"] == "ABSOLUTE" {
            limits.absolute = serde_json::from_value(element).unwrap_or_default();
        } else if let Ok(rate) = serde_json::from_value(element) {
            limits.rates.push(rate);
        }
    }
    Ok(limits)
}
