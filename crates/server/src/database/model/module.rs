//! Modules: files that are put into instances.

use serde::{Deserialize, Serialize};

use super::super::storage::records::Record;

/// A module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Module {
    pub(crate) id: String,
    /// `None` for all projects.
    pub(crate) tenant: Option<String>,
    pub(crate) name: String,
    pub(crate) kind: String,
    /// As it was sent, which is base64 from most clients.
    pub(crate) contents: String,
    pub(crate) md5: String,
    pub(crate) description: Option<String>,
    pub(crate) datastore: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) auto_apply: bool,
    pub(crate) visible: bool,
    pub(crate) live_update: bool,
    pub(crate) priority_apply: bool,
    pub(crate) apply_order: i64,
    /// Whether only administrators change it.
    pub(crate) is_admin: bool,
    pub(crate) created: i64,
    pub(crate) updated: i64,
}

impl Record for Module {
    const KIND: &'static str = "module";

    fn id(&self) -> &str {
        &self.id
    }

    fn scope(&self) -> &str {
        self.tenant.as_deref().unwrap_or_default()
    }
}

/// A module on an instance; its id is both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Applied {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) instance: String,
    pub(crate) module: String,
    pub(crate) md5: String,
    pub(crate) updated: i64,
}

impl Applied {
    /// A module on an instance.
    pub(crate) fn new(tenant: &str, instance: &str, module: &Module, now: i64) -> Self {
        Self {
            id: format!("{instance}/{}", module.id),
            tenant: tenant.to_owned(),
            instance: instance.to_owned(),
            module: module.id.clone(),
            md5: module.md5.clone(),
            updated: now,
        }
    }
}

impl Record for Applied {
    const KIND: &'static str = "applied";

    fn id(&self) -> &str {
        &self.id
    }

    fn scope(&self) -> &str {
        &self.tenant
    }

    fn owner(&self) -> &str {
        &self.instance
    }
}
