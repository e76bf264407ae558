//! Storage pools: for administrators of services with pooling.

use std::fmt;

use pentad_core::{Call, Draft, List, Op, decode};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::unsupported;
use crate::model::{Address, Names};
use crate::name::check_id;
use crate::version::Version;
use crate::{list, model, ops};

/// A handle on one pool. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Pool {
    client: Client,
    name: String,
}

/// A pool to be registered.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[must_use]
pub struct NewPool {
    uri: String,
    weight: u32,
    #[serde(skip_serializing_if = "Map::is_empty")]
    options: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flavor: Option<String>,
}

impl NewPool {
    /// A storage and its share of new queues, relative to other pools.
    pub fn new(uri: impl Into<String>, weight: u32) -> Self {
        Self { uri: uri.into(), weight, options: Map::new(), flavor: None }
    }

    /// An option of the storage.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }

    /// The flavor that it belongs to. v1.1, v2; only v2 keeps it.
    pub fn flavor(mut self, name: impl Into<String>) -> Self {
        self.flavor = Some(name.into());
        self
    }
}

/// Changes of a pool. What is not named stays.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[must_use]
pub struct PoolUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flavor: Option<String>,
}

impl PoolUpdate {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another storage.
    pub fn uri(mut self, uri: impl Into<String>) -> Self {
        self.uri = Some(uri.into());
        self
    }

    /// Another share of new queues.
    pub const fn weight(mut self, weight: u32) -> Self {
        self.weight = Some(weight);
        self
    }

    /// Other options, in place of all there are.
    pub fn options(mut self, options: Map<String, Value>) -> Self {
        self.options = Some(options);
        self
    }

    /// Another flavor; an empty text takes it out of its flavor. v2.
    pub fn flavor(mut self, name: impl Into<String>) -> Self {
        self.flavor = Some(name.into());
        self
    }
}

impl fmt::Debug for NewPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPool")
            .field("uri", &Address(&self.uri))
            .field("weight", &self.weight)
            .field("options", &Names(&self.options))
            .field("flavor", &self.flavor)
            .finish()
    }
}

impl fmt::Debug for PoolUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolUpdate")
            .field("uri", &self.uri.as_deref().map(Address))
            .field("weight", &self.weight)
            .field("options", &self.options.as_ref().map(Names))
            .field("flavor", &self.flavor)
            .finish()
    }
}

impl Client {
    /// The pools, by name; with their options if `detailed`.
    ///
    /// # Shapes
    /// v1 gives a link even on an empty page; the listing ends there all the same.
    /// # Source
    /// Zaqar reference 11.1.
    pub fn pools(&self, detailed: bool) -> List<model::Pool> {
        let draft = self.op(&ops::POOL_LIST);
        let draft = if detailed { draft.query("detailed", "true") } else { draft };
        draft.list(list::cursor, list::page::<model::Pool>).size_query(list::SIZE)
    }
}

impl Pool {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn op(&self, op: &'static Op) -> Draft {
        self.client.op(op).check(check_id("pool", &self.name)).arg("pool_name", self.name.as_str())
    }

    /// Registers the pool, in place of one of that name.
    ///
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) if another pool has that storage;
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) if the service cannot connect to it, or it does not fit its flavor;
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) for a flavor in v1.
    /// # Source
    /// Zaqar reference 11.1.
    pub fn create(&self, pool: &NewPool) -> Call<()> {
        let mut draft = self.op(&ops::POOL_CREATE).json(pool);
        if pool.flavor.is_some() && self.client.version() == Version::V1 {
            let there = [Version::V1_1, Version::V2];
            draft = draft.refuse(unsupported("zaqar.pool.create with a flavor", Version::V1, &there));
        }
        draft.call(decode::empty)
    }

    /// Reads the pool with its options.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist.
    /// # Source
    /// Zaqar reference 11.1.
    pub fn get(&self) -> Call<model::Pool> {
        self.op(&ops::POOL_GET).query("detailed", "true").call(decode::json)
    }

    /// Changes the pool.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) if nothing is changed; [`Unsupported`](pentad_core::ErrorKind::Unsupported) for a
    /// flavor before v2.
    /// # Source
    /// Zaqar reference 11.1.
    pub fn update(&self, update: &PoolUpdate) -> Call<()> {
        let mut draft = self.op(&ops::POOL_UPDATE).json(update);
        let version = self.client.version();
        if update.flavor.is_some() && version != Version::V2 {
            draft = draft.refuse(unsupported("zaqar.pool.update of a flavor", version, &[Version::V2]));
        }
        draft.call(decode::empty)
    }

    /// Removes the pool. A missing one is fine.
    ///
    /// # Errors
    /// [`Forbidden`](pentad_core::ErrorKind::Forbidden) if it is the last pool of a flavor.
    /// # Source
    /// Zaqar reference 11.1.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::POOL_DELETE).call(decode::empty)
    }
}
