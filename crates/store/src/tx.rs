//! What a closure sees of its transaction.

use std::fmt;
use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::batch::Connection;
use crate::error::{Result, StoreError, StoreErrorKind};
use crate::postgres;
use crate::value::ToValue;

/// One transaction, as a closure of [`Store::write`](crate::Store::write) or [`Store::read`](crate::Store::read) sees it.
///
/// Statements are in the portable subset described on the crate's front page. After a statement has failed, every
/// further one fails too and the closure's effects are undone even if it returns `Ok`: use `ON CONFLICT` instead
/// of provoking errors.
pub struct Tx<'a> {
    connection: &'a mut dyn Connection,
    now: Timestamp,
    touched: Vec<String>,
    failure: Option<StoreError>,
    writable: bool,
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("now", &self.now).field("writable", &self.writable).finish_non_exhaustive()
    }
}

impl<'a> Tx<'a> {
    pub(crate) fn new(connection: &'a mut dyn Connection, now: Timestamp, writable: bool) -> Self {
        Self { connection, now, touched: Vec::new(), failure: None, writable }
    }

    /// Service time; the same value throughout the transaction.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Runs a statement that returns no rows and says how many it changed.
    ///
    /// # Errors
    /// `Constraint` if the statement breaks one, `ReadOnly` in a read closure, `Statement` if it is faulty.
    pub fn execute(&mut self, sql: &str, params: &[&dyn ToValue]) -> Result<u64> {
        self.ready()?;
        if !self.writable {
            return Err(StoreError::new(StoreErrorKind::ReadOnly, "a read closure cannot write"));
        }
        let done = self.connection.execute(sql, params);
        self.noted(done)
    }

    /// Runs a query and turns every row into a `T`.
    ///
    /// # Errors
    /// As [`execute`](Tx::execute), and whatever `f` returns.
    pub fn query<T>(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        mut f: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.ready()?;
        let mut found = Ok(Vec::new());
        let done = self.connection.query(sql, params, &mut |row| {
            match (f(row), &mut found) {
                (Ok(item), Ok(items)) => items.push(item),
                (Err(error), _) => found = Err(error),
                (Ok(_), Err(_)) => {}
            }
            found.is_ok()
        });
        self.noted(done)?;
        found
    }

    /// Runs a query and shows every row to `f` until that breaks off; nothing is kept.
    ///
    /// # Errors
    /// As [`execute`](Tx::execute), and whatever `f` returns.
    pub fn each(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        mut f: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.ready()?;
        let mut seen = Ok(());
        let done = self.connection.query(sql, params, &mut |row| match f(row) {
            Ok(flow) => flow.is_continue(),
            Err(error) => {
                seen = Err(error);
                false
            }
        });
        self.noted(done)?;
        seen
    }

    /// Runs a query for at most one row; further rows are not looked at.
    ///
    /// # Errors
    /// As [`query`](Tx::query).
    pub fn query_opt<T>(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        f: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        self.ready()?;
        let (mut f, mut found) = (Some(f), None);
        let done = self.connection.query(sql, params, &mut |row| {
            found = f.take().map(|f| f(row));
            false
        });
        self.noted(done)?;
        found.transpose()
    }

    /// Runs a query for exactly one row; further rows are not looked at.
    ///
    /// # Errors
    /// `NotFound` without a row; else as [`query`](Tx::query).
    pub fn query_one<T>(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        f: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.query_opt(sql, params, f)?
            .ok_or_else(|| StoreError::new(StoreErrorKind::NotFound, "the query found no row"))
    }

    /// Wakes those who wait for `key` once this transaction is committed; nothing happens if it is undone.
    pub fn touch(&mut self, key: &str) {
        if !self.touched.iter().any(|k| k == key) {
            self.touched.push(key.to_owned());
        }
    }

    pub(crate) fn failure(&self) -> Option<&StoreError> {
        self.failure.as_ref()
    }

    pub(crate) fn finish(self) -> (Vec<String>, Option<StoreError>) {
        (self.touched, self.failure)
    }

    fn ready(&self) -> Result<()> {
        self.failure.as_ref().map_or(Ok(()), |error| Err(error.clone()))
    }

    fn noted<T>(&mut self, done: Result<T>) -> Result<T> {
        if let Err(error) = &done {
            self.failure = Some(error.clone());
        }
        done
    }
}

