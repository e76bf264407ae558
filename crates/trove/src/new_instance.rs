//! What an instance is made of (OpenStack reference C7.2).

use pentad_core::{Error, Result};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::database::NewDatabase;
use crate::instance::Access;
use crate::name::{self, Locality, REPLICAS};
use crate::user::NewUser;

/// A network for an instance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[must_use]
pub struct Nic {
    #[serde(skip_serializing_if = "Option::is_none")]
    network_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subnet_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<String>,
}

impl Nic {
    /// In this network.
    pub fn network(id: impl Into<String>) -> Self {
        Self { network_id: Some(id.into()), ..Self::default() }
    }

    /// In this network; for one that was begun without.
    pub fn in_network(mut self, id: impl Into<String>) -> Self {
        self.network_id = Some(id.into());
        self
    }

    /// In this part of it.
    pub fn subnet(mut self, id: impl Into<String>) -> Self {
        self.subnet_id = Some(id.into());
        self
    }

    /// At this address of the part.
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.ip_address = Some(address.into());
        self
    }

    fn check(&self) -> Result<()> {
        if self.ip_address.is_some() && self.subnet_id.is_none() {
            return Err(Error::invalid("nics", "an address needs a subnet"));
        }
        Ok(())
    }
}

/// An instance to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct NewInstance {
    name: String,
    flavor: Option<String>,
    volume: Option<(u64, Option<String>)>,
    databases: Vec<NewDatabase>,
    users: Vec<NewUser>,
    datastore: [Option<String>; 3],
    nics: Vec<Nic>,
    configuration: Option<String>,
    access: Option<Access>,
    availability_zone: Option<String>,
    locality: Option<Locality>,
    region: Option<String>,
    modules: Vec<String>,
    backup: Option<String>,
    replica_of: Option<String>,
    replica_count: Option<u32>,
}

impl NewInstance {
    /// An instance of this size, a flavor's id.
    pub fn new(name: impl Into<String>, flavor: impl Into<String>) -> Self {
        Self { name: name.into(), flavor: Some(flavor.into()), ..Self::default() }
    }

    /// A copy of another instance that follows it.
    pub fn replica_of(name: impl Into<String>, source: impl Into<String>) -> Self {
        Self { name: name.into(), replica_of: Some(source.into()), ..Self::default() }
    }

    /// With a volume of this many GB.
    pub fn volume(mut self, size: u64) -> Self {
        self.volume = Some((size, self.volume.and_then(|(_, kind)| kind)));
        self
    }

    /// With a volume of this many GB and this type.
    pub fn volume_of_type(mut self, size: u64, kind: impl Into<String>) -> Self {
        self.volume = Some((size, Some(kind.into())));
        self
    }

    /// With a database.
    pub fn database(mut self, database: impl Into<NewDatabase>) -> Self {
        self.databases.push(database.into());
        self
    }

    /// With a user.
    pub fn user(mut self, user: NewUser) -> Self {
        self.users.push(user);
        self
    }

    /// Of this datastore, such as `mysql`; its default version if none is named.
    pub fn datastore(mut self, name: impl Into<String>) -> Self {
        self.datastore[0] = Some(name.into());
        self
    }

    /// Of this version of the datastore.
    pub fn datastore_version(mut self, version: impl Into<String>) -> Self {
        self.datastore[1] = Some(version.into());
        self
    }

    /// Of this number of the version, where several versions have one name.
    pub fn datastore_version_number(mut self, number: impl Into<String>) -> Self {
        self.datastore[2] = Some(number.into());
        self
    }

    /// In this network. There may be one.
    pub fn nic(mut self, nic: Nic) -> Self {
        self.nics.push(nic);
        self
    }

    /// With this configuration group attached.
    pub fn configuration(mut self, id: impl Into<String>) -> Self {
        self.configuration = Some(id.into());
        self
    }

    /// Who may connect.
    pub fn access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// In this zone.
    pub fn availability_zone(mut self, zone: impl Into<String>) -> Self {
        self.availability_zone = Some(zone.into());
        self
    }

    /// How replicas, to be made later, are spread over machines.
    pub const fn locality(mut self, locality: Locality) -> Self {
        self.locality = Some(locality);
        self
    }

