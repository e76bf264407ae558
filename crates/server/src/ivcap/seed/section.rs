//! The form of the section `ivcap` of a seed file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::ivcap::work::seed::{SeedArtifact, SeedService};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    pub(super) accounts: Vec<SeedAccount>,
    pub(super) users: Vec<SeedUser>,
    pub(super) policies: BTreeMap<String, SeedPolicy>,
    pub(super) aspects: Vec<SeedAspect>,
    /// Absent: the examples.
    pub(super) services: Option<Vec<SeedService>>,
    pub(super) artifacts: Vec<SeedArtifact>,
    pub(super) dashboards: Vec<SeedDashboard>,
    /// Tags of container images, of the first account.
    pub(super) packages: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedAccount {
    /// A UUID or `urn:ivcap:account:…`.
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedUser {
    pub(super) name: String,
    /// Of the account; may be left out if there is only one.
    pub(super) account: Option<String>,
    /// A UUID or `urn:ivcap:user:…`; made of the name if absent.
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) email: String,
    /// A bearer token of any text.
    pub(super) token: Option<String>,
    /// What the token allows; all if absent.
    pub(super) scopes: Option<Vec<String>>,
    /// Whether nothing is hidden from this user.
    #[serde(default)]
    pub(super) admin: bool,
}

impl std::fmt::Debug for SeedUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeedUser").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedPolicy {
    /// Accounts, or `*`.
    pub(super) read: Vec<String>,
    /// Accounts, or `*`.
    pub(super) write: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedAspect {
    pub(super) entity: String,
    pub(super) schema: String,
    #[serde(default)]
    pub(super) content: Map<String, Value>,
    pub(super) account: Option<String>,
    pub(super) policy: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedDashboard {
    pub(super) id: i64,
    pub(super) uid: String,
    pub(super) title: String,
    pub(super) url: String,
}
