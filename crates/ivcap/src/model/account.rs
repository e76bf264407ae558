//! Secrets, projects, dashboards.

use jiff::Timestamp;
use pentad_core::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::shape::{reference, texts, when};

texts! {
    /// State of a project.
    ProjectStatus {
        /// The platform does not say.
        Unknown = "unknown",
        /// In use.
        Active = "active",
        /// Not in use for now.
        Disabled = "disabled",
        /// Removed.
        Deleted = "deleted",
    }
}

/// A secret without its value (IVCAP reference 7.11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SecretName {
    /// Its name.
    pub secret_name: String,
    /// When it ends, in seconds since 1970; 0 for never.
    #[serde(default)]
    pub expiry_time: Option<i64>,
}

/// A secret with its value.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SecretValue {
    /// Its name; inside a job the platform does not repeat it.
    #[serde(default)]
    pub secret_name: String,
    /// Its value.
    pub secret_value: Secret,
    /// When it ends, in seconds since 1970; 0 for never.
    #[serde(default)]
    pub expiry_time: Option<i64>,
}

/// A project (IVCAP reference 7.12).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Project {
    /// Its name in the platform.
    pub urn: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether it is in use.
    #[serde(default)]
    pub status: Option<ProjectStatus>,
    /// What the caller is in it.
    #[serde(default)]
    pub role: Option<String>,
    /// The project that it is part of.
    #[serde(default, deserialize_with = "reference")]
    pub parent: Option<String>,
    /// Who pays.
    #[serde(default, deserialize_with = "reference")]
    pub account: Option<String>,
    /// When it was created.
    #[serde(default, deserialize_with = "when")]
    pub created_at: Option<Timestamp>,
    /// When it changed.
    #[serde(default, deserialize_with = "when")]
    pub modified_at: Option<Timestamp>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<Value>,
    /// Whatever else the platform says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A member of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Member {
    /// The user.
    #[serde(default)]
    pub urn: String,
    /// The user's mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// What the user is in the project.
    #[serde(default)]
    pub role: Option<String>,
}

/// A dashboard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dashboard {
    /// Its number.
    #[serde(default)]
    pub id: i64,
    /// Its name in the platform.
    #[serde(default)]
    pub uid: String,
    /// What people call it.
    #[serde(default)]
    pub title: String,
    /// Where it is seen.
    #[serde(default)]
    pub url: String,
}
