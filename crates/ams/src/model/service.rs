use serde::{Deserialize, Serialize};

use super::{Metric, Other, null_as_default};

/// The health of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `ok` or `warning`.
    pub status: String,
    /// The push workers, when push is on.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub push_servers: Vec<PushServer>,
    /// `disabled` when push is off, else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub push_functionality: String,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}

/// A push worker as the service sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushServer {
    /// `host:port`.
    #[serde(default)]
    pub endpoint: String,
    /// Free text; `SERVING` when all is well.
    #[serde(default)]
    pub status: String,
}

/// The build of the service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// When it was built.
    #[serde(default)]
    pub build_time: String,
    /// Version of its language.
    #[serde(default)]
    pub golang: String,
    /// Its compiler.
    #[serde(default)]
    pub compiler: String,
    /// Operating system.
    #[serde(default)]
    pub os: String,
    /// Processor architecture.
    #[serde(default)]
    pub architecture: String,
    /// Release; shown to service administrators and viewers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Distribution, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distro: Option<String>,
    /// Host, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}

/// Counts over a period; objects count when they were created in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Per project, and messages in total.
    #[serde(default)]
    pub projects_metrics: ProjectsReport,
    /// Users created in the period.
    #[serde(default)]
    pub total_users_count: i64,
    /// Topics created in the period.
    #[serde(default)]
    pub total_topics_count: i64,
    /// Subscriptions created in the period.
    #[serde(default)]
    pub total_subscriptions_count: i64,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}

/// The messages part of a [`Report`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectsReport {
    /// Projects with at least one message in the period.
    #[serde(default, deserialize_with = "null_as_default")]
    pub projects: Vec<ProjectCount>,
    /// Messages of all of them.
    #[serde(default)]
    pub total_message_count: i64,
    /// Sum of the projects' daily averages.
    #[serde(default)]
    pub average_daily_messages: f64,
}

/// One project in a [`Report`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectCount {
    /// Name of the project.
    #[serde(default)]
    pub project: String,
    /// Messages published in the period.
    #[serde(default)]
    pub message_count: i64,
    /// Messages per day, rounded up to two digits.
    #[serde(default)]
    pub average_daily_messages: f64,
    /// Topics created in the period.
    #[serde(default)]
    pub topics_count: i64,
    /// Subscriptions created in the period.
    #[serde(default)]
    pub subscriptions_count: i64,
    /// Users created in the period.
    #[serde(default)]
    pub users_count: i64,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}

/// What a project administrator may see of a period.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UsageReport {
    /// Counts of the caller's projects.
    #[serde(default)]
    pub va_metrics: Report,
    /// CPU and memory of the nodes.
    #[serde(default, deserialize_with = "operational")]
    pub operational_metrics: Vec<Metric>,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}

/// Unwraps `{"metrics": [...]}`.
fn operational<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Metric>, D::Error> {
    Ok(Option::<super::metric::Metrics>::deserialize(deserializer)?
        .map(|list| list.metrics)
        .unwrap_or_default())
}
