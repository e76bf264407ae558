//! Identifiers (IVCAP reference 6.1): URNs of the platform, and those that users bring along.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Bytes of a URN that users bring along: it stands in indexes.
pub(crate) const LONGEST: usize = 1000;

/// What a URN of the platform names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Service,
    Order,
    Job,
    Artifact,
    Aspect,
    Record,
    Queue,
    Message,
    Project,
    Package,
    Secret,
    Policy,
    Account,
    User,
    Provider,
}

impl Kind {
    /// The word between `urn:ivcap:` and the id.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Order => "order",
            Self::Job => "job",
            Self::Artifact => "artifact",
            Self::Aspect => "aspect",
            Self::Record => "record",
            Self::Queue => "queue",
            Self::Message => "message",
            Self::Project => "project",
            Self::Package => "package",
            Self::Secret => "secret",
            Self::Policy => "policy",
            Self::Account => "account",
            Self::User => "user",
            Self::Provider => "provider",
        }
    }

    /// The URN with this id.
    pub(crate) fn urn(self, id: impl std::fmt::Display) -> String {
        format!("urn:ivcap:{}:{id}", self.as_str())
    }
}

/// A URN that nobody has.
pub(crate) fn fresh(kind: Kind) -> String {
    kind.urn(Uuid::new_v4())
}

/// An id that nobody has and that sorts by its time, to the microsecond: neighbours in time are neighbours in an index.
pub(crate) fn timely(at: Timestamp) -> Uuid {
    let mut bytes = *first_at(at.as_microsecond()).as_bytes();
    let random = *Uuid::new_v4().as_bytes();
    let micros = u64::try_from(at.as_microsecond()).unwrap_or(0);
    // Ten of the twelve bits behind the milliseconds.
    let rest = u16::try_from(micros % 1000).unwrap_or(0) << 2 | u16::from(random[7] & 3);
    bytes[6..8].copy_from_slice(&(0x7000 | rest).to_be_bytes());
    bytes[8..].copy_from_slice(&random[8..]);
    Uuid::from_bytes(bytes)
}

/// What stands before all ids of the millisecond that holds this microsecond.
pub(crate) fn first_at(micros: i64) -> Uuid {
    let millis = u64::try_from(micros / 1000).unwrap_or(0).min((1 << 48) - 1);
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    Uuid::from_bytes(bytes)
}

/// What stands after all ids of that millisecond.
pub(crate) fn last_at(micros: i64) -> Uuid {
    let mut bytes = [u8::MAX; 16];
    bytes[..6].copy_from_slice(&first_at(micros).as_bytes()[..6]);
    Uuid::from_bytes(bytes)
}

/// The usual form of a URN of this kind, also of one without `urn:` and of a bare UUID; `None` if it is none.
pub(crate) fn parse(kind: Kind, text: &str) -> Option<String> {
    let bare = text.strip_prefix("urn:").unwrap_or(text);
    let named = bare.strip_prefix("ivcap:").and_then(|rest| rest.strip_prefix(kind.as_str()));
    let id = match named {
        Some(rest) => rest.strip_prefix(':')?,
        None => return Uuid::try_parse(text).ok().map(|id| kind.urn(id)),
    };
    if let Ok(uuid) = Uuid::try_parse(id) {
        return Some(kind.urn(uuid));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!id.is_empty() && id.len() <= 128 && id.bytes().all(plain)).then(|| kind.urn(id))
}

/// The UUID of a record, whichever of its URNs is given: of an aspect, of a metadata record, or bare.
pub(crate) fn record(text: &str) -> Option<Uuid> {
    let bare = text.strip_prefix("urn:").unwrap_or(text);
    let id = bare.strip_prefix("ivcap:").map_or(Some(text), |rest| {
        ["aspect:", "record:", "record.", "metadata:"].iter().find_map(|kind| rest.strip_prefix(kind))
    })?;
    Uuid::try_parse(id).ok()
}

/// Whether a text can name an entity or a schema: a scheme, a colon and something without blanks.
pub(crate) fn is_urn(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-');
    let named = scheme.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && scheme.bytes().all(letters);
    let ends = text.len() <= LONGEST && !rest.is_empty();
    named && ends && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "7b1e2c34-0000-4000-8000-000000000001";

    #[test]
    fn every_accepted_form_of_a_urn_becomes_the_usual_one() {
        let usual = format!("urn:ivcap:service:{ID}");
        let upper = ID.to_uppercase();
        for form in [&usual, &format!("ivcap:service:{ID}"), ID, &format!("urn:ivcap:service:{upper}")] {
            assert_eq!(parse(Kind::Service, form).as_ref(), Some(&usual), "{form}");
        }
        assert_eq!(parse(Kind::Policy, "urn:ivcap:policy:ivcap.open.metadata").unwrap().len(), 36);
        for wrong in ["", "urn:ivcap:service:", "urn:ivcap:order:x", "urn:ivcap:service:../x", "x y"] {
            assert_eq!(parse(Kind::Service, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_record_is_found_by_each_of_its_urns() {
        for form in ["urn:ivcap:aspect:", "urn:ivcap:record:", "urn:ivcap:record.", "urn:ivcap:metadata:", ""]
        {
            assert_eq!(record(&format!("{form}{ID}")).unwrap().to_string(), ID);
        }
        assert_eq!(record("urn:ivcap:artifact:x"), None);
    }

    #[test]
    fn ids_sort_by_the_microsecond_that_they_were_made_in() {
        let at = |micros| timely(Timestamp::from_microsecond(micros).unwrap());
        let ids: Vec<Uuid> = (0..5000).map(|number| at(1_700_000_000_000_000 + number)).collect();
        assert!(ids.is_sorted());
        assert_eq!((ids[0].get_version_num(), ids[0].get_variant()), (7, uuid::Variant::RFC4122));
        let (first, last) = (first_at(1_700_000_000_001_500), last_at(1_700_000_000_001_500));
        assert_eq!(ids.iter().filter(|id| (first..=last).contains(*id)).count(), 1000);
    }

    #[test]
    fn an_entity_is_any_urn() {
        for right in ["urn:a:b", "urn:x:collection:trip%201", "https://h/a", "file:///x"] {
            assert!(is_urn(right), "{right}");
        }
        for wrong in ["", "urn:", "plain", "urn:a b", ":x", "1a:b", "urn:\u{7}"] {
            assert!(!is_urn(wrong), "{wrong}");
        }
    }
}
