//! Documents: what services keep under an id, in one table, and pages of it that read no more than they show.
//!
//! Whoever uses this has the tables `records` (kind, id, seq, scope, name, owner, rank, doc) and `counters` with a row
//! `seq` among its own.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use pentad_store::{Result, Row, StoreError, StoreErrorKind, ToValue, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Something that is stored as a document.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// The kind, as stored.
    const KIND: &'static str;
    /// The name of the kind in messages.
    const TITLE: &'static str = Self::KIND;

    /// Its id.
    fn id(&self) -> &str;

    /// Whose it is, within which its name is unique; `""` if it is nobody's.
    fn scope(&self) -> &str {
        ""
    }

    /// Its name; its id if names may repeat.
    fn name(&self) -> &str {
        self.id()
    }

    /// What it is listed by beside its kind: parent, service, user.
    fn owner(&self) -> &str {
        ""
    }

    /// What lists by rank have first; 0 if there are none.
    fn rank(&self) -> i64 {
        0
    }
}

/// Rows asked for at once; those that nobody looks at are not decoded.
const CHUNK: i64 = 256;

/// Which records of a kind are meant: all that have what is given here.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Select<'a> {
    pub(crate) scope: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) owner: Option<&'a str>,
}

impl<'a> Select<'a> {
    /// Those within a scope.
    pub(crate) fn within(scope: &'a str) -> Self {
        Self { scope: Some(scope), ..Self::default() }
    }

    /// Those of an owner.
    pub(crate) fn owned(owner: &'a str) -> Self {
        Self { owner: Some(owner), ..Self::default() }
    }

    /// The conditions behind those that there are.
    fn narrow<'p>(&'p self, sql: &mut String, params: &mut Vec<&'p dyn ToValue>) {
        for (column, value) in [("scope", &self.scope), ("name", &self.name), ("owner", &self.owner)] {
            if let Some(value) = value {
                params.push(value);
                // Writing to a string does not fail.
                let _ = write!(sql, " AND {column} = ${}", params.len());
            }
        }
    }
}

fn read<R: Record>(row: &Row<'_>) -> Result<R> {
    serde_json::from_str(row.text_ref(0)?)
        .map_err(|error| StoreError::new(StoreErrorKind::Decode, format!("a stored {}: {error}", R::KIND)))
}

fn write<R: Record>(record: &R) -> Result<String> {
    serde_json::to_string(record)
        .map_err(|error| StoreError::new(StoreErrorKind::Statement, format!("a {}: {error}", R::KIND)))
}

/// The next number in the order of creation.
pub(crate) fn next_seq(tx: &mut Tx<'_>) -> Result<i64> {
    tx.query_one("UPDATE counters SET value = value + 1 WHERE name = 'seq' RETURNING value", &[], |row| {
        row.int(0)
    })
}

/// The record with this id.
pub(crate) fn get<R: Record>(tx: &mut Tx<'_>, id: &str) -> Result<Option<R>> {
    tx.query_opt("SELECT doc FROM records WHERE kind = $1 AND id = $2", &[&R::KIND, &id], read)
}

/// The record of this name.
pub(crate) fn by_name<R: Record>(tx: &mut Tx<'_>, scope: &str, name: &str) -> Result<Option<R>> {
    let sql = "SELECT doc FROM records WHERE kind = $1 AND scope = $2 AND name = $3";
    tx.query_opt(sql, &[&R::KIND, &scope, &name], read)
}

/// Every record of the kind, oldest first.
pub(crate) fn all<R: Record>(tx: &mut Tx<'_>) -> Result<Vec<R>> {
    tx.query("SELECT doc FROM records WHERE kind = $1 ORDER BY seq", &[&R::KIND], read)
}

/// Every record within a scope, oldest first.
pub(crate) fn within<R: Record>(tx: &mut Tx<'_>, scope: &str) -> Result<Vec<R>> {
    tx.query("SELECT doc FROM records WHERE kind = $1 AND scope = $2 ORDER BY seq", &[&R::KIND, &scope], read)
}

/// Every record of an owner, oldest first.
pub(crate) fn owned<R: Record>(tx: &mut Tx<'_>, owner: &str) -> Result<Vec<R>> {
    tx.query("SELECT doc FROM records WHERE kind = $1 AND owner = $2 ORDER BY seq", &[&R::KIND, &owner], read)
}

/// The place of a record in the order of creation.
pub(crate) fn age<R: Record>(tx: &mut Tx<'_>, id: &str) -> Result<Option<i64>> {
    tx.query_opt("SELECT seq FROM records WHERE kind = $1 AND id = $2", &[&R::KIND, &id], |row| row.int(0))
}

/// Shows the records younger than a place in the order of creation to `f`, oldest first, until that breaks off.
pub(crate) fn each_by_age<R: Record>(
    tx: &mut Tx<'_>,
    select: Select<'_>,
    mut after: i64,
    mut f: impl FnMut(R) -> ControlFlow<()>,
) -> Result<()> {
    loop {
        let (start, mut rows, mut over) = (after, 0, false);
        let mut sql = "SELECT doc, seq FROM records WHERE kind = $1 AND seq > $2".to_owned();
        let mut params: Vec<&dyn ToValue> = vec![&R::KIND, &start];
        select.narrow(&mut sql, &mut params);
        let _ = write!(sql, " ORDER BY seq LIMIT {CHUNK}");
        tx.each(&sql, &params, |row| {
            (after, rows) = (row.int(1)?, rows + 1);
            let flow = f(read(row)?);
            over = flow.is_break();
            Ok(flow)
        })?;
        if over || rows < CHUNK {
            return Ok(());
        }
    }
}

