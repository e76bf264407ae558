//! Policies: who, beside its own account, may read and change a record.

use std::collections::BTreeMap;

use crate::ivcap::urn::Kind;

/// What the built-in policies are for.
const SUBJECTS: [&str; 9] =
    ["metadata", "artifact", "service", "order", "job", "queue", "secret", "project", "package"];

/// The policy of what is created without one: its own account alone.
pub(crate) fn default_of(kind: Kind) -> String {
    let subject = match kind {
        Kind::Aspect | Kind::Record => "metadata",
        other => other.as_str(),
    };
    Kind::Policy.urn(format_args!("ivcap.base.{subject}"))
}

/// One policy of a seed: which accounts it lets in; `*` is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) read: Vec<String>,
    pub(crate) write: Vec<String>,
}

/// All policies there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policies(BTreeMap<String, Policy>);

impl Policies {
    /// The built-in policies (`ivcap.base.…` for the account alone, `ivcap.open.…` for all readers) and those of a seed.
    pub(crate) fn new(seeded: BTreeMap<String, Policy>) -> Self {
        let mut all = BTreeMap::new();
        for subject in SUBJECTS {
            all.insert(Kind::Policy.urn(format_args!("ivcap.base.{subject}")), Policy::default());
            let open = Policy { read: vec!["*".to_owned()], write: Vec::new() };
            all.insert(Kind::Policy.urn(format_args!("ivcap.open.{subject}")), open);
        }
        all.extend(seeded);
        Self(all)
    }

    /// Whether there is such a policy.
    pub(crate) fn has(&self, urn: &str) -> bool {
        self.0.contains_key(urn)
    }

    /// The policies that let this account read.
    pub(crate) fn reads(&self, account: &str) -> Vec<String> {
        self.those(account, |policy| &policy.read)
    }

    /// The policies that let this account change.
    pub(crate) fn writes(&self, account: &str) -> Vec<String> {
        self.those(account, |policy| &policy.write)
    }

    fn those(&self, account: &str, of: impl Fn(&Policy) -> &Vec<String>) -> Vec<String> {
        let lets_in = |policy: &Policy| of(policy).iter().any(|one| one == "*" || one == account);
        self.0.iter().filter(|(_, policy)| lets_in(policy)).map(|(urn, _)| urn.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_policies_let_nobody_else_in_and_open_ones_let_all_read() {
        let policies = Policies::new(BTreeMap::new());
        let reads = policies.reads("urn:ivcap:account:a");
        assert!(reads.contains(&"urn:ivcap:policy:ivcap.open.metadata".to_owned()));
        assert!(reads.iter().all(|urn| urn.contains("ivcap.open.")));
        assert!(policies.writes("urn:ivcap:account:a").is_empty());
        assert!(policies.has(&default_of(Kind::Aspect)) && policies.has(&default_of(Kind::Job)));
    }

    #[test]
    fn a_policy_of_a_seed_names_accounts() {
        let shared = Policy { read: vec!["a".into(), "b".into()], write: vec!["b".into()] };
        let policies = Policies::new([("urn:ivcap:policy:team".to_owned(), shared)].into());
        assert!(policies.reads("a").contains(&"urn:ivcap:policy:team".to_owned()));
        assert_eq!(policies.writes("b"), ["urn:ivcap:policy:team"]);
        assert!(policies.writes("a").is_empty());
    }
}
