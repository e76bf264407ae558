//! `pentad zaqar pool`.

use clap::Subcommand;
use pentad_zaqar::{Client, NewPool, PoolUpdate};

use super::queue::object;
use super::{Pages, Run};
use crate::command::plan::Effect;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum PoolCommand {
    /// List the pools, by name.
    List {
        #[command(flatten)]
        pages: Pages,
        /// Show options, too.
        #[arg(long)]
        detailed: bool,
    },
    /// Show a pool.
    #[command(alias = "get")]
    Show { pool: String },
    /// Register a pool, in place of one of that name.
    Create {
        pool: String,
        /// The storage, e.g. mongodb://db1:27017.
        uri: String,
        /// Its share of new queues, relative to other pools.
        weight: u32,
        #[arg(long)]
        flavor: Option<String>,
        /// Options of the storage.
        #[arg(long = "options", alias = "pool_options", value_name = "JSON")]
        options: Option<String>,
    },
    /// Change what is named of a pool; the rest stays.
    Update {
        pool: String,
        #[arg(long, alias = "pool_uri")]
        uri: Option<String>,
        #[arg(long, alias = "pool_weight")]
        weight: Option<u32>,
        /// Another flavor; an empty text takes it out of its flavor.
        #[arg(long)]
        flavor: Option<String>,
        #[arg(long = "options", alias = "pool_options", value_name = "JSON")]
        options: Option<String>,
    },
    /// Remove a pool.
    Delete { pool: String },
}

const POOL: View = View::of(&["name", "weight", "uri", "flavor"]);
const DETAILED: View = View::of(&["name", "weight", "uri", "flavor", "options"]);

async fn show(run: &mut Run<'_>, pool: &str) -> Result<Exit> {
    run.call(Effect::Read, |client: &Client| client.pool(pool).get(), DETAILED).await
}

impl PoolCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let (pool, done) = match self {
            Self::List { pages, detailed } => {
                let view = if detailed { DETAILED } else { POOL };
                let make = |client: &Client| pages.of(client.pools(detailed));
                return run.list(&pages.paging(), make, view).await;
            }
            Self::Show { pool } => return show(run, &pool).await,
            Self::Delete { pool } => {
                let what = format!("pool {pool}");
                let make = |client: &Client| client.pool(pool.as_str()).delete();
                return run
                    .tell(Effect::Destroy(format!("delete {what}")), make, &format!("deleted {what}"))
                    .await;
            }
            Self::Create { pool, uri, weight, flavor, options } => {
                let options = options.map(|text| object(&text, "the options")).transpose()?;
                let new = NewPool::new(uri, weight);
                let new = flavor.into_iter().fold(new, NewPool::flavor);
                let new =
                    options.into_iter().flatten().fold(new, |new, (name, value)| new.option(name, value));
                let make = |client: &Client| client.pool(pool.as_str()).create(&new);
                let done = run.taken(&Effect::Change, make).await?;
                (pool, done)
            }
            Self::Update { pool, uri, weight, flavor, options } => {
                let options = options.map(|text| object(&text, "the options")).transpose()?;
                let update = uri.into_iter().fold(PoolUpdate::new(), PoolUpdate::uri);
                let update = weight.into_iter().fold(update, PoolUpdate::weight);
                let update = flavor.into_iter().fold(update, PoolUpdate::flavor);
                let update = options.into_iter().fold(update, PoolUpdate::options);
                let make = |client: &Client| client.pool(pool.as_str()).update(&update);
                let done = run.taken(&Effect::Change, make).await?;
                (pool, done)
            }
        };
        match done {
            Some(()) => show(run, &pool).await,
            None => Ok(Exit::Success),
        }
    }
}
