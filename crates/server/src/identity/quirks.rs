//! Every difference between the strict and the relaxed mode. Nothing else in this module branches on the mode.

/// Oddities of the released service that are kept in strict mode only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// B9: links of tags and of the roles of a trust lack a part of their path.
    ShortLinks,
    /// B4: a password method without `user` is missed "in None".
    InNone,
}

/// The oddities in force.
pub(crate) type Quirks = crate::quirks::Quirks<Quirk>;
