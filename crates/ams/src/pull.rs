//! Options of a pull, as a value.

use pentad_core::{Error, Result};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::message::Received;

/// How much to pull, and whether to wait for it.
///
/// Unlike in the Python client the default is not to wait: a waiting pull of several messages may hold its connection
/// for five minutes, and blocks other pulls on the topic, although some messages are there (AMS reference 12.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    max: u32,
    wait: bool,
    options: Vec<(String, String)>,
}

impl Pull {
    /// At most this many messages, at least one.
    pub fn new(max: u32) -> Self {
        Self { max, wait: false, options: Vec::new() }
    }

    /// Whether to wait up to 300 s until *all* of them are there. An empty topic still answers at once.
    #[must_use]
    pub fn wait_for_more(mut self, wait: bool) -> Self {
        self.wait = wait;
        self
    }

    /// Sends a further option; today's service ignores those that it does not know.
    #[must_use]
    pub fn option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((key.into(), value.into()));
        self
    }

    /// The most messages asked for.
    pub fn max(&self) -> u32 {
        self.max
    }

    /// Whether the pull waits for all of them.
    pub fn waits(&self) -> bool {
        self.wait
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.max == 0 {
            return Err(Error::invalid("pull", "must ask for at least one message"));
        }
        Ok(())
    }
}

impl Default for Pull {
    /// One message, at once.
    fn default() -> Self {
        Self::new(1)
    }
}

impl Serialize for Pull {
    /// Both values are texts on the wire; numbers and booleans are refused by the service.
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2 + self.options.len()))?;
        map.serialize_entry("maxMessages", &self.max.to_string())?;
        map.serialize_entry("returnImmediately", if self.wait { "false" } else { "true" })?;
        for (key, value) in &self.options {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// The answer of a pull.
#[derive(Debug, Deserialize)]
pub(crate) struct Pulled {
    #[serde(rename = "receivedMessages", deserialize_with = "crate::model::null_as_default")]
    pub(crate) messages: Vec<Received>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_switches_are_texts() {
        let json = |pull: &Pull| serde_json::to_string(pull).unwrap();
        assert_eq!(json(&Pull::new(10)), r#"{"maxMessages":"10","returnImmediately":"true"}"#);
        assert_eq!(
            json(&Pull::new(1).wait_for_more(true).option("x", "y")),
            r#"{"maxMessages":"1","returnImmediately":"false","x":"y"}"#
        );
    }
}
