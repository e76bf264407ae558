//! `pentad db`: OpenStack databases.

mod act;
mod backup;
mod cluster;
mod complete;
mod configuration;
mod database;
mod datastore;
mod instance;
mod log;
mod management;
mod module;
mod new;
mod quota;
mod schedule;
pub(crate) mod service;
mod show;
pub(crate) mod tour;
mod user;

use clap::{Args, Subcommand};

pub(crate) use self::service::{Db, TABLE};
use super::call::CallArgs;
use super::openstack::OpenStack;
use super::plan::{Paging, Plan};
use super::run::{self, Desk};
use super::service::Service;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;
use crate::settings::Flags;

/// One Trove command on its way.
type Run<'a> = run::Run<'a, Db>;

/// Arguments of `pentad db`.
#[derive(Debug, Args)]
pub(crate) struct DbArgs {
    #[command(flatten)]
    flags: Flags<Db>,
    #[command(flatten)]
    login: Flags<OpenStack>,
    #[command(subcommand)]
    command: DbCommand,
}

#[derive(Debug, Subcommand)]
enum DbCommand {
    /// Instances: servers with a database.
    #[command(subcommand)]
    Instance(Box<instance::InstanceCommand>),
    /// Backups, where they go, when they are made.
    #[command(subcommand)]
    Backup(backup::BackupCommand),
    /// Databases of an instance.
    #[command(subcommand, alias = "db")]
    Database(database::DatabaseCommand),
    /// Users of an instance and what they may use.
    #[command(subcommand)]
    User(user::UserCommand),
    /// The user root of an instance or a cluster.
    #[command(subcommand)]
    Root(user::RootCommand),
    /// Kinds of databases and their versions.
    #[command(subcommand)]
    Datastore(datastore::DatastoreCommand),
    /// Groups of settings.
    #[command(subcommand)]
    Configuration(configuration::ConfigurationCommand),
    /// Modules: files that are applied to instances.
    #[command(subcommand)]
    Module(module::ModuleCommand),
    /// Clusters of instances.
    #[command(subcommand)]
    Cluster(cluster::ClusterCommand),
    /// What projects may use.
    #[command(subcommand)]
    Quota(quota::QuotaCommand),
    /// Limits of the project and of the rate of calls.
    #[command(subcommand)]
    Limit(quota::LimitCommand),
    /// Sizes of instances.
    #[command(subcommand)]
    Flavor(quota::FlavorCommand),
    /// Logs of a database.
    #[command(subcommand)]
    Log(log::LogCommand),
    /// How a database itself speaks TLS.
    #[command(subcommand, alias = "ssl")]
    Tls(log::TlsCommand),
    /// What administrators do.
    #[command(subcommand, alias = "mgmt")]
    Management(management::ManagementCommand),
    /// The versions of the API that the service knows.
    Versions,
    /// Send any operation of the service by its id and print the answer.
    Call(CallArgs),
}

/// Runs one Trove command.
pub(crate) async fn run(args: DbArgs, desk: Desk<'_>) -> Result<Exit> {
    let DbArgs { flags, login, command } = args;
    run::run(Db::new(login.given), &flags.given, desk, async |run| command.run(run).await).await
}

impl DbCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::Instance(command) => command.run(run).await,
            Self::Backup(command) => command.run(run).await,
            Self::Database(command) => command.run(run).await,
            Self::User(command) => command.run(run).await,
            Self::Root(command) => command.run(run).await,
            Self::Datastore(command) => command.run(run).await,
            Self::Configuration(command) => command.run(run).await,
            Self::Module(command) => command.run(run).await,
            Self::Cluster(command) => command.run(run).await,
            Self::Quota(command) => command.run(run).await,
            Self::Limit(command) => command.run(run).await,
            Self::Flavor(command) => command.run(run).await,
            Self::Log(command) => command.run(run).await,
            Self::Tls(command) => command.run(run).await,
            Self::Management(command) => command.run(run).await,
            Self::Versions => {
                let view = View::of(&["id", "status", "updated"]);
                run.perform(Plan::read("trove.version.list").pages(Paging::default(), view)).await
            }
            Self::Call(args) => run.perform(args.plan(Db::ops())?).await,
        }
    }
}
