//! Aspects, which the older API calls metadata records: JSON about an entity, under a schema, valid for a time.

mod choice;
mod schemas;

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;
use pentad_store::{Row, StoreError, StoreErrorKind, Tx};
use serde_json::Value;
use uuid::Uuid;

use self::choice::span;
pub(crate) use self::schemas::{Schemas, like};
use super::stamps::Stamps;
use super::{Change, Db, OPEN, Sql, ended, unreadable};
use crate::ivcap::auth::Caller;
use crate::ivcap::urn;

const HEAD: &str =
    "uid, entity, schema, account, policy, asserter, retracter, replaces, valid_from, valid_to";

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aspect {
    pub(crate) uid: Uuid,
    pub(crate) entity: String,
    pub(crate) schema: String,
    pub(crate) account: String,
    pub(crate) policy: String,
    pub(crate) asserter: String,
    pub(crate) retracter: Option<String>,
    /// The record in whose place this one stands.
    pub(crate) replaces: Option<Uuid>,
    pub(crate) since: Timestamp,
    pub(crate) until: Option<Timestamp>,
    /// The JSON; `null` where it was not asked for.
    pub(crate) content: Value,
}

/// What is to be added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewAspect<'a> {
    pub(crate) entity: &'a str,
    pub(crate) schema: &'a str,
    pub(crate) account: &'a str,
    pub(crate) policy: &'a str,
    /// Who says so.
    pub(crate) asserter: &'a str,
    /// JSON text.
    pub(crate) content: &'a str,
    pub(crate) replaces: Option<Uuid>,
}

/// Adds a record.
pub(crate) fn add(change: &mut Change<'_, '_>, new: &NewAspect<'_>) -> Db<Uuid> {
    let uid = urn::timely(change.stamp());
    let (stamp, replaces) = (change.micros(), new.replaces.map(Uuid::into_bytes));
    change.execute(
        "INSERT INTO aspects (uid, entity, schema, valid_from, valid_to, account, policy, asserter, replaces, content)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            uid.as_bytes(),
            &new.entity,
            &new.schema,
            &stamp,
            &OPEN,
            &new.account,
            &new.policy,
            &new.asserter,
            &replaces,
            &new.content,
        ],
    )?;
    Ok(uid)
}

/// Ends a record; `false` if it has ended.
pub(crate) fn retract(change: &mut Change<'_, '_>, old: &Aspect, retracter: &str) -> Db<bool> {
    let (stamp, uid) = (change.micros(), old.uid.into_bytes());
    let span = span(old.since.as_microsecond(), stamp);
    let sql = "UPDATE aspects SET valid_to = $2, retracter = $3, span = $4
               WHERE uid = $1 AND valid_to = 9223372036854775807";
    Ok(change.execute(sql, &[&uid, &stamp, &retracter, &span])? > 0)
}

/// A record, ended or not.
pub(crate) fn get(tx: &mut Tx<'_>, uid: Uuid) -> Db<Option<Aspect>> {
    let sql = format!("SELECT {HEAD}, content FROM aspects WHERE uid = $1");
    tx.query_opt(&sql, &[uid.as_bytes()], aspect)
}

/// An account's present records about an entity under exactly this schema; at most `limit`, and without their content.
pub(crate) fn exactly(
    tx: &mut Tx<'_>,
    account: &str,
    entity: &str,
    schema: &str,
    limit: i64,
) -> Db<Vec<Aspect>> {
    // The account as an expression: few records are about an entity, many belong to an account.
    let sql = format!(
        "SELECT {HEAD}, 'null' FROM aspects WHERE entity = $1 AND schema = $2 AND account || '' = $3
         AND valid_to = 9223372036854775807 ORDER BY uid LIMIT $4"
    );
    tx.query(&sql, &[&entity, &schema, &account, &limit], aspect)
}

/// What a list is made of.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) entity: Option<String>,
    pub(crate) schemas: Schemas,
    /// Only what this caller may read; all if absent.
    pub(crate) caller: Option<Caller>,
    /// The moment.
    pub(crate) at: i64,
    /// Tells whether something has ended since that moment.
    pub(crate) stamps: Arc<Stamps>,
    /// Whether the newest come first.
    pub(crate) desc: bool,
    /// Whether the content is wanted.
    pub(crate) content: bool,
}

/// Shows up to `limit` records after one, in the order of their start, with the bytes of their content, until `each` breaks
/// off; one at a time is in memory. Gives the last one that was looked at, also if it is not about the schemas; `None`
/// at the end of the list.
pub(crate) fn list(
    tx: &mut Tx<'_>,
    select: &Selection,
    after: Option<Uuid>,
    limit: usize,
    each: &mut dyn FnMut(Aspect, usize) -> Db<ControlFlow<()>>,
) -> Db<Option<Uuid>> {
    let ids = choice::ids(tx, select, after, limit)?;
    let last = ids.last().copied().filter(|_| ids.len() >= limit);
    for some in ids.chunks(CHUNK) {
        let content = if select.content { "content" } else { "'null'" };
        let (order, ids) =
            (if select.desc { "DESC" } else { "ASC" }, Vec::from_iter(some.iter().map(|id| id.into_bytes())));
        let mut sql = Sql::new(&format!("SELECT {HEAD}, {content} FROM aspects WHERE uid IN ("));
        for (number, id) in ids.iter().enumerate() {
            sql.add(if number == 0 { "?" } else { ", ?" }, &[id]);
        }
        sql.text.push_str(&format!(") ORDER BY uid {order}"));
        let mut flow = ControlFlow::Continue(());
        tx.each(&sql.text, &sql.values, |row| {
            // At the moment of the list nothing was known of a later end.
            let found = Aspect { until: None, retracter: None, ..aspect(row)? };
            if select.schemas.fits(&found.schema) {
                flow = each(found, row.text_ref(10)?.len())?;
            }
            Ok(flow)
        })?;
        if flow.is_break() {
            break;
        }
    }
    Ok(last)
}

/// Records that one statement reads.
const CHUNK: usize = 64;

/// The last stamp in the table, or a later one of the same millisecond.
pub(crate) fn newest(tx: &mut Tx<'_>) -> Db<i64> {
    let sql = "SELECT valid_from FROM aspects ORDER BY uid DESC LIMIT 1";
    let from = tx.query_opt(sql, &[], |row| row.int(0))?.unwrap_or(0);
    let sql = "SELECT MAX(valid_to) FROM aspects WHERE valid_to < 9223372036854775807";
    let to = tx.query_one(sql, &[], |row| row.opt_int(0))?;
    Ok((from - from.rem_euclid(1000) + 999).max(to.unwrap_or(0)))
}

fn aspect(row: &Row<'_>) -> Db<Aspect> {
    Ok(Aspect {
        uid: uuid(row.blob_ref(0)?)?,
        entity: row.text(1)?,
        schema: row.text(2)?,
        account: row.text(3)?,
        policy: row.text(4)?,
        asserter: row.text(5)?,
        retracter: row.opt_text(6)?,
        replaces: row.opt_blob(7)?.map(|bytes| uuid(&bytes)).transpose()?,
        since: row.time(8)?,
        until: ended(row.int(9)?),
        content: serde_json::from_str(row.text_ref(10)?).map_err(|error| unreadable("aspect", &error))?,
    })
}

fn uuid(bytes: &[u8]) -> Db<Uuid> {
    Uuid::from_slice(bytes).map_err(|_| StoreError::new(StoreErrorKind::Decode, "a stored id is no UUID"))
}
