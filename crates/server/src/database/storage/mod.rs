//! Trove's data: plain functions over a transaction.
//!
//! Everything with an id is a document in one table; what is to happen at a moment of service time is a row of `jobs`.
//! Times are whole microseconds of service time.

pub(crate) mod jobs;
pub(crate) mod schema;

use pentad_store::{StoreError, Tx};

use self::records::Record;
use super::model::{Backup, Gone, Instance};
pub(crate) use crate::records;

/// Result of a storage function.
pub(crate) type Db<T> = Result<T, StoreError>;

/// Service time of this transaction.
pub(crate) fn now(tx: &Tx<'_>) -> i64 {
    tx.now().as_microsecond()
}

/// Stores once more what an earlier build stored with less to list it by.
pub(crate) fn store_again(tx: &mut Tx<'_>) -> Db<()> {
    if tx.execute("DELETE FROM counters WHERE name = 'again'", &[])? == 0 {
        return Ok(());
    }
    again::<Instance>(tx)?;
    again::<Gone>(tx)?;
    again::<Backup>(tx)
}

fn again<R: Record>(tx: &mut Tx<'_>) -> Db<()> {
    records::all::<R>(tx)?.iter().try_for_each(|one| records::put(tx, one))
}

/// Removes everything.
pub(crate) fn clear(tx: &mut Tx<'_>) -> Db<()> {
    tx.execute("DELETE FROM records", &[])?;
    tx.execute("DELETE FROM jobs", &[]).map(drop)
}
