//! `pentad zaqar queue`.

use clap::{Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use pentad_zaqar::model::Metadata;
use pentad_zaqar::{QueueQuery, Share};
use serde_json::{Map, Value, json};
use std::time::Duration;

use super::{Run, complete, pages};
use crate::args;
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// List the queues of the project, by name.
    List {
        #[command(flatten)]
        paging: Paging,
        /// Begin after this queue.
        #[arg(long)]
        marker: Option<String>,
        /// Show metadata, too.
        #[arg(long)]
        detailed: bool,
        /// Only names in which this regular expression is found.
        #[arg(long, value_name = "REGEX")]
        name: Option<String>,
        /// Only queues whose metadata has this value.
        #[arg(long = "filter", value_name = "NAME=VALUE", value_parser = args::attribute)]
        filters: Vec<(String, String)>,
        /// Say how many queues there are in all.
        #[arg(long, alias = "with_count")]
        with_count: bool,
    },
    /// Create a queue. From v1.1 on the first message does that, too.
    Create {
        queue: String,
        /// Metadata of a new queue.
        #[arg(long, value_name = "JSON")]
        metadata: Option<String>,
    },
    /// Whether a queue exists.
    Exists {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
    },
    /// Delete a queue with its messages.
    Delete {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
    },
    /// Count the messages of a queue.
    Stats {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
    },
    /// Show the metadata of a queue.
    GetMetadata {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
    },
    /// Replace the metadata of a queue.
    SetMetadata {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        /// All of the new metadata.
        #[arg(value_name = "JSON")]
        metadata: String,
    },
    /// Remove messages, subscriptions or both.
    Purge {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        /// What to remove; both without it.
        #[arg(long = "resource-types", alias = "resource_types", value_enum, value_delimiter = ',')]
        what: Vec<What>,
    },
    /// Sign rights on a queue for somebody without an account.
    SignedUrl {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        /// Parts of the queue.
        #[arg(long, value_delimiter = ',', default_value = "messages")]
        paths: Vec<String>,
        /// HTTP methods.
        #[arg(long, value_delimiter = ',', default_value = "GET")]
        methods: Vec<String>,
        /// How long, in seconds.
        #[arg(long, value_name = "N", default_value_t = 86_400)]
        ttl_seconds: u64,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum What {
    Messages,
    Subscriptions,
}

const QUEUE: View = View::of(&["name"]);
const DETAILED: View = View::of(&["name", "metadata", "href"]);

/// A JSON object from the command line.
pub(super) fn object(text: &str, what: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(text)
        .map_err(|error| Failure::usage(format!("cannot read {what}"), error.to_string()))
}

impl QueueCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let of = |op, queue: String| Plan::read(op).arg("queue_name", queue);
        let plan = match self {
            Self::List { paging, marker, detailed, name, filters, with_count } => {
                let query = QueueQuery::new().detailed(detailed).with_count(with_count);
                let query = name.into_iter().fold(query, QueueQuery::name);
                let query = filters.into_iter().fold(query, |query, (key, value)| query.filter(key, value));
                return list(run, &pages(paging), marker, query, detailed, with_count).await;
            }
            Self::Create { queue, metadata } => {
                let note = format!("queue {queue} is there");
                let plan = Plan::change("zaqar.queue.create").arg("queue_name", queue);
                match metadata {
                    Some(text) => plan.body(Value::Object(object(&text, "the metadata")?)),
                    None => plan,
                }
                .done(note)
            }
            Self::Exists { queue } => return exists(run, queue).await,
            Self::Delete { queue } => {
                Plan::delete("zaqar.queue.delete", &format!("queue {queue}")).arg("queue_name", queue)
            }
            Self::Stats { queue } => {
                return run
                    .call(Effect::Read, |client| client.queue(queue.as_str()).stats(), View::ALL)
                    .await;
            }
            Self::GetMetadata { queue } => {
                let read = |client: &pentad_zaqar::Client| client.queue(queue.as_str()).metadata();
                return run.call(Effect::Read, read, View::ALL).await;
            }
            Self::SetMetadata { queue, metadata } => {
                let wanted = Metadata::from(object(&metadata, "the metadata")?);
                let note = format!("metadata of {queue} is set");
                let work =
                    |client: &pentad_zaqar::Client| client.queue(queue.as_str()).replace_metadata(&wanted);
                return run.tell_work(Effect::Change, work, |()| note.clone()).await;
            }
            Self::Purge { queue, what } => {
                let names: Vec<_> = what
                    .iter()
                    .map(|what| match what {
                        What::Messages => "messages",
                        What::Subscriptions => "subscriptions",
                    })
                    .collect();
                let gone = if names.is_empty() {
                    "messages and subscriptions".to_owned()
                } else {
                    names.join(" and ")
                };
                let plan = of("zaqar.queue.purge", queue.clone()).done(format!("purged {gone} of {queue}"));
                let plan = Plan { effect: Effect::Destroy(format!("purge {gone} of {queue}")), ..plan };
                if names.is_empty() { plan } else { plan.body(json!({ "resource_types": names })) }
            }
            Self::SignedUrl { queue, paths, methods, ttl_seconds } => {
                let share = Share::new().lasts(Duration::from_secs(ttl_seconds));
                let share = paths.into_iter().fold(share, Share::path);
                let share = methods.into_iter().fold(share, Share::method);
                let view = View::of(&["paths", "methods", "expires", "signature", "project"]);
                let sign = |client: &pentad_zaqar::Client| client.queue(queue.as_str()).signed_url(&share);
                return run.call(Effect::Read, sign, view).await;
            }
        };
        run.perform(plan).await
    }
}

async fn list(
    run: &mut Run<'_>,
    paging: &Paging,
    marker: Option<String>,
    query: QueueQuery,
    detailed: bool,
    with_count: bool,
) -> Result<Exit> {
    let view = if detailed { DETAILED } else { QUEUE };
    let make = |client: &pentad_zaqar::Client| {
        let list = client.queues(query.clone());
        match &marker {
            Some(marker) => list.start_at(pentad_core::Cursor::Marker(marker.clone())),
            None => list,
        }
    };
    if with_count && !run.is_shown(&Effect::Read) {
        let page = make(&run.client(None).await?).page_size(1).await?;
        run.output.note(&format!("Queues in total: {}", page.total.unwrap_or(0)));
    }
    run.list(paging, make, view).await
}

async fn exists(run: &mut Run<'_>, queue: String) -> Result<Exit> {
    let make = |client: &pentad_zaqar::Client| {
        client.queue(queue.as_str()).exists().map(|exists| json!({ "exists": exists }))
    };
    run.call(Effect::Read, make, View::of(&["exists"])).await
}
