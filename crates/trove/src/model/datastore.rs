//! Kinds of databases (OpenStack reference C14).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A kind of database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Datastore {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The version that is used where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_version: Option<String>,
    /// Its versions.
    pub versions: Vec<DatastoreVersion>,
}

/// A version of a kind of database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatastoreVersion {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its datastore, in answers about the version itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datastore: Option<String>,
    /// Whether it can be used, for administrators.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::wire::flag")]
    pub active: Option<bool>,
    /// What else the service says, mostly to administrators.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}
