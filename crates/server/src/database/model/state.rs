//! The states of an instance (OpenStack reference C9).

use serde::{Deserialize, Serialize};

/// What the service does with an instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    /// Also what stands where a replica once could not be made the source.
    #[serde(alias = "promoting_failed")]
    None,
    #[default]
    Building,
    Rebooting,
    Resizing,
    Upgrading,
    RestartRequired,
    Promoting,
    Ejecting,
    Detaching,
    Deleting,
    Migrating,
    Updating,
    /// The instance could not be built.
    BuildingFailed,
    /// An upgrade failed.
    UpgradingFailed,
}

impl Task {
    /// The word in messages.
    pub(crate) const fn action(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Building | Self::BuildingFailed => "BUILDING",
            Self::Rebooting => "REBOOTING",
            Self::Resizing => "RESIZING",
            Self::Upgrading | Self::UpgradingFailed => "UPGRADING",
            Self::RestartRequired => "RESTART_REQUIRED",
            Self::Promoting => "PROMOTING",
            Self::Ejecting => "EJECTING",
            Self::Detaching => "DETACHING",
            Self::Deleting => "DELETING",
            Self::Migrating => "MIGRATING",
            Self::Updating => "UPDATING",
        }
    }

    /// The sentence that administrators see.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::None => "No tasks for the instance.",
            Self::Building => "The instance is building.",
            Self::Rebooting => "Rebooting the instance.",
            Self::Resizing => "Resizing the instance.",
            Self::Upgrading => "Upgrading the instance.",
            Self::RestartRequired => "Instance requires a restart.",
            Self::Promoting => "Promoting the instance to replica source.",
            Self::Ejecting => "Ejecting the replica source.",
            Self::Detaching => "Detaching the instance from replica source.",
            Self::Deleting => "Deleting the instance.",
            Self::Migrating => "Migrating the instance.",
            Self::Updating => "Updating the instance.",
            Self::BuildingFailed => "Build error: Server.",
            Self::UpgradingFailed => "Upgrading Cluster Error.",
        }
    }

    /// Whether it ended badly.
    pub(crate) const fn is_error(self) -> bool {
        matches!(self, Self::BuildingFailed | Self::UpgradingFailed)
    }

    /// The word for `status`, if the task decides it.
    pub(crate) const fn status(self) -> Option<&'static str> {
        Some(match self {
            _ if self.is_error() => "ERROR",
            Self::Building => "BUILD",
            Self::Rebooting => "REBOOT",
            Self::Resizing => "RESIZE",
            Self::Upgrading => "UPGRADE",
            Self::RestartRequired => "RESTART_REQUIRED",
            Self::Promoting => "PROMOTE",
            Self::Ejecting => "EJECT",
            Self::Detaching => "DETACH",
            Self::Deleting => "SHUTDOWN",
            _ => return None,
        })
    }
}

/// The state of the machine below an instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ServerState {
    #[default]
    Build,
    Active,
    Reboot,
    Shutdown,
    Error,
}

impl ServerState {
    /// The word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Build => "BUILD",
            Self::Active => "ACTIVE",
            Self::Reboot => "REBOOT",
            Self::Shutdown => "SHUTDOWN",
            Self::Error => "ERROR",
        }
    }
}

/// What the database of an instance does, as its agent tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Health {
    #[default]
    New,
    Healthy,
    Shutdown,
    /// It ended without being asked to.
    Crashed,
    Failed,
    Unknown,
    Deleted,
    Restarting,
}

impl Health {
    /// The word for `operating_status`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Healthy => "HEALTHY",
            Self::Shutdown | Self::Crashed => "SHUTDOWN",
            Self::Failed => "FAILED",
            Self::Unknown => "ERROR",
            Self::Deleted => "DELETED",
            Self::Restarting => "RESTARTING",
        }
    }

    /// The words that administrators see, and messages.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Healthy => "healthy",
            Self::Shutdown => "shutdown",
            Self::Crashed => "crashed",
            Self::Failed => "failed to spawn",
            Self::Unknown => "unknown",
            Self::Deleted => "deleted",
            Self::Restarting => "restarting",
        }
    }

    /// Whether actions are possible.
    pub(crate) const fn allows_action(self) -> bool {
        matches!(self, Self::Healthy | Self::Shutdown | Self::Crashed)
    }

    /// Whether the database answers.
    pub(crate) const fn is_running(self) -> bool {
        matches!(self, Self::Healthy)
    }
}
