//! Documents: instances, backups, configuration groups and all else that has an id.

use pentad_store::{Row, StoreError, StoreErrorKind, ToValue, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Db;

/// Something that is stored as a document.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// The kind, as stored.
    const KIND: &'static str;

    /// Its id.
    fn id(&self) -> &str;

    /// Whose it is, `""` if it is nobody's.
    fn tenant(&self) -> &str {
        ""
    }

    /// What it is listed by beside its kind.
    fn owner(&self) -> &str {
        ""
    }
}

fn read<R: Record>(row: &Row<'_>) -> Db<R> {
    serde_json::from_str(row.text_ref(0)?)
        .map_err(|error| StoreError::new(StoreErrorKind::Decode, format!("a stored {}: {error}", R::KIND)))
}

fn write<R: Record>(record: &R) -> Db<String> {
    serde_json::to_string(record)
        .map_err(|error| StoreError::new(StoreErrorKind::Statement, format!("a {}: {error}", R::KIND)))
}

/// The next number in the order of creation.
pub(crate) fn next_seq(tx: &mut Tx<'_>) -> Db<i64> {
    tx.query_one("UPDATE counters SET value = value + 1 WHERE name = 'seq' RETURNING value", &[], |row| {
        row.int(0)
    })
}

/// The record with this id.
pub(crate) fn get<R: Record>(tx: &mut Tx<'_>, id: &str) -> Db<Option<R>> {
    tx.query_opt("SELECT doc FROM records WHERE kind = $1 AND id = $2", &[&R::KIND, &id], read)
}

/// Every record of the kind, oldest first.
pub(crate) fn all<R: Record>(tx: &mut Tx<'_>) -> Db<Vec<R>> {
    tx.query("SELECT doc FROM records WHERE kind = $1 ORDER BY seq", &[&R::KIND], read)
}

/// Every record of a tenant, oldest first.
pub(crate) fn of_tenant<R: Record>(tx: &mut Tx<'_>, tenant: &str) -> Db<Vec<R>> {
    let sql = "SELECT doc FROM records WHERE kind = $1 AND tenant = $2 ORDER BY seq";
    tx.query(sql, &[&R::KIND, &tenant], read)
}

/// Every record of an owner, oldest first.
pub(crate) fn owned<R: Record>(tx: &mut Tx<'_>, owner: &str) -> Db<Vec<R>> {
    let sql = "SELECT doc FROM records WHERE kind = $1 AND owner = $2 ORDER BY seq";
    tx.query(sql, &[&R::KIND, &owner], read)
}

/// Stores a record, in the place of the one with its id if there is one.
pub(crate) fn put<R: Record>(tx: &mut Tx<'_>, record: &R) -> Db<()> {
    let (seq, doc) = (next_seq(tx)?, write(record)?);
    let params: [&dyn ToValue; 6] = [&R::KIND, &record.id(), &seq, &record.tenant(), &record.owner(), &doc];
    tx.execute(
        "INSERT INTO records (kind, id, seq, tenant, owner, doc) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (kind, id) DO UPDATE SET tenant = excluded.tenant, owner = excluded.owner, doc = excluded.doc",
        &params,
    )
    .map(drop)
}

/// Removes a record; says whether it was there.
pub(crate) fn remove<R: Record>(tx: &mut Tx<'_>, id: &str) -> Db<bool> {
    Ok(tx.execute("DELETE FROM records WHERE kind = $1 AND id = $2", &[&R::KIND, &id])? > 0)
}

/// Removes every record of a tenant, of all kinds; says how many there were.
pub(crate) fn remove_tenant(tx: &mut Tx<'_>, tenant: &str) -> Db<u64> {
    tx.execute("DELETE FROM records WHERE tenant = $1", &[&tenant])
}

/// Removes every record, and what was planned.
pub(crate) fn clear(tx: &mut Tx<'_>) -> Db<()> {
    tx.execute("DELETE FROM records", &[])?;
    tx.execute("DELETE FROM jobs", &[]).map(drop)
}
