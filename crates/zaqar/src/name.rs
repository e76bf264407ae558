//! Names and identities, checked before anything is sent.

use std::fmt;
use std::str::FromStr;

use pentad_core::{Error, Result};
use uuid::Uuid;

/// Most characters of a queue's name (Zaqar reference 3).
const QUEUE_NAME: usize = 64;
/// Most characters of a project's id.
const PROJECT_ID: usize = 256;

fn check_queue(field: &str, text: &str) -> Result<()> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if text.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if text.len() > QUEUE_NAME {
        return Err(Error::invalid(field, format!("must not have more than {QUEUE_NAME} characters")));
    }
    if !text.bytes().all(fits) {
        return Err(Error::invalid(
            field,
            format!("{text:?} may hold only letters, digits, '_', '-' and '.'"),
        ));
    }
    // A name that is a relative path segment would reach another resource.
    if text == "." || text == ".." {
        return Err(Error::invalid(field, "must not be a relative path segment"));
    }
    Ok(())
}

fn check_project(field: &str, text: &str) -> Result<()> {
    match text.chars().count() {
        0 => Err(Error::invalid(field, "must not be empty")),
        length if length > PROJECT_ID => {
            Err(Error::invalid(field, format!("must not have more than {PROJECT_ID} characters")))
        }
        _ if text.chars().any(char::is_control) => {
            Err(Error::invalid(field, "holds a control character: it cannot stand in a header"))
        }
        // The ends of a header's value are cut off on the way.
        _ if text.trim() != text => {
            Err(Error::invalid(field, "begins or ends with a blank: it cannot stand in a header"))
        }
        _ => Ok(()),
    }
}

/// What may go into a path as the id of a message, claim, subscription, pool or flavor.
pub(crate) fn check_id(field: &str, text: &str) -> Result<()> {
    if text.is_empty() { Err(Error::invalid(field, "must not be empty")) } else { Ok(()) }
}

pentad_core::names! {
    QueueName, "queue", check_queue, "Name of a queue: letters, digits, `_`, `-` and `.`, at most 64. (The Python client refuses the dot.)";
    ProjectId, "project", check_project, "Id of a project: 1 to 256 characters without control characters, no blank at its ends.";
}

/// Who posts: the service hides a client's own messages from its lists.
///
/// Commonly a UUID; servers with `client_id_uuid_safe=off` take any text of 10 to 36 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// A random one, written without dashes as the Python client does.
    pub fn random() -> Self {
        Self(Uuid::new_v4().simple().to_string())
    }

    /// A text for servers that take any.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for a length outside 10 to 36, or what cannot stand in a header.
    pub fn any(text: &str) -> Result<Self> {
        let length = text.chars().count();
        if !(10..=36).contains(&length) {
            return Err(Error::invalid("client id", format!("must have 10 to 36 characters, not {length}")));
        }
        if !text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Err(Error::invalid("client id", "cannot stand in a header"));
        }
        Ok(Self(text.to_owned()))
    }

    /// As it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for ClientId {
    type Error = Error;

    /// Reads a UUID in any of its spellings, and keeps the spelling.
    fn try_from(text: &str) -> Result<Self> {
        match Uuid::try_parse(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(error) => Err(Error::invalid("client id", format!("{text:?} is no UUID")).with_source(error)),
        }
    }
}

impl From<Uuid> for ClientId {
    fn from(id: Uuid) -> Self {
        Self(id.to_string())
    }
}

impl FromStr for ClientId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::try_from(text)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_names_are_checked_at_their_edges() {
        assert!(QueueName::try_from("a".repeat(64).as_str()).is_ok());
        assert_eq!(QueueName::try_from("Jobs_1-2.x").unwrap().as_str(), "Jobs_1-2.x");
        for bad in ["", ".", "..", "a b", "a/b", "ä", "a\n", &"a".repeat(65)] {
            let error = QueueName::try_from(bad).unwrap_err();
            assert!(error.to_string().contains("queue"), "{error}");
        }
    }

    #[test]
    fn a_project_that_no_header_can_carry_is_refused() {
        for good in ["acme", "a b", "ä/ö", &"p".repeat(256)] {
            assert!(ProjectId::try_from(good).is_ok(), "{good:?}");
        }
        for bad in ["", "acme\n", "\u{1}", "a\0b", "a\u{85}b", " acme", "acme ", &"p".repeat(257)] {
            assert!(ProjectId::try_from(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn client_ids_are_uuids_in_any_spelling_unless_the_server_takes_more() {
        for good in ["5b0f6c1e-4f0a-4d0e-9a55-0c1d2e3f4a5b", "5B0F6C1E4F0A4D0E9A550C1D2E3F4A5B"] {
            assert_eq!(ClientId::try_from(good).unwrap().as_str(), good);
        }
        assert!(ClientId::try_from("worker-one").is_err());
        assert!(ClientId::any("worker-one").is_ok());
        assert!(ClientId::any("too-short").is_err());
        assert_eq!(ClientId::random().as_str().len(), 32);
    }
}
