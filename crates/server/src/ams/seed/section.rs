//! The form of the section `ams` of a seed file.

use serde::Deserialize;
use serde_json::Value;

use super::super::storage::person::Person;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    pub(super) service_token: Option<String>,
    pub(super) options: Value,
    pub(super) projects: Vec<SeedProject>,
    pub(super) users: Vec<SeedUser>,
    pub(super) schemas: Vec<SeedSchema>,
    pub(super) topics: Vec<SeedTopic>,
    pub(super) subscriptions: Vec<SeedSubscription>,
    pub(super) certificate_subjects: Vec<SeedSubject>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedProject {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SeedUser {
    pub(super) name: String,
    pub(super) token: Option<String>,
    pub(super) email: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) organization: String,
    pub(super) description: String,
    pub(super) service_roles: Vec<String>,
    pub(super) projects: Vec<SeedRoles>,
    pub(super) certificate_subjects: Vec<String>,
}

impl SeedUser {
    pub(super) fn person(&self) -> Person {
        Person {
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            organization: self.organization.clone(),
            description: self.description.clone(),
            email: self.email.clone(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedRoles {
    pub(super) project: String,
    #[serde(default)]
    pub(super) roles: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedSchema {
    pub(super) project: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) schema: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedTopic {
    pub(super) project: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) schema: Option<String>,
    #[serde(default)]
    pub(super) acl: Option<Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedSubscription {
    pub(super) project: String,
    pub(super) name: String,
    pub(super) topic: String,
    #[serde(default)]
    pub(super) ack_deadline_seconds: Option<i64>,
    #[serde(default)]
    pub(super) acl: Option<Vec<String>>,
    /// Makes it a push subscription when it is created.
    #[serde(default)]
    pub(super) push: Option<SeedPush>,
}

/// A push configuration: what the API takes as `pushConfig`, and what only a seed can say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SeedPush {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) endpoint: String,
    pub(super) max_messages: i64,
    pub(super) retry: String,
    pub(super) period_ms: i64,
    pub(super) mattermost_url: String,
    pub(super) mattermost_username: String,
    pub(super) mattermost_channel: String,
    pub(super) base64_decode: bool,
    /// `autogen` or `disabled`.
    pub(super) authorization: String,
    /// Value of the authorization header, instead of a generated one.
    pub(super) authorization_value: Option<String>,
    /// What the endpoint shows to be verified, instead of a generated one.
    pub(super) verification_hash: Option<String>,
    /// Takes the endpoint as verified: delivery starts at once.
    pub(super) verified: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedSubject {
    pub(super) subject: String,
    pub(super) user: String,
}
