//! `pentad ams metrics`, `status` and `version`.

use clap::{Args, Subcommand};
use pentad_ams::Client;

use super::{ByServiceAdmin, Role, Run};
use crate::command::plan::{Effect, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

/// Columns of a metric.
pub(super) const METRIC: View = View {
    columns: &["metric", "resource_name", "value_type", "timeseries.0.value", "timeseries.0.timestamp"],
    value: "timeseries.0.value",
    ..View::ALL
};

#[derive(Debug, Subcommand)]
pub(crate) enum MetricsCommand {
    /// Load of the service's nodes.
    Nodes,
    /// Messages, users, topics and subscriptions per project in a period.
    Va(Period),
    /// The same for the projects that you administer.
    Usage(Period),
}

/// A period and the projects of interest.
#[derive(Args, Debug)]
pub(crate) struct Period {
    /// First day, e.g. 2026-05-01.
    #[arg(long, value_name = "DAY")]
    start: Option<jiff::civil::Date>,
    /// Last day, included.
    #[arg(long, value_name = "DAY")]
    end: Option<jiff::civil::Date>,
    /// Only these projects.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    projects: Vec<String>,
}

impl MetricsCommand {
    /// What to send.
    pub(super) fn plan(self) -> Plan {
        match self {
            Self::Nodes => Plan::read("ams.metrics").by_service_admin().items("metrics", METRIC),
            Self::Va(period) => period.on(Plan::read("ams.va_metrics").by_service_admin()),
            Self::Usage(period) => period.on(Plan::read("ams.usage_report")),
        }
    }
}

impl Period {
    fn on(self, plan: Plan) -> Plan {
        let projects = (!self.projects.is_empty()).then(|| self.projects.join(","));
        plan.query("start_date", self.start.map(|day| day.to_string()))
            .query("end_date", self.end.map(|day| day.to_string()))
            .query("projects", projects)
    }
}

/// Health of the service.
pub(super) async fn status(run: &mut Run<'_>) -> Result<Exit> {
    run.by(Role::ServiceAdmin.key()).call(Effect::Read, Client::status, View::ALL).await
}

/// Version of the service.
pub(super) async fn version(run: &mut Run<'_>) -> Result<Exit> {
    run.by(Role::ServiceAdmin.key()).call(Effect::Read, Client::version, View::ALL).await
}
