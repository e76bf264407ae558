//! `pentad zaqar subscription`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use serde_json::{Map, Value, json};

use super::queue::object;
use super::{Run, complete, pages};
use crate::command::plan::{Paging, Plan};
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
        paging: Paging,
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

fn fields(subscriber: Option<String>, ttl: Option<u64>, options: Option<&str>) -> Result<Map<String, Value>> {
    let mut body = Map::new();
    body.extend(subscriber.map(|subscriber| ("subscriber".to_owned(), json!(subscriber))));
    body.extend(ttl.map(|ttl| ("ttl".to_owned(), json!(ttl))));
    if let Some(text) = options {
        body.insert("options".to_owned(), Value::Object(object(text, "the options")?));
    }
    Ok(body)
}

impl SubscriptionCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let one = |op, queue: &str, id: &str| {
            Plan::read(op).arg("queue_name", queue).arg("subscription_id", id).view(VIEW)
        };
        match self {
            Self::List { queue, paging } => {
                let plan = Plan::read("zaqar.subscription.list").arg("queue_name", queue);
                run.perform(plan.pages(pages(paging), VIEW)).await
            }
            Self::Create { queue, subscriber, ttl, options } => {
                let body = fields(Some(subscriber), ttl, options.as_deref())?;
                let plan = Plan::change("zaqar.subscription.create").arg("queue_name", queue.as_str());
                let plan = plan.body(Value::Object(body));
                if run.shown(&plan)? {
                    return Ok(Exit::Success);
                }
                let answer = run.send(&plan).await?;
                let id = answer["subscription_id"].as_str().unwrap_or_default();
                run.perform(one("zaqar.subscription.get", &queue, id)).await
            }
            Self::Show { queue, id } => run.perform(one("zaqar.subscription.get", &queue, &id)).await,
            Self::Update { queue, id, subscriber, ttl, options } => {
                let body = fields(subscriber, ttl, options.as_deref())?;
                let plan = Plan::change("zaqar.subscription.update")
                    .arg("queue_name", queue.as_str())
                    .arg("subscription_id", id.as_str())
                    .body(Value::Object(body));
                if run.shown(&plan)? {
                    return Ok(Exit::Success);
                }
                run.send(&plan).await?;
                run.perform(one("zaqar.subscription.get", &queue, &id)).await
            }
            Self::Delete { queue, id } => {
                let plan =
                    Plan::delete("zaqar.subscription.delete", &format!("subscription {id} of {queue}"));
                run.perform(plan.arg("queue_name", queue).arg("subscription_id", id)).await
            }
            Self::Confirm { queue, id, no } => {
                let note = format!("{id} is {}confirmed", if no { "not " } else { "" });
                let plan = Plan::change("zaqar.subscription.confirm").arg("queue_name", queue);
                let plan = plan.arg("subscription_id", id).body(json!({ "confirmed": !no }));
                run.perform(plan.done(note)).await
            }
        }
    }
}
