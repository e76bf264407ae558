//! Zaqar data: plain functions over a transaction, one file per resource.
//!
//! Times are microseconds of service time. The project of requests without one (v1) is `""`. Ids of messages,
//! claims and subscriptions are 24 hexadecimal digits, as the reference server has them.

pub(crate) mod claims;
pub(crate) mod expiry;
pub(crate) mod flavors;
pub(crate) mod messages;
pub(crate) mod pools;
pub(crate) mod queues;
pub(crate) mod schema;
pub(crate) mod subscriptions;

use pentad_store::{StoreError, Tx};

/// Result of a storage function.
pub(crate) type Db<T> = Result<T, StoreError>;

/// The next number of the installation: boxes and places of subscriptions.
pub(crate) fn next_id(tx: &mut Tx<'_>) -> Db<i64> {
    tx.query_one("UPDATE counters SET value = value + 1 WHERE name = 'id' RETURNING value", &[], |row| {
        row.int(0)
    })
}

/// Service time of this transaction in microseconds.
pub(crate) fn now(tx: &Tx<'_>) -> i64 {
    tx.now().as_microsecond()
}

/// A random id of 24 hex digits: claims and subscriptions.
pub(crate) fn new_hex_id() -> String {
    let mut hex = uuid::Uuid::new_v4().simple().to_string();
    hex.truncate(24);
    hex
}

/// Whether this has the form of an id.
pub(crate) fn is_hex_id(id: &str) -> bool {
    id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}
