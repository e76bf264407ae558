//! Backups and where they go (OpenStack reference C13).

use pentad_core::{Call, Draft, List, Op, Result, Work, decode};
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::find::find;
use crate::{list, model, name, ops, wire};

/// A handle on one backup. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Backup {
    client: Client,
    id: String,
}

/// Which backups to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct BackupQuery {
    datastore: Option<String>,
    instance: Option<String>,
    project: Option<String>,
    all_projects: bool,
}

impl BackupQuery {
    /// All backups of the project.
    pub fn new() -> Self {
        Self::default()
    }

    /// Of this datastore only.
    pub fn datastore(mut self, name: impl Into<String>) -> Self {
        self.datastore = Some(name.into());
        self
    }

    /// Of this instance only.
    pub fn instance(mut self, id: impl Into<String>) -> Self {
        self.instance = Some(id.into());
        self
    }

    /// Of this project, for administrators.
    pub fn project(mut self, id: impl Into<String>) -> Self {
        self.project = Some(id.into());
        self
    }

    /// Of all projects, for administrators.
    pub const fn all_projects(mut self, all: bool) -> Self {
        self.all_projects = all;
        self
    }
}

/// Data from elsewhere that become a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct RestoreFrom {
    location: String,
    version: String,
    size: u64,
}

impl RestoreFrom {
    /// Data at a place in the object store, for a datastore's version by its id, for volumes of this many GB.
    pub fn new(location: impl Into<String>, datastore_version_id: impl Into<String>, size: u64) -> Self {
        Self { location: location.into(), version: datastore_version_id.into(), size }
    }
}

/// A backup to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct NewBackup {
    name: String,
    instance: Option<String>,
    description: Option<String>,
    parent: Option<String>,
    incremental: bool,
    container: Option<String>,
    storage_driver: Option<String>,
    restore_from: Option<RestoreFrom>,
}

impl NewBackup {
    /// A backup of an instance.
    pub fn new(name: impl Into<String>, instance: impl Into<String>) -> Self {
        Self { name: name.into(), instance: Some(instance.into()), ..Self::default() }
    }

    /// A backup of data that are there already.
    pub fn restored(name: impl Into<String>, from: RestoreFrom) -> Self {
        Self { name: name.into(), restore_from: Some(from), ..Self::default() }
    }

    /// Free text.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Only what changed since this backup.
    pub fn parent(mut self, id: impl Into<String>) -> Self {
        self.parent = Some(id.into());
        self
    }

    /// Only what changed since the last backup.
    pub const fn incremental(mut self, incremental: bool) -> Self {
        self.incremental = incremental;
        self
    }

    /// Into this container of the object store.
    pub fn container(mut self, name: impl Into<String>) -> Self {
        self.container = Some(name.into());
        self
    }

    /// By this driver of the service.
    pub fn storage_driver(mut self, name: impl Into<String>) -> Self {
        self.storage_driver = Some(name.into());
        self
    }

    fn check(&self) -> Result<()> {
        name::name("name", &self.name)?;
        match &self.restore_from {
            Some(from) => {
                name::uuid("datastore version", &from.version)?;
                name::volume(from.size)
            }
            None => {
                self.parent.as_deref().map_or(Ok(()), |id| name::uuid("parent", id))?;
                name::id("instance", self.instance.as_deref().unwrap_or_default())
            }
        }
    }

    fn body(&self) -> Value {
        let mut body = Map::from_iter([("name".to_owned(), json!(self.name))]);
        if let Some(from) = &self.restore_from {
            let RestoreFrom { location, version, size } = from;
            body.insert(
                "restore_from".to_owned(),
                json!({ "remote_location": location, "local_datastore_version_id": version, "size": size }),
            );
            return json!({ "backup": body });
        }
        for (key, text) in [
            ("instance", &self.instance),
            ("description", &self.description),
            ("parent_id", &self.parent),
            ("storage_driver", &self.storage_driver),
            ("swift_container", &self.container),
        ] {
            body.extend(text.as_ref().map(|text| (key.to_owned(), json!(text))));
        }
        body.insert("incremental".to_owned(), json!(u8::from(self.incremental)));
        json!({ "backup": body })
    }
}

