//! Every difference between the strict and the relaxed mode. Nothing else in this module branches on the mode.

/// Oddities of the reference server that are kept in strict mode only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// C3: two hundred calls per minute and verb, where the options say nothing else.
    RateLimits,
    /// C17: a module always says that two instances have it.
    ModulesCountTwo,
}

/// The oddities in force.
pub(crate) type Quirks = crate::quirks::Quirks<Quirk>;
