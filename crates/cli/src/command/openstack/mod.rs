//! `pentad openstack`: tokens and the catalog of a cloud.

mod catalog;
pub(crate) mod service;
mod token;

use clap::{Args, Subcommand};

pub(crate) use self::service::{OpenStack, TABLE};
use super::call::CallArgs;
use super::plan::{Paging, Plan};
use super::run::{self, Desk};
use super::service::Service;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;
use crate::settings::Flags;

/// One OpenStack command on its way.
type Run<'a> = run::Run<'a, OpenStack>;

/// Arguments of `pentad openstack`.
#[derive(Debug, Args)]
pub(crate) struct OpenStackArgs {
    #[command(flatten)]
    flags: Flags<OpenStack>,
    #[command(subcommand)]
    command: OpenStackCommand,
}

#[derive(Debug, Subcommand)]
enum OpenStackCommand {
    /// Tokens: what calls are made with.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// The services of the cloud.
    #[command(subcommand)]
    Catalog(catalog::CatalogCommand),
    /// Projects that you may work in.
    #[command(subcommand)]
    Project(ProjectCommand),
    /// Send any operation of the identity service by its id and print the answer.
    Call(CallArgs),
}

#[derive(Debug, Subcommand)]
enum ProjectCommand {
    /// List the projects that you may work in.
    List(Paging),
}

/// Columns of a project.
const PROJECT: View = View::of(&["id", "name", "domain_id", "enabled"]);

/// Runs one OpenStack command.
pub(crate) async fn run(args: OpenStackArgs, desk: Desk<'_>) -> Result<Exit> {
    let OpenStackArgs { flags, command } = args;
    run::run(OpenStack, &flags.given, desk, async |run| command.run(run).await).await
}

impl OpenStackCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::Token(command) => command.run(run).await,
            Self::Catalog(command) => command.run(run).await,
            Self::Project(ProjectCommand::List(paging)) => {
                run.perform(Plan::read("openstack.auth.projects").pages(paging, PROJECT)).await
            }
            Self::Call(args) => run.perform(args.plan(OpenStack::ops())?).await,
        }
    }
}
