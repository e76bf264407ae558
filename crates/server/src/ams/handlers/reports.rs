//! Reports over a period (AMS reference 8.4 and 8.5).

use pentad_store::Tx;

use super::super::error::{Failure, indented, narrow};
use super::super::model::{Metrics, ProjectReport, ProjectsMetrics, UsageReport, VaMetrics};
use super::super::storage::projects::ProjectRow;
use super::super::storage::{metrics as counters, projects};
use super::super::{Ams, Call, names};
use super::metrics::project_metrics;
use super::users::caller;
use crate::http::Reply;

/// Microseconds of a day.
const DAY: i64 = 24 * 3600 * 1_000_000;

/// A period of whole days.
#[derive(Debug, Clone, Copy)]
struct Period {
    /// First microsecond.
    from: i64,
    /// Last microsecond.
    to: i64,
}

impl Period {
    fn parse(call: &Call, now: i64) -> Result<Self, Failure> {
        let day =
            |name: &str, default: i64, what: &str| match call.query(name).filter(|text| !text.is_empty()) {
                None => Ok(default),
                Some(text) => names::day_start(text)
                    .ok_or_else(|| Failure::invalid(format!("{what} date is not in valid format"))),
            };
        let from = day("start_date", 0, "Start")?;
        let to = day("end_date", now - now.rem_euclid(DAY), "End")?;
        if from > to {
            return Err(Failure::invalid("Start date cannot be after the end date"));
        }
        Ok(Self { from, to: to + DAY - 1 })
    }

    fn days(self) -> i64 {
        (self.to + 1 - self.from) / DAY
    }

    /// Messages per day, rounded up to two decimals.
    fn average(self, messages: i64) -> f64 {
        let hundredths = messages.saturating_mul(100);
        let up = (hundredths + self.days() - 1) / self.days();
        #[expect(clippy::cast_precision_loss, reason = "the average is shown with two decimals")]
        let value = up as f64 / 100.0;
        value
    }
}

/// Projects that the call names, all without `projects`.
fn wanted(tx: &mut Tx<'_>, names: Option<&str>) -> Result<Vec<ProjectRow>, Failure> {
    let Some(names) = names.filter(|names| !names.is_empty()) else { return Ok(projects::all(tx)?) };
    let missing = |name: &str| Failure::not_found(format!("Project {name} doesn't exist"));
    names.split(',').map(|name| projects::by_name(tx, name)?.ok_or_else(|| missing(name))).collect()
}

/// The report over some projects. `everybody` counts all users, else those of the projects.
fn report(
    tx: &mut Tx<'_>,
    rows: &[ProjectRow],
    period: Period,
    everybody: bool,
) -> Result<VaMetrics, Failure> {
    let (first, last) = (names::day(period.from), names::day(period.to));
    let mut projects = Vec::new();
    let mut totals = [0_i64; 3];
    for row in rows {
        let [topics, subscriptions, users] = counters::created_between(tx, row.id, period.from, period.to)?;
        totals = [totals[0] + topics, totals[1] + subscriptions, totals[2] + users];
        let Some(messages) = counters::messages_between(tx, row.id, &first, &last)? else { continue };
        projects.push(ProjectReport {
            project: row.name.clone(),
            message_count: messages,
            average_daily_messages: period.average(messages),
            topics_count: topics,
            subscriptions_count: subscriptions,
            users_count: users,
        });
    }
    let users = if everybody { counters::users_between(tx, period.from, period.to)? } else { totals[2] };
    let total_message_count = projects.iter().map(|project| project.message_count).sum();
    let sum: f64 = projects.iter().map(|project| project.average_daily_messages).sum();
    Ok(VaMetrics {
        projects_metrics: ProjectsMetrics {
            projects,
            total_message_count,
            average_daily_messages: (sum * 100.0).round() / 100.0,
        },
        total_users_count: users,
        total_topics_count: totals[0],
        total_subscriptions_count: totals[1],
    })
}

/// `GET /metrics/va_metrics`.
pub(crate) async fn va_metrics(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let period = Period::parse(call, ams.now())?;
    let names = call.query("projects").map(str::to_owned);
    let everybody = names.as_deref().unwrap_or_default().is_empty();
    let found = ams
        .read(move |tx| {
            let rows = wanted(tx, names.as_deref())?;
            report(tx, &rows, period, everybody)
        })
        .await?;
    Ok(narrow(&found))
}

/// `GET /users/usageReport`: the projects that the caller administers.
pub(crate) async fn usage(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let caller = caller(ams, call).await?;
    let period = Period::parse(call, ams.now())?;
    let names = call.query("projects").map(str::to_owned);
    let at = names::seconds(ams.now());
    let admin = |roles: &Option<Vec<String>>| roles.iter().flatten().any(|role| role == "project_admin");
    let mine: Vec<i64> =
        caller.memberships.iter().filter(|m| admin(&m.roles)).map(|m| m.project_id).collect();
    let found = ams
        .read(move |tx| {
            let mut rows = wanted(tx, names.as_deref())?;
            rows.retain(|row| mine.contains(&row.id));
            let mut operational = Metrics::default();
            for row in &rows {
                operational.metrics.extend(project_metrics(tx, row.id, &row.name, &at)?.metrics);
            }
            Ok(UsageReport {
                va_metrics: report(tx, &rows, period, false)?,
                operational_metrics: operational,
            })
        })
        .await?;
    Ok(indented(&found))
}
