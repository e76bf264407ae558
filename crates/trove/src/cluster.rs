//! Clusters (OpenStack reference C18).

use pentad_core::{Call, Draft, List, Op, Result, Work, decode};
use serde_json::{Map, Value, json};

use crate::client::{Client, maybe};
use crate::database::some;
use crate::find::find;
use crate::name::{self, Locality};
use crate::new_instance::{Nic, datastore};
use crate::{list, model, ops, wire};

/// A handle on one cluster. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Cluster {
    client: Client,
    id: String,
}

/// A member of a cluster to be made.
#[derive(Debug, Clone, PartialEq, Default)]
#[must_use]
pub struct NewMember {
    flavor: String,
    fields: Map<String, Value>,
}

impl NewMember {
    /// A member of this size, a flavor's id.
    pub fn new(flavor: impl Into<String>) -> Self {
        Self { flavor: flavor.into(), fields: Map::new() }
    }

    fn say(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(key.to_owned(), value.into());
        self
    }

    /// With this name; for members that join.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.say("name", name.into())
    }

    /// With a volume of this many GB.
    pub fn volume(self, size: u64) -> Self {
        self.say("volume", json!({ "size": size }))
    }

    /// With a volume of this many GB and this type.
    pub fn volume_of_type(self, size: u64, kind: impl Into<String>) -> Self {
        self.say("volume", json!({ "size": size, "type": kind.into() }))
    }

    /// In this network.
    #[expect(clippy::needless_pass_by_value, reason = "as of a new instance")]
    pub fn nic(self, nic: Nic) -> Self {
        self.say("nics", json!([nic]))
    }

    /// In this zone.
    pub fn availability_zone(self, zone: impl Into<String>) -> Self {
        self.say("availability_zone", zone.into())
    }

    /// What it is in the cluster; for members that join.
    pub fn kind(self, kind: impl Into<String>) -> Self {
        self.say("type", kind.into())
    }

    /// The member that it goes with; for members that join.
    pub fn related_to(self, member: impl Into<String>) -> Self {
        self.say("related_to", member.into())
    }

    /// In this region.
    pub fn region(self, name: impl Into<String>) -> Self {
        self.say("region_name", name.into())
    }

    /// With these modules applied.
    pub fn modules<M: Into<String>>(self, ids: impl IntoIterator<Item = M>) -> Self {
        let ids: Vec<Value> = ids.into_iter().map(|id| json!({ "id": id.into() })).collect();
        self.say("modules", ids)
    }

    fn check(&self) -> Result<()> {
        name::name("flavor", &self.flavor)?;
        let size = self.fields.get("volume").and_then(|volume| volume["size"].as_u64());
        size.map_or(Ok(()), name::volume)
    }

    fn body(&self) -> Value {
        let mut body = Map::from_iter([("flavorRef".to_owned(), json!(self.flavor))]);
        body.extend(self.fields.clone());
        Value::Object(body)
    }
}

fn members(members: &[NewMember]) -> Vec<Value> {
    members.iter().map(NewMember::body).collect()
}

/// A cluster to be made.
#[derive(Debug, Clone, PartialEq, Default)]
#[must_use]
pub struct NewCluster {
    name: String,
    datastore: [Option<String>; 3],
    members: Vec<NewMember>,
    locality: Option<Locality>,
    properties: Map<String, Value>,
    configuration: Option<String>,
}

impl NewCluster {
    /// A cluster of a version of a datastore.
    pub fn new(name: impl Into<String>, datastore: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            datastore: [Some(datastore.into()), Some(version.into()), None],
            ..Self::default()
        }
    }

    /// With a member.
    pub fn member(mut self, member: NewMember) -> Self {
        self.members.push(member);
        self
    }

    /// How its members are spread over machines.
    pub const fn locality(mut self, locality: Locality) -> Self {
        self.locality = Some(locality);
        self
    }

    /// A property of the datastore's own, such as `num_mongos`.
    pub fn property(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.properties.insert(name.into(), value.into());
        self
    }

    /// With this configuration group attached.
    pub fn configuration(mut self, id: impl Into<String>) -> Self {
        self.configuration = Some(id.into());
        self
    }

    fn check(&self) -> Result<()> {
        name::name("name", &self.name)?;
        if let Some(id) = &self.configuration {
            name::uuid("configuration", id)?;
        }
        self.members.iter().try_for_each(NewMember::check)
    }

    fn body(&self) -> Value {
        let mut body = Map::from_iter([("name".to_owned(), json!(self.name))]);
        body.extend(datastore(&self.datastore).map(|parts| ("datastore".to_owned(), parts)));
        body.insert("instances".to_owned(), json!(members(&self.members)));
        body.extend(self.locality.map(|locality| ("locality".to_owned(), json!(locality))));
        if !self.properties.is_empty() {
            body.insert("extended_properties".to_owned(), json!(self.properties));
        }
        body.extend(self.configuration.as_ref().map(|id| ("configuration".to_owned(), json!(id))));
        json!({ "cluster": body })
    }
}

impl Client {
    /// The clusters of the project.
    ///
    /// # Source
    /// OpenStack reference C18.
    pub fn clusters(&self) -> List<model::Cluster> {
        list::of(self.op(&ops::CLUSTER_LIST))
    }

