//! `pentad db management`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_core::Call;
use pentad_trove::Client;
use pentad_trove::mgmt::{ManagedInstance, ManagedQuery, NewParameter, Upgrade};

use super::act::{self, From};
use super::complete;
use super::{Run, show};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum ManagementCommand {
    /// List the instances of all projects.
    List {
        #[command(flatten)]
        from: From,
        /// Only those that are gone.
        #[arg(long)]
        deleted: bool,
        #[arg(long)]
        include_clustered: bool,
        #[arg(long, value_name = "ID")]
        project_id: Option<String>,
    },
    /// Show an instance with its server and volume.
    Show {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        /// One that is gone, too.
        #[arg(long)]
        deleted: bool,
    },
    /// Stop the database.
    Stop(Which),
    /// Restart the server.
    Reboot(Which),
    /// Move the server to another machine.
    Migrate {
        #[command(flatten)]
        which: Which,
        /// That machine.
        #[arg(long)]
        host: Option<String>,
    },
    /// Make the server anew from an image.
    Rebuild {
        #[command(flatten)]
        which: Which,
        /// Id of the image.
        image: String,
    },
    /// Forget what the service was doing with the instance.
    ResetTaskStatus(Which),
    /// Who enabled root, and when.
    RootHistory(Which),
    /// Memory and threads of the agent.
    Diagnostics(Which),
    /// Memory and processors of the server.
    #[command(alias = "hwinfo")]
    Hardware(Which),
    /// Whether the agent answers.
    Ping(Which),
    /// Upgrade the agent.
    Upgrade {
        #[command(flatten)]
        which: Which,
        #[arg(long)]
        instance_version: Option<String>,
        #[arg(long)]
        location: Option<String>,
        #[arg(long)]
        metadata: Option<String>,
    },
    /// Clusters of all projects.
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// List the versions of all datastores.
    DatastoreVersions,
    /// Settings that a version of a datastore knows.
    #[command(subcommand)]
    Parameter(ParameterCommand),
}

/// An instance of any project.
#[derive(clap::Args, Debug)]
pub(crate) struct Which {
    /// Id of the instance, or its name in the own project.
    #[arg(add = ArgValueCompleter::new(complete::instances))]
    instance: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// List the clusters of all projects.
    List(Paging),
    /// Show a cluster.
    Show { cluster: String },
    /// Forget what the service was doing with a cluster.
    ResetTask { cluster: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ParameterCommand {
    /// List the settings of a version, removed ones too.
    List {
        /// Id of the version.
        version: String,
    },
    /// Show a setting.
    Show { version: String, parameter: String },
    /// Make a setting known.
    Create(Parameter),
    /// Change a setting.
    #[command(alias = "update")]
    Set(Parameter),
    /// Remove a setting.
    Delete { version: String, parameter: String },
}

/// A setting.
#[derive(clap::Args, Debug)]
pub(crate) struct Parameter {
    /// Id of the version.
    version: String,
    name: String,
    /// integer or string.
    #[arg(long = "type", value_parser = ["integer", "string"], default_value = "string")]
    kind: String,
    /// It takes effect with the next restart only.
    #[arg(long)]
    restart_required: bool,
    #[arg(long, value_name = "N", alias = "max-size")]
    max: Option<i64>,
    #[arg(long, value_name = "N", alias = "min-size")]
    min: Option<i64>,
}

impl Parameter {
    fn described(&self) -> NewParameter {
        let new = match self.kind.as_str() {
            "integer" => NewParameter::integer(&self.name),
            _ => NewParameter::string(&self.name),
        };
        let new = self.max.into_iter().fold(new.restart_required(self.restart_required), NewParameter::max);
        self.min.into_iter().fold(new, NewParameter::min)
    }
}

const PARAMETERS: View = View::of(&["name", "type", "min_size", "max_size", "restart_required", "deleted"]);
const VERSIONS: View = View::of(&[
    "id",
    "name",
    "version",
    "datastore_name",
    "datastore_manager",
    "active",
    "default",
    "image",
    "image_tags",
    "packages",
]);

impl ManagementCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { from, deleted, include_clustered, project_id } => {
                let query = ManagedQuery::new().deleted(deleted).include_clustered(include_clustered);
                let query = project_id.into_iter().fold(query, ManagedQuery::project);
                let make = |client: &Client| {
                    from.of(client.mgmt().instances(&query)).map(|found| show::instance(&found))
                };
                run.list(&from.paging, make, show::MANAGED).await
            }
            Self::Show { instance, deleted } => {
                let id = act::instance(run, &instance).await?;
                let make = |client: &Client| client.mgmt().instance(id.as_str()).get(deleted);
                run.call(Effect::Read, make, View::ALL).await
            }
            Self::Stop(which) => which.change(run, "stopping", ManagedInstance::stop).await,
            Self::Reboot(which) => which.change(run, "rebooting", ManagedInstance::reboot).await,
            Self::Migrate { which, host } => {
                which.change(run, "migrating", |instance| instance.migrate(host.as_deref())).await
            }
            Self::Rebuild { which, image } => {
                which.change(run, "rebuilding", |instance| instance.rebuild(&image)).await
            }
            Self::ResetTaskStatus(which) => {
                which.change(run, "resetting", ManagedInstance::reset_task_status).await
            }
            Self::RootHistory(which) => which.read(run, ManagedInstance::root_history).await,
            Self::Diagnostics(which) => which.read(run, ManagedInstance::diagnostics).await,
            Self::Hardware(which) => which.read(run, ManagedInstance::hardware).await,
            Self::Ping(which) => which.change(run, "an answer came from", ManagedInstance::ping).await,
            Self::Upgrade { which, instance_version, location, metadata } => {
                let to = instance_version.into_iter().fold(Upgrade::new(), Upgrade::instance_version);
                let to = location.into_iter().fold(to, Upgrade::location);
                let to = metadata.into_iter().fold(to, Upgrade::metadata);
                which.change(run, "upgrading the agent of", |instance| instance.upgrade(&to)).await
            }
            Self::Cluster(command) => command.run(run).await,
            Self::DatastoreVersions => {
                let make = |client: &Client| client.mgmt().datastore_versions();
                run.list(&Paging::default(), make, VERSIONS).await
            }
            Self::Parameter(command) => command.run(run).await,
        }
    }
}

