//! Instances (OpenStack reference C7 and C8).

use pentad_core::{Call, Draft, Error, List, Op, Result, Work, decode};
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::find::find;
use crate::new_instance::NewInstance;
use crate::{list, model, name, ops, wire};

/// A handle on one instance. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Instance {
    client: Client,
    id: String,
}

/// Which instances to list. Awaited lists have one page of 20 at most; `.items()` follows the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct InstanceQuery {
    include_clustered: bool,
    detailed: bool,
}

impl InstanceQuery {
    /// All instances that are no members of clusters.
    pub const fn new() -> Self {
        Self { include_clustered: false, detailed: false }
    }

    /// Also members of clusters.
    pub const fn include_clustered(mut self, include: bool) -> Self {
        self.include_clustered = include;
        self
    }

    /// With all there is to say about each.
    pub const fn detailed(mut self, detailed: bool) -> Self {
        self.detailed = detailed;
        self
    }
}

/// Who may connect. What is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
#[must_use]
pub struct Access {
    #[serde(skip_serializing_if = "Option::is_none")]
    is_public: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_cidrs: Option<Vec<String>>,
}

impl Access {
    /// Nothing named.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it can be reached from everywhere.
    pub const fn public(mut self, public: bool) -> Self {
        self.is_public = Some(public);
        self
    }

    /// Networks that may connect; none is all.
    pub fn allowed_cidrs<C: Into<String>>(mut self, networks: impl IntoIterator<Item = C>) -> Self {
        self.allowed_cidrs = Some(networks.into_iter().map(Into::into).collect());
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        self.allowed_cidrs.iter().flatten().try_for_each(|network| name::cidr(network))
    }
}

/// A change of an instance: its name, and at most one other thing.
#[derive(Debug, Clone, PartialEq, Default)]
#[must_use]
pub struct InstanceUpdate {
    name: Option<String>,
    changes: Map<String, Value>,
    access: Option<Access>,
}

impl InstanceUpdate {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    fn change(mut self, key: &str, value: Value) -> Self {
        self.changes.insert(key.to_owned(), value);
        self
    }

    /// Another name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Attaches a configuration group.
    pub fn configuration(self, id: impl Into<String>) -> Self {
        self.change("configuration", json!(id.into()))
    }

    /// Detaches the configuration group.
    pub fn no_configuration(self) -> Self {
        self.change("configuration", Value::Null)
    }

    /// Lets a replica leave its source.
    pub fn detach_replica(self) -> Self {
        self.change("replica_of", Value::Null)
    }

    /// Another version of its datastore.
    pub fn datastore_version(self, version: impl Into<String>) -> Self {
        self.change("datastore_version", json!(version.into()))
    }

    /// Who may connect.
    pub fn access(mut self, access: Access) -> Self {
        self.changes.insert("access".to_owned(), json!(access));
        self.access = Some(access);
        self
    }

    fn check(&self) -> Result<()> {
        if self.changes.len() > 1 {
            return Err(Error::invalid("update", "only one thing beside the name can change at a time"));
        }
        if self.name.is_none() && self.changes.is_empty() {
            return Err(Error::invalid("update", "changes nothing"));
        }
        if let Some(name) = &self.name {
            name::name("name", name)?;
        }
        if let Some(configuration) = self.changes.get("configuration").and_then(Value::as_str) {
            name::uuid("configuration", configuration)?;
        }
        self.access.as_ref().map_or(Ok(()), Access::check)
    }

    fn body(&self) -> Value {
        let mut body = self.changes.clone();
        body.extend(self.name.as_ref().map(|name| ("name".to_owned(), json!(name))));
        json!({ "instance": body })
    }
}

impl Client {
    /// The instances of the project, newest first within a page.
    ///
    /// `GET /instances`, or `GET /instances/detail`
    ///
    /// # Source
    /// OpenStack reference C7.
    pub fn instances(&self, query: InstanceQuery) -> List<model::Instance> {
        let op = if query.detailed { &ops::INSTANCE_LIST_DETAIL } else { &ops::INSTANCE_LIST };
        let draft = self.op(op);
        // Only the word `true` counts.
        list::of(if query.include_clustered { draft.query("include_clustered", "true") } else { draft })
    }

    /// Makes an instance. It is not ready yet: [`wait_active`](Instance::wait_active).
    ///
    /// `POST /instances`
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for unknown flavors and versions, and before sending for what the
    /// service would refuse; [`TooLarge`](pentad_core::ErrorKind::TooLarge)
    /// ([`is_over_quota`](crate::ErrorExt::is_over_quota)); [`Conflict`](pentad_core::ErrorKind::Conflict) for a backup that is
    /// not finished. Not sent twice: a broken connection leaves open whether there is an instance.
    /// # Source
    /// OpenStack reference C7.2.
    pub fn create_instance(&self, instance: &NewInstance) -> Call<model::Instance> {
        self.op(&ops::INSTANCE_CREATE).check(instance.check()).json(&instance.body()).call(wire::one)
    }

    /// The instance of this id, or else of this name.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound); [`Conflict`](pentad_core::ErrorKind::Conflict) for a name that several have.
    /// # Source
    /// OpenStack reference A17; unlike the original all pages are looked through.
    pub fn find_instance(&self, id_or_name: &str) -> Work<model::Instance> {
        let all = self.instances(InstanceQuery::new().include_clustered(true));
        let get = |client: &Self, id: &str| client.instance(id).op(&ops::INSTANCE_GET);
        find::<model::Instance, _>(self, id_or_name, get, all, |found| (&found.id, &found.name))
    }
}

