//! Resources: one stored object each, with its cells.

use std::sync::LazyLock;

use pentad_store::{StoreError, StoreErrorKind, ToValue, Tx};
use serde_json::{Map, Value};

use super::cells::{self, Cell, Hot, TooMany};
use super::collections::{self, CollectionRow};
use super::{Db, id_list};

/// A stored resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResourceRow {
    pub(crate) id: i64,
    /// The object as JSON.
    pub(crate) body: String,
}

/// Rows of one `INSERT`.
const ROWS: usize = 16;
const COLUMNS: usize = 11;

/// The resource of this id in a collection.
pub(crate) fn find(tx: &mut Tx<'_>, collection: i64, name: &str) -> Db<Option<ResourceRow>> {
    let sql = "SELECT id, body FROM resources WHERE collection = $1 AND name = $2";
    tx.query_opt(sql, &[&collection, &name], |row| Ok(ResourceRow { id: row.int(0)?, body: row.text(1)? }))
}

/// Whether the collection has a resource of this id.
pub(crate) fn exists(tx: &mut Tx<'_>, collection: i64, name: &str) -> Db<bool> {
    let sql = "SELECT id FROM resources WHERE collection = $1 AND name = $2";
    Ok(tx.query_opt(sql, &[&collection, &name], |row| row.int(0))?.is_some())
}

/// The resources of a collection behind `last`, at most `most`.
pub(super) fn some(tx: &mut Tx<'_>, collection: i64, last: i64, most: i64) -> Db<Vec<ResourceRow>> {
    let sql = "SELECT id, body FROM resources WHERE collection = $1 AND id > $2 ORDER BY id LIMIT $3";
    tx.query(sql, &[&collection, &last, &most], |row| Ok(ResourceRow { id: row.int(0)?, body: row.text(1)? }))
}

/// An object on its way into the store, taken apart for one collection.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// The object as JSON.
    pub(crate) body: String,
    collection: i64,
    hot: Hot,
    cells: Vec<Cell>,
    words: Option<String>,
}

impl Stored {
    /// How many rows it takes.
    pub(crate) fn rows(&self) -> usize {
        self.cells.len() + 2
    }
}

/// What is kept of an object.
pub(crate) fn prepare(collection: i64, hot: &Hot, object: Map<String, Value>) -> Result<Stored, TooMany> {
    let cells = cells::of(collection, hot, &object)?;
    let words = cells::words(&object);
    Ok(Stored { body: Value::Object(object).to_string(), collection, hot: hot.clone(), cells, words })
}

/// Adds a resource, uncounted. Its id must be free.
pub(crate) fn insert(tx: &mut Tx<'_>, collection: &CollectionRow, name: &str, stored: &Stored) -> Db<()> {
    let sql = "INSERT INTO resources (collection, name, body) VALUES ($1, $2, $3) RETURNING id";
    let id = tx.query_one(sql, &[&collection.id, &name, &stored.body], |row| row.int(0))?;
    index(tx, id, collection, stored)
}

/// Puts another object in the place of a stored one.
pub(crate) fn replace(
    tx: &mut Tx<'_>,
    collection: &CollectionRow,
    row: &ResourceRow,
    stored: &Stored,
) -> Db<()> {
    tx.execute("UPDATE resources SET body = $2 WHERE id = $1", &[&row.id, &stored.body])?;
    forget(tx, collection.id, row)?;
    index(tx, row.id, collection, stored)
}

/// Removes a resource; whether it was there.
pub(crate) fn remove(tx: &mut Tx<'_>, collection: i64, name: &str) -> Db<bool> {
    let Some(row) = find(tx, collection, name)? else { return Ok(false) };
    discard(tx, collection, &row)?;
    collections::grow(tx, collection, -1)?;
    Ok(true)
}

/// Removes a resource that is no more counted.
pub(super) fn discard(tx: &mut Tx<'_>, collection: i64, row: &ResourceRow) -> Db<()> {
    forget(tx, collection, row)?;
    tx.execute("DELETE FROM resources WHERE id = $1", &[&row.id]).map(drop)
}

