//! Clusters.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::storage::records::Record;

/// What the service does with a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClusterTask {
    None,
    Building,
    Deleting,
    AddingShard,
    Growing,
    Shrinking,
    Upgrading,
    Restarting,
    Updating,
}

impl ClusterTask {
    /// Its number.
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::None => 1,
            Self::Building => 2,
            Self::Deleting => 3,
            Self::AddingShard => 4,
            Self::Growing => 5,
            Self::Shrinking => 6,
            Self::Upgrading => 7,
            Self::Restarting => 8,
            Self::Updating => 9,
        }
    }

    /// Its name.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Building => "BUILDING",
            Self::Deleting => "DELETING",
            Self::AddingShard => "ADDING_SHARD",
            Self::Growing => "GROWING_CLUSTER",
            Self::Shrinking => "SHRINKING_CLUSTER",
            Self::Upgrading => "UPGRADING_CLUSTER",
            Self::Restarting => "RESTARTING_CLUSTER",
            Self::Updating => "UPDATING_CLUSTER",
        }
    }

    /// Its sentence.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::None => "No tasks for the cluster.",
            Self::Building => "Building the initial cluster.",
            Self::Deleting => "Deleting the cluster.",
            Self::AddingShard => "Adding a shard to the cluster.",
            Self::Growing => "Increasing the size of the cluster.",
            Self::Shrinking => "Decreasing the size of the cluster.",
            Self::Upgrading => "Upgrading the cluster to new version.",
            Self::Restarting => "Restarting the cluster.",
            Self::Updating => "Updating cluster configuration.",
        }
    }
}

/// A cluster; its members are instances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cluster {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) task: ClusterTask,
    pub(crate) locality: Option<String>,
    pub(crate) configuration: Option<String>,
    pub(crate) extended: Map<String, Value>,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) deleted_at: Option<i64>,
}

impl Record for Cluster {
    const KIND: &'static str = "cluster";

    fn id(&self) -> &str {
        &self.id
    }

    fn scope(&self) -> &str {
        &self.tenant
    }
}
