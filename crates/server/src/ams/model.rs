//! Objects in wire order (AMS reference 8 to 14). The order of the fields is the order on the wire.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::names;
use super::storage::projects::ProjectRow;
use super::storage::topics::TopicRow;

/// A user (9.1).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct User {
    pub(crate) uuid: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) projects: Vec<ProjectRoles>,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) first_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) last_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) organization: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) token: String,
    pub(crate) email: String,
    pub(crate) service_roles: Option<Vec<String>>,
    pub(crate) created_on: String,
    pub(crate) modified_on: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) created_by: String,
}

/// The part of a user that belongs to one project.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ProjectRoles {
    pub(crate) project: String,
    pub(crate) roles: Option<Vec<String>>,
    pub(crate) topics: Vec<String>,
    pub(crate) subscriptions: Vec<String>,
}

/// A page of users.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserPage {
    pub(crate) users: Vec<User>,
    pub(crate) next_page_token: String,
    pub(crate) total_size: i64,
}

/// A project (10.1).
#[derive(Debug, Serialize)]
pub(crate) struct Project {
    name: String,
    created_on: String,
    modified_on: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    created_by: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        Self {
            name: row.name,
            created_on: names::seconds(row.created_at),
            modified_on: names::seconds(row.modified_at),
            created_by: row.creator.unwrap_or_default(),
            description: row.description,
        }
    }
}

/// All projects; without any, the key is missing (10.1).
#[derive(Debug, Serialize)]
pub(crate) struct ProjectList {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) projects: Vec<Project>,
}

/// A topic (11.1).
#[derive(Debug, Serialize)]
pub(crate) struct Topic {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    schema: String,
    created_on: String,
}

impl Topic {
    /// The topic of a row in the named project.
    pub(crate) fn new(project: &str, row: &TopicRow) -> Self {
        Self {
            name: names::topic(project, &row.name),
            schema: row.schema.as_ref().map(|schema| names::schema(project, schema)).unwrap_or_default(),
            created_on: names::seconds(row.created_at),
        }
    }
}

/// A page of topics.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopicPage {
    pub(crate) topics: Vec<Topic>,
    pub(crate) next_page_token: String,
    pub(crate) total_size: i64,
}

/// Who may use a resource.
#[derive(Debug, Serialize)]
pub(crate) struct AclList {
    pub(crate) authorized_users: Vec<String>,
}

/// Full names of the subscriptions on a topic.
#[derive(Debug, Serialize)]
pub(crate) struct SubscriptionNames {
    pub(crate) subscriptions: Vec<String>,
}

/// A subscription (12.1).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscription {
    pub(crate) name: String,
    pub(crate) topic: String,
    pub(crate) push_config: PushConfigView,
    pub(crate) ack_deadline_seconds: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) push_status: String,
    pub(crate) created_on: String,
}

/// A page of subscriptions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionPage {
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) next_page_token: String,
    pub(crate) total_size: i64,
}

/// A push configuration as it is shown; always complete.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PushConfigView {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) push_endpoint: String,
    pub(crate) max_messages: i64,
    pub(crate) authorization_header: HeaderView,
    pub(crate) retry_policy: RetryView,
    pub(crate) verification_hash: String,
    pub(crate) verified: bool,
    pub(crate) mattermost_url: String,
    pub(crate) mattermost_username: String,
    pub(crate) mattermost_channel: String,
    pub(crate) base64_decode: bool,
}

/// The authorization header of push requests.
#[derive(Debug, Default, Serialize)]
pub(crate) struct HeaderView {
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) value: String,
}

/// The retry policy of push requests.
#[derive(Debug, Default, Serialize)]
pub(crate) struct RetryView {
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) period: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

/// Bounds and position of a subscription (12.7).
#[derive(Debug, Serialize)]
pub(crate) struct Offsets {
    pub(crate) max: i64,
    pub(crate) min: i64,
    pub(crate) current: i64,
}

/// A schema (14.1).
#[derive(Debug, Serialize)]
pub(crate) struct Schema {
    pub(crate) uuid: String,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) schema: Box<RawValue>,
}

/// A registration (14.4).
#[derive(Debug, Serialize)]
pub(crate) struct Registration {
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) organization: String,
    pub(crate) description: String,
    pub(crate) email: String,
    pub(crate) status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) decline_comment: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) activation_token: String,
    pub(crate) registered_at: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) modified_by: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) modified_at: String,
}

/// A list of metrics (8.3).
#[derive(Debug, Default, Serialize)]
pub(crate) struct Metrics {
    pub(crate) metrics: Vec<Metric>,
}

/// One metric.
#[derive(Debug, Serialize)]
pub(crate) struct Metric {
    pub(crate) metric: &'static str,
    pub(crate) metric_type: &'static str,
    pub(crate) value_type: &'static str,
    pub(crate) resource_type: &'static str,
    pub(crate) resource_name: String,
    pub(crate) timeseries: Vec<Point>,
    pub(crate) description: &'static str,
}

/// One value of a metric.
#[derive(Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) timestamp: String,
    pub(crate) value: Number,
}

/// A counter or a rate.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Number {
    /// A counter.
    Whole(i64),
    /// A rate or a share.
    Real(f64),
}

/// The report of 8.4.
#[derive(Debug, Serialize)]
pub(crate) struct VaMetrics {
    pub(crate) projects_metrics: ProjectsMetrics,
    pub(crate) total_users_count: i64,
    pub(crate) total_topics_count: i64,
    pub(crate) total_subscriptions_count: i64,
}

/// Projects in a report.
#[derive(Debug, Serialize)]
pub(crate) struct ProjectsMetrics {
    pub(crate) projects: Vec<ProjectReport>,
    pub(crate) total_message_count: i64,
    pub(crate) average_daily_messages: f64,
}

/// One project in a report.
#[derive(Debug, Serialize)]
pub(crate) struct ProjectReport {
    pub(crate) project: String,
    pub(crate) message_count: i64,
    pub(crate) average_daily_messages: f64,
    pub(crate) topics_count: i64,
    pub(crate) subscriptions_count: i64,
    pub(crate) users_count: i64,
}

/// The report of 8.5.
#[derive(Debug, Serialize)]
pub(crate) struct UsageReport {
    pub(crate) va_metrics: VaMetrics,
    pub(crate) operational_metrics: Metrics,
}

/// A message in the body of a push request, compact.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PushedMessage {
    pub(crate) message_id: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) data: String,
    pub(crate) publish_time: String,
}
