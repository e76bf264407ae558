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

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use pentad_core::{Cursor, List};
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::service::{TABLE, Zaqar};
use super::call::CallArgs;
use super::plan::{Paging, Plan};
use super::run::{self, Desk};
use super::service::Service;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Format, View};
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
            Self::Health => return document(run, "zaqar.health").await,
            Self::Ping => return ping(run).await,
            Self::Home => return document(run, "zaqar.homedoc").await,
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
    /// Stop after this many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Ask for pages of this size, 1 to 20.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=20))]
    page_size: u32,
    /// Begin after this one.
    #[arg(long)]
    marker: Option<String>,
}

impl Pages {
    const fn paging(&self) -> Paging {
        Paging { limit: self.limit, page_size: self.page_size }
    }

    /// The list from there on.
    fn of<T>(&self, list: List<T>) -> List<T> {
        match &self.marker {
            Some(marker) => list.start_at(Cursor::Marker(marker.clone())),
            None => list,
        }
    }
}

/// A document, for people as the original prints it: by lines, its names in order.
async fn document(run: &mut Run<'_>, op: &'static str) -> Result<Exit> {
    let plan = Plan::read(op);
    if run.shown(&plan)? {
        return Ok(Exit::Success);
    }
    let answer = run.send(&plan).await?;
    if answer.is_null() {
        run.output.note("the service is well");
    } else if run.output.format == Format::Table {
        run.output.text(&lines(&answer))?;
    } else {
        run.output.record(&answer, View::ALL)?;
    }
    Ok(Exit::Success)
}

fn lines(document: &Value) -> String {
    fn ordered(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let sorted: BTreeMap<_, _> =
                    map.iter().map(|(key, value)| (key.clone(), ordered(value))).collect();
                Value::Object(sorted.into_iter().collect())
            }
            Value::Array(items) => items.iter().map(ordered).collect(),
            other => other.clone(),
        }
    }
    let mut text = Vec::new();
    let form = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut writer = serde_json::Serializer::with_formatter(&mut text, form);
    match ordered(document).serialize(&mut writer) {
        Ok(()) => String::from_utf8_lossy(&text).into_owned(),
        Err(_) => document.to_string(),
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
