//! The three shapes that the API has had.

use std::fmt;
use std::str::FromStr;

use pentad_core::{Api, Error, Op, Result};

use crate::ops;

/// A dialect of the API. The paths begin alike and the shapes are incompatible (IVCAP reference 1); this client has one
/// model above them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// API 0.23 to 0.25: what the first Python client spoke.
    L23,
    /// API 0.26 to 0.29: the Python packages 0.28.
    L28,
    /// From API 0.44 on: aspects, jobs, queues, secrets, projects. The levels 0.30 to 0.43, which had services in a third
    /// form, are not spoken.
    #[default]
    Modern,
}

impl Dialect {
    /// All dialects, oldest first.
    pub const ALL: [Self; 3] = [Self::L23, Self::L28, Self::Modern];

    /// The name of the dialect in the table of operations.
    pub const fn api(self) -> Api {
        match self {
            Self::L23 => ops::L23,
            Self::L28 => ops::L28,
            Self::Modern => ops::MODERN,
        }
    }

    /// The label: `l23`, `l28` or `modern`.
    pub const fn label(self) -> &'static str {
        self.api().0
    }

    /// Whether this dialect has the operation.
    pub fn has(self, op: &Op) -> bool {
        op.route(self.api()).is_ok()
    }

    /// Whether this is one of the two old dialects, which share most shapes.
    pub const fn is_old(self) -> bool {
        matches!(self, Self::L23 | Self::L28)
    }

    pub(crate) fn of(api: Api) -> Self {
        Self::ALL.into_iter().find(|dialect| dialect.api() == api).unwrap_or_default()
    }

    /// The dialect of an API level such as `0.28`, as the platform's API document gives it.
    pub fn of_level(level: &str) -> Option<Self> {
        let mut parts = level.trim().trim_start_matches('v').split('.').map(str::parse::<u32>);
        match (parts.next()?.ok()?, parts.next()?.ok()?) {
            // Levels before that are of no such platform.
            (0, 0..=22) => None,
            (0, 23..=25) => Some(Self::L23),
            (0, 26..=29) => Some(Self::L28),
            (0, 30..=43) => None,
            _ => Some(Self::Modern),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Dialect {
    type Err = Error;

    /// Reads `l23` (also `seed`), `l28` and `modern` (also `m`), and API levels such as `0.28`.
    fn from_str(text: &str) -> Result<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "l23" | "seed" | "23" => Ok(Self::L23),
            "l28" | "28" => Ok(Self::L28),
            "modern" | "m" => Ok(Self::Modern),
            level => Self::of_level(level)
                .ok_or_else(|| Error::invalid("dialect", format!("{text:?} is none of l23, l28 and modern"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_are_read_by_label_alias_and_api_level() {
        for (text, dialect) in [
            ("seed", Dialect::L23),
            ("0.23.1", Dialect::L23),
            ("L28", Dialect::L28),
            ("0.28", Dialect::L28),
            ("0.44", Dialect::Modern),
            ("0.48", Dialect::Modern),
            ("m", Dialect::Modern),
        ] {
            assert_eq!(text.parse::<Dialect>().unwrap(), dialect, "{text}");
        }
        assert!("old".parse::<Dialect>().is_err());
        for other in ["0.1.0", "0.30", "0.43.15"] {
            assert_eq!(Dialect::of_level(other), None, "{other}");
        }
    }
}
