//! What is stored, as it is stored.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::storage::records::Record;

/// The id of the domain that exists from the start.
pub(crate) const DEFAULT: &str = "default";

/// Attributes and options that the service keeps without using them.
pub(crate) type Bag = Map<String, Value>;

/// Shows of a record with a secret who it is, and nothing else.
macro_rules! discreet {
    ($type:ident, $part:ident) => {
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut shown = f.debug_struct(stringify!($type));
                shown.field("id", &self.id).field(stringify!($part), &self.$part).finish_non_exhaustive()
            }
        }
    };
}

discreet!(User, name);
discreet!(Credential, kind);
discreet!(AppCredential, name);

/// How a kind is stored: its name, what messages call it, and where it has them, what its name is unique within (`scope`),
/// its name, and what it is listed by (`owner`).
macro_rules! record {
    ($type:ty, $kind:literal, $title:literal $(, $part:ident: $of:expr)*) => {
        impl Record for $type {
            const KIND: &'static str = $kind;
            const TITLE: &'static str = $title;

            fn id(&self) -> &str {
                &self.id
            }

            $(fn $part(&self) -> &str {
                let part: fn(&Self) -> &str = $of;
                part(self)
            })*
        }
    };
}

/// A user.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain_id: String,
    pub(crate) enabled: bool,
    pub(crate) default_project_id: Option<String>,
    /// The hash of the password.
    pub(crate) password: Option<String>,
    /// When the password ends, in microseconds.
    pub(crate) password_expires_at: Option<i64>,
    /// Tokens of an earlier generation are void.
    pub(crate) generation: u64,
    pub(crate) options: Bag,
    pub(crate) extra: Bag,
}

record!(User, "user", "user", scope: |this| &this.domain_id, name: |this| &this.name);

impl User {
    /// Whether an option is on.
    pub(crate) fn has_option(&self, name: &str) -> bool {
        self.options.get(name).and_then(Value::as_bool).unwrap_or_default()
    }
}

/// A project, or a domain: a project that is one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `None` for a domain.
    pub(crate) domain_id: Option<String>,
    pub(crate) parent_id: Option<String>,
    pub(crate) is_domain: bool,
    pub(crate) enabled: bool,
    pub(crate) description: String,
    pub(crate) tags: Vec<String>,
    pub(crate) options: Bag,
    pub(crate) extra: Bag,
}

record!(
    Project, "project", "project",
    scope: |this| this.domain_id.as_deref().unwrap_or_default(),
    name: |this| &this.name,
    owner: |this| this.parent_id.as_deref().unwrap_or_default()
);

/// A role, of all domains or of one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Role {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain_id: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) options: Bag,
    pub(crate) extra: Bag,
}

record!(
    Role, "role", "role",
    scope: |this| this.domain_id.as_deref().unwrap_or_default(),
    name: |this| &this.name
);

/// A group of users.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain_id: String,
    pub(crate) description: String,
    pub(crate) extra: Bag,
}

record!(Group, "group", "group", scope: |this| &this.domain_id, name: |this| &this.name);

/// A service of the catalog.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CatalogService {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) extra: Bag,
}

record!(CatalogService, "service", "service");

/// An address of a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) service_id: String,
    pub(crate) interface: String,
    pub(crate) region_id: Option<String>,
    pub(crate) url: String,
    /// The service of this server that it leads to, wherever that listens; `url` is not used then.
    pub(crate) place: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) extra: Bag,
}

record!(Endpoint, "endpoint", "endpoint", owner: |this| &this.service_id);

/// A region.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Region {
    pub(crate) id: String,
    pub(crate) description: String,
    pub(crate) parent_region_id: Option<String>,
    pub(crate) extra: Bag,
}

record!(Region, "region", "region", owner: |this| this.parent_region_id.as_deref().unwrap_or_default());

/// A credential of another service, or a TOTP secret.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Credential {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) project_id: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The sealed content, base64.
    pub(crate) blob: String,
    pub(crate) extra: Bag,
}

record!(Credential, "credential", "credential", owner: |this| &this.user_id);

/// An application credential.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct AppCredential {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) user_id: String,
    pub(crate) project_id: String,
    /// In microseconds.
    pub(crate) expires_at: Option<i64>,
    pub(crate) unrestricted: Option<bool>,
    pub(crate) roles: Vec<String>,
    /// The hash of the secret.
    pub(crate) secret: String,
    pub(crate) access_rules: Vec<AccessRule>,
}

/// A call that an application credential allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessRule {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) path: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) service: Option<String>,
}