/// Shows the records whose names come after one to `f`, in the order of names, until that breaks off.
pub(crate) fn each_by_name<R: Record>(
    tx: &mut Tx<'_>,
    select: Select<'_>,
    after: &str,
    mut f: impl FnMut(R) -> ControlFlow<()>,
) -> Result<()> {
    let mut after = after.to_owned();
    loop {
        let (start, mut rows, mut over) = (after.clone(), 0, false);
        let mut sql = "SELECT doc, name FROM records WHERE kind = $1 AND name > $2".to_owned();
        let mut params: Vec<&dyn ToValue> = vec![&R::KIND, &start];
        select.narrow(&mut sql, &mut params);
        let _ = write!(sql, " ORDER BY name LIMIT {CHUNK}");
        tx.each(&sql, &params, |row| {
            (after, rows) = (row.text(1)?, rows + 1);
            let flow = f(read(row)?);
            over = flow.is_break();
            Ok(flow)
        })?;
        if over || rows < CHUNK {
            return Ok(());
        }
    }
}

/// Shows records of several kinds to `f`, the highest rank first and the oldest first within, but for the first `skip` of
/// them, until that breaks off. All these kinds are read as one.
pub(crate) fn each_by_rank<R: Record>(
    tx: &mut Tx<'_>,
    kinds: &[&str],
    select: Select<'_>,
    mut skip: i64,
    mut f: impl FnMut(R) -> ControlFlow<()>,
) -> Result<()> {
    loop {
        let (start, mut rows, mut over) = (skip, 0, false);
        let mut params: Vec<&dyn ToValue> = vec![&start];
        let mut places = Vec::new();
        for kind in kinds {
            params.push(kind);
            places.push(format!("${}", params.len()));
        }
        let mut sql = format!("SELECT doc FROM records WHERE kind IN ({})", places.join(", "));
        select.narrow(&mut sql, &mut params);
        let _ = write!(sql, " ORDER BY rank DESC, seq LIMIT {CHUNK} OFFSET $1");
        tx.each(&sql, &params, |row| {
            rows += 1;
            let flow = f(read(row)?);
            over = flow.is_break();
            Ok(flow)
        })?;
        if over || rows < CHUNK {
            return Ok(());
        }
        skip = skip.saturating_add(rows);
    }
}

/// Stores a new record; `false` if its id or name is taken.
pub(crate) fn insert<R: Record>(tx: &mut Tx<'_>, record: &R) -> Result<bool> {
    store(tx, record, "ON CONFLICT DO NOTHING")
}

/// Stores a record, in the place of the one with its id if there is one.
pub(crate) fn put<R: Record>(tx: &mut Tx<'_>, record: &R) -> Result<()> {
    let replace = "ON CONFLICT (kind, id) DO UPDATE SET scope = excluded.scope, name = excluded.name, \
                   owner = excluded.owner, rank = excluded.rank, doc = excluded.doc";
    store(tx, record, replace).map(drop)
}

fn store<R: Record>(tx: &mut Tx<'_>, record: &R, conflict: &str) -> Result<bool> {
    let (seq, doc) = (next_seq(tx)?, write(record)?);
    let sql = format!(
        "INSERT INTO records (kind, id, seq, scope, name, owner, rank, doc) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) {conflict}"
    );
    let (scope, name, owner) = (record.scope(), record.name(), record.owner());
    let done =
        tx.execute(&sql, &[&R::KIND, &record.id(), &seq, &scope, &name, &owner, &record.rank(), &doc])?;
    Ok(done > 0)
}

/// Stores a record in the place of the one with its id; `false` if another has its name.
pub(crate) fn update<R: Record>(tx: &mut Tx<'_>, record: &R) -> Result<bool> {
    let (scope, name, owner) = (record.scope(), record.name(), record.owner());
    let taken = tx.query_opt(
        "SELECT id FROM records WHERE kind = $1 AND scope = $2 AND name = $3 AND id <> $4",
        &[&R::KIND, &scope, &name, &record.id()],
        |row| row.text(0),
    )?;
    if taken.is_some() {
        return Ok(false);
    }
    let doc = write(record)?;
    tx.execute(
        "UPDATE records SET scope = $3, name = $4, owner = $5, rank = $6, doc = $7 WHERE kind = $1 AND id = $2",
        &[&R::KIND, &record.id(), &scope, &name, &owner, &record.rank(), &doc],
    )?;
    Ok(true)
}

/// Removes a record; says whether it was there.
pub(crate) fn delete<R: Record>(tx: &mut Tx<'_>, id: &str) -> Result<bool> {
    Ok(tx.execute("DELETE FROM records WHERE kind = $1 AND id = $2", &[&R::KIND, &id])? > 0)
}

/// Removes every record within a scope, of all kinds; says how many there were.
pub(crate) fn delete_within(tx: &mut Tx<'_>, scope: &str) -> Result<u64> {
    tx.execute("DELETE FROM records WHERE scope = $1", &[&scope])
}

#[cfg(test)]
mod tests;
