//! Collections: where resources are.

use pentad_store::Tx;

use super::{Db, resources};

/// A stored collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CollectionRow {
    pub(crate) id: i64,
    pub(crate) path: String,
    /// How many resources it has.
    pub(crate) size: i64,
}

/// Rows removed in one go.
const BATCH: i64 = 200;

/// The collection at a path.
pub(crate) fn find(tx: &mut Tx<'_>, path: &str) -> Db<Option<CollectionRow>> {
    tx.query_opt("SELECT id, path, size FROM collections WHERE path = $1", &[&path], |row| {
        Ok(CollectionRow { id: row.int(0)?, path: row.text(1)?, size: row.int(2)? })
    })
}

/// The collection at a path, made if need be.
pub(crate) fn ensure(tx: &mut Tx<'_>, path: &str) -> Db<CollectionRow> {
    let sql = "INSERT INTO collections (path, size, next, version) VALUES ($1, 0, 0, 0) ON CONFLICT (path) DO NOTHING";
    if let Some(known) = find(tx, path)? {
        return Ok(known);
    }
    tx.execute(sql, &[&path])?;
    tx.query_one("SELECT id, path, size FROM collections WHERE path = $1", &[&path], |row| {
        Ok(CollectionRow { id: row.int(0)?, path: row.text(1)?, size: row.int(2)? })
    })
}

/// Takes the next number for an id of this collection.
pub(crate) fn next_number(tx: &mut Tx<'_>, id: i64) -> Db<i64> {
    tx.query_one("UPDATE collections SET next = next + 1 WHERE id = $1 RETURNING next", &[&id], |row| {
        row.int(0)
    })
}

/// Counts resources added or removed.
pub(crate) fn grow(tx: &mut Tx<'_>, id: i64, by: i64) -> Db<()> {
    let sql = "UPDATE collections SET size = size + $2, version = version + 1 WHERE id = $1";
    tx.execute(sql, &[&id, &by]).map(drop)
}

/// Removes some of what is below a path, the path itself excluded: up to a bounded number of resources, or empty
/// collections. Whether anything is left.
pub(crate) fn remove_below(tx: &mut Tx<'_>, path: &str) -> Db<bool> {
    // The byte after `/` is `0`.
    let (from, to) = (format!("{path}/"), format!("{path}0"));
    let sql = "SELECT id FROM collections WHERE path >= $1 AND path < $2 ORDER BY path LIMIT 1";
    let Some(collection) = tx.query_opt(sql, &[&from, &to], |row| row.int(0))? else { return Ok(false) };
    let sql = "SELECT id FROM resources WHERE collection = $1 ORDER BY id LIMIT $2";
    let ids = tx.query(sql, &[&collection, &BATCH], |row| row.int(0))?;
    for id in &ids {
        resources::discard(tx, *id)?;
    }
    if (ids.len() as i64) < BATCH {
        tx.execute("DELETE FROM collections WHERE id = $1", &[&collection])?;
    }
    Ok(true)
}
