//! The form of the section `identity` of a seed file.

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    pub(super) options: Value,
    pub(super) domains: Vec<SeedDomain>,
    pub(super) projects: Vec<SeedProject>,
    pub(super) roles: Vec<SeedRole>,
    pub(super) groups: Vec<SeedGroup>,
    pub(super) users: Vec<SeedUser>,
    pub(super) regions: Vec<SeedRegion>,
    pub(super) services: Vec<SeedService>,
    pub(super) application_credentials: Vec<SeedAppCredential>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedDomain {
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) description: String,
    pub(super) enabled: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedProject {
    pub(super) name: String,
    pub(super) id: Option<String>,
    /// The name of its domain; without one `Default`.
    pub(super) domain: Option<String>,
    /// The name of the project above it, in the same domain.
    pub(super) parent: Option<String>,
    pub(super) description: String,
    pub(super) enabled: Option<bool>,
    pub(super) tags: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedRole {
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) description: Option<String>,
    /// Names of the roles that it implies.
    pub(super) implies: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedGroup {
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) description: String,
    pub(super) grants: Vec<SeedGrant>,
}

/// Roles in one place: exactly one of `project`, `on_domain` and `system`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedGrant {
    pub(super) project: Option<String>,
    /// The domain of the project; without one that of the user or group.
    pub(super) domain: Option<String>,
    pub(super) on_domain: Option<String>,
    pub(super) system: bool,
    pub(super) roles: Vec<String>,
    /// For the projects below instead.
    pub(super) inherited: bool,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedUser {
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) password: Option<String>,
    /// Whether the password is random, so that its hash need not be slow. No seed says so.
    #[serde(skip)]
    pub(super) random: bool,
    pub(super) email: Option<String>,
    pub(super) description: Option<String>,
    pub(super) enabled: Option<bool>,
    pub(super) default_project: Option<String>,
    pub(super) options: Map<String, Value>,
    /// Names of groups of the same domain.
    pub(super) groups: Vec<String>,
    pub(super) grants: Vec<SeedGrant>,
    /// A TOTP secret in base32.
    pub(super) totp: Option<String>,
}

impl std::fmt::Debug for SeedUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeedUser").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedRegion {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) parent: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedService {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) description: Option<String>,
    pub(super) endpoints: Vec<SeedEndpoint>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedEndpoint {
    /// `public`, `internal` or `admin`; without one all three.
    pub(super) interface: Option<String>,
    pub(super) region: Option<String>,
    pub(super) url: String,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedAppCredential {
    pub(super) name: String,
    pub(super) id: Option<String>,
    /// The name of its user.
    pub(super) user: String,
    /// The domain of user and project; without one `Default`.
    pub(super) domain: Option<String>,
    pub(super) project: String,
    pub(super) secret: String,
    /// Names of roles; without any all that the user has there.
    pub(super) roles: Vec<String>,
    pub(super) unrestricted: bool,
}

impl std::fmt::Debug for SeedAppCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeedAppCredential").field("name", &self.name).finish_non_exhaustive()
    }
}
