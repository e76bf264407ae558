//! `pentad ivcap`: the IVCAP science platform.

mod account;
mod artifact;
mod collection;
mod complete;
mod job;
mod login;
mod metadata;
mod order;
mod package;
mod query;
mod queue;
pub(crate) mod service;
mod services;
pub(crate) mod tour;
mod transfer;
mod wait;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use pentad_ivcap::{Client, moment};

pub(crate) use self::service::{Ivcap, TABLE};
use super::call::CallArgs;
use super::plan::{Effect, Paging, Plan};
use super::run::{self, Desk};
use super::service::Service;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;
use crate::settings::Flags;

/// One IVCAP command on its way.
type Run<'a> = run::Run<'a, Ivcap>;

/// Arguments of `pentad ivcap`.
#[derive(Debug, Args)]
pub(crate) struct IvcapArgs {
    #[command(flatten)]
    flags: Flags<Ivcap>,
    #[command(subcommand)]
    command: IvcapCommand,
}

#[derive(Debug, Subcommand)]
enum IvcapCommand {
    /// Services: what can be ordered.
    #[command(subcommand)]
    Service(services::ServiceCommand),
    /// Orders: place, list, wait, logs, products.
    #[command(subcommand)]
    Order(order::OrderCommand),
    /// Jobs of a service, with live events and results.
    #[command(subcommand)]
    Job(job::JobCommand),
    /// Artifacts: upload, download, list.
    #[command(subcommand)]
    Artifact(artifact::ArtifactCommand),
    /// Metadata about anything, now or at any past time.
    #[command(subcommand)]
    Metadata(metadata::MetadataCommand),
    /// Metadata in the words of the modern dialect.
    #[command(subcommand)]
    Aspect(metadata::MetadataCommand),
    /// Collections: named sets of things.
    #[command(subcommand)]
    Collection(collection::CollectionCommand),
    /// Queues between services.
    #[command(subcommand)]
    Queue(queue::QueueCommand),
    /// Secrets that services may read.
    #[command(subcommand)]
    Secret(account::SecretCommand),
    /// Projects, their members and accounts.
    #[command(subcommand)]
    Project(account::ProjectCommand),
    /// Container images.
    #[command(subcommand)]
    Package(package::PackageCommand),
    /// Dashboards.
    #[command(subcommand)]
    Dashboard(account::DashboardCommand),
    /// Answer a query in the platform's rule language.
    Search(SearchArgs),
    /// Log in on another device, once: the token is kept (mode 0600) and renewed by itself.
    Login(login::LoginArgs),
    /// Forget the login.
    Logout,
    /// Find out which dialect the platform speaks.
    Detect,
    /// Send any operation of the platform by its id and print the answer.
    Call(CallArgs),
}

#[derive(Debug, Args)]
struct SearchArgs {
    /// The query, e.g. 'ivcap_service(Id, Name)'.
    #[arg(value_name = "QUERY", required_unless_present = "file")]
    rules: Option<String>,
    /// Read the query from this file, or from standard input for `-`.
    #[arg(short, long, value_name = "FILE", conflicts_with = "rules")]
    file: Option<PathBuf>,
    /// Answer as of this moment, e.g. 2024-05-01.
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    #[command(flatten)]
    paging: Paging,
}

/// A moment as people write it.
pub(super) fn time(text: &str) -> std::result::Result<Timestamp, String> {
    moment(text).map_err(|error| error.message().to_owned())
}

/// The platform takes pages of 50 at most; who asks for more at once gets that many.
pub(super) const fn pages(paging: &Paging) -> Paging {
    let most = pentad_ivcap::list::LARGEST_PAGE;
    Paging { limit: paging.limit, page_size: if paging.page_size > most { most } else { paging.page_size } }
}

/// Reads a text from a file, or from standard input for `-`.
fn text_source(path: &std::path::Path) -> Result<String> {
    let read = if path == std::path::Path::new("-") {
        std::io::read_to_string(std::io::stdin().lock())
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|error| Failure::usage(format!("cannot use {}", path.display()), error.to_string()))
}

/// Runs one IVCAP command.
pub(crate) async fn run(args: IvcapArgs, desk: Desk<'_>) -> Result<Exit> {
    let IvcapArgs { flags, command } = args;
    run::run(Ivcap, &flags.given, desk, async |run| command.run(run).await).await
}

impl IvcapCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::Service(command) => command.run(run).await,
            Self::Order(command) => command.run(run).await,
            Self::Job(command) => command.run(run).await,
            Self::Artifact(command) => command.run(run).await,
            Self::Metadata(command) | Self::Aspect(command) => command.run(run).await,
            Self::Collection(command) => command.run(run).await,
            Self::Queue(command) => command.run(run).await,
            Self::Secret(command) => command.run(run).await,
            Self::Project(command) => command.run(run).await,
            Self::Package(command) => command.run(run).await,
            Self::Dashboard(command) => command.run(run).await,
            Self::Search(args) => search(run, args).await,
            Self::Login(args) => args.run(run).await,
            Self::Logout => login::logout(run).await,
            Self::Detect => {
                let found = |client: &Client| {
                    client.detect().map(|found| serde_json::json!({"dialect": found.dialect().label()}))
                };
                run.work(Effect::Read, found, View::of(&["dialect"])).await
            }
            Self::Call(args) => {
                let plan: Plan = args.plan(Ivcap::ops())?;
                run.perform(plan).await
            }
        }
    }
}

async fn search(run: &mut Run<'_>, args: SearchArgs) -> Result<Exit> {
    let query = match (args.rules, args.file) {
        (Some(query), _) => query,
        (None, Some(file)) => text_source(&file)?,
        (None, None) => return Err(Failure::usage("there is no query", "give one, or --file")),
    };
    let at = args.at;
    run.list(&pages(&args.paging), |client| client.search(query.as_str(), at), View::ALL).await
}
