//! Artifacts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::shape::{reference, size, texts, when};

texts! {
    /// How much of an artifact is there.
    ArtifactStatus {
        /// The record, no content.
        Pending = "pending",
        /// Some of the content.
        Partial = "partial",
        /// All of the content.
        Ready = "ready",
        /// The platform has lost it.
        Error = "error",
        /// The platform does not say.
        Unknown = "unknown",
    }
}

/// An artifact's record (IVCAP reference 7.5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Artifact {
    /// Its name in the platform.
    #[serde(default)]
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// How much of it is there.
    #[serde(default = "unknown")]
    pub status: ArtifactStatus,
    /// Type of its content.
    #[serde(default)]
    pub mime_type: Option<String>,
    /// Size of its content in bytes, if known.
    #[serde(default, deserialize_with = "size")]
    pub size: Option<u64>,
    /// When the record was made.
    #[serde(default, deserialize_with = "when")]
    pub created_at: Option<Timestamp>,
    /// When it changed.
    #[serde(default, deserialize_with = "when", skip_serializing_if = "Option::is_none")]
    pub last_modified_at: Option<Timestamp>,
    /// Who pays for it.
    #[serde(default, deserialize_with = "reference", skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Who may read it.
    #[serde(default, deserialize_with = "reference", skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The platform's mark of this content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The address that it is a copy of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_of: Option<String>,
    /// Address of the content (modern dialect).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_href: Option<String>,
    /// Addresses of the content (old dialects).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Whatever else the platform says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

const fn unknown() -> ArtifactStatus {
    ArtifactStatus::Unknown
}

impl Artifact {
    /// The address of the content, if the record says so; records in listings do not.
    pub fn blob(&self) -> Option<&str> {
        let old = || self.data.as_ref()?.get("self")?.as_str();
        self.data_href.as_deref().or_else(old).filter(|href| !href.is_empty())
    }
}
