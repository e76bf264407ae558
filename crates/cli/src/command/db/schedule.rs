//! `pentad db backup schedule` and `pentad db backup execution`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_core::Clock;
use pentad_transport::SystemClock;
use pentad_trove::{Client, NewSchedule};
use serde_json::{Value, json};

use super::act;
use super::{Run, complete};
use crate::command::plan::{Effect, Plan};
use crate::command::run::value;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// List the schedules of an instance.
    List {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
    },
    /// Show a schedule.
    Show { schedule: String },
    /// Make backups of an instance whenever a pattern of cron says.
    Create {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        /// E.g. `0 3 * * *`.
        pattern: String,
        /// Name of the backups.
        name: String,
        /// Free text of the backups.
        #[arg(long)]
        description: Option<String>,
        /// Only what changed since the last backup.
        #[arg(long)]
        incremental: bool,
        /// Id of the schedule; made up without it.
        #[arg(long)]
        id: Option<String>,
    },
    /// Delete a schedule; its backups stay.
    Delete { schedule: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExecutionCommand {
    /// List what came of a schedule, newest first.
    List { schedule: String },
    /// Forget one run of a schedule.
    Delete { execution: String },
}

const SCHEDULE: View =
    View::of(&["id", "name", "instance", "pattern", "next_execution_time", "created_at", "updated_at"]);
const EXECUTION: View = View::of(&["id", "created_at", "state", "output"]);

fn row(schedule: &pentad_trove::model::Schedule) -> Value {
    json!({
        "id": schedule.id,
        "name": schedule.backup_name(),
        "instance": schedule.instance_id(),
        "pattern": schedule.pattern,
        "next_execution_time": schedule.next_execution_time.map(|at| at.to_string()),
        "created_at": schedule.created_at.map(|at| at.to_string()),
        "updated_at": schedule.updated_at.map(|at| at.to_string()),
        "input": schedule.input,
    })
}

impl ScheduleCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { instance } => {
                if run.shown(&Plan::read("trove.schedule.list"))? {
                    return Ok(Exit::Success);
                }
                let id = act::instance(run, &instance).await?;
                let client = run.client(None).await?;
                let rows: Vec<Value> = client.schedules(&id).await?.iter().map(row).collect();
                run.output.list(&rows, SCHEDULE)?;
                Ok(Exit::Success)
            }
            Self::Show { schedule } => {
                let make = |client: &Client| client.schedule(&schedule).map(|found| row(&found));
                run.call(Effect::Read, make, SCHEDULE).await
            }
            Self::Create { instance, pattern, name, description, incremental, id } => {
                let of = act::instance(run, &instance).await?;
                let new = description
                    .into_iter()
                    .fold(NewSchedule::new(of, pattern, name), NewSchedule::description);
                let new = if incremental { new.incremental(true) } else { new };
                let id = id.unwrap_or_else(made_up);
                let make = |client: &Client| client.create_schedule(&id, &new).map(|made| row(&made));
                run.call(Effect::Change, make, SCHEDULE).await
            }
            Self::Delete { schedule } => {
                let plan = Plan::delete("trove.schedule.delete", &format!("schedule {schedule}"));
                run.perform(plan.arg("schedule", schedule)).await
            }
        }
    }
}

/// An id that no other schedule has: the time, and chance.
fn made_up() -> String {
    let clock = SystemClock;
    format!("backup-{}-{:08x}", clock.wall().as_millisecond(), (clock.jitter() * f64::from(u32::MAX)) as u32)
}

impl ExecutionCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { schedule } => {
                let plan = Plan::read("trove.schedule.get").arg("schedule", schedule.as_str());
                if run.shown(&plan)? {
                    return Ok(Exit::Success);
                }
                let client = run.client(None).await?;
                let runs = client.executions(&schedule).await?;
                let rows = runs.iter().map(value).collect::<Result<Vec<_>>>()?;
                run.output.list(&rows, EXECUTION)?;
                Ok(Exit::Success)
            }
            Self::Delete { execution } => {
                let plan = Plan::delete("trove.execution.delete", &format!("execution {execution}"));
                run.perform(plan.arg("execution", execution)).await
            }
        }
    }
}
