//! `pentad zaqar flavor`.

use clap::Subcommand;
use pentad_zaqar::{Client, NewFlavor};

use super::queue::object;
use super::{Run, pages};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum FlavorCommand {
    /// List the flavors, by name.
    List {
        #[command(flatten)]
        paging: Paging,
        /// Show capabilities, too.
        #[arg(long)]
        detailed: bool,
    },
    /// Show a flavor.
    #[command(alias = "get")]
    Show { flavor: String },
    /// Register a flavor, in place of one of that name.
    Create {
        flavor: String,
        /// Its pools.
        #[arg(long, alias = "pool_list", value_delimiter = ',', value_name = "POOL")]
        pool_list: Vec<String>,
        /// What it can do; v1.1 keeps it, v2 asks the pools.
        #[arg(long, value_name = "JSON")]
        capabilities: Option<String>,
    },
    /// Give a flavor other pools.
    Update {
        flavor: String,
        #[arg(long, alias = "pool_list", value_delimiter = ',', required = true, value_name = "POOL")]
        pool_list: Vec<String>,
    },
    /// Remove a flavor.
    Delete { flavor: String },
}

const FLAVOR: View = View::of(&["name", "pool_list"]);
const DETAILED: View = View::of(&["name", "pool_list", "capabilities"]);

fn show(flavor: &str) -> Plan {
    Plan::read("zaqar.flavor.get").arg("flavor_name", flavor).query("detailed", Some("true")).view(DETAILED)
}

impl FlavorCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { paging, detailed } => {
                let plan = Plan::read("zaqar.flavor.list").query("detailed", detailed.then_some("true"));
                let view = if detailed { DETAILED } else { FLAVOR };
                run.perform(plan.pages(pages(paging), view)).await
            }
            Self::Show { flavor } => run.perform(show(&flavor)).await,
            Self::Create { flavor, pool_list, capabilities } => {
                let new = NewFlavor::new(pool_list);
                let new = match capabilities {
                    Some(text) => new.capabilities(object(&text, "the capabilities")?),
                    None => new,
                };
                let note = format!("flavor {flavor} is there");
                run.tell(Effect::Change, |client: &Client| client.flavor(flavor.as_str()).create(&new), &note)
                    .await
            }
            Self::Update { flavor, pool_list } => {
                let new = NewFlavor::new(pool_list);
                let note = format!("flavor {flavor} has these pools");
                run.tell(Effect::Change, |client: &Client| client.flavor(flavor.as_str()).update(&new), &note)
                    .await
            }
            Self::Delete { flavor } => {
                let plan = Plan::delete("zaqar.flavor.delete", &format!("flavor {flavor}"));
                run.perform(plan.arg("flavor_name", flavor)).await
            }
        }
    }
}
