//! Instances (OpenStack reference C7).

use jiff::Timestamp;
use pentad_core::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::status::{OperatingStatus, Status};
use super::time;
use crate::wire;

/// A database instance. Lists leave out what only details have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What the service does with it.
    pub status: Status,
    /// What its database does; `None` from older services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_status: Option<OperatingStatus>,
    /// Its region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flavor: Option<FlavorRef>,
    /// Its kind of database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datastore: Option<DatastoreRef>,
    /// Its volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
    /// What is used of the server's own disk, where there are no volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_storage: Option<LocalStorage>,
    /// Its name in the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Its addresses, as older clients know them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ip: Vec<String>,
    /// Its addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Address>,
    /// The instance that it is a replica of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_of: Option<InstanceRef>,
    /// Its replicas.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<InstanceRef>,
    /// Who may connect; `None` while that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// When it was made.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// When it was changed.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// When its database was heard of.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_status_updated: Option<Timestamp>,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// The configuration group that is attached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationRef>,
    /// How its replicas are spread over machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// The password of root, in the answer of a creation that made one.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::exposed")]
    pub password: Option<Secret>,
    /// The cluster that it is a member of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// Its shard there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard_id: Option<String>,
    /// Its project, for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Its server, for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_id: Option<String>,
    /// Its volume, for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_id: Option<String>,
    /// Whether the service talks to its agent encrypted, for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted_rpc_messaging: Option<bool>,
    /// What else the service says.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Instance {
    /// `replica`, `primary`, or nothing.
    pub fn role(&self) -> Option<&'static str> {
        match (&self.replica_of, self.replicas.is_empty()) {
            (Some(_), _) => Some("replica"),
            (None, false) => Some("primary"),
            (None, true) => None,
        }
    }

    /// Whether the database answers: both words say so, or the only one that an older service has.
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
            && self.operating_status.as_ref().is_none_or(OperatingStatus::is_healthy)
    }
}

/// A reference to a flavor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FlavorRef {
    /// Its id, a text here.
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
}

/// A reference to another instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InstanceRef {
    /// Its id.
    pub id: String,
}

/// A reference to a configuration group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ConfigurationRef {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The kind of database of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatastoreRef {
    /// Name of the datastore, such as `mysql`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name of its version.
    pub version: String,
    /// Number of its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_number: Option<String>,
}

/// The volume of an instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Volume {
    /// Its size in GB.
    pub size: Option<u64>,
    /// Its type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// GB in use, if the database said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<f64>,
    /// Percent in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_percent: Option<f64>,
    /// What else the service says, for administrators.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What is used of a server's own disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LocalStorage {
    /// GB in use.
    pub used: Option<f64>,
}

/// An address of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Address {
    /// The address.
    pub address: String,
    /// `private` or `public`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
}

/// Who may connect to an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Access {
    /// Whether it can be reached from everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_public: Option<bool>,
    /// Networks that may connect; empty is all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_cidrs: Vec<String>,
}

/// What went wrong with an instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Fault {
    /// In a line.
    pub message: String,
    /// When.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub created: Option<Timestamp>,
    /// In detail, for administrators.
    pub details: Option<String>,
}
