//! `pentad ams`: the ARGO Messaging Service.

mod member;
mod message;
mod metrics;
mod plan;
mod project;
mod publish;
mod receive;
mod registration;
mod schema;
mod show;
mod subscription;
mod tail;
mod topic;
mod user;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use self::plan::{Effect, Plan};
use crate::args::Global;
use crate::connect::{self, Local, Reach};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::settings::{AmsSettings, Settings};

/// Arguments of `pentad ams`.
#[derive(Debug, Args)]
pub(crate) struct AmsArgs {
    #[command(flatten)]
    flags: AmsFlags,
    #[command(subcommand)]
    command: AmsCommand,
}

/// How to reach AMS, where it differs from the context.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "AMS options")]
pub(crate) struct AmsFlags {
    /// Project to work in (environment: PENTAD_AMS_PROJECT).
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) project: Option<String>,
    /// File (mode 0600) with the token; `-` reads standard input (environment: PENTAD_AMS_TOKEN holds a token).
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Log in with this client certificate (PEM).
    #[arg(long, global = true, value_name = "FILE", requires = "key")]
    pub(crate) certificate: Option<PathBuf>,
    /// Private key of the certificate (PEM).
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Port of the service that exchanges the certificate for a token.
    #[arg(long, global = true, value_name = "PORT")]
    pub(crate) authn_port: Option<u16>,
    /// Trust this certificate authority (PEM), too.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Do not check the server's certificate.
    #[arg(long, global = true)]
    pub(crate) insecure: bool,
    /// On the embedded server, act as this user of the demo installation.
    #[arg(long = "as", global = true, value_enum, value_name = "ROLE")]
    pub(crate) role: Option<Role>,
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
    Call(plan::CallArgs),
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

/// Runs one AMS command. `local` is a server that is open already.
pub(crate) async fn run(
    args: AmsArgs,
    global: &Global,
    settings: &Settings,
    output: &mut Output,
    local: Option<&Local>,
) -> Result<Exit> {
    let ams = settings.ams(&args.flags)?;
    let mut session = Session { global, settings, ams, role: args.flags.role, output, reach: None, local };
    let result = args.command.run(&mut session).await;
    // The embedded server is closed whatever happened, so that the next command finds its data free.
    let closed = session.close().await;
    let exit = result?;
    closed.map(|()| exit)
}

impl AmsCommand {
    async fn run(self, session: &mut Session<'_>) -> Result<Exit> {
        let plan = match self {
            Self::Topic(command) => command.plan(&session.project_name()),
            Self::Subscription(command) => match command.into_message() {
                Ok(message) => return message.run(session).await,
                Err(command) => command.plan(&session.project_name())?,
            },
            Self::Message(command) | Self::Direct(command) => return command.run(session).await,
            Self::User(command) => command.plan()?,
            Self::Project(command) => command.plan(),
            Self::Member(command) => command.plan(&session.project_name()),
            Self::Schema(command) => command.plan(&session.project_name())?,
            Self::Registration(command) => command.plan(),
            Self::Metrics(command) => command.plan(),
            Self::Status => metrics::status(),
            Self::Version => metrics::version(),
            Self::Call(args) => args.plan()?,
        };
        session.perform(plan).await.map(|()| Exit::Success)
    }
}

/// What one command works with. The way to the service is opened when the first call needs it.
pub(crate) struct Session<'a> {
    pub(crate) global: &'a Global,
    settings: &'a Settings,
    ams: AmsSettings,
    role: Option<Role>,
    pub(crate) output: &'a mut Output,
    reach: Option<Reach>,
    local: Option<&'a Local>,
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("ams", &self.ams).field("role", &self.role).finish_non_exhaustive()
    }
}

