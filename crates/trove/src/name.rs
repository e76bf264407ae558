//! Names and sizes, checked before anything is sent.

use std::fmt;

use pentad_core::{Error, Result};
use serde::{Serialize, Serializer};

/// Most characters of a name (OpenStack reference C2).
pub const NAME: usize = 255;
/// The host of a user that may come from everywhere.
pub const ANY_HOST: &str = "%";
/// Most replicas that one creation makes.
pub const REPLICAS: u32 = 3;

/// What may go into a path as an id, or as a name where names serve.
pub(crate) fn id(field: &str, text: &str) -> Result<()> {
    if text.is_empty() { Err(Error::invalid(field, "must not be empty")) } else { Ok(()) }
}

/// A name as the service's rule has it: 1 to 255 characters, at least one letter or digit.
pub(crate) fn name(field: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if text.chars().count() > NAME {
        return Err(Error::invalid(field, format!("must not have more than {NAME} characters")));
    }
    if !text.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Error::invalid(field, "must have a letter or digit"));
    }
    Ok(())
}

/// The host of a database user: an address or a name, `%` at its ends.
pub(crate) fn host(text: &str) -> Result<()> {
    let inner = text.strip_prefix('%').unwrap_or(text);
    let inner = inner.strip_suffix('%').unwrap_or(inner);
    let fits =
        |character: char| character.is_alphanumeric() || matches!(character, '_' | '(' | ')' | '-' | '.');
    if !text.is_empty() && inner.chars().all(fits) {
        return Ok(());
    }
    Err(Error::invalid("host", format!("{text:?} is no address, name or pattern with % at its ends")))
}

/// A UUID, 8-4-4-4-12.
pub(crate) fn uuid(field: &str, text: &str) -> Result<()> {
    if is_uuid(text) { Ok(()) } else { Err(Error::invalid(field, format!("{text:?} is no UUID"))) }
}

/// Whether a text is an id of an instance, a backup and so on, not a name.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The size of a volume in GB.
pub(crate) fn volume(size: u64) -> Result<()> {
    if size > 0 { Ok(()) } else { Err(Error::invalid("volume", "must have at least 1 GB")) }
}

/// A network: `a.b.c.d` or `a.b.c.d/n`, or the same for IPv6.
pub(crate) fn cidr(text: &str) -> Result<()> {
    let (address, length) = text.split_once('/').map_or((text, None), |(a, n)| (a, Some(n)));
    let fits = address.parse::<std::net::IpAddr>().is_ok_and(|address| {
        let most = if address.is_ipv4() { 32 } else { 128 };
        length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= most))
    });
    if fits { Ok(()) } else { Err(Error::invalid("allowed_cidrs", format!("{text:?} is no network"))) }
}

/// How replicas or members are spread over machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Locality {
    /// All on one.
    Affinity,
    /// Each on another.
    AntiAffinity,
    /// All on one if possible.
    SoftAffinity,
    /// Each on another if possible.
    SoftAntiAffinity,
}

impl std::str::FromStr for Locality {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "affinity" => Self::Affinity,
            "anti-affinity" => Self::AntiAffinity,
            "soft-affinity" => Self::SoftAffinity,
            "soft-anti-affinity" => Self::SoftAntiAffinity,
            other => {
                let known = "affinity, anti-affinity, soft-affinity, soft-anti-affinity";
                return Err(Error::invalid("locality", format!("{other:?} is none of {known}")));
            }
        })
    }
}

/// A user of a database as calls name it: `name`, or `name@host`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserName {
    name: String,
    host: Option<String>,
}

impl UserName {
    /// A user who may come from `host`, or from everywhere.
    pub fn new(name: impl Into<String>, host: Option<&str>) -> Self {
        Self { name: name.into(), host: host.map(str::to_owned) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it may come from; `%` is everywhere.
    pub fn host(&self) -> &str {
        self.host.as_deref().unwrap_or(ANY_HOST)
    }

    pub(crate) fn check(&self) -> Result<()> {
        id("user", &self.name)?;
        // The service splits at the last one.
        if self.host.is_none() && self.name.contains('@') {
            return Err(Error::invalid("user", "must name its host, because the name has an @"));
        }
        self.host.as_deref().map_or(Ok(()), host)
    }
}

/// Reads `name` or `name@host`; the last `@` counts.
impl From<&str> for UserName {
    fn from(text: &str) -> Self {
        match text.rsplit_once('@') {
            Some((name, host)) => Self::new(name, Some(host)),
            None => Self::new(text, None),
        }
    }
}

impl From<String> for UserName {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.host {
            Some(host) => write!(f, "@{host}"),
            None => Ok(()),
        }
    }
}

impl Serialize for UserName {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_at_their_edges() {
        assert!(name("name", &"a".repeat(255)).is_ok());
        for bad in ["", "---", "äöü", &"a".repeat(256)] {
            assert!(name("name", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_have_percent_signs_at_their_ends_only() {
        for good in ["%", "10.0.0.%", "%.example.org", "db-1", "localhost"] {
            assert!(host(good).is_ok(), "{good}");
        }
        for bad in ["", "10.%.0.1", "a b", "a/b", "%%%"] {
            assert!(host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn networks_and_uuids_are_told_from_other_texts() {
        assert!(["10.0.0.0/8", "1.2.3.4", "fd00::/8"].iter().all(|text| cidr(text).is_ok()));
        assert!(["10.0.0.0/33", "10.0.0", "x", ""].iter().all(|text| cidr(text).is_err()));
        assert!(is_uuid("44b277eb-39be-4921-be31-3d61b43651d7") && !is_uuid("db1"));
        assert!(volume(0).is_err() && volume(1).is_ok());
    }

    #[test]
    fn users_are_named_with_their_host() {
        let user = UserName::from("app@x@10.0.0.%");
        assert_eq!((user.name(), user.host()), ("app@x", "10.0.0.%"));
        assert_eq!(UserName::from("app").to_string(), "app");
        assert!(UserName::new("a@b", None).check().is_err());
        assert!(UserName::new("a", Some("x y")).check().is_err());
    }
}
