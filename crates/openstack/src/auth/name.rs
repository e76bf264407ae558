//! Whom and what a login names (OpenStack reference B4, B5).

use pentad_core::Result;
use serde_json::{Value, json};

use crate::error::missing;

/// A domain: the realm in which a name means something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Domain {
    /// By identifier, such as `default`.
    Id(String),
    /// By name, such as `Default`.
    Name(String),
}

impl Domain {
    /// The domain with an identifier.
    pub fn id(id: impl Into<String>) -> Self {
        Self::Id(id.into())
    }

    /// The domain with a name.
    pub fn name(name: impl Into<String>) -> Self {
        Self::Name(name.into())
    }

    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Id(id) => json!({ "id": id }),
            Self::Name(name) => json!({ "name": name }),
        }
    }

    /// A text that no other domain has.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Id(id) => format!("id {id}"),
            Self::Name(name) => format!("name {name}"),
        }
    }

    /// Whether a v2.0 service can mean this domain: it knows only the default one.
    pub(crate) fn is_default(&self) -> bool {
        match self {
            Self::Id(id) => id == "default",
            Self::Name(name) => name.eq_ignore_ascii_case("default"),
        }
    }
}

/// What has an identifier of its own, or a name that counts within a domain.
macro_rules! in_a_domain {
    ($($(#[$doc:meta])* $name:ident $what:literal $options:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            /// By identifier.
            Id(String),
            /// By name. Without a domain the login's default domain counts; v2.0 services know no domains.
            Name(String, Option<Domain>),
        }

        impl $name {
            #[doc = concat!("The ", $what, " with an identifier.")]
            pub fn id(id: impl Into<String>) -> Self {
                Self::Id(id.into())
            }

            #[doc = concat!("The ", $what, " with a name; say [`of`](Self::of) which domain.")]
            pub fn name(name: impl Into<String>) -> Self {
                Self::Name(name.into(), None)
            }

            /// Says in which domain the name is.
            #[must_use]
            pub fn of(self, domain: Domain) -> Self {
                match self {
                    Self::Name(name, _) => Self::Name(name, Some(domain)),
                    id @ Self::Id(_) => id,
                }
            }

            pub(crate) const fn domain(&self) -> Option<&Domain> {
                match self {
                    Self::Name(_, domain) => domain.as_ref(),
                    Self::Id(_) => None,
                }
            }

            #[doc = concat!("A text that no other ", $what, " has.")]
            pub(crate) fn key(&self) -> String {
                match self {
                    Self::Id(id) => format!("id {id}"),
                    // What comes before a zero byte is the name, whatever is in it.
                    Self::Name(name, domain) => {
                        format!("name {name}\0{}", domain.as_ref().map(Domain::key).unwrap_or_default())
                    }
                }
            }

            pub(crate) fn json(&self, default: Option<&Domain>) -> Result<Value> {
                match self {
                    Self::Id(id) => Ok(json!({ "id": id })),
                    Self::Name(name, domain) => {
                        let domain = domain.as_ref().or(default).ok_or_else(|| missing(&[$options]))?;
                        Ok(json!({ "name": name, "domain": domain.json() }))
                    }
                }
            }
        }
    )*};
}

in_a_domain! {
    /// A user, by identifier or by name within a domain.
    User "user" "user_domain_id or user_domain_name";
    /// A project, by identifier or by name within a domain.
    Project "project" "project_domain_id or project_domain_name";
}
