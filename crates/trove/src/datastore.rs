//! Datastores, their versions and parameters (OpenStack reference C14 and C15).

use pentad_core::{Call, Draft, List, Op, decode};

use crate::client::Client;
use crate::{list, model, name, ops, wire};

/// A handle on one datastore, by id or name. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Datastore {
    client: Client,
    id: String,
}

/// A handle on one version of a datastore, by id or name. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct DatastoreVersion {
    datastore: Datastore,
    id: String,
}

impl Client {
    /// The datastores that have versions; all in one page.
    ///
    /// # Source
    /// OpenStack reference C14.
    pub fn datastores(&self) -> List<model::Datastore> {
        list::of(self.op(&ops::DATASTORE_LIST))
    }

    /// Reads a version by its id alone.
    ///
    /// # Source
    /// OpenStack reference C14.
    pub fn datastore_version(&self, id: &str) -> Call<model::DatastoreVersion> {
        self.version_op(&ops::VERSION_BY_ID, id).call(wire::one)
    }

    /// The settings that a version knows, by the version's id alone.
    ///
    /// # Source
    /// OpenStack reference C15.
    pub fn parameters(&self, version: &str) -> List<model::Parameter> {
        list::of(self.version_op(&ops::PARAMETER_LIST_BY_ID, version))
    }

    /// One setting of a version, by the version's id alone.
    ///
    /// # Source
    /// OpenStack reference C15.
    pub fn parameter(&self, version: &str, name: &str) -> Call<model::Parameter> {
        self.version_op(&ops::PARAMETER_GET_BY_ID, version).arg("parameter", name).call(decode::json)
    }

    fn version_op(&self, op: &'static Op, version: &str) -> Draft {
        self.op(op).check(name::id("version", version)).arg("version", version)
    }
}

impl Datastore {
    pub(crate) fn new(client: Client, id: String) -> Self {
        Self { client, id }
    }

    fn op(&self, op: &'static Op) -> Draft {
        self.client.op(op).check(name::id("datastore", &self.id)).arg("datastore", self.id.as_str())
    }

    /// Reads the datastore.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if there is none of that id or name.
    /// # Source
    /// OpenStack reference C14.
    pub fn get(&self) -> Call<model::Datastore> {
        self.op(&ops::DATASTORE_GET).call(wire::one)
    }

    /// Removes the datastore, for administrators.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) while it has versions.
    /// # Source
    /// OpenStack reference C14.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::DATASTORE_DELETE).call(decode::empty)
    }

    /// Its versions; all in one page.
    ///
    /// # Source
    /// OpenStack reference C14.
    pub fn versions(&self) -> List<model::DatastoreVersion> {
        list::of(self.op(&ops::VERSION_LIST))
    }

    /// A version by id or name; nothing is sent.
    pub fn version(&self, id_or_name: impl Into<String>) -> DatastoreVersion {
        DatastoreVersion { datastore: self.clone(), id: id_or_name.into() }
    }
}

impl DatastoreVersion {
    fn op(&self, op: &'static Op) -> Draft {
        self.datastore.op(op).check(name::id("version", &self.id)).arg("version", self.id.as_str())
    }

    /// Reads the version.
    ///
    /// # Source
    /// OpenStack reference C14.
    pub fn get(&self) -> Call<model::DatastoreVersion> {
        self.op(&ops::VERSION_GET).call(wire::one)
    }

    /// The flavors that it may use.
    ///
    /// # Source
    /// OpenStack reference C14.
    pub fn flavors(&self) -> List<model::Flavor> {
        list::of(self.op(&ops::VERSION_FLAVORS))
    }

    /// The volume types that it may use.
    ///
    /// # Source
    /// OpenStack reference C14.
    pub fn volume_types(&self) -> List<model::VolumeType> {
        list::of(self.op(&ops::VERSION_VOLUME_TYPES))
    }

    /// The settings that it knows.
    ///
    /// # Source
    /// OpenStack reference C15.
    pub fn parameters(&self) -> List<model::Parameter> {
        list::of(self.op(&ops::PARAMETER_LIST))
    }

    /// One setting.
    ///
    /// # Shapes
    /// The service answers the bare object.
    /// # Source
    /// OpenStack reference C15.
    pub fn parameter(&self, name: &str) -> Call<model::Parameter> {
        self.op(&ops::PARAMETER_GET).arg("parameter", name).call(decode::json)
    }
}
