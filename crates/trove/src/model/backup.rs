//! Backups, where they go, and their schedules (OpenStack reference C13).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::status::BackupStatus;
use super::time;
use crate::wire;

/// A backup.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Backup {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// The instance that it was made of.
    pub instance_id: Option<String>,
    /// Where its data are.
    #[serde(rename = "locationRef")]
    pub location: Option<String>,
    /// When it was begun.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub created: Option<Timestamp>,
    /// When it was changed.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub updated: Option<Timestamp>,
    /// Its size in GB.
    pub size: Option<f64>,
    /// Where it stands.
    pub status: BackupStatus,
    /// The backup that it stands on.
    pub parent_id: Option<String>,
    /// Its project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// What it is a backup of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datastore: Option<BackupDatastore>,
    /// What else the service says.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The kind of database of a backup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BackupDatastore {
    /// Name of the datastore.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name of its version.
    pub version: String,
    /// Id of its version.
    pub version_id: Option<String>,
}

/// Where backups of an instance, or of a project, go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BackupStrategy {
    /// Its project.
    pub project_id: String,
    /// Its instance; `None` for the whole project.
    pub instance_id: Option<String>,
    /// The kind of store, commonly `swift`.
    pub backend: Option<String>,
    /// The container of the object store.
    pub swift_container: Option<String>,
}

/// A schedule of backups: a trigger of the workflow service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Schedule {
    /// Its name there, which is its id here.
    #[serde(rename = "name")]
    pub id: String,
    /// When it runs, in the form of cron.
    #[serde(default)]
    pub pattern: Option<String>,
    /// The workflow that it runs.
    #[serde(default)]
    pub workflow_name: Option<String>,
    /// What the workflow is given: `instance`, `name`, `description`, `incremental`.
    #[serde(rename = "workflow_input", default, deserialize_with = "wire::embedded")]
    pub input: Map<String, Value>,
    /// When it runs next.
    #[serde(default, deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub next_execution_time: Option<Timestamp>,
    /// When it was made.
    #[serde(default, deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub created_at: Option<Timestamp>,
    /// When it was changed.
    #[serde(default, deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub updated_at: Option<Timestamp>,
}

impl Schedule {
    /// The name of the backups that it makes.
    pub fn backup_name(&self) -> Option<&str> {
        self.input.get("name")?.as_str()
    }

    /// The instance whose backups it makes.
    pub fn instance_id(&self) -> Option<&str> {
        self.input.get("instance")?.as_str()
    }
}

/// One run of a schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Execution {
    /// Its id.
    pub id: String,
    /// The workflow.
    #[serde(default)]
    pub workflow_name: Option<String>,
    /// What the workflow was given.
    #[serde(default, deserialize_with = "wire::embedded")]
    pub input: Map<String, Value>,
    /// What came of it, in the words of the workflow service.
    #[serde(default)]
    pub state: Option<String>,
    /// When it began.
    #[serde(default, deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub created_at: Option<Timestamp>,
    /// What the workflow gave.
    #[serde(default)]
    pub output: Option<Value>,
}