impl AccessRule {
    /// Whether it allows a call. In its path `*` and `{name}` stand for one segment, `**` for any number of them.
    pub(crate) fn allows(&self, service_type: &str, method: &http::Method, path: &str) -> bool {
        self.service.as_deref() == Some(service_type)
            && self.method.as_deref() == Some(method.as_str())
            && self.path.as_deref().is_some_and(|pattern| fits(pattern.as_bytes(), path.as_bytes()))
    }
}

/// Whether a path fits a pattern. Goes back to the last `**`, and to the last `*` behind it, so that the work is bounded
/// by the product of the lengths.
fn fits(pattern: &[u8], path: &[u8]) -> bool {
    // reached[i]: the pattern up to here fits the first i bytes of the path.
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    let mut rest = pattern;
    while let [first, tail @ ..] = rest {
        let mut next = vec![false; path.len() + 1];
        let (one_segment, after) = match (first, tail) {
            (b'*', [b'*', tail @ ..]) => (Some(false), tail),
            (b'*', tail) => (Some(true), tail),
            (b'{', tail) => match tail.iter().position(|byte| *byte == b'}') {
                Some(end) => (Some(true), &tail[end + 1..]),
                None => (None, tail),
            },
            (_, tail) => (None, tail),
        };
        for at in 0..=path.len() {
            let before = at.checked_sub(1);
            next[at] = match one_segment {
                None => before.is_some_and(|before| reached[before] && path[before] == *first),
                Some(true) => {
                    before.is_some_and(|before| path[before] != b'/' && (reached[before] || next[before]))
                }
                Some(false) => reached[at] || before.is_some_and(|before| next[before]),
            };
        }
        (reached, rest) = (next, after);
    }
    reached[path.len()]
}

record!(
    AppCredential, "application_credential", "Application Credential",
    scope: |this| &this.user_id,
    name: |this| &this.name,
    owner: |this| &this.user_id
);

/// A trust: roles of the trustor that the trustee may use.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Trust {
    pub(crate) id: String,
    pub(crate) trustor_user_id: String,
    pub(crate) trustee_user_id: String,
    pub(crate) project_id: Option<String>,
    pub(crate) impersonation: bool,
    /// In microseconds.
    pub(crate) expires_at: Option<i64>,
    pub(crate) remaining_uses: Option<u32>,
    pub(crate) redelegated_trust_id: Option<String>,
    pub(crate) redelegation_count: u32,
    pub(crate) roles: Vec<String>,
    pub(crate) extra: Bag,
}

record!(
    Trust, "trust", "trust",
    scope: |this| &this.trustee_user_id,
    owner: |this| &this.trustor_user_id
);

/// Where a limit counts: service, region, resource.
type Place<'l> = (&'l str, Option<&'l str>, &'l str);

/// How much of something everyone may have.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct RegisteredLimit {
    pub(crate) id: String,
    pub(crate) service_id: String,
    pub(crate) region_id: Option<String>,
    pub(crate) resource_name: String,
    pub(crate) default_limit: i64,
    pub(crate) description: Option<String>,
}

impl RegisteredLimit {
    /// What only one may stand for.
    pub(crate) fn place(&self) -> Place<'_> {
        (&self.service_id, self.region_id.as_deref(), &self.resource_name)
    }
}

record!(RegisteredLimit, "registered_limit", "registered limit for");

/// How much of something a project or domain may have.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Limit {
    pub(crate) id: String,
    pub(crate) service_id: String,
    pub(crate) region_id: Option<String>,
    pub(crate) resource_name: String,
    pub(crate) resource_limit: i64,
    pub(crate) project_id: Option<String>,
    pub(crate) domain_id: Option<String>,
    pub(crate) description: Option<String>,
}

impl Limit {
    /// The registered limit that it is an exception from.
    pub(crate) fn place(&self) -> Place<'_> {
        (&self.service_id, self.region_id.as_deref(), &self.resource_name)
    }
}

record!(Limit, "limit", "limit for");

/// A document of rules for another service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) id: String,
    pub(crate) media_type: String,
    pub(crate) blob: String,
    pub(crate) extra: Bag,
}

record!(Policy, "policy", "policy");

/// A fresh id: 32 hexadecimal digits.
pub(crate) fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_not_shown() {
        let canary = || "canary".to_owned();
        let user = User { name: "ann".to_owned(), password: Some(canary()), ..User::default() };
        let credential = Credential { blob: canary(), ..Credential::default() };
        let application = AppCredential { secret: canary(), ..AppCredential::default() };
        let shown = format!("{user:?} {credential:?} {application:?}");
        assert!(shown.contains("ann") && !shown.contains("canary"), "{shown}");
    }
}
