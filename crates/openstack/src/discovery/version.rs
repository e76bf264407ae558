//! Version numbers and what is wanted of them.

use std::fmt;

use pentad_core::{Error, Result};

/// A version of an API, such as `v3.14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The part before the point.
    pub major: u32,
    /// The part after it.
    pub minor: u32,
}

impl Version {
    /// Reads `v3.14`, `3.14`, `v3` or `3`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let number =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
        match text.split_once('.') {
            Some((major, minor)) => Some(Self { major: number(major)?, minor: number(minor)? }),
            None => Some(Self { major: number(text)?, minor: 0 }),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

/// Which versions will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionRange {
    /// The newest.
    Latest,
    /// The same major, at least this minor.
    Like(Version),
    /// From one to another, both included.
    Between(Version, Version),
}

impl VersionRange {
    /// Reads `latest`, `2`, `2.1`, `2.latest`, or `1.0:2.3`.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("version", format!("{text:?} is no version"));
        if text == "latest" {
            return Ok(Self::Latest);
        }
        if let Some((low, high)) = text.split_once(':') {
            let low = Version::parse(low).ok_or_else(wrong)?;
            let high = match high {
                "latest" | "" => Version { major: u32::MAX, minor: u32::MAX },
                high => Version::parse(high).ok_or_else(wrong)?,
            };
            return Ok(Self::Between(low, high));
        }
        Version::parse(text.strip_suffix(".latest").unwrap_or(text)).map(Self::Like).ok_or_else(wrong)
    }

    /// Whether this version will do.
    pub fn contains(&self, version: Version) -> bool {
        match *self {
            Self::Latest => true,
            Self::Like(wanted) => version.major == wanted.major && version.minor >= wanted.minor,
            Self::Between(low, high) => low <= version && version <= high,
        }
    }

    /// Whether a URL's own version will do: it tells the major, seldom the minor.
    pub(crate) fn takes_major(&self, version: Version) -> bool {
        match *self {
            Self::Latest => false,
            Self::Like(wanted) => version.major == wanted.major,
            Self::Between(low, high) => low.major <= version.major && version.major <= high.major,
        }
    }

    /// Whether a version has the major of the newest wanted.
    pub(crate) fn is_top(&self, version: Version) -> bool {
        match *self {
            Self::Latest => false,
            Self::Like(wanted) => version.major == wanted.major,
            Self::Between(_, high) => version.major == high.major,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_in_all_their_spellings_and_nothing_else_is() {
        let version = |major, minor| Some(Version { major, minor });
        assert_eq!(Version::parse("v3.14"), version(3, 14));
        assert_eq!(Version::parse("2"), version(2, 0));
        for bad in ["", "v", "v3.", "3.x", "v-1", "v1.2.3", "+1"] {
            assert_eq!(Version::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_single_version_means_its_major_from_its_minor_on() {
        let wanted = VersionRange::parse("2.3").unwrap();
        assert!(wanted.contains(Version { major: 2, minor: 10 }));
        assert!(!wanted.contains(Version { major: 2, minor: 2 }));
        assert!(!wanted.contains(Version { major: 3, minor: 3 }));
        let range = VersionRange::parse("1.0:latest").unwrap();
        assert!(range.contains(Version { major: 9, minor: 0 }));
        assert!(VersionRange::parse("two").is_err());
    }
}
