//! Metrics of nodes, projects, topics and subscriptions (AMS reference 8.3 and 8.6).

use super::super::error::{Failure, indented};
use super::super::model::{Metric, Metrics, Number, Point};
use super::super::roles::{CON, PUB};
use super::super::storage::acl::Acl;
use super::super::storage::{metrics, subscriptions, topics};
use super::super::{Ams, Call, names};
use super::publish::check_acl;
use super::{subscriptions as subscription_handlers, topics as topic_handlers};
use crate::http::Reply;
use pentad_store::Tx;

/// `0001-01-01T00:00:00Z`, the time of what never happened.
const NEVER: &str = "0001-01-01T00:00:00Z";

fn counter(name: &'static str, kind: &'static str, resource: &str, at: &str, value: i64) -> Metric {
    series(name, kind, resource, vec![Point { timestamp: at.to_owned(), value: Number::Whole(value) }])
}

fn series(name: &'static str, kind: &'static str, resource: &str, timeseries: Vec<Point>) -> Metric {
    Metric {
        metric: name,
        metric_type: "counter",
        value_type: "int64",
        resource_type: kind,
        resource_name: resource.to_owned(),
        timeseries,
        description: description(name),
    }
}

fn real(name: &'static str, kind: &'static str, resource: &str, at: String, value: f64) -> Metric {
    let metric_type = if kind == "ams_node" { "percentage" } else { "rate" };
    let timeseries = vec![Point { timestamp: at, value: Number::Real(value) }];
    Metric { metric_type, value_type: "float64", timeseries, ..series(name, kind, resource, Vec::new()) }
}

fn days(name: &'static str, kind: &'static str, resource: &str, days: Vec<(String, i64)>) -> Metric {
    let points = days.into_iter().map(|(day, count)| Point { timestamp: day, value: Number::Whole(count) });
    series(name, kind, resource, points.collect())
}

/// Messages of the last call divided by the seconds before it.
fn rate(name: &'static str, kind: &'static str, resource: &str, last: (i64, i64, i64)) -> Metric {
    let (at, count, span) = last;
    if at == 0 {
        return real(name, kind, resource, NEVER.to_owned(), 0.0);
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits than a float has")]
    let value = count as f64 * 1e6 / span.max(1) as f64;
    real(name, kind, resource, names::seconds(at), value)
}

fn description(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "cpu_usage" => "Share of the processor in use",
        "memory_usage" => "Share of the memory in use",
        "number_of_topics" => "Number of topics",
        "number_of_subscriptions" => "Number of subscriptions",
        "number_of_messages" => "Number of messages so far",
        "number_of_bytes" => "Size of the messages so far",
        "number_of_daily_messages" => "Number of messages per day",
        "publishing_rate" => "Messages published per second",
        _ => "Messages consumed per second",
    }
}

/// `GET /metrics`: two entries for this node.
pub(crate) async fn nodes(ams: &Ams, _call: &Call) -> Result<Reply, Failure> {
    Ok(indented(&node_metrics(ams)))
}

/// Processor and memory use of this node.
pub(crate) fn node_metrics(ams: &Ams) -> Metrics {
    let node = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let node = if node.trim().is_empty() { "local" } else { node.trim() };
    let at = names::seconds(ams.now());
    let (processor, memory) = usage();
    Metrics {
        metrics: vec![
            real("ams_node.cpu_usage", "ams_node", node, at.clone(), processor),
            real("ams_node.memory_usage", "ams_node", node, at, memory),
        ],
    }
}

/// Load per processor and used memory in percent, as far as the system tells.
fn usage() -> (f64, f64) {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: f64 = load.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0.0);
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let processors = f64::from(u32::try_from(processors).unwrap_or(1));
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let field = |name: &str| -> f64 {
        let line = memory.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)).and_then(|n| n.parse().ok()).unwrap_or(0.0)
    };
    let (total, free) = (field("MemTotal:"), field("MemAvailable:"));
    let memory = if total > 0.0 { (total - free) / total * 100.0 } else { 0.0 };
    ((load / processors * 100.0).min(100.0), memory)
}

/// `GET /projects/P:metrics`.
pub(crate) async fn project(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let project = call.project()?.clone();
    let at = names::seconds(ams.now());
    let found = ams.read(move |tx| project_metrics(tx, project.id, &project.name, &at)).await?;
    Ok(indented(&found))
}

/// The metrics of a project, in order.
pub(crate) fn project_metrics(tx: &mut Tx<'_>, id: i64, name: &str, at: &str) -> Result<Metrics, Failure> {
    let topics = topics::count(tx, id, None)?;
    let subscriptions = subscriptions::count(tx, id, None)?;
    let mut all = vec![
        counter("project.number_of_topics", "project", name, at, topics),
        counter("project.number_of_subscriptions", "project", name, at, subscriptions),
    ];
    for (user, count) in metrics::topics_per_user(tx, id)? {
        let resource = format!("{name}.{user}");
        all.push(counter("project.user.number_of_topics", "project.user", &resource, at, count));
    }
    for (user, count) in metrics::subscriptions_per_user(tx, id)? {
        let resource = format!("{name}.{user}");
        all.push(counter("project.user.number_of_subscriptions", "project.user", &resource, at, count));
    }
    all.push(days("project.number_of_daily_messages", "project", name, metrics::project_days(tx, id)?));
    Ok(Metrics { metrics: all })
}

/// `GET …/topics/T:metrics`.
pub(crate) async fn topic(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?.id, call.param("topic").to_owned());
    let (row, listed, subscriptions, daily) = ams
        .read(move |tx| {
            let row = topic_handlers::existing(tx, project, &name)?;
            let listed = Acl::Topic.ids(tx, row.id)?;
            let subscriptions = subscriptions::names_of_topic(tx, project, &name)?.len();
            let daily = metrics::topic_days(tx, project, row.id)?;
            Ok((row, listed, subscriptions, daily))
        })
        .await?;
    check_acl(ams, call, PUB, call.caller.user.is_some_and(|user| listed.contains(&user)))?;
    let (name, at) = (call.param("topic"), names::seconds(ams.now()));
    let subscriptions = i64::try_from(subscriptions).unwrap_or(i64::MAX);
    Ok(indented(&Metrics {
        metrics: vec![
            counter("topic.number_of_subscriptions", "topic", name, &at, subscriptions),
            counter("topic.number_of_messages", "topic", name, &at, row.end),
            counter("topic.number_of_bytes", "topic", name, &at, row.bytes),
            days("topic.number_of_daily_messages", "topic", name, daily),
            rate("topic.publishing_rate", "topic", name, (row.last_at, row.last_count, row.last_span)),
        ],
    }))
}

/// `GET …/subscriptions/S:metrics`.
pub(crate) async fn subscription(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?.id, call.param("subscription").to_owned());
    let (row, listed) = ams
        .read(move |tx| {
            let row = subscription_handlers::existing(tx, project, &name)?;
            let listed = Acl::Subscription.ids(tx, row.id)?;
            Ok((row, listed))
        })
        .await?;
    check_acl(ams, call, CON, call.caller.user.is_some_and(|user| listed.contains(&user)))?;
    let (name, at) = (call.param("subscription"), names::seconds(ams.now()));
    let kind = "subscription";
    Ok(indented(&Metrics {
        metrics: vec![
            counter("subscription.number_of_messages", kind, name, &at, row.messages),
            counter("subscription.number_of_bytes", kind, name, &at, row.bytes),
            rate("subscription.consumption_rate", kind, name, (row.last_at, row.last_count, row.last_span)),
        ],
    }))
}
