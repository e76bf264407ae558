//! What the service answers, one file per object.
//!
//! Keys that this version does not know stay reachable in `other`; what may be absent is an `Option` or empty.

mod acl;
mod metric;
mod project;
mod registration;
mod schema;
mod service;
mod subscription;
mod topic;
mod user;

pub use acl::Acl;
pub(crate) use metric::Metrics;
pub use metric::{Metric, Point};
pub use project::Project;
pub use registration::{Registration, RegistrationStatus};
pub use schema::{Schema, SchemaKind};
pub use service::{Health, ProjectCount, ProjectsReport, PushServer, Report, UsageReport, Version};
pub use subscription::{AuthorizationHeader, PushState, RetryState, Subscription};
pub use topic::Topic;
pub use user::{Membership, User};

/// Keys of an answer that this version has no field for.
pub type Other = serde_json::Map<String, serde_json::Value>;

/// Reads `null` like an absent key.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::Deserialize<'de>,
{
    Ok(<Option<T> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}