/// Writes what filters look at once more, as the collection has it now.
pub(super) fn reindex(tx: &mut Tx<'_>, collection: &CollectionRow, row: &ResourceRow) -> Db<()> {
    let stored = taken_apart(collection, &row.body)?;
    forget(tx, collection.id, row)?;
    index(tx, row.id, collection, &stored)
}

fn taken_apart(collection: &CollectionRow, body: &str) -> Db<Stored> {
    prepare(collection.id, &collection.marked(), object(body)?)
        .map_err(|TooMany| damaged("a stored object has too many values"))
}

fn object(body: &str) -> Db<Map<String, Value>> {
    serde_json::from_str(body)
        .map_err(|error| damaged(&format!("a stored object is no JSON object: {error}")))
}

fn damaged(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Decode, what)
}

/// Paths of one `DELETE`.
const PATHS: usize = 64;

/// Removes what filters look at: at the paths that the object has.
fn forget(tx: &mut Tx<'_>, collection: i64, row: &ResourceRow) -> Db<()> {
    let paths = cells::paths(collection, &object(&row.body)?);
    for group in paths.chunks(PATHS) {
        let (list, ids) = id_list(group, PATHS, 2);
        let mut params: Vec<&dyn ToValue> = vec![&row.id];
        params.extend(ids.iter().map(|id| id as &dyn ToValue));
        tx.execute(&format!("DELETE FROM cells WHERE resource = $1 AND path IN ({list})"), &params)?;
    }
    let sql = "DELETE FROM texts WHERE collection = $1 AND resource = $2";
    tx.execute(sql, &[&collection, &row.id]).map(drop)
}

/// Writes what filters look at.
fn index(tx: &mut Tx<'_>, resource: i64, collection: &CollectionRow, stored: &Stored) -> Db<()> {
    // Between taking it apart and storing it, the collection may have become another, or be indexed otherwise.
    if stored.collection != collection.id || stored.hot != collection.marked() {
        let stored = taken_apart(collection, &stored.body)?;
        return write(tx, resource, &stored);
    }
    write(tx, resource, stored)
}

fn write(tx: &mut Tx<'_>, resource: i64, stored: &Stored) -> Db<()> {
    if let Some(words) = &stored.words {
        let sql = "INSERT INTO texts (collection, resource, words) VALUES ($1, $2, $3)";
        tx.execute(sql, &[&stored.collection, &resource, words])?;
    }
    let mut number = 0_i64;
    for group in stored.cells.chunks(ROWS) {
        let numbers: Vec<i64> = (number..).take(group.len()).collect();
        number += group.len() as i64;
        let within: Vec<(Option<i64>, Option<i64>)> =
            group.iter().map(|cell| (cell.within.map(|w| w.0), cell.within.map(|w| w.1))).collect();
        let leads: Vec<i64> = group.iter().map(|cell| cell.lead as i64).collect();
        let mut params: Vec<&dyn ToValue> = Vec::with_capacity(group.len() * COLUMNS);
        for (((cell, (child, last)), n), lead) in group.iter().zip(&within).zip(&numbers).zip(&leads) {
            let row: [&dyn ToValue; COLUMNS] = [
                &resource,
                &cell.path,
                n,
                &cell.frame,
                &cell.code.head,
                &cell.code.rest,
                &cell.folded,
                child,
                last,
                lead,
                &cell.hot,
            ];
            params.extend(row);
        }
        tx.execute(&INSERTS[group.len() - 1], &params)?;
    }
    Ok(())
}

/// The statements that insert one cell, two, and so on: to write one takes longer than to look it up.
static INSERTS: LazyLock<Vec<String>> = LazyLock::new(|| (1..=ROWS).map(insert_rows).collect());

/// The statement that inserts so many cells.
fn insert_rows(rows: usize) -> String {
    let row = |row: usize| {
        let places: Vec<String> =
            (1..=COLUMNS).map(|column| format!("${}", row * COLUMNS + column)).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO cells (resource, path, n, frame, head, rest, folded, child, last, lead, hot) VALUES {}",
        rows.join(", ")
    )
}
