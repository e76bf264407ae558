//! Logs and TLS of a database (OpenStack reference C8).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::status::words;
use super::time;

words! {
    /// Who a log is for.
    LogType {
        /// The owner of the instance.
        User = "USER",
        /// Administrators.
        System = "SYS",
    }
    /// Where a log stands.
    LogStatus {
        /// It is not written.
        Disabled = "Disabled",
        /// It is written; nothing came yet.
        Enabled = "Enabled",
        /// It is written, and not to be found.
        Unavailable = "Unavailable",
        /// There is something to publish.
        Ready = "Ready",
        /// All of it is published.
        Published = "Published",
        /// Some of it is published.
        Partial = "Partial",
        /// It was begun anew since it was published.
        Rotated = "Rotated",
        /// It is written after the next restart.
        RestartRequired = "Restart_Required",
        /// The restart has happened.
        RestartCompleted = "Restart_Completed",
    }
}

/// A log of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Log {
    /// Its name, such as `general`.
    pub name: String,
    /// Who it is for.
    #[serde(rename = "type")]
    pub kind: LogType,
    /// Where it stands.
    pub status: LogStatus,
    /// Bytes that are published.
    pub published: u64,
    /// Bytes that could be published.
    pub pending: u64,
    /// Where in the object store it is.
    pub container: Option<String>,
    /// What the names of its parts begin with there.
    pub prefix: Option<String>,
    /// The object that says how far it was published.
    pub metafile: Option<String>,
}

/// A published part of a log: an object in the object store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was published.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub last_modified: Option<Timestamp>,
}

/// How the database itself speaks TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Tls {
    /// Where it stands.
    pub status: Option<String>,
    /// `builtin`, `basic`, `enforced` or `mtls`.
    pub mode: Option<String>,
    /// The certificate of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<TlsCertificate>,
    /// Where certificate and key come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_ref: Option<String>,
}

/// A certificate of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TlsCertificate {
    /// Whose it is.
    pub cn: Option<String>,
    /// When it ends.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub expire_at: Option<Timestamp>,
    /// Other names.
    pub san: Option<serde_json::Value>,
    /// The certificate itself, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}