impl Which {
    async fn change(
        self,
        run: &mut Run<'_>,
        doing: &str,
        make: impl Fn(&ManagedInstance) -> Call<()>,
    ) -> Result<Exit> {
        let id = act::instance(run, &self.instance).await?;
        let note = format!("{doing} instance {}", self.instance);
        run.tell(Effect::Change, |client| make(&client.mgmt().instance(id.as_str())), &note).await
    }

    async fn read<T: serde::Serialize + Send + 'static>(
        self,
        run: &mut Run<'_>,
        make: impl Fn(&ManagedInstance) -> Call<T>,
    ) -> Result<Exit> {
        let id = act::instance(run, &self.instance).await?;
        run.call(Effect::Read, |client| make(&client.mgmt().instance(id.as_str())), View::ALL).await
    }
}

impl ClusterCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List(paging) => {
                let make = |client: &Client| client.mgmt().clusters(None).map(|found| show::cluster(&found));
                run.list(&paging, make, show::CLUSTERS).await
            }
            Self::Show { cluster } => {
                let make =
                    |client: &Client| client.mgmt().cluster(&cluster).map(|found| show::cluster(&found));
                run.call(Effect::Read, make, View::ALL).await
            }
            Self::ResetTask { cluster } => {
                let make = |client: &Client| client.mgmt().reset_cluster_task(&cluster);
                run.tell(Effect::Change, make, &format!("the task of cluster {cluster} is reset")).await
            }
        }
    }
}

impl ParameterCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { version } => {
                let plan = Plan::read("trove.mgmt.parameter.list").arg("version", version);
                run.perform(plan.pages(Paging::default(), PARAMETERS)).await
            }
            Self::Show { version, parameter } => {
                let plan = Plan::read("trove.mgmt.parameter.get").arg("version", version);
                run.perform(plan.arg("parameter", parameter)).await
            }
            Self::Create(parameter) => {
                let new = parameter.described();
                let make = |client: &Client| client.mgmt().create_parameter(&parameter.version, &new);
                run.tell(Effect::Change, make, &format!("parameter {} is known", parameter.name)).await
            }
            Self::Set(parameter) => {
                let new = parameter.described();
                let make = |client: &Client| client.mgmt().update_parameter(&parameter.version, &new);
                run.tell(Effect::Change, make, &format!("parameter {} is changed", parameter.name)).await
            }
            Self::Delete { version, parameter } => {
                let plan = Plan::delete("trove.mgmt.parameter.delete", &format!("parameter {parameter}"));
                run.perform(plan.arg("version", version).arg("parameter", parameter)).await
            }
        }
    }
}
