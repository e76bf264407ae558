//! Collections: where resources are.

use pentad_store::{Row, Tx};

use super::cells::Hot;
use super::{Db, resources};

/// A stored collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CollectionRow {
    pub(crate) id: i64,
    pub(crate) path: String,
    /// How many resources it has.
    pub(crate) size: i64,
    trusted: String,
    marked: String,
}

impl CollectionRow {
    /// The paths by which an index finds every resource, whenever it was stored.
    pub(crate) fn trusted(&self) -> Hot {
        Hot::read(&self.trusted)
    }

    /// The paths by which resources are indexed when they are stored.
    pub(crate) fn marked(&self) -> Hot {
        Hot::read(&self.marked)
    }

    fn read(row: &Row<'_>) -> Db<Self> {
        Ok(Self {
            id: row.int(0)?,
            path: row.text(1)?,
            size: row.int(2)?,
            trusted: row.text(3)?,
            marked: row.text(4)?,
        })
    }
}

const COLUMNS: &str = "id, path, size, trusted, marked";

/// Rows removed or written again in one go.
const BATCH: i64 = 100;

/// No path of a request begins so: what is below a removed resource waits there for its removal.
const REMOVED: &str = "/removed/";
const AFTER_REMOVED: &str = "/removed0";

/// What is touched when [`clean`] or [`adopt`] has something to do.
pub(crate) const CHORES: &str = "chores";

/// The collection at a path.
pub(crate) fn find(tx: &mut Tx<'_>, path: &str) -> Db<Option<CollectionRow>> {
    let sql = format!("SELECT {COLUMNS} FROM collections WHERE path = $1");
    tx.query_opt(&sql, &[&path], CollectionRow::read)
}

/// The collection at a path, made if need be: its resources are then indexed by `hot`.
pub(crate) fn ensure(tx: &mut Tx<'_>, path: &str, hot: &Hot) -> Db<CollectionRow> {
    if let Some(known) = find(tx, path)? {
        return Ok(known);
    }
    let sql = "INSERT INTO collections (path, size, next, trusted, marked) VALUES ($1, 0, 0, $2, $2) \
               ON CONFLICT (path) DO NOTHING";
    tx.execute(sql, &[&path, &hot.written()])?;
    let sql = format!("SELECT {COLUMNS} FROM collections WHERE path = $1");
    tx.query_one(&sql, &[&path], CollectionRow::read)
}

/// Takes numbers for ids of this collection; the first of them.
pub(crate) fn take_numbers(tx: &mut Tx<'_>, id: i64, count: i64) -> Db<i64> {
    let sql = "UPDATE collections SET next = next + $2 WHERE id = $1 RETURNING next";
    tx.query_one(sql, &[&id, &count], |row| Ok(row.int(0)? - count + 1))
}

/// Counts resources added or removed.
pub(crate) fn grow(tx: &mut Tx<'_>, id: i64, by: i64) -> Db<()> {
    tx.execute("UPDATE collections SET size = size + $2 WHERE id = $1", &[&id, &by]).map(drop)
}

/// Puts what is below a path, the path itself excluded, where nobody finds it; [`clean`] removes it.
pub(crate) fn bury_below(tx: &mut Tx<'_>, path: &str) -> Db<()> {
    // The byte after `/` is `0`.
    let (from, to) = (format!("{path}/"), format!("{path}0"));
    let sql = format!(
        "UPDATE collections SET path = '{REMOVED}' || CAST(id AS VARCHAR) WHERE path >= $1 AND path < $2"
    );
    if tx.execute(&sql, &[&from, &to])? > 0 {
        tx.touch(CHORES);
    }
    Ok(())
}

/// Removes some of what was buried; whether anything is left.
pub(crate) fn clean(tx: &mut Tx<'_>) -> Db<bool> {
    let sql = format!(
        "SELECT id FROM collections WHERE path >= '{REMOVED}' AND path < '{AFTER_REMOVED}' ORDER BY path LIMIT 1"
    );
    let Some(collection) = tx.query_opt(&sql, &[], |row| row.int(0))? else { return Ok(false) };
    let rows = resources::some(tx, collection, 0, BATCH)?;
    for row in &rows {
        resources::discard(tx, collection, row)?;
    }
    if (rows.len() as i64) < BATCH {
        tx.execute("DELETE FROM collections WHERE id = $1", &[&collection])?;
    }
    Ok(true)
}

/// The collections after `id`, some of them.
pub(crate) fn after(tx: &mut Tx<'_>, id: i64) -> Db<Vec<CollectionRow>> {
    let sql = format!("SELECT {COLUMNS} FROM collections WHERE id > $1 ORDER BY id LIMIT $2");
    tx.query(&sql, &[&id, &BATCH], CollectionRow::read)
}

/// From now on resources are indexed by `hot`, and only what they were and will be indexed by is trusted. Whether those
/// from before must be written again, by [`adopt`].
pub(crate) fn mark(tx: &mut Tx<'_>, id: i64, hot: &Hot) -> Db<bool> {
    let sql = format!("SELECT {COLUMNS} FROM collections WHERE id = $1");
    let Some(row) = tx.query_opt(&sql, &[&id], CollectionRow::read)? else { return Ok(false) };
    if row.marked() != *hot {
        let trusted = row.trusted().both(hot);
        let sql = "UPDATE collections SET trusted = $2, marked = $3 WHERE id = $1";
        tx.execute(sql, &[&id, &trusted.written(), &hot.written()])?;
        return Ok(true);
    }
    Ok(row.trusted() != *hot)
}

/// Writes what is known about some resources behind `last` again, as they are indexed now. The last of them; none at the
/// end, from which on the index is trusted.
pub(crate) fn adopt(tx: &mut Tx<'_>, id: i64, hot: &Hot, last: i64) -> Db<Option<i64>> {
    let sql = format!("SELECT {COLUMNS} FROM collections WHERE id = $1");
    // Another installation may have other wishes: who comes last is heard.
    let row = tx.query_opt(&sql, &[&id], CollectionRow::read)?;
    let Some(collection) = row.filter(|row| row.marked() == *hot) else { return Ok(None) };
    let rows = resources::some(tx, id, last, BATCH)?;
    for row in &rows {
        resources::reindex(tx, &collection, row)?;
    }
    match rows.last() {
        Some(row) => Ok(Some(row.id)),
        None => {
            tx.execute("UPDATE collections SET trusted = marked WHERE id = $1", &[&id])?;
            Ok(None)
        }
    }
}
