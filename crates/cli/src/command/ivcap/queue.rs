//! `pentad ivcap queue`.

use std::path::PathBuf;

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_ivcap::{Client, NewQueue};
use serde_json::json;

use super::query::Query;
use super::{Run, complete};
use crate::args;
use crate::command::plan::{Effect, Plan};
use crate::command::run::value;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// List the queues.
    List {
        #[command(flatten)]
        query: Query,
    },
    /// Create a queue.
    Create {
        name: String,
        #[arg(long)]
        description: Option<String>,
        /// Who may use it.
        #[arg(long, value_name = "URN")]
        policy: Option<String>,
    },
    /// Show a queue with its counts.
    Get {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
    },
    /// Delete a queue with its messages.
    Delete {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
    },
    /// Put a message in.
    Enqueue {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        /// The message.
        #[arg(value_name = "JSON", required_unless_present = "file")]
        message: Option<String>,
        /// Read the message from this file, or from standard input for `-`.
        #[arg(short, long, value_name = "FILE", conflicts_with = "message")]
        file: Option<PathBuf>,
        /// Schema of the message.
        #[arg(long, value_name = "URN")]
        schema: Option<String>,
    },
    /// Take messages out.
    Dequeue {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 1)]
        limit: u32,
    },
}

const QUEUE: View = View::of(&["id", "name", "description"]);

impl QueueCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { query } => {
                let asked = query.list();
                run.list(&query.paging(), |client| client.queues(asked.clone()), QUEUE).await
            }
            Self::Create { name, description, policy } => {
                let queue = description.into_iter().fold(NewQueue::new(name), NewQueue::description);
                let queue = policy.into_iter().fold(queue, NewQueue::policy);
                run.call(Effect::Change, |client| client.create_queue(&queue), QUEUE).await
            }
            Self::Get { queue } => {
                run.call(Effect::Read, |client| client.queue(queue.as_str()).get(), View::ALL).await
            }
            Self::Delete { queue } => {
                let plan = Plan::delete("ivcap.queue.delete", &format!("queue {queue}")).arg("id", queue);
                run.perform(plan).await
            }
            Self::Enqueue { queue, message, file, schema } => {
                let message: serde_json::Value = match (message, file) {
                    // Whatever is no JSON is a text.
                    (Some(text), _) => serde_json::from_str(&text).unwrap_or_else(|_| json!(text)),
                    (None, Some(file)) => args::json_source(&file)?,
                    (None, None) => return Err(Failure::usage("there is no message", "give one, or --file")),
                };
                let put = |client: &Client| {
                    let queue = client.queue(queue.as_str());
                    queue.enqueue(&message, schema.as_deref()).map(|id| json!({ "id": id }))
                };
                run.call(Effect::Change, put, View::of(&["id"])).await
            }
            Self::Dequeue { queue, limit } => dequeue(run, &queue, limit).await,
        }
    }
}

async fn dequeue(run: &mut Run<'_>, queue: &str, limit: u32) -> Result<Exit> {
    let take = |client: &Client| client.queue(queue).dequeue(limit);
    if run.is_shown(&Effect::Change) {
        return run.call(Effect::Change, take, View::ALL).await;
    }
    let messages = take(&run.client(None).await?).await?;
    let rows = messages.iter().map(value).collect::<Result<Vec<_>>>()?;
    run.output.list(&rows, View::of(&["id", "content", "content-type", "schema"]))?;
    Ok(Exit::Success)
}
