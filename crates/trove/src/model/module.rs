//! Modules (OpenStack reference C17).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::time;

/// A module: a file that the agent applies to instances.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Module {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its type, such as `ping`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Free text.
    pub description: Option<String>,
    /// Its project; `None` for all.
    pub tenant_id: Option<String>,
    /// Its datastore by name, or `all`.
    pub datastore: Option<String>,
    /// Id of its datastore; `None` for all.
    pub datastore_id: Option<String>,
    /// Its datastore's version by name, or `all`.
    pub datastore_version: Option<String>,
    /// Id of its datastore's version; `None` for all.
    pub datastore_version_id: Option<String>,
    /// Whether new instances get it by themselves.
    pub auto_apply: bool,
    /// Whether it is applied before others.
    pub priority_apply: bool,
    /// Its place in the order, 0 to 9.
    pub apply_order: Option<u8>,
    /// Whether projects see it.
    pub visible: bool,
    /// Whether it belongs to the administrators.
    pub is_admin: bool,
    /// Fingerprint of its contents.
    pub md5: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub created: Option<Timestamp>,
    /// When it was changed.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub updated: Option<Timestamp>,
    /// Whether it can be changed while instances have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_update: Option<bool>,
    /// How many instances have it. Current services say 2 whatever is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_count: Option<u64>,
    /// What else the service says.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A module as an instance has it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct InstanceModule {
    /// Its id.
    #[serde(alias = "id")]
    pub module_id: Option<String>,
    /// Its name.
    #[serde(alias = "name")]
    pub module_name: Option<String>,
    /// Its contents in base64, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contents: Option<String>,
    /// What else the service or the agent says.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// How many instances have a module.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ModuleCount {
    /// Id of the module.
    pub module_id: String,
    /// Its name.
    pub module_name: String,
    /// Fingerprint of the contents that these instances have.
    pub module_md5: Option<String>,
    /// How many they are.
    pub instance_count: u64,
    /// Whether that is what the module has now.
    pub current: bool,
    /// When the first of them got it.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub min_updated_date: Option<Timestamp>,
    /// When the last of them got it.
    #[serde(deserialize_with = "time::lenient", serialize_with = "time::write")]
    pub max_updated_date: Option<Timestamp>,
}
