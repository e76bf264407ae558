//! Identity data: plain functions over a transaction.
//!
//! Things with attributes of their own are documents in one table; who has which role where, who is in which group
//! and which tokens were revoked are tables of their own. Times are microseconds of service time.

pub(crate) mod grants;
pub(crate) mod records;
pub(crate) mod schema;
pub(crate) mod security;

use pentad_store::{StoreError, Tx};

/// Result of a storage function.
pub(crate) type Db<T> = Result<T, StoreError>;

/// Key touched by every change; what was cached of tokens is then read again.
pub(crate) const DIRECTORY: &str = "directory";

/// The next number in the order of creation.
pub(crate) fn next_seq(tx: &mut Tx<'_>) -> Db<i64> {
    tx.query_one("UPDATE counters SET value = value + 1 WHERE name = 'seq' RETURNING value", &[], |row| {
        row.int(0)
    })
}

/// Service time of this transaction in microseconds.
pub(crate) fn now(tx: &Tx<'_>) -> i64 {
    tx.now().as_microsecond()
}
