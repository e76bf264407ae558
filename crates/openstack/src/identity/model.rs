//! What the identity service answers.

use jiff::Timestamp;
use pentad_core::Secret;
use pentad_core::auth::Token;
use serde::{Deserialize, Serialize, Serializer};

use crate::auth::Access;

/// A token with what it stands for. Serialised as the original command line shows it, the token included.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedToken {
    /// The token.
    pub secret: Secret,
    /// What it stands for.
    pub access: Access,
    /// When it ends, by our own clock.
    pub expires: Option<Timestamp>,
}

impl IssuedToken {
    pub(super) fn of(token: &Token) -> Self {
        Self { secret: token.secret.clone(), access: Access::of(token), expires: token.expires }
    }
}

impl Serialize for IssuedToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        let expires = self.access.expires_at().or(self.expires);
        map.serialize_entry("expires", &expires.map(|at| at.to_string()))?;
        // Whoever asks for a token on the command line wants to see it.
        map.serialize_entry("id", self.secret.expose())?;
        let access = &self.access;
        let parts = [
            ("project_id", access.project_id()),
            ("domain_id", access.domain_id()),
            ("system", access.is_system().then_some("all")),
            ("user_id", access.user_id()),
        ];
        for (name, value) in parts {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

/// A project that the caller may work in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct AuthProject {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Identifier of its domain; empty for v2.0.
    #[serde(default)]
    pub domain_id: String,
    /// Whether it can be used.
    #[serde(default)]
    pub enabled: bool,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
}

/// A domain that the caller may work in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct AuthDomain {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether it can be used.
    #[serde(default)]
    pub enabled: bool,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
}