impl Client {
    /// Backups, newest last.
    ///
    /// # Errors
    /// [`Forbidden`](pentad_core::ErrorKind::Forbidden) for other projects without the role of an administrator.
    /// # Source
    /// OpenStack reference C13.
    pub fn backups(&self, query: BackupQuery) -> List<model::Backup> {
        let mut draft = self.op(&ops::BACKUP_LIST);
        draft = draft.query_opt("datastore", query.datastore).query_opt("instance_id", query.instance);
        if query.all_projects {
            draft = draft.query("all_projects", "True");
        }
        list::of(draft.query_opt("project_id", query.project))
    }

    /// Begins a backup. It is not there yet: [`wait_completed`](Backup::wait_completed).
    ///
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) ([`is_busy`](crate::ErrorExt::is_busy)) while the service works on the
    /// instance; [`TooLarge`](pentad_core::ErrorKind::TooLarge) beyond the quota. Not sent twice.
    /// # Source
    /// OpenStack reference C13.
    pub fn create_backup(&self, backup: &NewBackup) -> Call<model::Backup> {
        self.op(&ops::BACKUP_CREATE).check(backup.check()).json(&backup.body()).call(wire::one)
    }

    /// The backup of this id, or else of this name.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound); [`Conflict`](pentad_core::ErrorKind::Conflict) for a name that several have.
    /// # Source
    /// OpenStack reference A17.
    pub fn find_backup(&self, id_or_name: &str) -> Work<model::Backup> {
        let get = |client: &Self, id: &str| client.backup(id).op(&ops::BACKUP_GET);
        let all = self.backups(BackupQuery::new());
        find::<model::Backup, _>(self, id_or_name, get, all, |found| (&found.id, &found.name))
    }

    /// Where backups go: of one instance, or of all that have a say.
    ///
    /// # Source
    /// OpenStack reference C13.
    pub fn backup_strategies(
        &self,
        instance: Option<&str>,
        project: Option<&str>,
    ) -> List<model::BackupStrategy> {
        let draft = self.op(&ops::STRATEGY_LIST);
        list::of(draft.query_opt("instance_id", instance).query_opt("project_id", project))
    }

    /// Says into which container backups go, of one instance or of the whole project.
    ///
    /// # Source
    /// OpenStack reference C13.
    pub fn set_backup_strategy(
        &self,
        instance: Option<&str>,
        container: &str,
    ) -> Call<model::BackupStrategy> {
        let mut body = Map::new();
        body.extend(instance.map(|id| ("instance_id".to_owned(), json!(id))));
        body.insert("swift_container".to_owned(), json!(container));
        let draft = self.op(&ops::STRATEGY_CREATE).check(name::id("container", container));
        draft.json(&json!({ "backup_strategy": body })).call(wire::one)
    }

    /// Lets backups go where they go by default. Fine if nothing was said.
    ///
    /// # Source
    /// OpenStack reference C13.
    pub fn delete_backup_strategy(&self, instance: Option<&str>, project: Option<&str>) -> Call<()> {
        let draft = self.op(&ops::STRATEGY_DELETE);
        draft.query_opt("instance_id", instance).query_opt("project_id", project).call(decode::empty)
    }
}

impl Backup {
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
        self.client.op(op).check(name::id("backup", &self.id)).arg("backup", self.id.as_str())
    }

    /// Reads the backup.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist (any more).
    /// # Source
    /// OpenStack reference C13.
    pub fn get(&self) -> Call<model::Backup> {
        self.op(&ops::BACKUP_GET).call(wire::one)
    }

    /// Removes the backup.
    ///
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) while it is being made.
    /// # Source
    /// OpenStack reference C13.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::BACKUP_DELETE).call(decode::empty)
    }
}
