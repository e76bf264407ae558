//! Who calls and what they may do: accounts, users, policies, and the tokens of this installation.

pub(crate) mod device;
mod directory;
pub(crate) mod jwt;
mod keys;
pub(crate) mod policy;
mod tokens;

use std::sync::Arc;

pub(crate) use directory::{Account, Dashboard, Directory, User};
pub(crate) use keys::SigningKey;
pub(crate) use tokens::{Granted, Tokens, sha256};

/// What a token allows (IVCAP reference 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Scopes {
    /// `consumer:read`
    pub(crate) read: bool,
    /// `consumer:write`
    pub(crate) write: bool,
}

impl Scopes {
    pub(crate) const ALL: Self = Self { read: true, write: true };

    /// What both allow.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self { read: self.read && other.read, write: self.write && other.write }
    }

    /// What a blank-separated list asks for; everything if it names none of these.
    pub(crate) fn asked(text: &str) -> Self {
        let named = Self::parse(text);
        if named.read || named.write { named } else { Self::ALL }
    }

    const READ: &str = "consumer:read";
    const WRITE: &str = "consumer:write";

    /// Reads scopes out of a blank-separated list; others are left out.
    pub(crate) fn parse(text: &str) -> Self {
        let has = |scope| text.split_whitespace().any(|one| one == scope);
        Self { read: has(Self::READ), write: has(Self::WRITE) }
    }

    /// The scopes as a token says them.
    pub(crate) fn text(self) -> String {
        let mut words = Vec::new();
        if self.read {
            words.push(Self::READ);
        }
        if self.write {
            words.push(Self::WRITE);
        }
        words.join(" ")
    }
}

/// Who calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Caller {
    /// `urn:ivcap:account:…`; empty without a token.
    pub(crate) account: String,
    /// `urn:ivcap:user:…`
    pub(crate) user: String,
    /// Whether nothing is hidden from this user.
    pub(crate) admin: bool,
    pub(crate) scopes: Scopes,
    /// The policies under which others let this account read.
    pub(crate) reads: Arc<[String]>,
    /// The policies under which others let this account change.
    pub(crate) writes: Arc<[String]>,
}

impl Caller {
    /// Who sends no token.
    pub(crate) fn nobody() -> Self {
        Self::default()
    }

    /// Whether something of this account under this policy may be read.
    pub(crate) fn may_read(&self, account: &str, policy: &str) -> bool {
        self.owns(account) || self.reads.iter().any(|one| one == policy)
    }

    /// Whether something of this account under this policy may be changed.
    pub(crate) fn may_write(&self, account: &str, policy: &str) -> bool {
        self.owns(account) || self.writes.iter().any(|one| one == policy)
    }

    fn owns(&self, account: &str) -> bool {
        self.admin || (!account.is_empty() && account == self.account)
    }
}
