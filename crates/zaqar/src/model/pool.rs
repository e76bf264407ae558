//! Pools and flavors as the service shows them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Address, Names};

/// A storage pool (Zaqar reference 11.1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// The storage, such as `mongodb://db1:27017`.
    pub uri: String,
    /// Its share of new queues, relative to other pools.
    pub weight: u64,
    /// The flavor that it belongs to.
    #[serde(default)]
    pub flavor: Option<String>,
    /// Options of the storage, in detailed answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Map<String, Value>>,
    /// Its path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.name)
            .field("uri", &Address(&self.uri))
            .field("weight", &self.weight)
            .field("flavor", &self.flavor)
            .field("options", &self.options.as_ref().map(Names))
            .field("href", &self.href)
            .finish()
    }
}

/// A flavor: what queues can be made of (Zaqar reference 11.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Flavor {
    /// Its name.
    pub name: String,
    /// Its pools; v1.1 does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_list: Option<Vec<String>>,
    /// What the storage of its pools can do (v2: names), or what was registered (v1.1: an object).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Value>,
    /// Its path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
}
