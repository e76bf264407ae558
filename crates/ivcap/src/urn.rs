//! Names of things, checked before anything is sent.

use std::fmt;
use std::str::FromStr;

use pentad_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// What the names of policies begin with.
pub(crate) const POLICY: &str = "urn:ivcap:policy:";
/// What the names of artifacts begin with.
pub(crate) const ARTIFACT: &str = "urn:ivcap:artifact:";

/// A uniform resource name, such as `urn:ivcap:service:7b1e2c34-0000-4000-8000-000000000001` (IVCAP reference 6.1).
///
/// # Example
/// ```
/// use pentad_ivcap::Urn;
/// let urn: Urn = "urn:ivcap:artifact:9a".parse().unwrap();
/// assert_eq!(urn.as_str(), "urn:ivcap:artifact:9a");
/// assert!("artifact 9a".parse::<Urn>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Urn(String);

impl Urn {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Urn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        check("urn", text)?;
        match text.strip_prefix("urn:").and_then(|rest| rest.split_once(':')) {
            Some((space, name)) if !space.is_empty() && !name.is_empty() => Ok(Self(text.to_owned())),
            _ => Err(Error::invalid("urn", format!("{text:?} does not look like urn:NAMESPACE:NAME"))),
        }
    }
}

impl TryFrom<&str> for Urn {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl<'de> Deserialize<'de> for Urn {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Urn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Urn {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<Urn> for String {
    fn from(urn: Urn) -> Self {
        urn.0
    }
}

/// What may go into a path or a query as the name of something.
pub(crate) fn check(field: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if text.chars().any(|c| c.is_control() || c == ' ') {
        return Err(Error::invalid(field, "must not hold blanks or control characters"));
    }
    Ok(())
}

/// The original refuses other policies, too.
pub(crate) fn check_policy(policy: Option<&str>) -> Result<()> {
    match policy {
        Some(policy) if !policy.starts_with(POLICY) => {
            Err(Error::invalid("policy", format!("{policy:?} does not begin with {POLICY}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_urn_are_refused() {
        for bad in ["", "urn:", "urn:x", "urn::y", "urn:x:", "urn:x:a b", "x:y:z", "urn:x:\n"] {
            assert!(bad.parse::<Urn>().is_err(), "{bad:?}");
        }
        assert!("urn:file:///tmp/a".parse::<Urn>().is_ok());
    }

    #[test]
    fn policies_begin_as_the_platform_names_them() {
        assert!(check_policy(Some("urn:ivcap:policy:ivcap.open.metadata")).is_ok());
        assert!(check_policy(None).is_ok());
        assert!(check_policy(Some("ivcap.open.metadata")).is_err());
    }
}
