//! Messages of queues, in the order of their arrival. They have no history: what is taken is gone.

use std::ops::ControlFlow;

use jiff::Timestamp;
use pentad_store::{Row, Tx};

use super::Db;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) schema: String,
    pub(crate) content_type: String,
    /// JSON text.
    pub(crate) content: String,
}

/// What is known of all messages of a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) count: i64,
    pub(crate) bytes: i64,
    pub(crate) first: Option<(String, Timestamp)>,
    pub(crate) last: Option<(String, Timestamp)>,
}

/// Puts a message at the end of a queue.
pub(crate) fn put(tx: &mut Tx<'_>, queue: &str, message: &Message, at: Timestamp) -> Db<()> {
    let bytes = i64::try_from(message.content.len()).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO messages (queue, id, schema, content_type, content, at, bytes)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[&queue, &message.id, &message.schema, &message.content_type, &message.content, &at, &bytes],
    )?;
    Ok(())
}

/// Takes up to `limit` messages off the beginning of a queue: no more than have `bytes` together, but at least one.
pub(crate) fn take(tx: &mut Tx<'_>, queue: &str, limit: i64, bytes: usize) -> Db<Vec<Message>> {
    let (mut taken, mut size) = (Vec::new(), 0_usize);
    tx.each(
        "SELECT seq, id, schema, content_type, content FROM messages WHERE queue = $1 ORDER BY seq LIMIT $2 {claim}",
        &[&queue, &limit],
        |row| {
            size += row.text_ref(4)?.len();
            if size > bytes && !taken.is_empty() {
                return Ok(ControlFlow::Break(()));
            }
            let message = Message {
                id: row.text(1)?,
                schema: row.text(2)?,
                content_type: row.text(3)?,
                content: row.text(4)?,
            };
            taken.push((row.int(0)?, message));
            Ok(ControlFlow::Continue(()))
        },
    )?;
    for (seq, _) in &taken {
        tx.execute("DELETE FROM messages WHERE seq = $1", &[seq])?;
    }
    Ok(taken.into_iter().map(|(_, message)| message).collect())
}

/// Removes up to `limit` messages of a queue; `false` if there were fewer.
pub(crate) fn clear(tx: &mut Tx<'_>, queue: &str, limit: i64) -> Db<bool> {
    let sql =
        "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages WHERE queue = $1 ORDER BY seq LIMIT $2)";
    Ok(tx.execute(sql, &[&queue, &limit])? >= limit.unsigned_abs())
}

/// Queues that hold messages, after one, by name.
pub(crate) fn next_queue(tx: &mut Tx<'_>, after: &str) -> Db<Option<String>> {
    let sql = "SELECT queue FROM messages WHERE queue > $1 ORDER BY queue LIMIT 1";
    tx.query_opt(sql, &[&after], |row| row.text(0))
}

/// What is known of all messages of a queue.
pub(crate) fn totals(tx: &mut Tx<'_>, queue: &str) -> Db<Totals> {
    let sql = "SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM messages WHERE queue = $1";
    let (count, bytes) = tx.query_one(sql, &[&queue], |row| Ok((row.int(0)?, row.int(1)?)))?;
    let end = |row: &Row<'_>| Ok((row.text(0)?, row.time(1)?));
    let first =
        tx.query_opt("SELECT id, at FROM messages WHERE queue = $1 ORDER BY seq LIMIT 1", &[&queue], end)?;
    let last = tx.query_opt(
        "SELECT id, at FROM messages WHERE queue = $1 ORDER BY seq DESC LIMIT 1",
        &[&queue],
        end,
    )?;
    Ok(Totals { count, bytes, first, last })
}
