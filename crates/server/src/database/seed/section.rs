//! The form of the section.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::model::Flavor;

/// The section `database`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    /// The usual ones if absent.
    pub(super) flavors: Option<Vec<Flavor>>,
    /// The usual ones if absent.
    pub(super) datastores: Option<Vec<SeedDatastore>>,
    pub(super) quotas: Vec<SeedQuota>,
    pub(super) instances: Vec<SeedInstance>,
}

/// A datastore.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedDatastore {
    pub(super) id: Option<String>,
    pub(super) name: String,
    /// The name of one of its versions.
    pub(super) default_version: Option<String>,
    pub(super) versions: Vec<SeedVersion>,
}

/// A version.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedVersion {
    pub(super) id: Option<String>,
    pub(super) name: String,
    /// The name if absent.
    pub(super) number: Option<String>,
    /// The name of the datastore if absent.
    pub(super) manager: Option<String>,
    pub(super) image: Option<String>,
    pub(super) image_tags: Vec<String>,
    pub(super) packages: Vec<String>,
    pub(super) active: bool,
    pub(super) flavors: Vec<String>,
    pub(super) volume_types: Vec<String>,
    /// Those of the manager if absent.
    pub(super) parameters: Option<Vec<SeedParameter>>,
}

impl Default for SeedVersion {
    fn default() -> Self {
        Self {
            id: None,
            name: String::new(),
            number: None,
            manager: None,
            image: None,
            image_tags: Vec::new(),
            packages: Vec::new(),
            active: true,
            flavors: Vec::new(),
            volume_types: Vec::new(),
            parameters: None,
        }
    }
}

/// A parameter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedParameter {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) data_type: String,
    #[serde(default)]
    pub(super) min: Option<i64>,
    #[serde(default)]
    pub(super) max: Option<i64>,
    #[serde(default)]
    pub(super) restart_required: bool,
}

/// The quotas of a project.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct SeedQuota {
    pub(super) project: String,
    #[serde(flatten)]
    pub(super) limits: BTreeMap<String, i64>,
}

/// An instance, which is ready from the start unless it is a real database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedInstance {
    #[serde(default)]
    pub(super) id: Option<String>,
    /// The id of its project.
    pub(super) project: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) datastore: Option<String>,
    #[serde(default)]
    pub(super) version: Option<String>,
    /// The id of its flavor; `1` if absent.
    #[serde(default)]
    pub(super) flavor: Option<String>,
    /// GB.
    #[serde(default = "one")]
    pub(super) size: i64,
    #[serde(default)]
    pub(super) databases: Vec<String>,
    #[serde(default)]
    pub(super) users: Vec<SeedUser>,
}

const fn one() -> i64 {
    1
}

/// A user of a database.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedUser {
    pub(super) name: String,
    /// In a real database; one that nobody knows if absent.
    #[serde(default)]
    pub(super) password: Option<String>,
    #[serde(default)]
    pub(super) host: Option<String>,
    #[serde(default)]
    pub(super) databases: Vec<String>,
}

impl std::fmt::Debug for SeedUser {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeedUser").field("name", &self.name).finish_non_exhaustive()
    }
}
