//! Who may do what (AMS reference 3.1).

use std::collections::BTreeSet;

/// One bit per role a route may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoleSet(u8);

/// `service_admin`.
pub(crate) const SA: RoleSet = RoleSet(1);
/// `admin_viewer`.
pub(crate) const AV: RoleSet = RoleSet(2);
/// `push_worker`.
pub(crate) const PW: RoleSet = RoleSet(4);
/// `project_admin`.
pub(crate) const PA: RoleSet = RoleSet(8);
/// `publisher`.
pub(crate) const PUB: RoleSet = RoleSet(16);
/// `consumer`.
pub(crate) const CON: RoleSet = RoleSet(32);
/// Nobody by role; such routes look at the token themselves or not at all.
pub(crate) const OPEN: RoleSet = RoleSet(0);
/// `_admin_`, which passes every check.
const WILDCARD: RoleSet = RoleSet(64);

/// Every role name, with its bit.
const NAMES: [(&str, RoleSet); 7] = [
    ("service_admin", SA),
    ("admin_viewer", AV),
    ("push_worker", PW),
    ("project_admin", PA),
    ("publisher", PUB),
    ("consumer", CON),
    ("_admin_", WILDCARD),
];

impl RoleSet {
    /// Both sets together.
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set of these role names; unknown names count for nothing.
    pub(crate) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().fold(Self(0), |set, name| {
            NAMES.iter().find(|(known, _)| *known == name).map_or(set, |(_, bit)| set.or(*bit))
        })
    }

    /// Whether the two sets share a role.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether a caller with these roles passes a check for `allowed`.
    pub(crate) fn passes(self, allowed: Self) -> bool {
        self.meets(allowed.or(WILDCARD))
    }

    /// Whether nothing is in the set.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether tokens, creators and service roles of others are shown (AMS reference 9.1).
    pub(crate) fn sees_secrets(self) -> bool {
        self.meets(SA.or(WILDCARD))
    }
}

/// Whether `name` is a role that may be given to a user.
pub(crate) fn is_known(name: &str) -> bool {
    NAMES.iter().any(|(known, _)| *known == name)
}

/// The first name that is not a role.
pub(crate) fn unknown<'a>(names: impl IntoIterator<Item = &'a String>) -> Option<&'a String> {
    names.into_iter().find(|name| !is_known(name))
}

/// Drops repeated names, keeping the order of the first ones.
pub(crate) fn distinct(names: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.into_iter().filter(|name| seen.insert(name.clone())).collect()
}
