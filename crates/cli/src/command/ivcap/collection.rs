//! `pentad ivcap collection`.

use clap::Subcommand;
use jiff::Timestamp;
use pentad_ivcap::Client;
use serde_json::json;

use super::{Run, pages, time};
use crate::command::plan::{Effect, Paging};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum CollectionCommand {
    /// List the collections.
    List {
        /// A condition on the name, e.g. 'starts with "trip"'.
        #[arg(long, value_name = "CONDITION")]
        name: Option<String>,
        /// What there was at this moment.
        #[arg(long, value_name = "TIME", value_parser = time)]
        at: Option<Timestamp>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Define a collection, or define it anew.
    Create {
        urn: String,
        name: String,
        #[arg(long)]
        description: Option<String>,
        /// Who may see it.
        #[arg(long, value_name = "URN")]
        policy: Option<String>,
    },
    /// Show the definition of a collection.
    Get { urn: String },
    /// List the members of a collection.
    Items {
        urn: String,
        /// The members at this moment.
        #[arg(long, value_name = "TIME", value_parser = time)]
        at: Option<Timestamp>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Add a member.
    Add { urn: String, item: String },
    /// Remove a member.
    Remove { urn: String, item: String },
    /// Take back the definition and all memberships.
    Retract { urn: String },
}

const DEFINITION: View = View::of(&["entity", "content", "valid-from"]);

impl CollectionCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { name, at, paging } => {
                let list = |client: &Client| client.collections(name.as_deref(), at);
                run.list(&pages(&paging), list, DEFINITION).await
            }
            Self::Create { urn, name, description, policy } => {
                let make = |client: &Client| {
                    client.collection(urn.as_str()).create(&name, description.as_deref(), policy.as_deref())
                };
                run.work(Effect::Change, make, View::of(&["id", "entity"])).await
            }
            Self::Get { urn } => {
                run.work(Effect::Read, |client| client.collection(urn.as_str()).get(None), DEFINITION).await
            }
            Self::Items { urn, at, paging } => {
                let list = |client: &Client| {
                    client.collection(urn.as_str()).items(at).map(|record| {
                        let item = record.content.as_ref().and_then(|content| content.get("item"));
                        json!({"item": item, "id": record.id, "valid-from": record.valid_from})
                    })
                };
                run.list(&pages(&paging), list, View::of(&["item", "valid-from"])).await
            }
            Self::Add { urn, item } => {
                let note = |added: &Option<_>| match added {
                    Some(_) => format!("added {item}"),
                    None => format!("{item} is a member already"),
                };
                run.tell_work(Effect::Change, |client| client.collection(urn.as_str()).add(&item), note).await
            }
            Self::Remove { urn, item } => {
                let note = |removed: &bool| match removed {
                    true => format!("removed {item}"),
                    false => format!("{item} is no member"),
                };
                run.tell_work(Effect::Change, |client| client.collection(urn.as_str()).remove(&item), note)
                    .await
            }
            Self::Retract { urn } => {
                let effect = Effect::Destroy(format!("retract collection {urn}"));
                let note = |count: &usize| format!("retracted {count} records");
                run.tell_work(effect, |client| client.collection(urn.as_str()).retract(), note).await
            }
        }
    }
}
