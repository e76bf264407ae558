//! Words for states. A word that is not known here is kept as it is.

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_doc])* $word,)*
            /// A word of another age of the service.
            Other(String),
        }

        impl $name {
            /// As the service writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$word,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Other(String::new())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <Option<std::borrow::Cow<'de, str>> as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from(text.as_deref().unwrap_or_default()))
            }
        }
    )*};
}

pub(super) use words;

words! {
    /// What the service does with an instance (OpenStack reference C9).
    Status {
        /// Nothing: the server runs. Whether the database answers is another word.
        Active = "ACTIVE",
        /// It is being made.
        Build = "BUILD",
        /// A backup is being made.
        Backup = "BACKUP",
        /// It restarts.
        Reboot = "REBOOT",
        /// It changes its size.
        Resize = "RESIZE",
        /// It gets another version.
        Upgrade = "UPGRADE",
        /// A setting takes effect with the next restart.
        RestartRequired = "RESTART_REQUIRED",
        /// A replica becomes the source.
        Promote = "PROMOTE",
        /// A source that does not answer is taken out.
        Eject = "EJECT",
        /// A log is being transferred.
        Logging = "LOGGING",
        /// A replica leaves its source.
        Detach = "DETACH",
        /// It is being removed.
        Shutdown = "SHUTDOWN",
        /// Something failed; see the fault.
        Error = "ERROR",
        /// The server is in a state that the service does not name.
        Unknown = "UNKNOWN",
    }
    /// What the database of an instance does. Empty while the service works on the instance.
    OperatingStatus {
        /// It answers.
        Healthy = "HEALTHY",
        /// It runs; older services say this for healthy.
        Active = "ACTIVE",
        /// It was never heard of.
        New = "NEW",
        /// It is being set up.
        Build = "BUILD",
        /// It runs and refuses connections.
        Blocked = "BLOCKED",
        /// It does not run.
        Shutdown = "SHUTDOWN",
        /// It could not be set up.
        Failed = "FAILED",
        /// It was not heard of for too long.
        Error = "ERROR",
        /// It becomes the source of its replicas.
        Promote = "PROMOTE",
        /// It is taken out as source.
        Eject = "EJECT",
        /// A log is being transferred.
        Logging = "LOGGING",
        /// It is gone.
        Deleted = "DELETED",
        /// A setting takes effect with the next restart.
        RestartRequired = "RESTART_REQUIRED",
        /// It restarts, or gets another version.
        Restarting = "RESTARTING",
    }
    /// Where a backup stands (OpenStack reference C13).
    BackupStatus {
        /// Not begun.
        New = "NEW",
        /// It is being made.
        Building = "BUILDING",
        /// It is being stored.
        Saving = "SAVING",
        /// It is there.
        Completed = "COMPLETED",
        /// It is there; its data come from elsewhere.
        Restored = "RESTORED",
        /// It could not be made.
        Failed = "FAILED",
        /// It could not be removed.
        DeleteFailed = "DELETE_FAILED",
    }
    /// What the service does with a cluster (OpenStack reference C18).
    ClusterTaskName {
        /// Nothing: the cluster is ready.
        None = "NONE",
        /// It is being made.
        Building = "BUILDING",
        /// It is being removed.
        Deleting = "DELETING",
        /// It gets another shard.
        AddingShard = "ADDING_SHARD",
        /// It gets more members.
        Growing = "GROWING_CLUSTER",
        /// Members leave it.
        Shrinking = "SHRINKING_CLUSTER",
        /// It gets another version.
        Upgrading = "UPGRADING_CLUSTER",
        /// Its members restart, one after another.
        Restarting = "RESTARTING_CLUSTER",
        /// A configuration group is attached or detached.
        Updating = "UPDATING_CLUSTER",
    }
}

impl OperatingStatus {
    /// Whether the service says nothing, because it works on the instance.
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }

    /// Whether the database answers.
    pub const fn is_healthy(&self) -> bool {
        matches!(self, Self::Healthy | Self::Active)
    }
}

impl BackupStatus {
    /// Whether it is not finished.
    pub const fn is_running(&self) -> bool {
        matches!(self, Self::New | Self::Building | Self::Saving)
    }

    /// Whether an instance can be made from it.
    pub const fn is_usable(&self) -> bool {
        matches!(self, Self::Completed | Self::Restored)
    }
}
