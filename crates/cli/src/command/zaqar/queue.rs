//! `pentad zaqar queue`.

use clap::{Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use pentad_zaqar::model::Metadata;
use pentad_zaqar::{Purge, QueueQuery, Share};
use serde_json::{Map, Value, json};
use std::time::Duration;

use super::{Pages, Run, complete};
use crate::args;
use crate::command::plan::Effect;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// List the queues of the project, by name.
    List {
        #[command(flatten)]
        pages: Pages,
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
        match self {
            Self::List { pages, detailed, name, filters, with_count } => {
                let query = QueueQuery::new().detailed(detailed).with_count(with_count);
                let query = name.into_iter().fold(query, QueueQuery::name);
                let query = filters.into_iter().fold(query, |query, (key, value)| query.filter(key, value));
                list(run, &pages, query, detailed, with_count).await
            }
            Self::Create { queue, metadata } => {
                let metadata = metadata.map(|text| object(&text, "the metadata")).transpose()?;
                create(run, queue, metadata.map(Metadata::from)).await
            }
            Self::Exists { queue } => exists(run, queue).await,
            Self::Delete { queue } => {
                let what = format!("queue {queue}");
                let make = |client: &pentad_zaqar::Client| client.queue(queue.as_str()).delete();
                run.tell(Effect::Destroy(format!("delete {what}")), make, &format!("deleted {what}")).await
            }
            Self::Stats { queue } => {
                run.call(Effect::Read, |client| client.queue(queue.as_str()).stats(), View::ALL).await
            }
            Self::GetMetadata { queue } => {
                let read = |client: &pentad_zaqar::Client| client.queue(queue.as_str()).metadata();
                run.call(Effect::Read, read, View::ALL).await
            }
            Self::SetMetadata { queue, metadata } => {
                let wanted = Metadata::from(object(&metadata, "the metadata")?);
                let note = format!("metadata of {queue} is set");
                let work =
                    |client: &pentad_zaqar::Client| client.queue(queue.as_str()).replace_metadata(&wanted);
                run.tell_work(Effect::Change, work, |()| note.clone()).await
            }
            Self::Purge { queue, what } => {
                let gone = match what.as_slice() {
                    [What::Messages] => "messages",
                    [What::Subscriptions] => "subscriptions",
                    _ => "messages and subscriptions",
                };
                let what: Vec<_> = what.into_iter().map(Purge::from).collect();
                let make = |client: &pentad_zaqar::Client| client.queue(queue.as_str()).purge(&what);
                let effect = Effect::Destroy(format!("purge {gone} of {queue}"));
                run.tell(effect, make, &format!("purged {gone} of {queue}")).await
            }
            Self::SignedUrl { queue, paths, methods, ttl_seconds } => {
                let share = Share::new().lasts(Duration::from_secs(ttl_seconds));
                let share = paths.into_iter().fold(share, Share::path);
                let share = methods.into_iter().fold(share, Share::method);
                let view = View::of(&["paths", "methods", "expires", "signature", "project"]);
                let sign = |client: &pentad_zaqar::Client| client.queue(queue.as_str()).signed_url(&share);
                run.call(Effect::Read, sign, view).await
            }
        }
    }
}

impl From<What> for Purge {
    fn from(what: What) -> Self {
        match what {
            What::Messages => Self::Messages,
            What::Subscriptions => Self::Subscriptions,
        }
    }
}

async fn list(
    run: &mut Run<'_>,
    pages: &Pages,
    query: QueueQuery,
    detailed: bool,
    with_count: bool,
) -> Result<Exit> {
    let view = if detailed { DETAILED } else { QUEUE };
    let make = |client: &pentad_zaqar::Client| pages.of(client.queues(query.clone()));
    if with_count && !run.is_shown(&Effect::Read) {
        let page = make(&run.client(None).await?).page_size(1).await?;
        run.output.note(&format!("Queues in total: {}", page.total.unwrap_or(0)));
    }
    run.list(&pages.paging(), make, view).await
}

async fn create(run: &mut Run<'_>, queue: String, metadata: Option<Metadata>) -> Result<Exit> {
    let make = |client: &pentad_zaqar::Client| match &metadata {
        Some(metadata) => client.queue(queue.as_str()).create_with(metadata),
        None => client.queue(queue.as_str()).create(),
    };
    if let Some(is_new) = run.taken(&Effect::Change, make).await? {
        run.output.record(&json!({ "name": queue }), QUEUE)?;
        if !is_new {
            run.output.note(&format!("queue {queue} was there already"));
        }
    }
    Ok(Exit::Success)
}

async fn exists(run: &mut Run<'_>, queue: String) -> Result<Exit> {
    let make = |client: &pentad_zaqar::Client| {
        client.queue(queue.as_str()).exists().map(|exists| json!({ "exists": exists }))
    };
    run.call(Effect::Read, make, View::of(&["exists"])).await
}
