//! `pentad openstack`: tokens, the catalog of a cloud, and what its identity service administers.

mod admin;
mod catalog;
mod find;
mod grant;
pub(crate) mod service;
mod token;

use clap::{Args, Subcommand};

use self::admin::{
    NewEndpoint, NewNamed, NewRegion, NewService, NewUser, SetEndpoint, SetNamed, SetRegion, SetService,
    SetUser, Verb,
};
pub(crate) use self::service::{OpenStack, TABLE};
use super::call::CallArgs;
use super::plan::{Paging, Plan};
use super::run::{self, Desk};
use super::service::Service;
use crate::exit::Exit;
use crate::failure::Result;
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
    /// Projects: what things belong to.
    #[command(subcommand)]
    Project(ProjectCommand),
    /// Users.
    #[command(subcommand)]
    User(Verb<NewUser, SetUser>),
    /// Groups of users.
    #[command(subcommand)]
    Group(GroupCommand),
    /// Domains: what users and projects belong to.
    #[command(subcommand)]
    Domain(Verb<NewNamed, SetNamed>),
    /// Roles: what users may do.
    #[command(subcommand)]
    Role(Verb<NewNamed, SetNamed>),
    /// Who has which role on what.
    #[command(subcommand, alias = "role-assignment")]
    Grant(grant::GrantCommand),
    /// Services of the catalog.
    #[command(subcommand)]
    Service(Verb<NewService, SetService>),
    /// Endpoints of the catalog.
    #[command(subcommand)]
    Endpoint(Verb<NewEndpoint, SetEndpoint>),
    /// Regions of the catalog.
    #[command(subcommand)]
    Region(Verb<NewRegion, SetRegion>),
    /// Credentials for programs, which can do what you can, or less.
    #[command(subcommand)]
    ApplicationCredential(grant::ApplicationCredentialCommand),
    /// Send any operation of the identity service by its id and print the answer.
    Call(CallArgs),
}

#[derive(Debug, Subcommand)]
enum ProjectCommand {
    /// List the projects that you may work in; with --all those of the cloud.
    List {
        #[command(flatten)]
        paging: Paging,
        /// All that you may see, for administrators.
        #[arg(long)]
        all: bool,
    },
    #[command(flatten)]
    Other(Box<OtherProject>),
}

/// As [`Verb`], but for the list.
#[derive(Debug, Subcommand)]
enum OtherProject {
    /// Show one by name or id.
    #[command(alias = "get")]
    Show { name: String },
    /// Make one.
    Create(NewNamed),
    /// Change one.
    #[command(alias = "update")]
    Set(SetNamed),
    /// Delete one by name or id.
    Delete { name: String },
}

#[derive(Debug, Subcommand)]
enum GroupCommand {
    /// Put a user into a group.
    AddUser { group: String, user: String },
    /// Take a user out of a group.
    RemoveUser { group: String, user: String },
    /// List the users of a group.
    Users { group: String },
    #[command(flatten)]
    Other(Box<Verb<NewNamed, SetNamed>>),
}

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
            Self::Project(command) => command.run(run).await,
            Self::User(verb) => verb.run(run, find::USER).await,
            Self::Group(command) => command.run(run).await,
            Self::Domain(verb) => verb.run(run, find::DOMAIN).await,
            Self::Role(verb) => verb.run(run, find::ROLE).await,
            Self::Grant(command) => command.run(run).await,
            Self::Service(verb) => verb.run(run, find::SERVICE).await,
            Self::Endpoint(verb) => verb.run(run, find::ENDPOINT).await,
            Self::Region(verb) => verb.run(run, find::REGION).await,
            Self::ApplicationCredential(command) => command.run(run).await,
            Self::Call(args) => run.perform(args.plan(OpenStack::ops())?).await,
        }
    }
}

impl ProjectCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let verb = match self {
            Self::List { paging, all } => {
                let op = if all { find::PROJECT.list } else { "openstack.auth.projects" };
                return run.perform(Plan::read(op).pages(paging, find::PROJECT.view)).await;
            }
            Self::Other(other) => match *other {
                OtherProject::Show { name } => Verb::Show { name },
                OtherProject::Create(new) => Verb::<NewNamed, SetNamed>::Create(new),
                OtherProject::Set(set) => Verb::Set(set),
                OtherProject::Delete { name } => Verb::Delete { name },
            },
        };
        verb.run(run, find::PROJECT).await
    }
}

impl GroupCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let (op, group, user, note) = match self {
            Self::Other(verb) => return verb.run(run, find::GROUP).await,
            Self::Users { group } => {
                let id = find::id(run, find::GROUP, &group).await?;
                let plan = Plan::read("openstack.group.users.list").arg("group", id);
                return run.perform(plan.pages(Paging::default(), find::USER.view)).await;
            }
            Self::AddUser { group, user } => ("openstack.group.add_user", group, user, "is in"),
            Self::RemoveUser { group, user } => ("openstack.group.remove_user", group, user, "is not in"),
        };
        let done = format!("{user} {note} {group}");
        let group = find::id(run, find::GROUP, &group).await?;
        let user = find::id(run, find::USER, &user).await?;
        run.perform(Plan::change(op).arg("group", group).arg("user", user).done(done)).await
    }
}
