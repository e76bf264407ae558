//! Flavors: what queues can be made of. v1.1 and v2, for administrators of services with pooling.

use pentad_core::{Call, Draft, Error, List, Op, decode};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::error::unsupported;
use crate::name::check_id;
use crate::version::Version;
use crate::{list, model, ops};

/// A handle on one flavor. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Flavor {
    client: Client,
    name: String,
}

/// A flavor to be registered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[must_use]
pub struct NewFlavor {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pool_list: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capabilities: Option<Map<String, Value>>,
}

impl NewFlavor {
    /// A flavor of these pools.
    pub fn new<P: Into<String>>(pools: impl IntoIterator<Item = P>) -> Self {
        Self { pool_list: pools.into_iter().map(Into::into).collect(), capabilities: None }
    }

    /// A flavor of one pool; what old clients called `pool` and `pool_group`.
    pub fn pool(name: impl Into<String>) -> Self {
        Self::new([name.into()])
    }

    /// What it can do: v1.1 keeps it, v2 asks the pools.
    pub fn capabilities(mut self, capabilities: Map<String, Value>) -> Self {
        self.capabilities = Some(capabilities);
        self
    }
}

impl Client {
    /// The flavors, by name; with their capabilities if `detailed`.
    ///
    /// # Source
    /// Zaqar reference 11.2 and 11.3.
    pub fn flavors(&self, detailed: bool) -> List<model::Flavor> {
        let draft = self.op(&ops::FLAVOR_LIST);
        let draft = if detailed { draft.query("detailed", "true") } else { draft };
        draft.list(list::cursor, list::page::<model::Flavor>).size_query(list::SIZE)
    }
}

impl Flavor {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn op(&self, op: &'static Op) -> Draft {
        self.client.op(op).check(check_id("flavor", &self.name)).arg("flavor_name", self.name.as_str())
    }

    /// Registers the flavor, in place of one of that name.
    ///
    /// # Shapes
    /// v1.1 wants capabilities: an empty object is sent where none were said.
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for a pool that does not exist, and before sending in v2 for no pool.
    /// # Source
    /// Zaqar reference 11.2 and 11.3.
    pub fn create(&self, flavor: &NewFlavor) -> Call<()> {
        let mut draft = self.op(&ops::FLAVOR_CREATE);
        if self.client.version() == Version::V1_1 {
            let mut flavor = flavor.clone();
            flavor.capabilities.get_or_insert_default();
            return draft.json(&flavor).call(decode::empty);
        }
        if flavor.pool_list.is_empty() {
            draft = draft.refuse(Error::invalid("pool_list", "needs at least one pool"));
        }
        draft.json(flavor).call(decode::empty)
    }

    /// Reads the flavor with its capabilities.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist.
    /// # Source
    /// Zaqar reference 11.2 and 11.3.
    pub fn get(&self) -> Call<model::Flavor> {
        let draft = self.op(&ops::FLAVOR_GET);
        // v2 always shows them.
        let asks = self.client.version() == Version::V1_1;
        if asks { draft.query("detailed", "true") } else { draft }.call(decode::json)
    }

    /// Gives the flavor other pools (v2), or other capabilities (v1.1, whose service refuses every change).
    ///
    /// # Errors
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) for capabilities in v2;
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist.
    /// # Source
    /// Zaqar reference 11.2 and 11.3.
    pub fn update(&self, flavor: &NewFlavor) -> Call<()> {
        let draft = self.op(&ops::FLAVOR_UPDATE);
        match self.client.version() {
            Version::V1_1 => draft.json(flavor),
            version if flavor.capabilities.is_some() => {
                let there = [Version::V1_1];
                draft.refuse(unsupported("zaqar.flavor.update of capabilities", version, &there))
            }
            _ => draft.json(&json!({ "pool_list": flavor.pool_list })),
        }
        .call(decode::empty)
    }

    /// Removes the flavor. A missing one is fine.
    ///
    /// # Source
    /// Zaqar reference 11.2.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::FLAVOR_DELETE).call(decode::empty)
    }
}
