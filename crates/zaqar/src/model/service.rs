//! What the service says about itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Health of the service. v1 says only that it is well.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Health(pub Value);

impl Health {
    /// Whether the storage is reachable, if the service says so.
    pub fn storage_reachable(&self) -> Option<bool> {
        self.0.get("storage_reachable").or_else(|| self.0.get("catalog_reachable"))?.as_bool()
    }

    /// The operations that were tried on the storage, and whether each succeeded. With pools: those of all pools.
    pub fn operations(&self) -> Vec<(&str, bool)> {
        let storages =
            std::iter::once(&self.0).chain(self.0.as_object().into_iter().flat_map(|map| map.values()));
        storages
            .filter_map(|storage| storage.get("operation_status")?.as_object())
            .flatten()
            .map(|(name, status)| (name.as_str(), status["succeeded"] == true))
            .collect()
    }
}

/// A version in the service's own list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceVersion {
    /// `1`, `1.1` or `2`.
    pub id: String,
    /// `CURRENT`, `SUPPORTED` or `DEPRECATED`. A deprecated version may be listed without being routed.
    pub status: String,
    /// When it last changed.
    #[serde(default)]
    pub updated: Option<String>,
}

/// The home document: what can be reached, by relation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Home {
    /// Resources by relation, such as `rel/queues`.
    pub resources: BTreeMap<String, Resource>,
}

/// One resource of a home document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resource {
    /// Template of its path.
    #[serde(rename = "href-template", default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Its path, where it has no variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// Variables of the template.
    #[serde(rename = "href-vars", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// Methods and formats.
    #[serde(default)]
    pub hints: Value,
}
