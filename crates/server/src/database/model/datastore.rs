//! Datastores, their versions and parameters, flavors and quotas.

use serde::{Deserialize, Serialize};

use super::super::storage::records::Record;

/// A kind of database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Datastore {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) default_version: Option<String>,
}

impl Record for Datastore {
    const KIND: &'static str = "datastore";

    fn id(&self) -> &str {
        &self.id
    }
}

/// A version of a kind of database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) datastore: String,
    pub(crate) name: String,
    /// The number, which several versions of one name tell apart.
    pub(crate) number: String,
    /// What manages it: `mysql`, `postgresql`, …
    pub(crate) manager: String,
    pub(crate) image: Option<String>,
    pub(crate) image_tags: Vec<String>,
    pub(crate) packages: String,
    pub(crate) active: bool,
    pub(crate) registry_ext: Option<String>,
    pub(crate) repl_strategy: Option<String>,
    /// The flavors that it is bound to; none is all.
    pub(crate) flavors: Vec<String>,
    /// The volume types that it is bound to; none is all.
    pub(crate) volume_types: Vec<String>,
}

impl Record for Version {
    const KIND: &'static str = "version";

    fn id(&self) -> &str {
        &self.id
    }

    fn owner(&self) -> &str {
        &self.datastore
    }
}

/// A parameter that configuration groups of a version may set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parameter {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) name: String,
    pub(crate) restart_required: bool,
    /// `integer`, `string`, `boolean` or `float`.
    pub(crate) data_type: String,
    pub(crate) max: Option<i64>,
    pub(crate) min: Option<i64>,
}

impl Record for Parameter {
    const KIND: &'static str = "parameter";

    fn id(&self) -> &str {
        &self.id
    }

    fn owner(&self) -> &str {
        &self.version
    }
}

/// A size of machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flavor {
    pub(crate) id: String,
    pub(crate) name: String,
    /// MB.
    pub(crate) ram: i64,
    #[serde(default = "one")]
    pub(crate) vcpus: i64,
    /// GB.
    #[serde(default)]
    pub(crate) disk: i64,
    /// GB.
    #[serde(default)]
    pub(crate) ephemeral: i64,
}

const fn one() -> i64 {
    1
}

impl Record for Flavor {
    const KIND: &'static str = "flavor";

    fn id(&self) -> &str {
        &self.id
    }
}

/// What was said of a quota of a project; its id is both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Quota {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) resource: String,
    pub(crate) limit: i64,
}

impl Record for Quota {
    const KIND: &'static str = "quota";

    fn id(&self) -> &str {
        &self.id
    }

    fn scope(&self) -> &str {
        &self.tenant
    }
}
