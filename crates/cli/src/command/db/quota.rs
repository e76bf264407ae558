//! `pentad db quota`, `pentad db limit` and `pentad db flavor`.

use std::collections::BTreeMap;

use clap::Subcommand;
use pentad_trove::Client;
use serde_json::{Value, json};

use super::Run;
use crate::args;
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum QuotaCommand {
    /// Show what a project may use, and uses.
    #[command(alias = "list")]
    Show {
        /// Id of the project.
        project: String,
    },
    /// Change what a project may use, for administrators; -1 is no limit.
    #[command(alias = "update")]
    Set {
        /// Id of the project.
        project: String,
        #[arg(required = true, value_name = "RESOURCE=LIMIT", value_parser = args::attribute)]
        quotas: Vec<(String, String)>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LimitCommand {
    /// List the limits of the project and of the rate of calls.
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FlavorCommand {
    /// List the sizes of instances.
    List,
    /// Show a size.
    #[command(alias = "get")]
    Show { flavor: String },
}

const QUOTAS: View = View::of(&["resource", "in_use", "reserved", "limit"]);
const LIMITS: View = View::of(&["value", "verb", "remaining", "unit"]);
/// Columns of flavors.
pub(super) const FLAVORS: View = View::of(&["id", "name", "ram", "vcpus", "disk", "ephemeral"]);

/// A flavor: its id as it goes into calls.
pub(super) fn flavor(model: &pentad_trove::model::Flavor) -> Value {
    json!({
        "id": model.key(),
        "name": model.name,
        "ram": model.ram,
        "vcpus": model.vcpus,
        "disk": model.disk,
        "ephemeral": model.ephemeral,
    })
}

impl QuotaCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::Show { project } => {
                let plan = Plan::read("trove.quota.list").arg("project", project);
                run.perform(plan.pages(Paging::default(), QUOTAS)).await
            }
            Self::Set { project, quotas } => {
                let mut limits = BTreeMap::new();
                for (resource, text) in quotas {
                    let limit = text.parse().map_err(|_| {
                        Failure::usage(
                            format!("cannot use `{text}` for {resource}"),
                            "expected a whole number",
                        )
                    })?;
                    limits.insert(resource, limit);
                }
                let make = |client: &Client| client.set_quotas(&project, &limits);
                run.call(Effect::Change, make, View::ALL).await
            }
        }
    }
}

impl LimitCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let Self::List = self;
        let plan = Plan::read("trove.limit.list");
        if run.shown(&plan)? {
            return Ok(Exit::Success);
        }
        let limits = run.client(None).await?.limits().await?;
        let absolute = &limits.absolute;
        let named = [
            ("instances", absolute.max_instances),
            ("volumes", absolute.max_volumes),
            ("backups", absolute.max_backups),
            ("ram", absolute.max_ram),
        ];
        let absolute = named.iter().filter_map(|(what, most)| {
            Some(json!({ "value": most.as_ref()?, "verb": format!("max {what}"), "remaining": null, "unit": null }))
        });
        let rates = limits.rates.iter().map(|rate| {
            json!({ "value": rate.value, "verb": rate.verb, "remaining": rate.remaining, "unit": rate.unit, "uri": rate.uri })
        });
        let rows: Vec<Value> = absolute.chain(rates).collect();
        run.output.list(&rows, LIMITS)?;
        Ok(Exit::Success)
    }
}

impl FlavorCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List => {
                let make = |client: &Client| client.flavors().map(|found| flavor(&found));
                run.list(&Paging::default(), make, FLAVORS).await
            }
            Self::Show { flavor: id } => {
                let make = |client: &Client| client.flavor(&id).map(|found| flavor(&found));
                run.call(Effect::Read, make, FLAVORS).await
            }
        }
    }
}
