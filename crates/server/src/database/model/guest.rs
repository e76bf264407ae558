//! What is inside of a simulated instance.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::storage::records::Record;

/// A database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GuestDatabase {
    pub(crate) character_set: Option<String>,
    pub(crate) collate: Option<String>,
}

/// A user; its password is nobody's to read and is not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GuestUser {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) databases: BTreeSet<String>,
}

impl GuestUser {
    /// `name@host`: what users are sorted and paged by.
    pub(crate) fn key(&self) -> String {
        key(&self.name, &self.host)
    }
}

fn key(name: &str, host: &str) -> String {
    format!("{name}@{host}")
}

/// Databases and users.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contents {
    pub(crate) databases: BTreeMap<String, GuestDatabase>,
    /// By `name@host`.
    pub(crate) users: BTreeMap<String, GuestUser>,
}

impl Contents {
    /// A user.
    pub(crate) fn user(&self, name: &str, host: &str) -> Option<&GuestUser> {
        self.users.get(&key(name, host))
    }

    /// A user, to change it.
    pub(crate) fn user_mut(&mut self, name: &str, host: &str) -> Option<&mut GuestUser> {
        self.users.get_mut(&key(name, host))
    }

    /// Takes a user out.
    pub(crate) fn remove_user(&mut self, name: &str, host: &str) -> Option<GuestUser> {
        self.users.remove(&key(name, host))
    }

    /// Puts a user in.
    pub(crate) fn add_user(&mut self, user: GuestUser) {
        self.users.insert(user.key(), user);
    }
}

/// A log of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Log {
    pub(crate) is_enabled: bool,
    /// Whether enabling or disabling waits for a restart.
    pub(crate) needs_restart: bool,
    /// Bytes in the container.
    pub(crate) published: u64,
    /// What was not published yet.
    pub(crate) pending: String,
    /// Published parts: name and content.
    pub(crate) parts: Vec<(String, String)>,
    /// Whether there ever was a publication.
    pub(crate) was_published: bool,
    /// Of the log of a real database: the bytes that were published or discarded.
    #[serde(default)]
    pub(crate) position: u64,
}

/// The inside of an instance; its id is the instance's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Guest {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) contents: Contents,
    /// By name.
    pub(crate) logs: BTreeMap<String, Log>,
    /// How often the agent was upgraded, after the first.
    pub(crate) agent: u32,
}

impl Record for Guest {
    const KIND: &'static str = "guest";

    fn id(&self) -> &str {
        &self.id
    }

    fn scope(&self) -> &str {
        &self.tenant
    }
}
