//! Clusters (OpenStack reference C18).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::instance::{DatastoreRef, FlavorRef, Volume};
use super::status::{ClusterTaskName, Status};
use super::time;

/// A cluster of instances.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Cluster {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What the service does with it.
    pub task: ClusterTask,
    /// When it was made.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub created: Option<Timestamp>,
    /// When it was changed.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub updated: Option<Timestamp>,
    /// Its kind of database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datastore: Option<DatastoreRef>,
    /// Its members.
    pub instances: Vec<Member>,
    /// Its addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ip: Vec<String>,
    /// How its members are spread over machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// The configuration group that is attached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<Value>,
    /// What else the service says.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What the service does with a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ClusterTask {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: ClusterTaskName,
    /// In words.
    pub description: String,
}

/// A member of a cluster. Lists leave out status, flavor and volume.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Member {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is in the cluster, such as `member` or `query_router`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its shard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard_id: Option<String>,
    /// What the service does with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flavor: Option<FlavorRef>,
    /// Its volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
    /// Its addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ip: Vec<String>,
}
