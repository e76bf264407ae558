//! `pentad openstack catalog`.

use clap::Subcommand;
use pentad_core::{Error, ErrorKind};
use pentad_openstack::catalog::{Endpoint, Service, type_names};
use serde_json::{Value, json};

use super::Run;
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// List the services and where they are.
    List(Paging),
    /// Show one service by its type or name.
    Show {
        /// Type, such as `database`, or name, such as `trove`.
        service: String,
    },
}

/// Columns of a service.
const SERVICE: View = View::of(&["name", "type", "endpoints"]);
/// Fields of one service.
const ONE: View = View::of(&["endpoints", "id", "name", "type"]);
const CATALOG: &str = "openstack.auth.catalog";

impl CatalogCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let plan = Plan::read(CATALOG);
        match self {
            Self::List(paging) => {
                if run.is_shown(&Effect::Read) {
                    return run.perform(plan.pages(paging, SERVICE)).await;
                }
                let client = run.client(None).await?;
                let catalog = client.catalog().await?;
                let most = paging.limit.unwrap_or(usize::MAX);
                let rows: Vec<Value> = catalog.services().iter().take(most).map(row).collect();
                run.output.list(&rows, SERVICE)?;
            }
            Self::Show { service } => {
                if run.shown(&plan)? {
                    return Ok(Exit::Success);
                }
                let client = run.client(None).await?;
                let catalog = client.catalog().await?;
                let names = type_names(&service);
                let found = catalog
                    .services()
                    .iter()
                    .find(|entry| entry.name == service || names.contains(&entry.service_type.as_str()));
                let Some(found) = found else {
                    let types: Vec<&str> =
                        catalog.services().iter().map(|entry| entry.service_type.as_str()).collect();
                    let text = format!("the catalog has no service {service:?}");
                    let error = Error::new(ErrorKind::NotFound, text);
                    return Err(error.with_hint(format!("it has: {}", types.join(", "))).into());
                };
                run.output.record(&row(found), ONE)?;
            }
        }
        Ok(Exit::Success)
    }
}

fn row(service: &Service) -> Value {
    let endpoint = |place: &Endpoint| json!({ "id": place.id, "interface": place.interface, "region": place.region, "url": place.url });
    let endpoints: Vec<Value> = service.endpoints.iter().map(endpoint).collect();
    json!({ "id": service.id, "name": service.name, "type": service.service_type, "endpoints": endpoints })
}
