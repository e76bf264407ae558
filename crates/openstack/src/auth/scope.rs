//! What a token is good for (OpenStack reference B5).

use pentad_core::Result;
use serde_json::{Value, json};

use super::name::{Domain, Project};

/// What a token is good for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// The user's default project if there is one, else nothing; what an application credential was made for.
    #[default]
    Unsaid,
    /// Nothing: good to look around and to get another token.
    Unscoped,
    /// A project.
    Project(Project),
    /// A domain.
    Domain(Domain),
    /// The whole system.
    System,
    /// What a trust, by identifier, hands over.
    Trust(String),
}

impl Scope {
    /// A project by identifier.
    pub fn project_id(id: impl Into<String>) -> Self {
        Self::Project(Project::id(id))
    }

    /// A project by name within a domain.
    pub fn project(name: impl Into<String>, domain: Domain) -> Self {
        Self::Project(Project::name(name).of(domain))
    }

    /// A text that no other scope has.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Unsaid => "unsaid".to_owned(),
            Self::Unscoped => "unscoped".to_owned(),
            Self::Project(project) => format!("project {}", project.key()),
            Self::Domain(domain) => format!("domain {}", domain.key()),
            Self::System => "system".to_owned(),
            Self::Trust(id) => format!("trust {id}"),
        }
    }

    /// The member `scope` of a v3 login; `None` where it is left out.
    pub(crate) fn json(&self, default: Option<&Domain>) -> Result<Option<Value>> {
        Ok(Some(match self {
            Self::Unsaid => return Ok(None),
            Self::Unscoped => json!("unscoped"),
            Self::Project(project) => json!({ "project": project.json(default)? }),
            Self::Domain(domain) => json!({ "domain": domain.json() }),
            Self::System => json!({ "system": { "all": true } }),
            Self::Trust(id) => json!({ "OS-TRUST:trust": { "id": id } }),
        }))
    }
}
