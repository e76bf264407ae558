//! Instances.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::storage::records::Record;
use super::{Health, ServerState, Task};

/// Why the last task failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub(crate) message: String,
    /// For administrators.
    pub(crate) details: String,
    pub(crate) at: i64,
}

/// When the root user was enabled, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Root {
    pub(crate) enabled_at: i64,
    pub(crate) user: String,
    pub(crate) is_enabled: bool,
}

/// A database instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) flavor: String,
    /// GB; absent where instances have no volumes.
    pub(crate) volume_size: Option<i64>,
    pub(crate) volume_type: Option<String>,
    pub(crate) version: String,
    pub(crate) task: Task,
    pub(crate) server: ServerState,
    pub(crate) health: Health,
    pub(crate) health_at: i64,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) configuration: Option<String>,
    pub(crate) replica_of: Option<String>,
    pub(crate) cluster: Option<String>,
    pub(crate) shard: Option<String>,
    /// The role in a cluster.
    pub(crate) kind: Option<String>,
    pub(crate) region: String,
    /// The object `access` of the request.
    pub(crate) access: Option<Value>,
    pub(crate) locality: Option<String>,
    /// The network that the request chose.
    pub(crate) network: Option<String>,
    pub(crate) address: Option<String>,
    /// Whether there is a real database behind it.
    pub(crate) is_real: bool,
    /// Of the real database, once it listens.
    pub(crate) port: Option<u16>,
    pub(crate) server_id: String,
    pub(crate) volume_id: Option<String>,
    pub(crate) fault: Option<Fault>,
    pub(crate) root: Option<Root>,
    /// `builtin` without one of the caller's.
    pub(crate) tls_mode: Option<String>,
    pub(crate) tls_container: Option<String>,
    /// The backup that it is built from.
    pub(crate) backup: Option<String>,
    pub(crate) deleted_at: Option<i64>,
}

impl Record for Instance {
    const KIND: &'static str = "instance";

    fn id(&self) -> &str {
        &self.id
    }

    fn scope(&self) -> &str {
        &self.tenant
    }

    /// Its cluster, or the instance that it replicates: a member of a cluster replicates none.
    fn owner(&self) -> &str {
        self.cluster.as_deref().or(self.replica_of.as_deref()).unwrap_or_default()
    }

    fn rank(&self) -> i64 {
        self.updated
    }
}

impl Instance {
    /// What stands for it and all that replicate with it: the id of their source.
    pub(crate) fn set(&self) -> &str {
        self.replica_of.as_deref().unwrap_or(&self.id)
    }

    /// What the service does with it, as callers see it.
    pub(crate) fn status(&self, has_running_backup: bool) -> &'static str {
        if self.deleted_at.is_some() {
            return "SHUTDOWN";
        }
        if matches!(self.task, Task::Building | Task::Deleting) && self.server == ServerState::Error {
            return "ERROR";
        }
        match self.task.status() {
            Some(word) => word,
            None if has_running_backup => "BACKUP",
            None => self.server.word(),
        }
    }

    /// What the database does, as callers see it: nothing while a task runs.
    pub(crate) fn operating_status(&self) -> &'static str {
        let idle = self.task == Task::None && self.server == ServerState::Active;
        if idle { self.health.word() } else { "" }
    }

    /// Notes what the agent says.
    pub(crate) fn set_health(&mut self, health: Health, now: i64) {
        self.health = health;
        self.health_at = now;
    }

    /// Whether it counts against quotas: what is being deleted does not.
    pub(crate) fn counts(&self) -> bool {
        self.task != Task::Deleting
    }

    /// Whether the root user is enabled.
    pub(crate) fn has_root(&self) -> bool {
        self.root.as_ref().is_some_and(|root| root.is_enabled)
    }
}

/// An instance that was deleted: only administrators see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Gone(pub(crate) Instance);

impl Record for Gone {
    const KIND: &'static str = "gone";

    fn id(&self) -> &str {
        &self.0.id
    }

    fn scope(&self) -> &str {
        &self.0.tenant
    }

    fn rank(&self) -> i64 {
        self.0.updated
    }
}
