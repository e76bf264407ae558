//! Every difference between the strict and the relaxed mode. Nothing else in this module branches on the mode.

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
pub(crate) type Quirks = crate::quirks::Quirks<Quirk>;
