//! `pentad db backup`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_core::work::Polling;
use pentad_trove::{BackupQuery, Client, NewBackup, RestoreFrom};

use super::act::{self, From, Wait};
use super::schedule::{ExecutionCommand, ScheduleCommand};
use super::show;
use super::{Run, complete, instance};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// List backups.
    List {
        #[command(flatten)]
        from: From,
        /// Of this instance only.
        #[arg(long, alias = "instance-id", add = ArgValueCompleter::new(complete::instances))]
        instance: Option<String>,
        /// Of this datastore only.
        #[arg(long, add = ArgValueCompleter::new(complete::datastores))]
        datastore: Option<String>,
        /// Of all projects, for administrators.
        #[arg(long)]
        all_projects: bool,
        /// Of this project, for administrators.
        #[arg(long, value_name = "ID")]
        project_id: Option<String>,
    },
    /// List the backups of one instance.
    ListInstance {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show a backup.
    #[command(alias = "get")]
    Show { backup: String },
    /// Make a backup of an instance, or of data from elsewhere.
    Create(Create),
    /// Delete a backup.
    Delete {
        backup: String,
        #[command(flatten)]
        wait: Wait,
    },
    /// Where backups go.
    #[command(subcommand)]
    Strategy(StrategyCommand),
    /// When backups are made, by the cloud's workflow service.
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// What came of schedules.
    #[command(subcommand)]
    Execution(ExecutionCommand),
}

/// What a backup is made of.
#[derive(clap::Args, Debug)]
pub(crate) struct Create {
    name: String,
    /// The instance.
    #[arg(short, long, required_unless_present = "restore_from", conflicts_with = "restore_from", add = ArgValueCompleter::new(complete::instances))]
    instance: Option<String>,
    /// Free text.
    #[arg(long)]
    description: Option<String>,
    /// Only what changed since this backup.
    #[arg(long)]
    parent: Option<String>,
    /// Only what changed since the last backup.
    #[arg(long)]
    incremental: bool,
    /// Into this container of the object store.
    #[arg(long, alias = "swift-container")]
    container: Option<String>,
    #[arg(long)]
    storage_driver: Option<String>,
    /// Where the data are that become a backup.
    #[arg(long, value_name = "URL", requires_all = ["restore_datastore_version", "restore_size"])]
    restore_from: Option<String>,
    /// Id of the datastore's version that they are for.
    #[arg(long, value_name = "ID")]
    restore_datastore_version: Option<String>,
    /// Size of the volumes that they are for, in GB.
    #[arg(long, value_name = "GB")]
    restore_size: Option<u64>,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StrategyCommand {
    /// List where backups go.
    List {
        #[arg(long, add = ArgValueCompleter::new(complete::instances))]
        instance: Option<String>,
        #[arg(long, value_name = "ID")]
        project_id: Option<String>,
    },
    /// Say where backups go, of one instance or of the whole project.
    #[command(alias = "create")]
    Set {
        /// Container of the object store.
        #[arg(long, alias = "swift-container")]
        container: String,
        #[arg(long, add = ArgValueCompleter::new(complete::instances))]
        instance: Option<String>,
    },
    /// Let backups go where they go by default.
    Delete {
        #[arg(long, add = ArgValueCompleter::new(complete::instances))]
        instance: Option<String>,
        #[arg(long, value_name = "ID")]
        project_id: Option<String>,
    },
}

const STRATEGY: View = View::of(&["project_id", "instance_id", "backend", "swift_container"]);

async fn backup_id(run: &mut Run<'_>, wanted: &str) -> Result<String> {
    act::id(run, "trove.backup.list", wanted).await
}

impl BackupCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { from, instance, datastore, all_projects, project_id } => {
                let mut query = BackupQuery::new().all_projects(all_projects);
                query = datastore.into_iter().fold(query, BackupQuery::datastore);
                query = project_id.into_iter().fold(query, BackupQuery::project);
                if let Some(instance) = instance {
                    query = query.instance(act::instance(run, &instance).await?);
                }
                let make = |client: &Client| {
                    from.of(client.backups(query.clone())).map(|backup| show::backup(&backup))
                };
                run.list(&from.paging, make, show::BACKUPS).await
            }
            Self::ListInstance { instance, paging } => instance::backups(run, &instance, paging).await,
            Self::Show { backup } => {
                let id = backup_id(run, &backup).await?;
                let make =
                    |client: &Client| client.backup(id.as_str()).get().map(|found| show::backup(&found));
                run.call(Effect::Read, make, View::ALL).await
            }
            Self::Create(create) => create.run(run).await,
            Self::Delete { backup, wait } => {
                let id = backup_id(run, &backup).await?;
                let make = |client: &Client| client.backup(id.as_str()).delete();
                let gone = |client: &Client, polling| client.backup(id.as_str()).wait_gone(polling);
                act::remove(run, &format!("backup {backup}"), wait, make, gone).await
            }
            Self::Strategy(command) => command.run(run).await,
            Self::Schedule(command) => command.run(run).await,
            Self::Execution(command) => command.run(run).await,
        }
    }
}

impl Create {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let wait = self.wait.wait;
        let new = self.described(run).await?;
        if !wait || run.is_shown(&Effect::Change) {
            let make = |client: &Client| client.create_backup(&new).map(|made| show::backup(&made));
            return run.call(Effect::Change, make, View::ALL).await;
        }
        let client = run.client(None).await?;
        let id = client.create_backup(&new).await?.id;
        let until = |client: &Client| {
            let done = client.backup(id.as_str()).wait_completed(Polling::default());
            done.map(|found| show::backup(&found))
        };
        run.work(Effect::Read, until, View::ALL).await
    }

    async fn described(self, run: &mut Run<'_>) -> Result<NewBackup> {
        let mut new = match (self.restore_from, &self.instance) {
            (Some(place), _) => {
                let version = self.restore_datastore_version.unwrap_or_default();
                let from = RestoreFrom::new(place, version, self.restore_size.unwrap_or_default());
                NewBackup::restored(&self.name, from)
            }
            (None, instance) => {
                let instance = act::instance(run, instance.as_deref().unwrap_or_default()).await?;
                NewBackup::new(&self.name, instance)
            }
        };
        if let Some(parent) = &self.parent {
            new = new.parent(backup_id(run, parent).await?);
        }
        new = self.description.into_iter().fold(new, NewBackup::description);
        new = self.container.into_iter().fold(new, NewBackup::container);
        new = self.storage_driver.into_iter().fold(new, NewBackup::storage_driver);
        Ok(new.incremental(self.incremental))
    }
}

impl StrategyCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let found = match self.instance() {
            Some(instance) => Some(act::instance(run, instance).await?),
            None => None,
        };
        match self {
            Self::List { project_id, .. } => {
                let plan = Plan::read("trove.backup_strategy.list").query("instance_id", found);
                run.perform(plan.query("project_id", project_id).pages(Paging::default(), STRATEGY)).await
            }
            Self::Set { container, .. } => {
                let make = |client: &Client| client.set_backup_strategy(found.as_deref(), &container);
                run.call(Effect::Change, make, STRATEGY).await
            }
            Self::Delete { project_id, .. } => {
                let plan = Plan::delete("trove.backup_strategy.delete", "the backup strategy");
                run.perform(plan.query("instance_id", found).query("project_id", project_id)).await
            }
        }
    }

    fn instance(&self) -> Option<&str> {
        match self {
            Self::List { instance, .. } | Self::Set { instance, .. } | Self::Delete { instance, .. } => {
                instance.as_deref()
            }
        }
    }
}
