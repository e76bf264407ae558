//! Names, checked before anything is sent.
//!
//! The service accepts `^[a-zA-Z0-9_-]+$` in every path position and checks it before the credential
//! (AMS reference 2.2 and 4), so a bad name never deserves a round trip.

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

pentad_core::names! {
    ProjectName, "project", check, "Name of a project.";
    TopicName, "topic", check, "Name of a topic inside its project.";
    SubscriptionName, "subscription", check, "Name of a subscription inside its project.";
    SchemaName, "schema", check, "Name of a schema inside its project.";
    UserName, "user", check, "Name of a user.";
}

/// The kinds of things in full names, by the collection that they stand in.
macro_rules! full_names {
    ($($name:ident, $field:literal, $collection:literal;)*) => {$(
        impl $name {
            /// Takes the last segment of a full name, or a short name.
            ///
            /// # Errors
            /// [`Invalid`](pentad_core::ErrorKind::Invalid) for characters outside the alphabet, or for the full name of
            /// another kind of thing.
            pub fn from_full(text: &str) -> Result<Self> {
                Self::try_from(within($field, $collection, text)?)
            }
        }
    )*};
}

full_names! {
    ProjectName, "project", "projects";
    TopicName, "topic", "topics";
    SubscriptionName, "subscription", "subscriptions";
    SchemaName, "schema", "schemas";
    UserName, "user", "members";
}

/// The short name in a full one of this collection; a text without slashes is short already.
fn within<'a>(field: &str, collection: &str, text: &'a str) -> Result<&'a str> {
    if !text.contains('/') {
        return Ok(text);
    }
    let bare = text.strip_prefix('/').unwrap_or(text);
    match (collection, bare.split('/').collect::<Vec<_>>().as_slice()) {
        ("projects", ["projects", name]) => Ok(name),
        (collection, ["projects", _, kind, name]) if *kind == collection => Ok(name),
        _ => Err(Error::invalid(field, format!("{text:?} is not a name of this kind"))),
    }
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
