//! `pentad zaqar claim`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_zaqar::model::Message;
use pentad_zaqar::{Grace, NewClaim, Ttl};
use serde_json::{Value, json};

use super::consume::ConsumeArgs;
use super::{Run, complete};
use crate::command::plan::Effect;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum ClaimCommand {
    /// Claim messages and show them; they stay claimed until they are deleted or the claim ends.
    Create {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        /// How long, in seconds.
        #[arg(long, default_value_t = 300, value_name = "N")]
        ttl: u64,
        /// How much longer than the claim its messages live at least, in seconds.
        #[arg(long, default_value_t = 60, value_name = "N")]
        grace: u64,
        /// So many at most, 1 to 20.
        #[arg(long, default_value_t = 10, value_name = "N")]
        limit: u32,
    },
    /// Show what a claim still holds.
    #[command(alias = "get")]
    Query {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        claim: String,
    },
    /// Begin a claim again from now, and show what it holds.
    #[command(alias = "update")]
    Renew {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        claim: String,
        /// How long, in seconds.
        #[arg(long, default_value_t = 300, value_name = "N")]
        ttl: u64,
        /// How much longer than the claim its messages live at least, in seconds.
        #[arg(long, default_value_t = 60, value_name = "N")]
        grace: u64,
    },
    /// End a claim: what was not deleted is free again.
    Release {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        claim: String,
    },
    /// Claim in a loop: write each message or run a command for it, delete what was handled, free the rest.
    Run(ConsumeArgs),
}

const CLAIMED: View = View {
    columns: &["claim_id", "message_id", "ttl", "age", "messages", "checksum"],
    value: "message_id",
    ..View::ALL
};

/// Messages of a claim under the names of the original columns.
fn rows(claim: &str, messages: &[Message]) -> Vec<Value> {
    let row = |message: &Message| {
        let mut row = json!({
            "claim_id": claim, "message_id": message.id, "ttl": message.ttl, "age": message.age,
            "messages": message.body,
        });
        if let Some(checksum) = &message.checksum {
            row["checksum"] = json!(checksum);
        }
        row
    };
    messages.iter().map(row).collect()
}

impl ClaimCommand {
    /// True if the command ends in order at a signal.
    pub(super) const fn ends_itself(&self) -> bool {
        matches!(self, Self::Run(_))
    }

    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::Create { queue, ttl, grace, limit } => {
                let claim = NewClaim::new().limit(limit).ttl(Ttl::seconds(ttl)).grace(Grace::seconds(grace));
                let make = |client: &pentad_zaqar::Client| client.queue(queue.as_str()).claim_messages(claim);
                let Some(claimed) = run.taken(&Effect::Change, make).await? else { return Ok(Exit::Success) };
                let id = claimed.id.unwrap_or_default();
                run.output.list(&rows(&id, &claimed.messages), CLAIMED)?;
                Ok(Exit::Success)
            }
            Self::Query { queue, claim } => show(run, &queue, &claim).await,
            Self::Renew { queue, claim, ttl, grace } => {
                let (ttl, grace) = (Ttl::seconds(ttl), Grace::seconds(grace));
                let make = |client: &pentad_zaqar::Client| {
                    client.queue(queue.as_str()).claim(claim.as_str()).update(ttl, grace)
                };
                match run.taken(&Effect::Change, make).await? {
                    Some(()) => show(run, &queue, &claim).await,
                    None => Ok(Exit::Success),
                }
            }
            Self::Release { queue, claim } => {
                let note = format!("released {claim}");
                let make = |client: &pentad_zaqar::Client| {
                    client.queue(queue.as_str()).claim(claim.as_str()).release()
                };
                run.tell(Effect::Change, make, &note).await
            }
            Self::Run(args) => args.run(run).await,
        }
    }
}

async fn show(run: &mut Run<'_>, queue: &str, claim: &str) -> Result<Exit> {
    let make = |client: &pentad_zaqar::Client| client.queue(queue).claim(claim).get();
    let Some(held) = run.taken(&Effect::Read, make).await? else { return Ok(Exit::Success) };
    run.output.list(&rows(claim, &held.messages), CLAIMED)?;
    Ok(Exit::Success)
}
