//! The accounts and users of the installation, as its seed says.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::policy::Policies;
use super::{Caller, Scopes};

/// An account: who things belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
}

/// A user of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) account: String,
    pub(crate) scopes: Scopes,
    pub(crate) admin: bool,
}

/// A dashboard that the seed names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dashboard {
    pub(crate) id: i64,
    pub(crate) uid: String,
    pub(crate) title: String,
    pub(crate) url: String,
}

/// Everyone there is.
#[derive(Clone, Default)]
pub(crate) struct Directory {
    /// By URN.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// By URN.
    pub(crate) users: BTreeMap<String, User>,
    /// Users by the SHA-256 of a token that the seed gives them.
    pub(crate) tokens: HashMap<[u8; 32], String>,
    pub(crate) policies: Policies,
    pub(crate) dashboards: Vec<Dashboard>,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory").field("accounts", &self.accounts).finish_non_exhaustive()
    }
}

impl Directory {
    /// The caller who acts for an account; `None` if there is no such account or no such user any more.
    pub(crate) fn caller(&self, user: &str, account: &str, scopes: Scopes) -> Option<Caller> {
        self.accounts.get(account)?;
        let known = self.users.get(user)?;
        Some(Caller {
            account: account.to_owned(),
            user: user.to_owned(),
            admin: known.admin && known.account == account,
            scopes: scopes.and(known.scopes),
            reads: Arc::from(self.policies.reads(account)),
            writes: Arc::from(self.policies.writes(account)),
        })
    }

    /// The caller who sent a token of the seed.
    pub(crate) fn holder(&self, digest: &[u8; 32]) -> Option<Caller> {
        let urn = self.tokens.get(digest)?;
        let user = self.users.get(urn)?;
        self.caller(urn, &user.account, user.scopes)
    }
}
