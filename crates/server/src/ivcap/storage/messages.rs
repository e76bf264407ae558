//! Messages of queues, in the order of their arrival. They have no history: what is taken is gone.

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
    tx.execute(
        "INSERT INTO messages (queue, id, schema, content_type, content, at) VALUES ($1, $2, $3, $4, $5, $6)",
        &[&queue, &message.id, &message.schema, &message.content_type, &message.content, &at],
    )?;
    Ok(())
}

/// Takes up to `limit` messages off the beginning of a queue.
pub(crate) fn take(tx: &mut Tx<'_>, queue: &str, limit: i64) -> Db<Vec<Message>> {
    let rows = tx.query(
        "SELECT seq, id, schema, content_type, content FROM messages WHERE queue = $1 ORDER BY seq LIMIT $2 {claim}",
        &[&queue, &limit],
        |row| {
            let message = Message {
                id: row.text(1)?,
                schema: row.text(2)?,
                content_type: row.text(3)?,
                content: row.text(4)?,
            };
            Ok((row.int(0)?, message))
        },
    )?;
    for (seq, _) in &rows {
        tx.execute("DELETE FROM messages WHERE seq = $1", &[seq])?;
    }
    Ok(rows.into_iter().map(|(_, message)| message).collect())
}

/// Removes all messages of a queue.
pub(crate) fn clear(tx: &mut Tx<'_>, queue: &str) -> Db<()> {
    tx.execute("DELETE FROM messages WHERE queue = $1", &[&queue])?;
    Ok(())
}

/// What is known of all messages of a queue.
pub(crate) fn totals(tx: &mut Tx<'_>, queue: &str) -> Db<Totals> {
    let sql = "SELECT COUNT(*), COALESCE(SUM(LENGTH(content)), 0) FROM messages WHERE queue = $1";
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
