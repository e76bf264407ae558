//! Databases and users of an instance (OpenStack reference C10 to C12).

use pentad_core::Secret;
use serde::{Deserialize, Serialize};

use crate::name::UserName;
use crate::wire;

/// A database of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Its character set, where the service says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub character_set: Option<String>,
    /// Its order of texts, where the service says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collate: Option<String>,
}

/// A user of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct User {
    /// Its name.
    pub name: String,
    /// Where it may come from; `%` is everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The databases that it may use.
    pub databases: Vec<Database>,
}

impl User {
    /// How the user is named in calls.
    pub fn full_name(&self) -> UserName {
        UserName::new(&self.name, self.host.as_deref())
    }
}

/// Root with its new password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RootUser {
    /// Its name, commonly `root`.
    pub name: String,
    /// Its password.
    #[serde(serialize_with = "wire::shown")]
    pub password: Secret,
}
