//! Trove's data: plain functions over a transaction.
//!
//! Everything with an id is a document in one table; what is to happen at a moment of service time is a row of `jobs`.
//! Times are whole microseconds of service time.

pub(crate) mod jobs;
pub(crate) mod records;
pub(crate) mod schema;

use pentad_store::{StoreError, Tx};

/// Result of a storage function.
pub(crate) type Db<T> = Result<T, StoreError>;

/// Service time of this transaction.
pub(crate) fn now(tx: &Tx<'_>) -> i64 {
    tx.now().as_microsecond()
}
