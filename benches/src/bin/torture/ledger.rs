//! The books: what was sent, what was answered.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the load saw, shared by all its tasks. Only whole answers with a success status are entered as answered.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Mutex<Entries>,
}

/// The entries of the books.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// Content of each answered message by its position.
    pub(crate) answered: BTreeMap<i64, String>,
    /// Publish calls that were answered.
    pub(crate) publishes: u64,
    /// Acknowledgements that were answered.
    pub(crate) acks: u64,
    /// The first contradiction that needs no restart to be seen.
    pub(crate) contradiction: Option<String>,
    /// By subscription: position after the last answered acknowledgement.
    pub(crate) acknowledged: BTreeMap<usize, i64>,
    /// By subscription: position after the highest acknowledgement ever sent.
    pub(crate) tried: BTreeMap<usize, i64>,
}

impl Ledger {
    /// The entries, locked.
    pub(crate) fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters an answered publish: `contents` got the positions `ids`.
    pub(crate) fn published(&self, ids: &[i64], contents: Vec<String>) {
        let mut entries = self.entries();
        entries.publishes += 1;
        if ids.len() != contents.len() {
            let said = format!("{} messages were answered with {} ids", contents.len(), ids.len());
            entries.contradiction.get_or_insert(said);
        }
        for (id, content) in ids.iter().zip(contents) {
            if let Some(other) = entries.answered.insert(*id, content.clone()) {
                let said = format!("id {id} was given to {content} and to {other}");
                entries.contradiction.get_or_insert(said);
            }
        }
    }

    /// Notes that an acknowledgement up to `next` is about to be sent.
    pub(crate) fn acknowledging(&self, subscription: usize, next: i64) {
        let mut entries = self.entries();
        let tried = entries.tried.entry(subscription).or_default();
        *tried = next.max(*tried);
    }

    /// Enters an answered acknowledgement up to `next`.
    pub(crate) fn acknowledged(&self, subscription: usize, next: i64) {
        let mut entries = self.entries();
        entries.acks += 1;
        entries.acknowledged.insert(subscription, next);
    }
}
