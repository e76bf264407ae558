//! Identity data: plain functions over a transaction.
//!
//! Things with attributes of their own are documents in one table; who has which role where, who is in which group
//! and which tokens were revoked are tables of their own. Times are microseconds of service time.

pub(crate) mod grants;
pub(crate) mod schema;
pub(crate) mod security;

use pentad_store::{StoreError, Tx};

pub(crate) use crate::records;

/// Result of a storage function.
pub(crate) type Db<T> = Result<T, StoreError>;

/// Key touched by every change; what was cached of tokens is then read again.
pub(crate) const DIRECTORY: &str = "directory";

/// Service time of this transaction in microseconds.
pub(crate) fn now(tx: &Tx<'_>) -> i64 {
    tx.now().as_microsecond()
}
