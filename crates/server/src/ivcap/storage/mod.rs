//! IVCAP data: plain functions over a transaction.
//!
//! Nothing that lists show is ever overwritten: a change closes a version and opens another, both at the stamp of the
//! change ([`stamps`]). So what was answered at a time is still answered at that time.

pub(crate) mod aspects;
pub(crate) mod messages;
pub(crate) mod parts;
pub(crate) mod renewals;
pub(crate) mod schema;
pub(crate) mod secrets;
pub(crate) mod stamps;
pub(crate) mod things;
pub(crate) mod work;

use std::ops::{Deref, DerefMut};

use jiff::Timestamp;
use pentad_store::{StoreError, StoreErrorKind, ToValue, Tx};

use super::auth::Caller;

/// Result of a storage function.
pub(crate) type Db<T> = Result<T, StoreError>;

/// The `valid_to` of a version that has not ended.
pub(crate) const OPEN: i64 = i64::MAX;

/// A transaction that changes something, with the stamp of its changes.
pub(crate) struct Change<'t, 'c> {
    tx: &'t mut Tx<'c>,
    stamp: i64,
}

impl std::fmt::Debug for Change<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Change").field("stamp", &self.stamp).finish_non_exhaustive()
    }
}

impl<'t, 'c> Change<'t, 'c> {
    pub(crate) fn new(tx: &'t mut Tx<'c>, stamp: i64) -> Self {
        Self { tx, stamp }
    }

    /// When the changes of this transaction happen.
    pub(crate) fn stamp(&self) -> Timestamp {
        time(self.stamp)
    }

    fn micros(&self) -> i64 {
        self.stamp
    }
}

impl<'c> Deref for Change<'_, 'c> {
    type Target = Tx<'c>;

    fn deref(&self) -> &Tx<'c> {
        self.tx
    }
}

impl<'c> DerefMut for Change<'_, 'c> {
    fn deref_mut(&mut self) -> &mut Tx<'c> {
        self.tx
    }
}

/// Microseconds as a time; what lies beyond all times is the last one.
pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// The end of a version, if it has one.
fn ended(valid_to: i64) -> Option<Timestamp> {
    (valid_to != OPEN).then(|| time(valid_to))
}

/// A row that holds what nobody stored.
fn unreadable(what: &str, error: &serde_json::Error) -> StoreError {
    let (line, column) = (error.line(), error.column());
    StoreError::new(
        StoreErrorKind::Decode,
        format!("a stored {what} cannot be read (line {line}, column {column})"),
    )
}

/// A statement that grows with what is asked for.
struct Sql<'v> {
    text: String,
    values: Vec<&'v dyn ToValue>,
}

impl<'v> Sql<'v> {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// Adds text in which each `?` stands for the next of `values`.
    fn add(&mut self, text: &str, values: &[&'v dyn ToValue]) {
        let mut values = values.iter();
        for letter in text.chars() {
            match (letter, values.as_slice()) {
                ('?', [value, ..]) => {
                    values.next();
                    self.values.push(*value);
                    self.text.push_str(&format!("${}", self.values.len()));
                }
                _ => self.text.push(letter),
            }
        }
    }

    /// Leaves only what the caller may read.
    fn readable(&mut self, caller: &'v Caller) {
        if caller.admin {
            return;
        }
        self.add(" AND (account = ?", &[&caller.account]);
        for (number, policy) in caller.reads.iter().enumerate() {
            self.add(if number == 0 { " OR policy IN (?" } else { ", ?" }, &[policy]);
        }
        self.text.push_str(if caller.reads.is_empty() { ")" } else { "))" });
    }
}