    /// Makes a cluster. It is not ready yet: [`wait_ready`](Cluster::wait_ready).
    ///
    /// # Errors
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) for a datastore without clusters. Not sent twice.
    /// # Source
    /// OpenStack reference C18.
    pub fn create_cluster(&self, cluster: &NewCluster) -> Call<model::Cluster> {
        self.op(&ops::CLUSTER_CREATE).check(cluster.check()).json(&cluster.body()).call(wire::one)
    }

    /// The cluster of this id, or else of this name.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound); [`Conflict`](pentad_core::ErrorKind::Conflict) for a name that several have.
    /// # Source
    /// OpenStack reference A17.
    pub fn find_cluster(&self, id_or_name: &str) -> Work<model::Cluster> {
        let get = |client: &Self, id: &str| client.cluster(id).op(&ops::CLUSTER_GET);
        let all = self.clusters();
        find::<model::Cluster, _>(self, id_or_name, get, all, |found| (&found.id, &found.name))
    }
}

impl Cluster {
    pub(crate) fn new(client: Client, id: String) -> Self {
        Self { client, id }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn op(&self, op: &'static Op) -> Draft {
        self.client.op(op).check(name::id("cluster", &self.id)).arg("cluster", self.id.as_str())
    }

    /// Reads the cluster.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist (any more).
    /// # Source
    /// OpenStack reference C18.
    pub fn get(&self) -> Call<model::Cluster> {
        self.op(&ops::CLUSTER_GET).call(wire::one)
    }

    /// Reads one member.
    ///
    /// # Source
    /// OpenStack reference C18.
    pub fn instance(&self, id: &str) -> Call<model::Instance> {
        self.op(&ops::CLUSTER_INSTANCE).check(name::id("instance", id)).arg("instance", id).call(wire::one)
    }

    /// Removes the cluster. It is gone some time later: [`wait_gone`](Self::wait_gone).
    ///
    /// # Source
    /// OpenStack reference C18.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::CLUSTER_DELETE).call(decode::empty)
    }

    fn action(&self, body: &Value) -> Call<Option<model::Cluster>> {
        self.op(&ops::CLUSTER_ACTION).json(body).call(maybe)
    }

    /// Adds members.
    ///
    /// # Source
    /// OpenStack reference C18.
    pub fn grow(&self, new: &[NewMember]) -> Call<Option<model::Cluster>> {
        let draft = self.op(&ops::CLUSTER_ACTION).check(some("members", new));
        let draft = draft.check(new.iter().try_for_each(NewMember::check));
        draft.json(&json!({ "grow": members(new) })).call(maybe)
    }

    /// Removes members, by their ids.
    ///
    /// # Source
    /// OpenStack reference C18.
    pub fn shrink<M: AsRef<str>>(&self, ids: &[M]) -> Call<Option<model::Cluster>> {
        let named: Vec<Value> = ids.iter().map(|id| json!({ "id": id.as_ref() })).collect();
        let draft = self.op(&ops::CLUSTER_ACTION).check(some("members", ids));
        draft.json(&json!({ "shrink": named })).call(maybe)
    }

    /// Gives the cluster another version of its datastore.
    ///
    /// # Source
    /// OpenStack reference C18.
    pub fn upgrade(&self, version: &str) -> Call<Option<model::Cluster>> {
        self.action(&json!({ "upgrade": { "datastore_version": version } }))
    }

    /// Adds a shard.
    ///
    /// # Source
    /// OpenStack reference C18.
    pub fn add_shard(&self) -> Call<Option<model::Cluster>> {
        self.action(&json!({ "add_shard": {} }))
    }

    /// Restarts the members, one after another.
    ///
    /// # Source
    /// OpenStack reference C18.
    pub fn restart(&self) -> Call<Option<model::Cluster>> {
        self.action(&json!({ "restart": {} }))
    }

    /// Attaches a configuration group.
    ///
    /// # Source
    /// OpenStack reference C18.
    pub fn attach_configuration(&self, id: &str) -> Call<Option<model::Cluster>> {
        self.action(&json!({ "configuration_attach": { "configuration_id": id } }))
    }

    /// Detaches the configuration group.
    ///
    /// # Source
    /// OpenStack reference C18.
    pub fn detach_configuration(&self) -> Call<Option<model::Cluster>> {
        self.action(&json!({ "configuration_detach": {} }))
    }

    /// Forgets what the service was doing with the cluster.
    ///
    /// # Source
    /// OpenStack reference C18.
    pub fn reset_status(&self) -> Call<Option<model::Cluster>> {
        self.action(&json!({ "reset-status": {} }))
    }

    /// Removes the cluster whatever the service is doing with it.
    ///
    /// # Source
    /// OpenStack reference C21.3.
    pub fn force_delete(&self) -> Work<()> {
        let cluster = self.clone();
        let preview = self.op(&ops::CLUSTER_ACTION).json(&json!({ "reset-status": {} })).request();
        Work::new(self.client.session(), &ops::CLUSTER_DELETE, preview, move |scope| {
            Box::pin(async move {
                scope.run(cluster.reset_status()).await?;
                scope.run(cluster.delete()).await
            })
        })
    }
}
