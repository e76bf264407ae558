//! `pentad ivcap job`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_ivcap::{Answer, Client};
use serde_json::{Value, json};

use super::query::Query;
use super::transfer::write_out;
use super::wait::{self, polling};
use super::{Run, complete, services};
use crate::args;
use crate::command::plan::Effect;
use crate::command::run::value;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Rows, View};

#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// List the jobs of a service.
    List {
        #[arg(add = ArgValueCompleter::new(complete::services))]
        service: String,
        #[command(flatten)]
        query: Query,
    },
    /// Request a job.
    Create {
        #[arg(add = ArgValueCompleter::new(complete::services))]
        service: String,
        /// The request.
        #[arg(value_name = "JSON", required_unless_present = "file")]
        request: Option<String>,
        /// Read the request from this file, or from standard input for `-`.
        #[arg(short, long, value_name = "FILE", conflicts_with = "request")]
        file: Option<PathBuf>,
        /// Wait for the result and write it.
        #[arg(long)]
        wait: bool,
    },
    /// Show a job.
    Get {
        #[arg(add = ArgValueCompleter::new(complete::services))]
        service: String,
        job: String,
    },
    /// Write the result of a job.
    Output {
        #[arg(add = ArgValueCompleter::new(complete::services))]
        service: String,
        job: String,
    },
    /// Wait until a job has come to its end.
    Wait {
        #[arg(add = ArgValueCompleter::new(complete::services))]
        service: String,
        job: String,
    },
    /// Show what happens to a job until it has come to its end.
    Events {
        #[arg(add = ArgValueCompleter::new(complete::services))]
        service: String,
        job: String,
    },
}

const JOB: View = View::of(&["id", "name", "status", "started-at", "finished-at"]);

impl JobCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { service, query } => {
                let service = services::id(run, service).await?;
                let asked = query.list();
                let list = |client: &Client| client.service(service.as_str()).jobs(asked.clone());
                run.list(&query.paging(), list, JOB).await
            }
            Self::Create { service, request, file, wait } => {
                let request = match (request, file) {
                    (Some(text), _) => serde_json::from_str(&text)
                        .map_err(|error| Failure::usage("cannot read the request", error.to_string()))?,
                    (None, Some(file)) => args::json_source(&file)?,
                    (None, None) => return Err(Failure::usage("there is no request", "give one, or --file")),
                };
                let service = services::id(run, service).await?;
                create(run, &service, &request, wait).await
            }
            Self::Get { service, job } => {
                let service = services::id(run, service).await?;
                let get = |client: &Client| client.service(service.as_str()).job(job.as_str()).get();
                run.call(Effect::Read, get, View::ALL).await
            }
            Self::Output { service, job } => {
                let service = services::id(run, service).await?;
                output(run, &service, &job).await
            }
            Self::Wait { service, job } => {
                let service = services::id(run, service).await?;
                ended(run, &service, &job).await
            }
            Self::Events { service, job } => {
                let service = services::id(run, service).await?;
                events(run, &service, &job).await
            }
        }
    }
}

async fn create(run: &mut Run<'_>, service: &str, request: &Value, wait: bool) -> Result<Exit> {
    if !wait || run.is_shown(&Effect::Change) {
        let ask = |client: &Client| {
            client.service(service).request_job(request, Duration::ZERO).map(|asked| {
                json!({"id": asked.job.id(), "retry-later": asked.retry_later.map(|pause| pause.as_secs())})
            })
        };
        return run.call(Effect::Change, ask, View::of(&["id"])).await;
    }
    let work = run.client(None).await?.service(service).run(request, polling());
    let result = run.watched(run.output.progress("waiting"), work).await?;
    write_out(&result.content)?;
    Ok(Exit::Success)
}

/// Waits, shows the job, and fails if the job did.
async fn ended(run: &mut Run<'_>, service: &str, job: &str) -> Result<Exit> {
    let wait = |client: &Client| client.service(service).job(job).finished(polling());
    if run.is_shown(&Effect::Read) {
        return run.work(Effect::Read, wait, JOB).await;
    }
    let work = wait(&run.client(None).await?);
    let ended = run.watched(run.output.progress("waiting"), work).await?;
    wait::shown(run, &format!("job {job}"), &ended, &ended.status, ended.error_message.as_deref())
}

async fn output(run: &mut Run<'_>, service: &str, job: &str) -> Result<Exit> {
    if run.is_shown(&Effect::Read) {
        let plan = crate::command::plan::Plan::read("ivcap.job.output").arg("service", service);
        return run.perform(plan.arg("id", job)).await;
    }
    match run.client(None).await?.service(service).job(job).output().await? {
        Answer::Ready(output) => write_out(&output.content)?,
        Answer::None => run.output.note("the job has no result"),
        _ => {
            let why = "the job has not come to its end";
            return Err(Failure::new(Exit::Conflict, "precondition", "there is no result yet", why)
                .hint(format!("pentad ivcap job wait {service} {job}")));
        }
    }
    Ok(Exit::Success)
}

async fn events(run: &mut Run<'_>, service: &str, job: &str) -> Result<Exit> {
    if run.is_shown(&Effect::Read) {
        let plan = crate::command::plan::Plan::read("ivcap.job.events").arg("service", service);
        return run.perform(plan.arg("id", job)).await;
    }
    let mut events = run.client(None).await?.service(service).job(job).events();
    let mut rows = Rows::live(View::of(&["SeqID", "timestamp", "type", "data"]));
    while let Some(event) = events.next().await {
        rows.push(run.output, &value(&event?)?)?;
        run.output.flush()?;
    }
    rows.finish(run.output)?;
    Ok(Exit::Success)
}
