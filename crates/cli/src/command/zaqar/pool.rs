//! `pentad zaqar pool`.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::queue::object;
use super::{Run, pages};
use crate::command::plan::{Paging, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum PoolCommand {
    /// List the pools, by name.
    List {
        #[command(flatten)]
        paging: Paging,
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

fn fields(
    uri: Option<String>,
    weight: Option<u32>,
    flavor: Option<String>,
    options: Option<&str>,
) -> Result<Value> {
    let mut body = Map::new();
    body.extend(uri.map(|uri| ("uri".to_owned(), json!(uri))));
    body.extend(weight.map(|weight| ("weight".to_owned(), json!(weight))));
    body.extend(flavor.map(|flavor| ("flavor".to_owned(), json!(flavor))));
    if let Some(text) = options {
        body.insert("options".to_owned(), Value::Object(object(text, "the options")?));
    }
    Ok(Value::Object(body))
}

fn show(pool: &str) -> Plan {
    Plan::read("zaqar.pool.get").arg("pool_name", pool).query("detailed", Some("true")).view(DETAILED)
}

impl PoolCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let (pool, plan) = match self {
            Self::List { paging, detailed } => {
                let plan = Plan::read("zaqar.pool.list").query("detailed", detailed.then_some("true"));
                let view = if detailed { DETAILED } else { POOL };
                return run.perform(plan.pages(pages(paging), view)).await;
            }
            Self::Show { pool } => return run.perform(show(&pool)).await,
            Self::Delete { pool } => {
                let plan = Plan::delete("zaqar.pool.delete", &format!("pool {pool}")).arg("pool_name", pool);
                return run.perform(plan).await;
            }
            Self::Create { pool, uri, weight, flavor, options } => {
                let body = fields(Some(uri), Some(weight), flavor, options.as_deref())?;
                (pool.clone(), Plan::change("zaqar.pool.create").arg("pool_name", pool).body(body))
            }
            Self::Update { pool, uri, weight, flavor, options } => {
                let body = fields(uri, weight, flavor, options.as_deref())?;
                (pool.clone(), Plan::change("zaqar.pool.update").arg("pool_name", pool).body(body))
            }
        };
        if run.shown(&plan)? {
            return Ok(Exit::Success);
        }
        run.send(&plan).await?;
        run.perform(show(&pool)).await
    }
}
