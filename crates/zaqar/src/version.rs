//! The versions of the API.

use std::fmt;
use std::str::FromStr;

use pentad_core::{Api, Error, Op, Result};

use crate::ops;

/// A version of the API. They differ in what they can do and in the shape of answers, not in what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// v1: queues are created explicitly, messages have no ids of their own, metadata is replaced as a whole.
    V1,
    /// v1.1: queues come into being with their first message; pop, flavors, reserved metadata.
    V1_1,
    /// v2: metadata by JSON patch, delays, dead letters, purge, subscriptions, pre-signed URLs, websocket.
    V2,
}

impl Version {
    /// All versions, oldest first.
    pub const ALL: [Self; 3] = [Self::V1, Self::V1_1, Self::V2];

    /// The name of the version in the table of operations.
    pub const fn api(self) -> Api {
        match self {
            Self::V1 => ops::V1,
            Self::V1_1 => ops::V1_1,
            Self::V2 => ops::V2,
        }
    }

    /// The label in URLs, such as `v1.1`.
    pub const fn label(self) -> &'static str {
        self.api().0
    }

    /// Whether this version has the operation, as the original's `is_supported`.
    pub fn has(self, op: &Op) -> bool {
        op.route(self.api()).is_ok()
    }

    pub(crate) fn of(api: Api) -> Self {
        Self::ALL.into_iter().find(|version| version.api() == api).unwrap_or(Self::V2)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Version {
    type Err = Error;

    /// Reads `1`, `1.1`, `2` and the labels `v1`, `v1.1`, `v2`; `1.0` and `2.0` too.
    fn from_str(text: &str) -> Result<Self> {
        match text.trim().trim_start_matches(['v', 'V']) {
            "1" | "1.0" => Ok(Self::V1),
            "1.1" => Ok(Self::V1_1),
            "2" | "2.0" => Ok(Self::V2),
            _ => Err(Error::invalid("version", format!("{text:?} is none of 1, 1.1 and 2"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_in_the_ways_in_which_users_write_them() {
        for (text, version) in
            [("1", Version::V1), ("v1.1", Version::V1_1), ("2.0", Version::V2), ("V2", Version::V2)]
        {
            assert_eq!(text.parse::<Version>().unwrap(), version);
        }
        assert!("3".parse::<Version>().is_err());
    }
}
