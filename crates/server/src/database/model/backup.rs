//! Backups and where they go.

use serde::{Deserialize, Serialize};

use super::super::storage::records::Record;
use super::Contents;

/// The states of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum BackupState {
    New,
    Building,
    Completed,
    Failed,
    /// Registered, not made.
    Restored,
}

impl BackupState {
    /// The word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Building => "BUILDING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Restored => "RESTORED",
        }
    }

    /// Whether it is being made.
    pub(crate) const fn is_running(self) -> bool {
        matches!(self, Self::New | Self::Building)
    }

    /// Whether instances can be made from it.
    pub(crate) const fn is_usable(self) -> bool {
        matches!(self, Self::Completed | Self::Restored)
    }
}

/// A backup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Backup {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) instance: Option<String>,
    pub(crate) location: Option<String>,
    /// GB.
    pub(crate) size: Option<f64>,
    pub(crate) state: BackupState,
    pub(crate) parent: Option<String>,
    pub(crate) version: String,
    pub(crate) container: String,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    /// Whether it is being removed.
    pub(crate) is_leaving: bool,
    /// Whether it consists of the files of a real database.
    #[serde(default)]
    pub(crate) is_real: bool,
}

impl Record for Backup {
    const KIND: &'static str = "backup";

    fn id(&self) -> &str {
        &self.id
    }

    fn scope(&self) -> &str {
        &self.tenant
    }

    fn owner(&self) -> &str {
        self.instance.as_deref().unwrap_or_default()
    }

    fn rank(&self) -> i64 {
        self.updated
    }
}

/// What a simulated backup holds; its id is the backup's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) contents: Contents,
}

impl Record for Saved {
    const KIND: &'static str = "saved";

    fn id(&self) -> &str {
        &self.id
    }

    fn scope(&self) -> &str {
        &self.tenant
    }
}

/// Where the backups of a project, or of one instance, go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Strategy {
    pub(crate) id: String,
    pub(crate) tenant: String,
    /// `""` for the whole project.
    pub(crate) instance: String,
    pub(crate) container: String,
}

impl Record for Strategy {
    const KIND: &'static str = "strategy";

    fn id(&self) -> &str {
        &self.id
    }

    fn scope(&self) -> &str {
        &self.tenant
    }
}
