//! `pentad db instance`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_core::work::Polling;
use pentad_core::{Call, Work};
use pentad_trove::mgmt::{ManagedInstance, ManagedQuery};
use pentad_trove::{Access, Client, Instance, InstanceQuery, InstanceUpdate};
use serde_json::Value;

use super::act::{self, From, Wait};
use super::new::Create;
use super::show;
use super::{Run, complete};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum InstanceCommand {
    /// List the instances of the project.
    List {
        #[command(flatten)]
        from: From,
        /// Also members of clusters.
        #[arg(long, alias = "include_clustered")]
        include_clustered: bool,
        /// Instances of all projects, for administrators.
        #[arg(long)]
        all_projects: bool,
        /// Instances of this project, for administrators.
        #[arg(long, value_name = "ID")]
        project_id: Option<String>,
    },
    /// Show an instance.
    #[command(alias = "get")]
    Show {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
    },
    /// Make an instance, or replicas of one.
    Create(Box<Create>),
    /// Delete an instance.
    Delete {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        /// Whatever it is doing.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        wait: Wait,
    },
    /// Delete an instance whatever it is doing.
    ForceDelete {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        #[command(flatten)]
        wait: Wait,
    },
    /// Change one thing of an instance, and its name.
    Update(Update),
    /// Restart the database.
    Restart(Target),
    /// Give the instance another flavor.
    #[command(alias = "resize")]
    ResizeFlavor {
        #[command(flatten)]
        target: Target,
        flavor: String,
    },
    /// Make the volume larger.
    ResizeVolume {
        #[command(flatten)]
        target: Target,
        /// New size in GB.
        size: u64,
    },
    /// Give the instance another version of its datastore.
    Upgrade {
        #[command(flatten)]
        target: Target,
        datastore_version: String,
    },
    /// Let a replica leave its source.
    Detach(Target),
    /// Make a replica the source of all the others.
    Promote(Target),
    /// Take a source that does not answer out.
    Eject(Target),
    /// Forget what the service was doing with the instance.
    ResetStatus(Target),
    /// Restart the server below the database, for administrators.
    Reboot(Target),
    /// Make the server below the database anew from an image, for administrators.
    Rebuild {
        #[command(flatten)]
        target: Target,
        /// Id of the image.
        image: String,
    },
    /// Show the default settings of the instance's flavor.
    Defaults {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
    },
    /// Wait until the instance is ready.
    Wait {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
    },
}

/// The instance that something is done to.
#[derive(clap::Args, Debug)]
pub(crate) struct Target {
    #[arg(add = ArgValueCompleter::new(complete::instances))]
    instance: String,
    #[command(flatten)]
    wait: Wait,
}

/// What changes.
#[derive(clap::Args, Debug)]
pub(crate) struct Update {
    #[command(flatten)]
    target: Target,
    /// Another name.
    #[arg(long)]
    name: Option<String>,
    /// Attach this configuration group.
    #[arg(long, add = ArgValueCompleter::new(complete::configurations))]
    configuration: Option<String>,
    /// Detach the configuration group.
    #[arg(long, conflicts_with = "configuration")]
    remove_configuration: bool,
    /// Let a replica leave its source.
    #[arg(long)]
    detach_replica_source: bool,
    /// Let it be reached from everywhere.
    #[arg(long)]
    is_public: bool,
    /// Let it be reached from its networks only.
    #[arg(long, conflicts_with = "is_public")]
    is_private: bool,
    /// Let only this network connect.
    #[arg(long, value_name = "CIDR")]
    allowed_cidr: Vec<String>,
}

