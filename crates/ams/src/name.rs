//! Names, checked before anything is sent.
//!
//! The service accepts `^[a-zA-Z0-9_-]+$` in every path position and checks it before the credential
//! (AMS reference 2.2 and 4), so a bad name never deserves a round trip.

use std::fmt;
use std::str::FromStr;

use pentad_core::{Error, Result};

/// Says whether `text` may stand in a path position: letters, digits, `_` and `-`, at least one.
pub fn is_valid(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Refuses what may not stand in a path position.
///
/// # Errors
/// [`Invalid`](pentad_core::ErrorKind::Invalid), naming `field`.
pub fn check(field: &str, text: &str) -> Result<()> {
    if is_valid(text) {
        return Ok(());
    }
    let why = if text.is_empty() {
        "must not be empty".to_owned()
    } else {
        format!("{text:?} may hold only letters, digits, '_' and '-'")
    };
    Err(Error::invalid(field, why))
}

/// The last segment of a full name: `/projects/P/topics/T` gives `T`; a short name gives itself.
pub fn short(full: &str) -> &str {
    full.rsplit('/').next().unwrap_or(full)
}

/// The project of a full name `/projects/P/…`, with or without the leading slash.
pub fn project_of(full: &str) -> Option<&str> {
    let rest = full.strip_prefix('/').unwrap_or(full).strip_prefix("projects/")?;
    rest.split('/').next().filter(|name| !name.is_empty())
}

macro_rules! names {
    ($($name:ident, $field:literal, $collection:literal, $doc:literal;)*) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The name as text, without project or slashes.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Takes the last segment of a full name, or a short name.
            ///
            /// # Errors
            /// [`Invalid`](pentad_core::ErrorKind::Invalid) for characters outside the alphabet, or for the full
            /// name of another kind of thing.
            pub fn from_full(text: &str) -> Result<Self> {
                match text.contains('/') {
                    true => {
                        let bare = text.strip_prefix('/').unwrap_or(text);
                        let parts: Vec<&str> = bare.split('/').collect();
                        match ($collection, parts.as_slice()) {
                            ("projects", ["projects", name]) => Self::try_from(*name),
                            (collection, ["projects", _, kind, name]) if *kind == collection => Self::try_from(*name),
                            _ => Err(Error::invalid($field, format!("{text:?} is not a name of this kind"))),
                        }
                    }
                    false => Self::try_from(text),
                }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Error;
            fn try_from(text: &str) -> Result<Self> {
                check($field, text).map(|()| Self(text.to_owned()))
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self> {
                Self::try_from(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    )*};
}

names! {
    ProjectName, "project", "projects", "Name of a project.";
    TopicName, "topic", "topics", "Name of a topic inside its project.";
    SubscriptionName, "subscription", "subscriptions", "Name of a subscription inside its project.";
    SchemaName, "schema", "schemas", "Name of a schema inside its project.";
    UserName, "user", "members", "Name of a user.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_the_alphabet_are_refused_with_their_field() {
        for bad in ["", "a.b", "a/b", "a:b", "ä", "a b", "a\n"] {
            let error = TopicName::try_from(bad).unwrap_err();
            assert!(error.to_string().contains("topic"), "{error}");
        }
        assert_eq!(TopicName::try_from("A-z_09").unwrap().as_str(), "A-z_09");
    }

    #[test]
    fn full_names_give_their_last_segment_with_and_without_the_leading_slash() {
        assert_eq!(TopicName::from_full("/projects/P/topics/T").unwrap().as_str(), "T");
        assert_eq!(SchemaName::from_full("projects/P/schemas/X").unwrap().as_str(), "X");
        assert_eq!(ProjectName::from_full("projects/P").unwrap().as_str(), "P");
        assert!(TopicName::from_full("/projects/P/subscriptions/S").is_err());
        assert_eq!(project_of("/projects/P/topics/T"), Some("P"));
        assert_eq!(short("/projects/P/topics/T"), "T");
    }
}
