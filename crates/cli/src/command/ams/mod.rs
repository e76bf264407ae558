//! `pentad ams`: the ARGO Messaging Service.

pub(crate) mod bench;
mod complete;
mod member;
mod message;
mod metrics;
mod project;
mod publish;
mod receive;
mod registration;
mod schema;
pub(crate) mod service;
mod subscription;
mod tail;
mod topic;
pub(crate) mod tour;
mod user;

use clap::{Args, Subcommand, ValueEnum};

pub(crate) use self::service::{Ams, TABLE};
use super::call::CallArgs;
use super::plan::Plan;
use super::run::{self, Desk};
use super::service::Service;
use crate::exit::Exit;
use crate::failure::Result;
use crate::settings::Flags;

/// One AMS command on its way.
type Run<'a> = run::Run<'a, Ams>;

/// Arguments of `pentad ams`.
#[derive(Debug, Args)]
pub(crate) struct AmsArgs {
    #[command(flatten)]
    flags: Flags<Ams>,
    /// On the embedded server, act as this user of the demo installation.
    #[arg(long = "as", global = true, value_enum, value_name = "ROLE", help_heading = "AMS options")]
    role: Option<Role>,
    #[command(subcommand)]
    command: AmsCommand,
}

/// The users that an installation without a seed has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Role {
    ProjectAdmin,
    ServiceAdmin,
    Publisher,
    Consumer,
}

impl Role {
    /// Key of the user's token among the announced credentials.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::ProjectAdmin => "project_admin",
            Self::ServiceAdmin => "service_admin",
            Self::Publisher => "publisher",
            Self::Consumer => "consumer",
        }
    }
}

#[derive(Debug, Subcommand)]
enum AmsCommand {
    /// Topics: where messages are published.
    #[command(subcommand)]
    Topic(topic::TopicCommand),
    /// Subscriptions: where messages are received.
    #[command(subcommand)]
    Subscription(subscription::SubscriptionCommand),
    /// Messages: the same verbs as below.
    #[command(subcommand)]
    Message(message::MessageCommand),
    #[command(flatten)]
    Direct(message::MessageCommand),
    /// Users of the whole service.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Projects.
    #[command(subcommand)]
    Project(project::ProjectCommand),
    /// Members of the project.
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// Schemas that messages of a topic must fit.
    #[command(subcommand)]
    Schema(schema::SchemaCommand),
    /// People who asked for an account.
    #[command(subcommand)]
    Registration(registration::RegistrationCommand),
    /// Numbers about the service.
    #[command(subcommand)]
    Metrics(metrics::MetricsCommand),
    /// Health of the service.
    Status,
    /// Version of the service.
    Version,
    /// Send any operation of the service by its id and print the answer.
    Call(CallArgs),
}

impl AmsArgs {
    /// True if the command ends in order at a signal: acknowledges what was written, tidies up.
    pub(crate) const fn ends_itself(&self) -> bool {
        match &self.command {
            AmsCommand::Message(command) | AmsCommand::Direct(command) => command.ends_itself(),
            AmsCommand::Subscription(command) => command.ends_itself(),
            _ => false,
        }
    }
}

/// Runs one AMS command.
pub(crate) async fn run(args: AmsArgs, desk: Desk<'_>) -> Result<Exit> {
    let AmsArgs { flags, role, command } = args;
    run::run(Ams { role }, &flags.given, desk, async |run| command.run(run).await).await
}

/// The project that is worked in.
fn project(run: &Run<'_>) -> String {
    service::project(&run.values).to_owned()
}

impl AmsCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let plan = match self {
            Self::Topic(command) => return command.run(run).await,
            Self::Subscription(command) => match command.into_message() {
                Ok(message) => return message.run(run).await,
                Err(command) => command.plan(&project(run))?,
            },
            Self::Message(command) | Self::Direct(command) => return command.run(run).await,
            Self::User(command) => command.plan()?,
            Self::Project(command) => command.plan(),
            Self::Member(command) => command.plan(&project(run)),
            Self::Schema(command) => command.plan(&project(run))?,
            Self::Registration(command) => command.plan(),
            Self::Metrics(command) => command.plan(),
            Self::Status => return metrics::status(run).await,
            Self::Version => return metrics::version(run).await,
            Self::Call(args) => args.plan(Ams::ops())?,
        };
        run.perform(plan).await
    }
}

/// Operations that service administrators do.
trait ByServiceAdmin {
    /// A service administrator does this, not a project administrator.
    fn by_service_admin(self) -> Self;
}

impl ByServiceAdmin for Plan {
    fn by_service_admin(self) -> Self {
        self.by(Role::ServiceAdmin.key())
    }
}
