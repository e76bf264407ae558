//! Every difference between the strict and the relaxed mode. Nothing else in this module branches on the mode.

use crate::Mode;

/// Oddities of the released service that are kept in strict mode only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// B9: links of tags and of the roles of a trust lack a part of their path.
    ShortLinks,
    /// B4: a password method without `user` is missed "in None".
    InNone,
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
            Quirk::ShortLinks | Quirk::InNone => self.strict,
        }
    }
}