impl Instance {
    pub(crate) fn new(client: Client, id: String) -> Self {
        Self { client, id }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The client that made the handle.
    pub fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn op(&self, op: &'static Op) -> Draft {
        self.client.op(op).check(name::id("instance", &self.id)).arg("instance", self.id.as_str())
    }

    /// Reads the instance.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist (any more).
    /// # Source
    /// OpenStack reference C7.
    pub fn get(&self) -> Call<model::Instance> {
        self.op(&ops::INSTANCE_GET).call(wire::one)
    }

    /// Changes the instance.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) before sending for more than one change beside the name.
    /// # Source
    /// OpenStack reference C7.3.
    pub fn update(&self, update: &InstanceUpdate) -> Call<()> {
        self.op(&ops::INSTANCE_UPDATE).check(update.check()).json(&update.body()).call(decode::empty)
    }

    /// As [`update`](Self::update), in the way that services before 2.x of the Python client know.
    ///
    /// # Source
    /// OpenStack reference C7.3.
    pub fn edit(&self, update: &InstanceUpdate) -> Call<()> {
        self.op(&ops::INSTANCE_EDIT).check(update.check()).json(&update.body()).call(decode::empty)
    }

    /// Gives the instance another version of its datastore.
    ///
    /// # Source
    /// OpenStack reference C7.3.
    pub fn upgrade(&self, version: impl Into<String>) -> Call<()> {
        self.edit(&InstanceUpdate::new().datastore_version(version))
    }

    /// Lets a replica leave its source.
    ///
    /// # Source
    /// OpenStack reference C7.3.
    pub fn detach_replica(&self) -> Call<()> {
        self.update(&InstanceUpdate::new().detach_replica())
    }

    /// Removes the instance. It is gone some time later: [`wait_gone`](Self::wait_gone).
    ///
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) while it is being made; [`Forbidden`](pentad_core::ErrorKind::Forbidden) while it
    /// has replicas; [`Unsupported`](pentad_core::ErrorKind::Unsupported) for a member of a cluster.
    /// # Source
    /// OpenStack reference C7.4.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::INSTANCE_DELETE).call(decode::empty)
    }

    /// Removes the instance whatever it is doing: resets its state, then deletes it.
    ///
    /// # Source
    /// OpenStack reference C9 and C21.1.
    pub fn force_delete(&self) -> Work<()> {
        let instance = self.clone();
        let preview = self.op(&ops::INSTANCE_ACTION).json(&reset()).request();
        Work::new(self.client.session(), &ops::INSTANCE_DELETE, preview, move |scope| {
            Box::pin(async move {
                scope.run(instance.reset_status()).await?;
                scope.run(instance.delete()).await
            })
        })
    }

    fn action(&self, body: &Value) -> Call<()> {
        self.op(&ops::INSTANCE_ACTION).json(body).call(decode::empty)
    }

    /// Restarts the database.
    ///
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) ([`is_busy`](crate::ErrorExt::is_busy)) while the service works on the instance.
    /// # Source
    /// OpenStack reference C8.
    pub fn restart(&self) -> Call<()> {
        self.action(&json!({ "restart": {} }))
    }

    /// Makes the volume larger, to this many GB.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) if it is not larger.
    /// # Source
    /// OpenStack reference C8.
    pub fn resize_volume(&self, size: u64) -> Call<()> {
        let draft = self.op(&ops::INSTANCE_ACTION).check(name::volume(size));
        draft.json(&json!({ "resize": { "volume": { "size": size } } })).call(decode::empty)
    }

    /// Gives the instance another flavor.
    ///
    /// # Source
    /// OpenStack reference C8.
    pub fn resize(&self, flavor: impl Into<String>) -> Call<()> {
        let flavor = flavor.into();
        let draft = self.op(&ops::INSTANCE_ACTION).check(name::name("flavor", &flavor));
        draft.json(&json!({ "resize": { "flavorRef": flavor } })).call(decode::empty)
    }

    /// Makes a replica the source of all the others.
    ///
    /// # Source
    /// OpenStack reference C8.
    pub fn promote_to_replica_source(&self) -> Call<()> {
        self.action(&json!({ "promote_to_replica_source": {} }))
    }

    /// Takes a source that does not answer out, and makes one of its replicas the source.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) if it has no replicas, or answers.
    /// # Source
    /// OpenStack reference C8.
    pub fn eject_replica_source(&self) -> Call<()> {
        self.action(&json!({ "eject_replica_source": {} }))
    }

    /// Forgets what the service was doing with the instance.
    ///
    /// # Source
    /// OpenStack reference C8 and C9.
    pub fn reset_status(&self) -> Call<()> {
        self.action(&reset())
    }

    /// The default settings of its flavor.
    ///
    /// # Source
    /// OpenStack reference C7.
    pub fn defaults(&self) -> Call<Map<String, Value>> {
        self.op(&ops::INSTANCE_DEFAULTS).call(wire::defaults)
    }

    /// Its backups.
    ///
    /// # Source
    /// OpenStack reference C7.
    pub fn backups(&self) -> List<model::Backup> {
        list::of(self.op(&ops::INSTANCE_BACKUPS))
    }
}

fn reset() -> Value {
    json!({ "reset_status": {} })
}
