//! What is stored, as it is stored.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::storage::records::Record;

/// The id of the domain that exists from the start.
pub(crate) const DEFAULT: &str = "default";

/// Attributes and options that the service keeps without using them.
pub(crate) type Bag = Map<String, Value>;

/// A user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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

impl Record for User {
    const KIND: &'static str = "user";
    const TITLE: &'static str = "user";
    fn id(&self) -> &str {
        &self.id
    }
    fn scope(&self) -> &str {
        &self.domain_id
    }
    fn name(&self) -> &str {
        &self.name
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

impl Record for Project {
    const KIND: &'static str = "project";
    const TITLE: &'static str = "project";
    fn id(&self) -> &str {
        &self.id
    }
    fn scope(&self) -> &str {
        self.domain_id.as_deref().unwrap_or_default()
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn owner(&self) -> &str {
        self.parent_id.as_deref().unwrap_or_default()
    }
}

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

impl Record for Role {
    const KIND: &'static str = "role";
    const TITLE: &'static str = "role";
    fn id(&self) -> &str {
        &self.id
    }
    fn scope(&self) -> &str {
        self.domain_id.as_deref().unwrap_or_default()
    }
    fn name(&self) -> &str {
        &self.name
    }
}

/// A group of users.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain_id: String,
    pub(crate) description: String,
    pub(crate) extra: Bag,
}

impl Record for Group {
    const KIND: &'static str = "group";
    const TITLE: &'static str = "group";
    fn id(&self) -> &str {
        &self.id
    }
    fn scope(&self) -> &str {
        &self.domain_id
    }
    fn name(&self) -> &str {
        &self.name
    }
}

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

impl Record for CatalogService {
    const KIND: &'static str = "service";
    const TITLE: &'static str = "service";
    fn id(&self) -> &str {
        &self.id
    }
}

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

impl Record for Endpoint {
    const KIND: &'static str = "endpoint";
    const TITLE: &'static str = "endpoint";
    fn id(&self) -> &str {
        &self.id
    }
    fn owner(&self) -> &str {
        &self.service_id
    }
}

/// A region.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Region {
    pub(crate) id: String,
    pub(crate) description: String,
    pub(crate) parent_region_id: Option<String>,
    pub(crate) extra: Bag,
}

impl Record for Region {
    const KIND: &'static str = "region";
    const TITLE: &'static str = "region";
    fn id(&self) -> &str {
        &self.id
    }
    fn owner(&self) -> &str {
        self.parent_region_id.as_deref().unwrap_or_default()
    }
}

/// A credential of another service, or a TOTP secret.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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

impl Record for Credential {
    const KIND: &'static str = "credential";
    const TITLE: &'static str = "credential";
    fn id(&self) -> &str {
        &self.id
    }
    fn owner(&self) -> &str {
        &self.user_id
    }
}

/// An application credential.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct AccessRule {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) path: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) service: Option<String>,
}

impl Record for AppCredential {
    const KIND: &'static str = "application_credential";
    const TITLE: &'static str = "Application Credential";
    fn id(&self) -> &str {
        &self.id
    }
    fn scope(&self) -> &str {
        &self.user_id
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn owner(&self) -> &str {
        &self.user_id
    }
}

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

impl Record for Trust {
    const KIND: &'static str = "trust";
    const TITLE: &'static str = "trust";
    fn id(&self) -> &str {
        &self.id
    }
    fn owner(&self) -> &str {
        &self.trustor_user_id
    }
}

/// A fresh id: 32 hexadecimal digits.
pub(crate) fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
