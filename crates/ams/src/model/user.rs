use jiff::Timestamp;
use pentad_core::Secret;
use serde::Deserialize;

use super::{Other, null_as_default};
use crate::when;

/// A user.
///
/// `token`, `service_roles` and `created_by` are shown to service administrators only in lists and member calls
/// (AMS reference 9.1).
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    /// Identifier.
    #[serde(default)]
    pub uuid: String,
    /// Projects and the roles held there; absent on the wire when there are none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub projects: Vec<Membership>,
    /// Name, unique in the service.
    #[serde(default)]
    pub name: String,
    /// Given name.
    #[serde(default)]
    pub first_name: String,
    /// Family name.
    #[serde(default)]
    pub last_name: String,
    /// Organisation.
    #[serde(default)]
    pub organization: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// The credential, when the service shows it.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Mail address; may be empty.
    #[serde(default)]
    pub email: String,
    /// Roles in the whole service; `null` on the wire reads as none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub service_roles: Vec<String>,
    /// When the user was created, to the second.
    #[serde(default, deserialize_with = "when::lenient")]
    pub created_on: Option<Timestamp>,
    /// When the user was last changed, to the second.
    #[serde(default, deserialize_with = "when::lenient")]
    pub modified_on: Option<Timestamp>,
    /// Name of the user who created this one.
    #[serde(default)]
    pub created_by: String,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}

impl User {
    /// The roles held in `project`.
    pub fn roles_in(&self, project: &str) -> &[String] {
        self.projects.iter().find(|entry| entry.project == project).map_or(&[], |entry| &entry.roles)
    }
}

/// The part a user plays in one project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct Membership {
    /// The project.
    #[serde(default)]
    pub project: String,
    /// Roles held in it; `null` on the wire reads as none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub roles: Vec<String>,
    /// Short names of the topics whose list holds the user.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// Short names of the subscriptions whose list holds the user.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<String>,
}

impl Membership {
    /// A membership with these roles.
    pub fn new<R: Into<String>>(project: impl Into<String>, roles: impl IntoIterator<Item = R>) -> Self {
        Self {
            project: project.into(),
            roles: roles.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}