/// One row of a query; columns count from 0.
///
/// # Errors
/// Every reader fails with `Decode` if the column is absent or holds something else.
#[derive(Debug)]
pub struct Row<'a>(pub(crate) Source<'a>);

pub(crate) enum Source<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rows hold users' data and sealed secrets: they are not for logs.
        f.write_str(match self {
            Self::Sqlite(_) => "Sqlite(..)",
            Self::Postgres(_) => "Postgres(..)",
        })
    }
}

impl Row<'_> {
    /// Text.
    pub fn text(&self, column: usize) -> Result<String> {
        self.text_ref(column).map(str::to_owned)
    }

    /// Text, borrowed from the row.
    pub fn text_ref(&self, column: usize) -> Result<&str> {
        self.opt_text_ref(column)?.ok_or_else(|| null(column))
    }

    /// An integer; PostgreSQL's other integer types, whole `NUMERIC`s (as from `SUM`) and booleans (0, 1) count too.
    pub fn int(&self, column: usize) -> Result<i64> {
        self.opt_int(column)?.ok_or_else(|| null(column))
    }

    /// Bytes.
    pub fn blob(&self, column: usize) -> Result<Vec<u8>> {
        self.blob_ref(column).map(<[u8]>::to_vec)
    }

    /// Bytes, borrowed from the row.
    pub fn blob_ref(&self, column: usize) -> Result<&[u8]> {
        self.opt_blob_ref(column)?.ok_or_else(|| null(column))
    }

    /// A flag stored as 0 or 1.
    pub fn flag(&self, column: usize) -> Result<bool> {
        self.int(column).map(|n| n != 0)
    }

    /// A time stored in whole microseconds since 1970.
    pub fn time(&self, column: usize) -> Result<Timestamp> {
        self.opt_time(column)?.ok_or_else(|| null(column))
    }

    /// Text, or `None` for `NULL`.
    pub fn opt_text(&self, column: usize) -> Result<Option<String>> {
        Ok(self.opt_text_ref(column)?.map(str::to_owned))
    }

    /// An integer, or `None` for `NULL`.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        match &self.0 {
            Source::Sqlite(row) => sqlite(row, column, |value| value.as_i64_or_null()),
            Source::Postgres(row) => postgres::int(row, column),
        }
    }

    /// Bytes, or `None` for `NULL`.
    pub fn opt_blob(&self, column: usize) -> Result<Option<Vec<u8>>> {
        Ok(self.opt_blob_ref(column)?.map(<[u8]>::to_vec))
    }

    /// A time stored in whole microseconds since 1970, or `None` for `NULL`.
    pub fn opt_time(&self, column: usize) -> Result<Option<Timestamp>> {
        let Some(micros) = self.opt_int(column)? else { return Ok(None) };
        let time = Timestamp::from_microsecond(micros).map_err(|e| {
            StoreError::caused(StoreErrorKind::Decode, format!("column {column}: no such time"), e)
        })?;
        Ok(Some(time))
    }

    fn opt_text_ref(&self, column: usize) -> Result<Option<&str>> {
        match &self.0 {
            Source::Sqlite(row) => sqlite(row, column, |value| value.as_str_or_null()),
            Source::Postgres(row) => postgres::text(row, column),
        }
    }

    fn opt_blob_ref(&self, column: usize) -> Result<Option<&[u8]>> {
        match &self.0 {
            Source::Sqlite(row) => sqlite(row, column, |value| value.as_blob_or_null()),
            Source::Postgres(row) => postgres::blob(row, column),
        }
    }
}

fn sqlite<'r, T>(
    row: &'r rusqlite::Row<'_>,
    column: usize,
    read: impl FnOnce(rusqlite::types::ValueRef<'r>) -> rusqlite::types::FromSqlResult<Option<T>>,
) -> Result<Option<T>> {
    let decode = |e: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::new(StoreErrorKind::Decode, format!("column {column}: {e}"))
    };
    let value = row.get_ref(column).map_err(|e| decode(e.into()))?;
    read(value).map_err(|e| decode(e.into()))
}

fn null(column: usize) -> StoreError {
    StoreError::new(StoreErrorKind::Decode, format!("column {column} is null"))
}
