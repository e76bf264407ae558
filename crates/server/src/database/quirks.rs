//! Every difference between the strict and the relaxed mode. Nothing else in this module branches on the mode.

use crate::Mode;

/// Oddities of the reference server that are kept in strict mode only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// C3: two hundred calls per minute and verb, where the options say nothing else.
    RateLimits,
    /// C17: a module always says that two instances have it.
    ModulesCountTwo,
}

/// The oddities in force.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quirks {
    strict: bool,
}

impl Quirks {
    /// The oddities of a mode.
    pub(crate) fn of(mode: Mode) -> Self {
        Self { strict: mode == Mode::Strict }
    }

    /// Whether this oddity is shown.
    pub(crate) fn has(self, quirk: Quirk) -> bool {
        match quirk {
            Quirk::RateLimits | Quirk::ModulesCountTwo => self.strict,
        }
    }
}
