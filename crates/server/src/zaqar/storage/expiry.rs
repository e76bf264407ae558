//! What time removes, in bounded transactions that cost as much as what they remove.

use std::collections::BTreeMap;

use pentad_store::Tx;

use super::messages::remove_row;
use super::{Db, claims, now, queues};

/// Rows that one transaction removes.
const BATCH: i64 = 500;

/// Removes expired messages; `true` if there may be more.
pub(crate) fn messages(tx: &mut Tx<'_>) -> Db<bool> {
    let at = now(tx);
    let expired = tx.query(
        "SELECT queue_id, seq, alias, CASE WHEN claim IS NULL THEN 0 ELSE 1 END FROM messages \
         WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2",
        &[&at, &BATCH],
        |row| Ok((row.int(0)?, row.int(1)?, row.opt_text(2)?, row.int(3)?)),
    )?;
    let mut counts: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for (queue, seq, alias, held) in &expired {
        remove_row(tx, *queue, *seq, alias.as_deref())?;
        let count = counts.entry(*queue).or_default();
        count.0 -= 1;
        count.1 -= held;
    }
    for (queue, (total, claimed)) in counts {
        queues::count(tx, queue, total, claimed)?;
    }
    Ok(is_full(expired.len()))
}

/// Takes ended claims and delays off the messages of one queue; `true` if there may be more.
pub(crate) fn ended(tx: &mut Tx<'_>) -> Db<bool> {
    let Some(queue) = ended_in(tx)? else { return Ok(false) };
    claims::free_ended(tx, queue)?;
    Ok(true)
}

/// A queue with an ended claim or delay.
fn ended_in(tx: &mut Tx<'_>) -> Db<Option<i64>> {
    let at = now(tx);
    let sql = "SELECT queue_id FROM claims WHERE expires_at <= $1 ORDER BY expires_at LIMIT 1";
    if let Some(queue) = tx.query_opt(sql, &[&at], |row| row.int(0))? {
        return Ok(Some(queue));
    }
    let sql = "SELECT queue_id FROM messages WHERE state = 2 AND ready_at <= $1 ORDER BY ready_at LIMIT 1";
    tx.query_opt(sql, &[&at], |row| row.int(0))
}

/// Removes messages and claims of boxes that nobody has any more; `true` if there may be more.
pub(crate) fn graves(tx: &mut Tx<'_>) -> Db<bool> {
    let grave =
        tx.query_opt("SELECT queue_id FROM graves ORDER BY queue_id LIMIT 1", &[], |row| row.int(0))?;
    let Some(queue) = grave else { return Ok(false) };
    let rows = tx.query(
        "SELECT seq, alias FROM messages WHERE queue_id = $1 ORDER BY seq LIMIT $2",
        &[&queue, &BATCH],
        |row| Ok((row.int(0)?, row.opt_text(1)?)),
    )?;
    for (seq, alias) in &rows {
        remove_row(tx, queue, *seq, alias.as_deref())?;
    }
    if rows.is_empty() {
        tx.execute("DELETE FROM graves WHERE queue_id = $1", &[&queue])?;
    }
    Ok(true)
}

fn is_full(rows: usize) -> bool {
    i64::try_from(rows).unwrap_or(BATCH) == BATCH
}

/// Whether there are expired messages, ended claims or delays, and boxes that nobody has any more.
pub(crate) fn due(tx: &mut Tx<'_>) -> Db<(bool, bool, bool)> {
    let at = now(tx);
    let sql = "SELECT queue_id FROM messages WHERE expires_at <= $1 LIMIT 1";
    let messages = tx.query_opt(sql, &[&at], |row| row.int(0))?;
    let ended = ended_in(tx)?;
    let graves = tx.query_opt("SELECT queue_id FROM graves LIMIT 1", &[], |row| row.int(0))?;
    Ok((messages.is_some(), ended.is_some(), graves.is_some()))
}
