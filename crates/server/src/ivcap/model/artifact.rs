//! Artifacts (IVCAP reference 6.3, 7.5).

use serde::{Deserialize, Serialize};

use crate::ivcap::storage::things::Thing;
use crate::ivcap::urn::Kind;

/// How much of the content is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Nothing.
    #[default]
    Pending,
    /// Something.
    Partial,
    /// All, as far as is known.
    Ready,
}

/// An artifact. Its name is that of the thing; what produced it is the thing's parent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Artifact {
    pub(crate) mime_type: String,
    pub(crate) status: State,
    /// Bytes: those that were declared, or those that are there once it is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    /// Bytes that there will be; absent while nobody has said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) length: Option<u64>,
    /// Whether somebody promised to say it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) deferred: bool,
    /// SHA-256 of the content (hex) once it is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    /// Whether its content was removed with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) removed: bool,
    /// The order or job that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) produced_by: Option<String>,
}

impl Thing for Artifact {
    const KIND: Kind = Kind::Artifact;
}

impl Artifact {
    /// Whether its content can no longer change.
    pub(crate) fn is_sealed(&self) -> bool {
        self.status == State::Ready && self.length.is_some()
    }

    /// The word on the wire.
    pub(crate) fn word(&self) -> &'static str {
        match self.status {
            State::Pending => "pending",
            State::Partial => "partial",
            State::Ready => "ready",
        }
    }
}

/// The key of the content of an artifact.
pub(crate) fn blob_key(id: &str) -> String {
    id.rsplit(':').next().unwrap_or_default().trim_start_matches('.').to_owned()
}

/// The address of a content below the root of the service.
pub(crate) fn blob_path(id: &str) -> String {
    format!("/1/artifacts/{id}/blob")
}
