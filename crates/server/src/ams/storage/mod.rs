//! AMS data: plain functions over a transaction, one file per resource.
//!
//! Ids are numbers from one counter, so that order of creation and order of ids agree. Times are microseconds of
//! service time.

pub(crate) mod acl;
pub(crate) mod metrics;
pub(crate) mod pack;
pub(crate) mod person;
pub(crate) mod projects;
pub(crate) mod registrations;
pub(crate) mod schema;
pub(crate) mod schemas;
pub(crate) mod segments;
pub(crate) mod subscriptions;
pub(crate) mod topics;
pub(crate) mod users;

use pentad_store::{StoreError, Tx};

/// Result of a storage function.
pub(crate) type Db<T> = Result<T, StoreError>;

/// Key touched by every change of users, projects, topics, schemas and ACLs; what was cached is then read again.
pub(crate) const DIRECTORY: &str = "directory";

/// Key touched when a topic gets messages.
pub(crate) fn topic_key(topic: i64) -> String {
    format!("topic:{topic}")
}

/// Key touched when the delivery settings or the position of a subscription change.
pub(crate) fn subscription_key(subscription: i64) -> String {
    format!("subscription:{subscription}")
}

/// The next id.
pub(crate) fn next_id(tx: &mut Tx<'_>) -> Db<i64> {
    tx.query_one("UPDATE counters SET value = value + 1 WHERE name = 'id' RETURNING value", &[], |row| {
        row.int(0)
    })
}

/// Service time of this transaction in microseconds.
pub(crate) fn now(tx: &Tx<'_>) -> i64 {
    tx.now().as_microsecond()
}

/// A list of names as it is stored.
pub(crate) fn list_text(list: Option<&Vec<String>>) -> Option<String> {
    list.and_then(|list| serde_json::to_string(list).ok())
}

/// A stored list of names.
pub(crate) fn text_list(text: Option<String>) -> Option<Vec<String>> {
    text.and_then(|text| serde_json::from_str(&text).ok())
}
