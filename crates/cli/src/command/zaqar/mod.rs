//! `pentad zaqar`: OpenStack messaging.

mod claim;
mod complete;
mod consume;
mod flavor;
mod follow;
mod message;
mod pool;
mod post;
mod queue;
pub(crate) mod service;
mod subscription;
pub(crate) mod tour;

use clap::{Args, Subcommand};
use pentad_core::{Cursor, List};

pub(crate) use self::service::{TABLE, Zaqar};
use super::call::CallArgs;
use super::plan::{Paging, Plan};
use super::run::{self, Desk};
use super::service::Service;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;
use crate::settings::Flags;

/// One Zaqar command on its way.
type Run<'a> = run::Run<'a, Zaqar>;

/// Arguments of `pentad zaqar`.
#[derive(Debug, Args)]
pub(crate) struct ZaqarArgs {
    #[command(flatten)]
    flags: Flags<Zaqar>,
    #[command(subcommand)]
    command: ZaqarCommand,
}

#[derive(Debug, Subcommand)]
enum ZaqarCommand {
    /// Queues: where messages wait.
    #[command(subcommand)]
    Queue(queue::QueueCommand),
    /// Messages: post, list, follow, pop, delete, consume.
    #[command(subcommand)]
    Message(message::MessageCommand),
    /// Claims: leases on messages.
    #[command(subcommand)]
    Claim(claim::ClaimCommand),
    /// Subscriptions: messages pushed to receivers.
    #[command(subcommand)]
    Subscription(subscription::SubscriptionCommand),
    /// Storage pools, for administrators.
    #[command(subcommand)]
    Pool(pool::PoolCommand),
    /// Flavors of queues, for administrators.
    #[command(subcommand)]
    Flavor(flavor::FlavorCommand),
    /// Health of the service, for administrators.
    Health,
    /// Whether the service's storage answers.
    Ping,
    /// The resources of this version of the API.
    #[command(alias = "homedoc")]
    Home,
    /// The versions of the API that the service knows.
    Versions,
    /// Send any operation of the service by its id and print the answer.
    Call(CallArgs),
}

impl ZaqarArgs {
    /// True if the command ends in order at a signal: acknowledges what was handled, tidies up.
    pub(crate) const fn ends_itself(&self) -> bool {
        match &self.command {
            ZaqarCommand::Message(command) => command.ends_itself(),
            ZaqarCommand::Claim(command) => command.ends_itself(),
            _ => false,
        }
    }
}

/// Runs one Zaqar command.
pub(crate) async fn run(args: ZaqarArgs, desk: Desk<'_>) -> Result<Exit> {
    let ZaqarArgs { flags, command } = args;
    run::run(Zaqar, &flags.given, desk, async |run| command.run(run).await).await
}

impl ZaqarCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let plan = match self {
            Self::Queue(command) => return command.run(run).await,
            Self::Message(command) => return command.run(run).await,
            Self::Claim(command) => return command.run(run).await,
            Self::Subscription(command) => return command.run(run).await,
            Self::Pool(command) => return command.run(run).await,
            Self::Flavor(command) => return command.run(run).await,
            Self::Health => Plan::read("zaqar.health"),
            Self::Ping => return ping(run).await,
            Self::Home => Plan::read("zaqar.homedoc"),
            Self::Versions => {
                Plan::read("zaqar.versions").items("versions", View::of(&["id", "status", "updated"]))
            }
            Self::Call(args) => args.plan(Zaqar::ops())?,
        };
        run.perform(plan).await
    }
}

/// How much of a list is wanted, and from where.
#[derive(Args, Clone, Debug)]
struct Pages {
    #[command(flatten)]
    paging: Paging,
    /// Begin after this one.
    #[arg(long)]
    marker: Option<String>,
}

impl Pages {
    /// The service takes pages of 20 at most; who asks for more at once gets that many.
    fn paging(&self) -> Paging {
        const MOST: u32 = 20;
        Paging { page_size: self.paging.page_size.min(MOST), ..self.paging.clone() }
    }

    /// The list from there on.
    fn of<T>(&self, list: List<T>) -> List<T> {
        match &self.marker {
            Some(marker) => list.start_at(Cursor::Marker(marker.clone())),
            None => list,
        }
    }
}

async fn ping(run: &mut Run<'_>) -> Result<Exit> {
    if run.shown(&Plan::read("zaqar.ping"))? {
        return Ok(Exit::Success);
    }
    let pingable = run.client(None).await?.ping().await?;
    run.output.record(&serde_json::json!({ "pingable": pingable }), View::ALL)?;
    Ok(if pingable { Exit::Success } else { Exit::Server })
}