impl InstanceCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { from, include_clustered, all_projects, project_id } => {
                if all_projects || project_id.is_some() {
                    return managed(run, &from, include_clustered, project_id).await;
                }
                let query = InstanceQuery::new().include_clustered(include_clustered);
                let make =
                    |client: &Client| from.of(client.instances(query)).map(|found| show::instance(&found));
                run.list(&from.paging, make, show::INSTANCES).await
            }
            Self::Show { instance } => {
                let id = act::instance(run, &instance).await?;
                let make =
                    |client: &Client| client.instance(id.as_str()).get().map(|found| show::instance(&found));
                run.call(Effect::Read, make, View::ALL).await
            }
            Self::Create(create) => create.run(run).await,
            Self::Delete { instance, force, wait } => delete(run, &instance, force, wait).await,
            Self::ForceDelete { instance, wait } => delete(run, &instance, true, wait).await,
            Self::Update(update) => update.run(run).await,
            Self::Restart(target) => target.change(run, "restarting", Instance::restart).await,
            Self::ResizeFlavor { target, flavor } => {
                target.change(run, "resizing", |instance| instance.resize(flavor.as_str())).await
            }
            Self::ResizeVolume { target, size } => {
                target.change(run, "resizing", |instance| instance.resize_volume(size)).await
            }
            Self::Upgrade { target, datastore_version } => {
                target.change(run, "upgrading", |instance| instance.upgrade(datastore_version.as_str())).await
            }
            Self::Detach(target) => target.change(run, "detaching", Instance::detach_replica).await,
            Self::Promote(target) => {
                target.change(run, "promoting", Instance::promote_to_replica_source).await
            }
            Self::Eject(target) => target.change(run, "ejecting", Instance::eject_replica_source).await,
            Self::ResetStatus(target) => target.change(run, "resetting", Instance::reset_status).await,
            Self::Reboot(target) => target.manage(run, "rebooting", ManagedInstance::reboot).await,
            Self::Rebuild { target, image } => {
                target.manage(run, "rebuilding", |instance| instance.rebuild(&image)).await
            }
            Self::Defaults { instance } => {
                let id = act::instance(run, &instance).await?;
                run.call(Effect::Read, |client| client.instance(id.as_str()).defaults(), View::ALL).await
            }
            Self::Wait { instance } => {
                let id = act::instance(run, &instance).await?;
                run.work(Effect::Read, |client| ready(client, &id, Polling::default()), View::ALL).await
            }
        }
    }
}

fn ready(client: &Client, id: &str, polling: Polling) -> Work<Value> {
    client.instance(id).wait_settled(polling).map(|found| show::instance(&found))
}

async fn managed(
    run: &mut Run<'_>,
    from: &From,
    include_clustered: bool,
    project: Option<String>,
) -> Result<Exit> {
    let query = ManagedQuery::new().deleted(false).include_clustered(include_clustered);
    let query = project.into_iter().fold(query, ManagedQuery::project);
    let make = |client: &Client| from.of(client.mgmt().instances(&query)).map(|found| show::instance(&found));
    run.list(&from.paging, make, show::MANAGED).await
}

async fn delete(run: &mut Run<'_>, instance: &str, force: bool, wait: Wait) -> Result<Exit> {
    let id = act::instance(run, instance).await?;
    let what = format!("instance {instance}");
    let gone = |client: &Client, polling| client.instance(id.as_str()).wait_gone(polling);
    if force {
        let make = |client: &Client| client.instance(id.as_str()).force_delete();
        return act::remove_by_force(run, &what, wait, make, gone).await;
    }
    let make = |client: &Client| client.instance(id.as_str()).delete();
    act::remove(run, &what, wait, make, gone).await
}

impl Target {
    async fn change(
        self,
        run: &mut Run<'_>,
        doing: &str,
        make: impl Fn(&Instance) -> Call<()>,
    ) -> Result<Exit> {
        self.act(run, doing, |client, id| make(&client.instance(id))).await
    }

    /// By a call of administrators.
    async fn manage(
        self,
        run: &mut Run<'_>,
        doing: &str,
        make: impl Fn(&ManagedInstance) -> Call<()>,
    ) -> Result<Exit> {
        self.act(run, doing, |client, id| make(&client.mgmt().instance(id))).await
    }

    async fn act(
        self,
        run: &mut Run<'_>,
        doing: &str,
        make: impl Fn(&Client, &str) -> Call<()>,
    ) -> Result<Exit> {
        let id = act::instance(run, &self.instance).await?;
        let note = format!("{doing} instance {}", self.instance);
        let make = |client: &Client| make(client, id.as_str());
        let until = |client: &Client, polling| ready(client, &id, polling);
        act::change(run, Effect::Change, self.wait, &note, make, until, View::ALL).await
    }
}

impl Update {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let mut update = self.name.into_iter().fold(InstanceUpdate::new(), InstanceUpdate::name);
        if let Some(group) = &self.configuration {
            update = update.configuration(act::id(run, "trove.configuration.list", group).await?);
        }
        if self.remove_configuration {
            update = update.no_configuration();
        }
        if self.detach_replica_source {
            update = update.detach_replica();
        }
        let mut access = Access::new();
        if self.is_public || self.is_private {
            access = access.public(self.is_public);
        }
        if !self.allowed_cidr.is_empty() {
            access = access.allowed_cidrs(self.allowed_cidr);
        }
        if access != Access::new() {
            update = update.access(access);
        }
        self.target.change(run, "updating", |instance| instance.update(&update)).await
    }
}

/// The backups of an instance; also under `backup list --instance`.
pub(super) async fn backups(run: &mut Run<'_>, instance: &str, paging: Paging) -> Result<Exit> {
    let id = act::instance(run, instance).await?;
    let plan = Plan::read("trove.instance.backups").arg("instance", id);
    run.perform(plan.pages(paging, show::BACKUPS)).await
}
