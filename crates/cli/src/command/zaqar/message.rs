//! `pentad zaqar message`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_zaqar::MessageQuery;
use serde_json::{Value, json};

use super::consume::ConsumeArgs;
use super::follow::FollowArgs;
use super::post::PostArgs;
use super::{Pages, Run, complete};
use crate::command::plan::Effect;
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
        pages: Pages,
        #[command(flatten)]
        which: Which,
        /// Only these.
        #[arg(long, value_name = "ID", value_delimiter = ',')]
        message_ids: Vec<String>,
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
            Self::List { queue, pages, which, .. } => {
                let make = |client: &pentad_zaqar::Client| {
                    pages.of(client.queue(queue.as_str()).messages(which.query()))
                };
                run.list(&pages.paging(), make, MESSAGE).await
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
    let Some(messages) = run.taken(&effect, make).await? else { return Ok(Exit::Success) };
    let rows: Vec<Value> = messages.iter().map(|message| json!(message)).collect();
    run.output.list(&rows, MESSAGE)?;
    Ok(Exit::Success)
}

async fn delete(run: &mut Run<'_>, queue: String, ids: &[String], claim: Option<String>) -> Result<Exit> {
    let what = format!("{} of {queue}", ids.join(", "));
    let note = format!("deleted {what}");
    let make = |client: &pentad_zaqar::Client| {
        let queue = client.queue(queue.as_str());
        match (&claim, ids) {
            (Some(claim), [id]) => queue.message(id.as_str()).claimed_by(claim.as_str()).delete(),
            (Some(claim), ids) => queue.delete_claimed_messages(ids, &[claim]),
            (None, ids) => queue.delete_messages(ids),
        }
    };
    // Who names the claim finishes what is theirs.
    let finishes = claim.is_some() && ids.len() == 1;
    let effect = if finishes { Effect::Change } else { Effect::Destroy(format!("delete {what}")) };
    run.tell(effect, make, &note).await
}
