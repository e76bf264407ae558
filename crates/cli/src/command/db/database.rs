//! `pentad db database`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_trove::{Client, NewDatabase};

use super::act::{self, From};
use super::{Run, complete};
use crate::command::plan::{Effect, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum DatabaseCommand {
    /// List the databases of an instance, by name.
    List {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        #[command(flatten)]
        from: From,
    },
    /// Make a database.
    Create {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        name: String,
        /// E.g. utf8.
        #[arg(long, alias = "character_set")]
        character_set: Option<String>,
        /// Order of texts, e.g. utf8_general_ci.
        #[arg(long)]
        collate: Option<String>,
    },
    /// Delete a database with its data.
    Delete {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        name: String,
    },
}

impl DatabaseCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { instance, from } => {
                let id = act::instance(run, &instance).await?;
                let make = |client: &Client| from.of(client.instance(id.as_str()).databases());
                run.list(&from.paging, make, View::of(&["name"])).await
            }
            Self::Create { instance, name, character_set, collate } => {
                let id = act::instance(run, &instance).await?;
                let new = character_set.into_iter().fold(NewDatabase::new(&name), NewDatabase::character_set);
                let new = [collate.into_iter().fold(new, NewDatabase::collate)];
                let make = |client: &Client| client.instance(id.as_str()).create_databases(&new);
                run.tell(Effect::Change, make, &format!("database {name} is being made")).await
            }
            Self::Delete { instance, name } => {
                let id = act::instance(run, &instance).await?;
                let plan = Plan::delete("trove.database.delete", &format!("database {name} of {instance}"));
                run.perform(plan.arg("instance", id).arg("database", name)).await
            }
        }
    }
}
