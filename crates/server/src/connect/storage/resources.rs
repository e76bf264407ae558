//! Resources: one stored object each, with its cells.

use pentad_store::{ToValue, Tx};
use serde_json::{Map, Value};

use super::cells::{self, Cell, Hot, TooMany};
use super::{Db, collections};

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

/// An object on its way into the store.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The object as JSON.
    pub(crate) body: String,
    cells: Vec<Cell>,
    words: Option<String>,
}

/// What is kept of an object.
pub(crate) fn prepare(collection: i64, hot: &Hot, object: Map<String, Value>) -> Result<Stored, TooMany> {
    let cells = cells::of(collection, hot, &object)?;
    let words = cells::words(&object);
    Ok(Stored { body: Value::Object(object).to_string(), cells, words })
}

/// Adds a resource. Its id must be free.
pub(crate) fn insert(tx: &mut Tx<'_>, collection: i64, name: &str, stored: &Stored) -> Db<()> {
    let sql = "INSERT INTO resources (collection, name, body) VALUES ($1, $2, $3) RETURNING id";
    let id = tx.query_one(sql, &[&collection, &name, &stored.body], |row| row.int(0))?;
    index(tx, id, stored)
}

/// Puts another object in the place of a stored one.
pub(crate) fn replace(tx: &mut Tx<'_>, collection: i64, id: i64, stored: &Stored) -> Db<()> {
    tx.execute("UPDATE resources SET body = $2 WHERE id = $1", &[&id, &stored.body])?;
    forget(tx, id)?;
    index(tx, id, stored)?;
    collections::grow(tx, collection, 0)
}

/// Removes a resource; whether it was there.
pub(crate) fn remove(tx: &mut Tx<'_>, collection: i64, name: &str) -> Db<bool> {
    let Some(row) = find(tx, collection, name)? else { return Ok(false) };
    discard(tx, row.id)?;
    collections::grow(tx, collection, -1)?;
    Ok(true)
}

/// Removes a resource that is no more counted.
pub(super) fn discard(tx: &mut Tx<'_>, id: i64) -> Db<()> {
    forget(tx, id)?;
    tx.execute("DELETE FROM resources WHERE id = $1", &[&id]).map(drop)
}

/// Removes what filters look at.
fn forget(tx: &mut Tx<'_>, id: i64) -> Db<()> {
    tx.execute("DELETE FROM cells WHERE resource = $1", &[&id])?;
    tx.execute("DELETE FROM texts WHERE resource = $1", &[&id]).map(drop)
}

/// Writes what filters look at.
fn index(tx: &mut Tx<'_>, resource: i64, stored: &Stored) -> Db<()> {
    if let Some(words) = &stored.words {
        tx.execute("INSERT INTO texts (resource, words) VALUES ($1, $2)", &[&resource, words])?;
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
        tx.execute(&insert_rows(group.len()), &params)?;
    }
    Ok(())
}

/// The statement that inserts so many cells.
fn insert_rows(rows: usize) -> String {
    let mut sql = String::from(
        "INSERT INTO cells (resource, path, n, frame, head, rest, folded, child, last, lead, hot) VALUES ",
    );
    for row in 0..rows {
        let first = row * COLUMNS;
        let places: Vec<String> = (1..=COLUMNS).map(|column| format!("${}", first + column)).collect();
        sql.push_str(if row == 0 { "(" } else { ", (" });
        sql.push_str(&places.join(", "));
        sql.push(')');
    }
    sql
}
