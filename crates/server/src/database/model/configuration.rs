//! Configuration groups.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::storage::records::Record;

/// A configuration group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Configuration {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) version: String,
    pub(crate) values: Map<String, Value>,
    pub(crate) created: i64,
    pub(crate) updated: i64,
}

impl Record for Configuration {
    const KIND: &'static str = "configuration";

    fn id(&self) -> &str {
        &self.id
    }

    fn scope(&self) -> &str {
        &self.tenant
    }
}