    /// In this region.
    pub fn region(mut self, name: impl Into<String>) -> Self {
        self.region = Some(name.into());
        self
    }

    /// With this module applied.
    pub fn module(mut self, id: impl Into<String>) -> Self {
        self.modules.push(id.into());
        self
    }

    /// With the data of this backup.
    pub fn from_backup(mut self, id: impl Into<String>) -> Self {
        self.backup = Some(id.into());
        self
    }

    /// This many replicas, 1 to 3.
    pub const fn replica_count(mut self, count: u32) -> Self {
        self.replica_count = Some(count);
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        name::name("name", &self.name)?;
        if let Some(flavor) = &self.flavor {
            name::name("flavor", flavor)?;
        }
        if let Some((size, _)) = &self.volume {
            name::volume(*size)?;
        }
        if self.nics.len() > 1 {
            return Err(Error::invalid("nics", "there may be one"));
        }
        self.nics.iter().try_for_each(Nic::check)?;
        for (field, id) in [("configuration", &self.configuration), ("backup", &self.backup)] {
            id.as_ref().map_or(Ok(()), |id| name::uuid(field, id))?;
        }
        self.modules.iter().try_for_each(|id| name::uuid("modules", id))?;
        self.users.iter().try_for_each(NewUser::check)?;
        self.databases.iter().try_for_each(NewDatabase::check)?;
        self.access.as_ref().map_or(Ok(()), Access::check)?;
        self.check_replica()
    }

    /// What the service refuses for replicas, and what it refuses for others.
    fn check_replica(&self) -> Result<()> {
        if let Some(count) = self.replica_count
            && !(1..=REPLICAS).contains(&count)
        {
            return Err(Error::invalid("replica_count", format!("must be within 1 and {REPLICAS}")));
        }
        if self.replica_of.is_none() {
            return match self.replica_count {
                Some(count) if count > 1 => {
                    Err(Error::invalid("replica_count", "is for replicas: name their source"))
                }
                _ => Ok(()),
            };
        }
        let given = [
            ("flavor", self.flavor.is_some()),
            ("datastore", self.datastore.iter().any(Option::is_some)),
            ("volume", self.volume.is_some()),
            ("locality", self.locality.is_some()),
            ("databases", !self.databases.is_empty()),
            ("users", !self.users.is_empty()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((field, _)) => Err(Error::invalid(field, "a replica has that of its source")),
            None => Ok(()),
        }
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = Map::new();
        let mut put =
            |key: &str, value: Option<Value>| body.extend(value.map(|value| (key.to_owned(), value)));
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        put("name", Some(json!(self.name)));
        put("flavorRef", text(&self.flavor));
        put(
            "volume",
            self.volume.as_ref().map(|(size, kind)| match kind {
                Some(kind) => json!({ "size": size, "type": kind }),
                None => json!({ "size": size }),
            }),
        );
        put("databases", (!self.databases.is_empty()).then(|| json!(self.databases)));
        put("users", (!self.users.is_empty()).then(|| json!(self.users)));
        put("restorePoint", self.backup.as_ref().map(|id| json!({ "backupRef": id })));
        put("availability_zone", text(&self.availability_zone));
        put("datastore", datastore(&self.datastore));
        put("nics", (!self.nics.is_empty()).then(|| json!(self.nics)));
        put("configuration", text(&self.configuration));
        put("replica_of", text(&self.replica_of));
        put("replica_count", self.replica_count.map(|count| json!(count)));
        let modules: Vec<Value> = self.modules.iter().map(|id| json!({ "id": id })).collect();
        put("modules", (!modules.is_empty()).then(|| json!(modules)));
        put("locality", self.locality.map(|locality| json!(locality)));
        put("region_name", text(&self.region));
        put("access", self.access.as_ref().map(|access| json!(access)));
        json!({ "instance": body })
    }
}

/// The parts of a datastore that are named, `{"type", "version", "version_number"}`.
pub(crate) fn datastore(parts: &[Option<String>; 3]) -> Option<Value> {
    let named: Map<String, Value> = ["type", "version", "version_number"]
        .iter()
        .zip(parts)
        .filter_map(|(key, part)| Some(((*key).to_owned(), json!(part.as_ref()?))))
        .collect();
    (!named.is_empty()).then_some(Value::Object(named))
}
