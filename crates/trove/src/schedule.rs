//! Schedules of backups: triggers of the cloud's workflow service (OpenStack reference C13).

use pentad_core::{Call, List, Op, Work, decode};
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::{list, model, name, ops};

/// The workflow that makes backups.
const WORKFLOW: &str = "trove.backup_create";

/// A schedule to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct NewSchedule {
    instance: String,
    pattern: String,
    name: String,
    description: Option<String>,
    incremental: Option<bool>,
}

impl NewSchedule {
    /// Backups of an instance with this name, whenever the pattern of cron says: `0 3 * * *`.
    pub fn new(
        instance: impl Into<String>,
        pattern: impl Into<String>,
        backup_name: impl Into<String>,
    ) -> Self {
        Self {
            instance: instance.into(),
            pattern: pattern.into(),
            name: backup_name.into(),
            description: None,
            incremental: None,
        }
    }

    /// Free text of the backups.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Only what changed since the last backup.
    pub const fn incremental(mut self, incremental: bool) -> Self {
        self.incremental = Some(incremental);
        self
    }

    fn check(&self) -> pentad_core::Result<()> {
        name::id("instance", &self.instance)?;
        name::name("name", &self.name)?;
        match self.pattern.split_whitespace().count() {
            5 | 6 => Ok(()),
            _ => Err(pentad_core::Error::invalid("pattern", "must have the five fields of cron")),
        }
    }

    /// The service keeps the input as a text of JSON.
    fn body(&self, id: &str) -> Value {
        let input = json!({
            "instance": self.instance,
            "name": self.name,
            "description": self.description,
            "incremental": self.incremental,
        });
        json!({
            "name": id,
            "workflow_name": WORKFLOW,
            "pattern": self.pattern,
            "workflow_input": input.to_string(),
        })
    }
}

impl Client {
    /// Makes a schedule under an id of one's own; [`schedules`](Self::schedules) finds it by its instance.
    ///
    /// # Errors
    /// Those of the workflow service; [`Unsupported`](pentad_core::ErrorKind::Unsupported) where it is none.
    /// # Source
    /// OpenStack reference C13.
    pub fn create_schedule(&self, id: &str, schedule: &NewSchedule) -> Call<model::Schedule> {
        let draft = self.op(&ops::SCHEDULE_CREATE).check(name::id("schedule", id)).check(schedule.check());
        draft.json(&schedule.body(id)).call(decode::json)
    }

    /// The schedules of an instance.
    ///
    /// # Source
    /// OpenStack reference C13.
    pub fn schedules(&self, instance: &str) -> Work<Vec<model::Schedule>> {
        let all: List<model::Schedule> = list::of(self.op(&ops::SCHEDULE_LIST));
        let preview = self.op(&ops::SCHEDULE_LIST).request();
        let instance = instance.to_owned();
        Work::new(self.session(), &ops::SCHEDULE_LIST, preview, move |scope| {
            Box::pin(async move {
                let all = scope.all(all).await?;
                Ok(all.into_iter().filter(|found| found.instance_id() == Some(&instance)).collect())
            })
        })
    }

    /// Reads a schedule.
    ///
    /// # Source
    /// OpenStack reference C13.
    pub fn schedule(&self, id: &str) -> Call<model::Schedule> {
        self.about(&ops::SCHEDULE_GET, id).call(decode::json)
    }

    /// Removes a schedule.
    ///
    /// # Source
    /// OpenStack reference C13.
    pub fn delete_schedule(&self, id: &str) -> Call<()> {
        self.about(&ops::SCHEDULE_DELETE, id).call(decode::empty)
    }

    fn about(&self, op: &'static Op, id: &str) -> pentad_core::Draft {
        self.op(op).check(name::id("schedule", id)).arg("schedule", id)
    }

    /// The runs of a schedule, newest first: those of its workflow that were given the same.
    ///
    /// # Source
    /// OpenStack reference C21.3.
    pub fn executions(&self, schedule: &str) -> Work<Vec<model::Execution>> {
        let preview = self.about(&ops::SCHEDULE_GET, schedule).request();
        let (client, schedule) = (self.clone(), schedule.to_owned());
        Work::new(self.session(), &ops::EXECUTION_LIST, preview, move |scope| {
            Box::pin(async move {
                let wanted = scope.run(client.schedule(&schedule)).await?;
                let same = |run: &model::Execution| {
                    run.workflow_name == wanted.workflow_name && given(&run.input) == given(&wanted.input)
                };
                let runs = client.op(&ops::EXECUTION_LIST).query("sort_dirs", "desc");
                let runs = runs.list(list::cursor, list::page_by_id::<model::Execution>);
                let mut items = scope.items(runs.size_query("limit").page_size(50));
                let mut found = Vec::new();
                while let Some(run) = items.next().await {
                    let run = run?;
                    if same(&run) {
                        found.push(run);
                    }
                }
                Ok(found)
            })
        })
    }

    /// Forgets a run of a schedule.
    ///
    /// # Source
    /// OpenStack reference C21.3.
    pub fn delete_execution(&self, id: &str) -> Call<()> {
        let draft = self.op(&ops::EXECUTION_DELETE).check(name::id("execution", id));
        draft.arg("execution", id).call(decode::empty)
    }
}

/// What matters of an input: the workflow service may add or drop nulls.
fn given(input: &Map<String, Value>) -> Map<String, Value> {
    input
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
