//! `pentad zaqar subscription`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_zaqar::{Client, NewSubscription, SubscriptionUpdate, Ttl};

use super::queue::object;
use super::{Pages, Run, complete};
use crate::command::plan::Effect;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionCommand {
    /// List the subscriptions of a queue.
    List {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        #[command(flatten)]
        pages: Pages,
    },
    /// Subscribe a receiver: http, https, mailto, trust+http or trust+https.
    Create {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        subscriber: String,
        /// How long it lives, in seconds.
        ttl: Option<u64>,
        /// Options of the delivery.
        #[arg(long, value_name = "JSON")]
        options: Option<String>,
    },
    /// Show a subscription.
    #[command(alias = "get")]
    Show {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        id: String,
    },
    /// Change what is named of a subscription; the rest stays.
    Update {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        id: String,
        #[arg(long, value_name = "URI")]
        subscriber: Option<String>,
        /// A new life, counted from now, in seconds.
        #[arg(long, value_name = "N")]
        ttl: Option<u64>,
        /// Other options, in place of all there are.
        #[arg(long, value_name = "JSON")]
        options: Option<String>,
    },
    /// Remove a subscription.
    Delete {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        id: String,
    },
    /// Confirm a subscription, or end it with --no.
    Confirm {
        #[arg(add = ArgValueCompleter::new(complete::queues))]
        queue: String,
        id: String,
        #[arg(long)]
        no: bool,
    },
}

const VIEW: View = View::of(&["id", "subscriber", "ttl", "age", "confirmed", "options"]);

async fn show(run: &mut Run<'_>, queue: &str, id: &str) -> Result<Exit> {
    run.call(Effect::Read, |client: &Client| client.subscription(queue, id).get(), VIEW).await
}

impl SubscriptionCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { queue, pages } => {
                let make = |client: &Client| pages.of(client.subscriptions(&queue));
                run.list(&pages.paging(), make, VIEW).await
            }
            Self::Create { queue, subscriber, ttl, options } => {
                let options = options.map(|text| object(&text, "the options")).transpose()?;
                let new = NewSubscription::new(subscriber);
                let new = ttl.map(Ttl::seconds).into_iter().fold(new, NewSubscription::ttl);
                let new =
                    options.into_iter().flatten().fold(new, |new, (name, value)| new.option(name, value));
                let make = |client: &Client| client.queue(queue.as_str()).subscribe(&new);
                match run.taken(&Effect::Change, make).await? {
                    Some(id) => show(run, &queue, &id).await,
                    None => Ok(Exit::Success),
                }
            }
            Self::Show { queue, id } => show(run, &queue, &id).await,
            Self::Update { queue, id, subscriber, ttl, options } => {
                let options = options.map(|text| object(&text, "the options")).transpose()?;
                let update = SubscriptionUpdate::new();
                let update = subscriber.into_iter().fold(update, SubscriptionUpdate::subscriber);
                let update = ttl.map(Ttl::seconds).into_iter().fold(update, SubscriptionUpdate::ttl);
                let update = options.into_iter().fold(update, SubscriptionUpdate::options);
                let make = |client: &Client| client.subscription(queue.as_str(), id.as_str()).update(&update);
                match run.taken(&Effect::Change, make).await? {
                    Some(()) => show(run, &queue, &id).await,
                    None => Ok(Exit::Success),
                }
            }
            Self::Delete { queue, id } => {
                let what = format!("subscription {id} of {queue}");
                let make = |client: &Client| client.subscription(queue.as_str(), id.as_str()).delete();
                run.tell(Effect::Destroy(format!("delete {what}")), make, &format!("deleted {what}")).await
            }
            Self::Confirm { queue, id, no } => {
                let note = format!("{id} is {}confirmed", if no { "not " } else { "" });
                let make = |client: &Client| client.subscription(queue.as_str(), id.as_str()).confirm(!no);
                run.tell(Effect::Change, make, &note).await
            }
        }
    }
}
