//! `pentad zaqar flavor`.

use clap::Subcommand;
use pentad_zaqar::{Client, NewFlavor};

use super::queue::object;
use super::{Pages, Run};
use crate::command::plan::Effect;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum FlavorCommand {
    /// List the flavors, by name.
    List {
        #[command(flatten)]
        pages: Pages,
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
    /// Give a flavor other pools, or in v1.1 other capabilities.
    Update {
        flavor: String,
        /// All of its pools from now on.
        #[arg(
            long,
            alias = "pool_list",
            value_delimiter = ',',
            required_unless_present = "capabilities",
            value_name = "POOL"
        )]
        pool_list: Vec<String>,
        /// What it can do; v1.1 only, whose service refuses it.
        #[arg(long, value_name = "JSON")]
        capabilities: Option<String>,
    },
    /// Remove a flavor.
    Delete { flavor: String },
}

const FLAVOR: View = View::of(&["name", "pool_list"]);
const DETAILED: View = View::of(&["name", "pool_list", "capabilities"]);

/// A flavor as the command line gives it.
fn given(pools: Vec<String>, capabilities: Option<&str>) -> Result<NewFlavor> {
    let flavor = NewFlavor::new(pools);
    Ok(match capabilities {
        Some(text) => flavor.capabilities(object(text, "the capabilities")?),
        None => flavor,
    })
}

async fn show(run: &mut Run<'_>, flavor: &str) -> Result<Exit> {
    run.call(Effect::Read, |client: &Client| client.flavor(flavor).get(), DETAILED).await
}

impl FlavorCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let (flavor, done) = match self {
            Self::List { pages, detailed } => {
                let view = if detailed { DETAILED } else { FLAVOR };
                let make = |client: &Client| pages.of(client.flavors(detailed));
                return run.list(&pages.paging(), make, view).await;
            }
            Self::Show { flavor } => return show(run, &flavor).await,
            Self::Delete { flavor } => {
                let what = format!("flavor {flavor}");
                let make = |client: &Client| client.flavor(flavor.as_str()).delete();
                return run
                    .tell(Effect::Destroy(format!("delete {what}")), make, &format!("deleted {what}"))
                    .await;
            }
            Self::Create { flavor, pool_list, capabilities } => {
                let new = given(pool_list, capabilities.as_deref())?;
                let make = |client: &Client| client.flavor(flavor.as_str()).create(&new);
                let done = run.taken(&Effect::Change, make).await?;
                (flavor, done)
            }
            Self::Update { flavor, pool_list, capabilities } => {
                let new = given(pool_list, capabilities.as_deref())?;
                let make = |client: &Client| client.flavor(flavor.as_str()).update(&new);
                let done = run.taken(&Effect::Change, make).await?;
                (flavor, done)
            }
        };
        match done {
            Some(()) => show(run, &flavor).await,
            None => Ok(Exit::Success),
        }
    }
}
