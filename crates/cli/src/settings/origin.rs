//! A value together with the place that it came from.

use std::fmt;
use std::path::PathBuf;

/// Where a setting came from, strongest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag on the command line, without its dashes.
    Flag(&'static str),
    /// An environment variable.
    Env(&'static str),
    /// A key of the configuration file.
    File(PathBuf, String),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag --{name}"),
            Self::Env(name) => write!(f, "environment {name}"),
            Self::File(path, key) => write!(f, "file {} ({key})", path.display()),
            Self::Default => f.write_str("built-in default"),
        }
    }
}

/// A value and its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

impl<T> Setting<T> {
    /// A value from a place.
    pub(crate) const fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// The built-in value.
    pub(crate) const fn default_of(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }
}

/// The first place that says something: flag, environment, file.
pub(crate) fn first<T>(
    flag: Option<(T, &'static str)>,
    env: Option<(T, &'static str)>,
    file: Option<(T, Origin)>,
) -> Option<Setting<T>> {
    flag.map(|(value, name)| Setting::new(value, Origin::Flag(name)))
        .or_else(|| env.map(|(value, name)| Setting::new(value, Origin::Env(name))))
        .or_else(|| file.map(|(value, origin)| Setting::new(value, origin)))
}