impl Session<'_> {
    /// The project that is worked in: configured, else the demo project of an embedded server.
    pub(crate) fn project_name(&self) -> String {
        self.ams.project.as_ref().map_or_else(|| "demo".to_owned(), |project| project.value.clone())
    }

    /// Does what the plan says, or shows it, or refuses.
    pub(crate) async fn perform(&mut self, plan: Plan) -> Result<()> {
        if self.shown(&plan)? {
            return Ok(());
        }
        self.confirmed(&plan.effect)?;
        plan.execute(self).await
    }

    /// True if the plan was printed in place of being sent (`--print`, `--curl`, `--dry-run`).
    pub(crate) fn shown(&mut self, plan: &Plan) -> Result<bool> {
        let language = self.global.language();
        if language.is_none() && !(self.global.dry_run && plan.effect.changes()) {
            return Ok(false);
        }
        self.has_project(plan)?;
        let client =
            Reach::unopened(self.settings, &self.ams)?.client(self.role_for(plan), &self.project_name())?;
        match language {
            Some(language) => self.output.text(&show::call(&client, plan, language, self)?)?,
            None => self.output.record(&show::request(&client, plan)?, crate::output::View::ALL)?,
        }
        Ok(true)
    }

    /// The socket through which a printed call reaches the embedded server; none for a remote service.
    pub(crate) fn socket(&self) -> Option<PathBuf> {
        self.ams.endpoint.is_none().then(|| Local::socket(&self.settings.data.value))
    }

    /// The endpoint as it would be configured.
    pub(crate) fn endpoint_text(&self) -> String {
        self.ams
            .endpoint
            .as_ref()
            .map_or_else(|| connect::LOCAL_AMS.to_owned(), |endpoint| endpoint.value.clone())
    }

    /// A remote service has no project that could be guessed.
    fn has_project(&self, plan: &Plan) -> Result<()> {
        let named = plan.args.iter().any(|(name, _)| name == "project");
        let guessed = self.ams.endpoint.is_none() || self.ams.project.is_some();
        let needed = pentad_ams::ops::find(plan.op).is_some_and(|op| op.routes[0].2.contains("{project}"));
        if named || guessed || !needed {
            return Ok(());
        }
        Err(Failure::config("no project", "the service has many, and none was named")
            .hint("--project NAME, PENTAD_AMS_PROJECT, or a context with a project"))
    }

    /// Sends one call and gives its answer; nothing for an empty one.
    pub(crate) async fn send(&mut self, plan: &Plan) -> Result<Value> {
        self.has_project(plan)?;
        let role = self.role_for(plan);
        let client = self.client(role).await?;
        let call = show::call_of(&client, plan)?;
        let call = match &self.settings.timeout {
            Some(time) => call.timeout(time.value),
            None => call,
        };
        Ok(call.await?)
    }

    /// A client that acts as this role on an embedded server, and as configured elsewhere.
    pub(crate) async fn client(&mut self, role: Role) -> Result<pentad_ams::Client> {
        if self.reach.is_none() {
            self.reach = Some(Reach::open(self.settings, &self.ams, self.local, self.output).await?);
        }
        match &self.reach {
            Some(reach) => reach.client(role, &self.project_name()),
            None => Err(Failure::local("cannot reach the service", "no way to it is open")),
        }
    }

    fn role_for(&self, plan: &Plan) -> Role {
        self.role.unwrap_or(plan.role)
    }

    /// Asks before something is destroyed; without a person to ask, `--yes` must have answered.
    pub(crate) fn confirmed(&self, effect: &Effect) -> Result<()> {
        use std::io::{BufRead, IsTerminal, Write};
        let Effect::Destroy(what) = effect else { return Ok(()) };
        if self.global.yes {
            return Ok(());
        }
        let refused =
            || Failure::usage(format!("did not {what}"), "nobody agreed").hint("say --yes to go ahead");
        if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
            return Err(refused());
        }
        write!(anstream::stderr(), "{what}? [y/N] ")?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if answer.trim().eq_ignore_ascii_case("y") || answer.trim().eq_ignore_ascii_case("yes") {
            return Ok(());
        }
        Err(refused())
    }

    async fn close(&mut self) -> Result<()> {
        match self.reach.take() {
            Some(reach) => reach.close().await,
            None => Ok(()),
        }
    }
}
