//! `pentad ivcap service`.

use std::path::PathBuf;

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_ivcap::Client;

use super::query::Query;
use super::{Run, complete};
use crate::args;
use crate::command::plan::{Effect, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// List the services.
    List {
        #[command(flatten)]
        query: Query,
        /// Search in free text (newer platforms).
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Show a service with its parameters.
    Get {
        #[arg(add = ArgValueCompleter::new(complete::services))]
        service: String,
    },
    /// Find the one service of this name.
    Find { name: String },
    /// Show what a service wants to know.
    Parameters {
        #[arg(add = ArgValueCompleter::new(complete::services))]
        service: String,
    },
    /// Show the JSON Schema of what a service's jobs take.
    RequestSchema {
        #[arg(add = ArgValueCompleter::new(complete::services))]
        service: String,
    },
    /// Register a service.
    Create {
        /// The service as the API describes it (JSON; `-` for standard input).
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Replace a service.
    Update {
        #[arg(add = ArgValueCompleter::new(complete::services))]
        service: String,
        /// The service as the API describes it (JSON; `-` for standard input).
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,
        /// Create it if it is missing.
        #[arg(long)]
        force_create: bool,
    },
    /// Remove a service.
    Delete {
        #[arg(add = ArgValueCompleter::new(complete::services))]
        service: String,
    },
}

/// The id of a service by its id or its name. What looks like an id is itself; so is a name in a call that is only shown.
pub(super) async fn id(run: &mut Run<'_>, wanted: String) -> Result<String> {
    let is_shown = run.is_shown(&Effect::Read) || run.is_shown(&Effect::Change);
    if is_id(&wanted) || is_shown {
        return Ok(wanted);
    }
    let work = run.client(None).await?.service_by_name(&wanted);
    Ok(run.watched(run.output.progress("looking"), work).await?.id)
}

/// Whether a text is an id of the platform: a URN or a UUID.
pub(super) fn is_id(text: &str) -> bool {
    text.contains(':')
        || (text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'))
}

const SERVICE: View = View::of(&["id", "name", "description"]);
const PARAMETER: View = View::of(&["name", "type", "optional", "default", "unit", "description"]);

impl ServiceCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let plan = match self {
            Self::List { query, search } => {
                let asked = search.into_iter().fold(query.list(), pentad_ivcap::ListQuery::search);
                return run.list(&query.paging(), |client| client.services(asked.clone()), SERVICE).await;
            }
            Self::Get { service } => {
                let service = id(run, service).await?;
                return run
                    .call(Effect::Read, |client| client.service(service.as_str()).get(), View::ALL)
                    .await;
            }
            Self::Find { name } => {
                return run.work(Effect::Read, |client| client.service_by_name(&name), SERVICE).await;
            }
            Self::Parameters { service } => {
                let service = id(run, service).await?;
                return parameters(run, &service).await;
            }
            Self::RequestSchema { service } => {
                let service = id(run, service).await?;
                let read = |client: &Client| client.service(service.as_str()).request_schema();
                return run.work(Effect::Read, read, View::ALL).await;
            }
            Self::Create { file } => {
                Plan::change("ivcap.service.create").body(args::json_source(&file)?).view(SERVICE)
            }
            Self::Update { service, file, force_create } => Plan::change("ivcap.service.update")
                .arg("id", id(run, service).await?)
                .query("force-create", force_create.then_some("true"))
                .body(args::json_source(&file)?)
                .view(SERVICE),
            Self::Delete { service } => {
                let plan = Plan::delete("ivcap.service.delete", &format!("service {service}"));
                plan.arg("id", id(run, service).await?)
            }
        };
        run.perform(plan).await
    }
}

async fn parameters(run: &mut Run<'_>, service: &str) -> Result<Exit> {
    if run.is_shown(&Effect::Read) {
        return run.call(Effect::Read, |client| client.service(service).get(), View::ALL).await;
    }
    let parameters = run.client(None).await?.service(service).parameters().await?;
    let rows = parameters.iter().map(crate::command::run::value).collect::<Result<Vec<_>>>()?;
    run.output.list(&rows, PARAMETER)?;
    Ok(Exit::Success)
}
