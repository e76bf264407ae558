//! Acknowledgement identifiers.

use std::fmt;
use std::str::FromStr;

use pentad_core::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::name;

/// The identifier of a delivered message: `projects/P/subscriptions/S:OFFSET`.
///
/// It is deterministic: the offset is the message's position in the topic. The service looks only at the highest
/// offset of an acknowledgement (AMS reference 12.6), so identifiers of one subscription are ordered by offset.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AckId {
    project: String,
    subscription: String,
    offset: i64,
}

impl AckId {
    /// The identifier of the message at `offset`.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for a bad name or a negative offset.
    pub fn new(project: &str, subscription: &str, offset: i64) -> Result<Self> {
        name::check("project", project)?;
        name::check("subscription", subscription)?;
        if offset < 0 {
            return Err(Error::invalid("ack id", "the offset must not be negative"));
        }
        Ok(Self { project: project.to_owned(), subscription: subscription.to_owned(), offset })
    }

    /// The project of the subscription.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The short name of the subscription.
    pub fn subscription(&self) -> &str {
        &self.subscription
    }

    /// The position of the message in its topic.
    pub fn offset(&self) -> i64 {
        self.offset
    }
}

impl fmt::Display for AckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "projects/{}/subscriptions/{}:{}", self.project, self.subscription, self.offset)
    }
}

impl FromStr for AckId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let shape = || Error::invalid("ack id", format!("{text:?} is not projects/P/subscriptions/S:OFFSET"));
        let (path, offset) = text.rsplit_once(':').ok_or_else(shape)?;
        let parts: Vec<&str> = path.split('/').collect();
        let ["projects", project, "subscriptions", subscription] = parts.as_slice() else {
            return Err(shape());
        };
        Self::new(project, subscription, offset.parse().map_err(|_| shape())?)
    }
}

impl TryFrom<&str> for AckId {
    type Error = Error;
    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl Serialize for AckId {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AckId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_undoes_parsing() {
        let text = "projects/DEMO/subscriptions/alerts-sub:4";
        let id: AckId = text.parse().unwrap();
        assert_eq!((id.project(), id.subscription(), id.offset()), ("DEMO", "alerts-sub", 4));
        assert_eq!(id.to_string(), text);
    }

    #[test]
    fn what_the_service_calls_an_invalid_ack_id_is_refused() {
        for bad in [
            "5",
            "",
            "projects/P/subscriptions/S",
            "projects/P/subscriptions/S:",
            "projects/P/subscriptions/S:-1",
            "/projects/P/subscriptions/S:1",
            "projects/P/topics/S:1",
            "projects/P/subscriptions/a.b:1",
            "projects/P/subscriptions/S:99999999999999999999",
        ] {
            assert!(bad.parse::<AckId>().is_err(), "{bad}");
        }
    }
}
