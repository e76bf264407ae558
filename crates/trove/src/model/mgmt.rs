//! What administrators see (OpenStack reference C19).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::instance::Instance;
use super::time;
use crate::wire;

/// An instance with what is below it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ManagedInstance {
    /// What its owner sees, too.
    #[serde(flatten)]
    pub instance: Instance,
    /// Its server; `None` if there is none (any more).
    pub server: Option<ManagedServer>,
    /// What its agent said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_status: Option<String>,
    /// What its agent says, in answers about one instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest_status: Option<GuestStatus>,
    /// Whether it is gone.
    #[serde(deserialize_with = "wire::flag")]
    pub deleted: Option<bool>,
    /// When it went.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub deleted_at: Option<Timestamp>,
    /// What the service does with it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_description: Option<String>,
    /// When root was enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_enabled: Option<Value>,
    /// Who enabled root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_enabled_by: Option<String>,
}

/// The server of an instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ManagedServer {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its state.
    pub status: Option<String>,
    /// Its project.
    pub tenant_id: Option<String>,
    /// The machine that it is on.
    pub host: Option<String>,
    /// What else the service says.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What the agent of an instance says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct GuestStatus {
    /// In words.
    pub state_description: Option<String>,
}

/// Who enabled root, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RootHistory {
    /// The instance.
    pub id: String,
    /// When; `Never` as the service says.
    pub enabled: String,
    /// The user; `Nobody` as the service says.
    pub user: String,
}

/// Memory and threads of an agent, in kB.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Diagnostics {
    /// Version of the agent.
    pub version: Option<String>,
    /// Number of threads.
    pub threads: Option<u64>,
    /// Number of file handles.
    pub fd_size: Option<u64>,
    /// Virtual memory.
    pub vm_size: Option<u64>,
    /// Largest virtual memory.
    pub vm_peak: Option<u64>,
    /// Resident memory.
    pub vm_rss: Option<u64>,
    /// Largest resident memory.
    pub vm_hwm: Option<u64>,
}

/// Memory and processors of a machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct HardwareInfo {
    /// Memory in bytes.
    pub mem_total: Option<u64>,
    /// Number of processors.
    pub num_cpus: Option<u64>,
}

/// What a project may use of something, and uses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Quota {
    /// What: `instances`, `volumes` (GB), `backups`, `ram` (MB).
    pub resource: String,
    /// How much is used.
    pub in_use: i64,
    /// How much is spoken for.
    pub reserved: i64,
    /// How much there may be; -1 is no limit.
    pub limit: i64,
}

/// A version of a datastore with all there is to say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ManagedDatastoreVersion {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its number.
    pub version: Option<String>,
    /// Id of its datastore.
    pub datastore_id: String,
    /// Name of its datastore.
    pub datastore_name: String,
    /// The agent's manager.
    pub datastore_manager: Option<String>,
    /// The image of its servers.
    pub image: Option<String>,
    /// Tags by which the image is found.
    #[serde(deserialize_with = "wire::words")]
    pub image_tags: Vec<String>,
    /// Packages that are installed.
    #[serde(deserialize_with = "wire::words")]
    pub packages: Vec<String>,
    /// Whether it can be used.
    pub active: bool,
    /// Whether it is its datastore's default.
    pub default: bool,
    /// Further managers.
    pub registry_ext: Option<String>,
    /// How replicas are made.
    pub repl_strategy: Option<String>,
}
