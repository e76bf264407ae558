//! Every difference between the strict and the relaxed mode. Nothing else in this module branches on the mode.

use crate::Mode;

/// Oddities of the released service that are kept in strict mode only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// 14.2: the grammar refuses logic inside `not`, lists of one term, empty lists and the bare value `t`.
    StrictGrammar,
    /// 14.5: `+` in the value of `search` is a plus.
    PlusIsPlus,
    /// 4: a path with an empty segment is another path.
    EmptySegments,
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
            Quirk::StrictGrammar | Quirk::PlusIsPlus | Quirk::EmptySegments => self.strict,
        }
    }
}
