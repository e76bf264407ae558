//! `pentad zaqar message`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_zaqar::MessageQuery;
use serde_json::{Value, json};

use super::consume::ConsumeArgs;
use super::follow::FollowArgs;
use super::post::PostArgs;
use super::{Run, complete, pages};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum MessageCommand {
    /// Post messages from arguments, a file or standard input.
    Post(PostArgs),
    /// List messages, oldest first.
    List {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        #[command(flatten)]
        paging: Paging,
        #[command(flatten)]
        which: Which,
        /// Only these.
        #[arg(long, value_name = "ID", value_delimiter = ',')]
        message_ids: Vec<String>,
        /// Begin after this place.
        #[arg(long)]
        marker: Option<String>,
    },
    /// Show messages as they come, and leave them where they are.
    Follow(FollowArgs),
    /// Show a message.
    Get {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        id: String,
    },
    /// Delete messages by id, whoever has claimed them; with --claim one as the holder of its claim.
    Delete {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        #[arg(required = true)]
        ids: Vec<String>,
        /// The claim that holds the message.
        #[arg(long, value_name = "ID")]
        claim: Option<String>,
    },
    /// Take the oldest messages out of the queue.
    Pop {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        /// So many, 1 to 20.
        #[arg(short = 'n', long, default_value_t = 1, value_name = "N")]
        count: u32,
    },
    /// Claim, hand on or write, and delete messages until none is left, or for ever.
    Consume(ConsumeArgs),
}

/// Which messages are shown.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct Which {
    /// Also what this client id posted itself (with --client-id; other commands have an id of their own).
    #[arg(long)]
    echo: bool,
    /// Also claimed messages.
    #[arg(long)]
    include_claimed: bool,
    /// Also delayed messages.
    #[arg(long)]
    include_delayed: bool,
}

impl Which {
    pub(super) fn query(self) -> MessageQuery {
        MessageQuery::new()
            .echo(self.echo)
            .include_claimed(self.include_claimed)
            .include_delayed(self.include_delayed)
    }
}

/// Columns of a message.
pub(super) const MESSAGE: View =
    View { columns: &["id", "body", "ttl", "age", "claim_id", "checksum"], value: "body", ..View::ALL };

impl MessageCommand {
    /// True if the command ends in order at a signal.
    pub(super) const fn ends_itself(&self) -> bool {
        matches!(self, Self::Post(_) | Self::Consume(_) | Self::Follow(_))
    }

    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::Post(args) => args.run(run).await,
            Self::Follow(args) => args.run(run).await,
            Self::Consume(args) => args.run(run).await,
            Self::List { queue, message_ids, .. } if !message_ids.is_empty() => {
                let make =
                    |client: &pentad_zaqar::Client| client.queue(queue.as_str()).messages_by_id(&message_ids);
                many(run, Effect::Read, make).await
            }
            Self::List { queue, paging, which, marker, .. } => {
                let make = |client: &pentad_zaqar::Client| {
                    let list = client.queue(queue.as_str()).messages(which.query());
                    match &marker {
                        Some(marker) => list.start_at(pentad_core::Cursor::Marker(marker.clone())),
                        None => list,
                    }
                };
                run.list(&pages(paging), make, MESSAGE).await
            }
            Self::Get { queue, id } => {
                let make =
                    |client: &pentad_zaqar::Client| client.queue(queue.as_str()).message(id.as_str()).get();
                run.call(Effect::Read, make, MESSAGE).await
            }
            Self::Delete { queue, ids, claim } => delete(run, queue, &ids, claim).await,
            Self::Pop { queue, count } => {
                let make = |client: &pentad_zaqar::Client| client.queue(queue.as_str()).pop(count);
                many(run, Effect::Change, make).await
            }
        }
    }
}

/// A call that answers several messages.
async fn many(
    run: &mut Run<'_>,
    effect: Effect,
    make: impl Fn(&pentad_zaqar::Client) -> pentad_core::Call<Vec<pentad_zaqar::model::Message>>,
) -> Result<Exit> {
    if run.is_shown(&effect) {
        return run.call(effect, make, MESSAGE).await;
    }
    let messages = make(&run.client(None).await?).await?;
    let rows: Vec<Value> = messages.iter().map(|message| json!(message)).collect();
    run.output.list(&rows, MESSAGE)?;
    Ok(Exit::Success)
}

async fn delete(run: &mut Run<'_>, queue: String, ids: &[String], claim: Option<String>) -> Result<Exit> {
    let what = format!("{} of {queue}", ids.join(", "));
    let note = format!("deleted {what}");
    if let (Some(claim), [id]) = (&claim, ids) {
        let plan =
            Plan::change("zaqar.message.delete").arg("queue_name", queue).arg("message_id", id.as_str());
        return run.perform(plan.query("claim_id", Some(claim.as_str())).done(note)).await;
    }
    let plan = Plan::delete("zaqar.message.delete_many", &what).arg("queue_name", queue);
    let plan = ids.iter().fold(plan, |plan, id| plan.query("ids", Some(id.as_str())));
    let plan = match claim {
        Some(claim) => plan.query("claim_ids", Some(claim)),
        None => plan,
    };
    run.perform(plan.done(note)).await
}
