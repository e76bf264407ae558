//! Messages: rows in the order of posting, each under the marker that its queue gave it.

use pentad_store::{Row, Tx};

use super::queues::{self, Queue};
use super::{Db, now};

/// A message as stored.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Its box.
    pub(crate) queue: i64,
    /// Its marker in the queue.
    pub(crate) seq: i64,
    /// JSON as it is written in answers.
    pub(crate) body: String,
    /// Its checksum, if the option was on.
    pub(crate) checksum: Option<String>,
    /// Seconds of life as posted, or as a claim prolonged it.
    pub(crate) ttl: i64,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) ready_at: i64,
    /// The claim that it carries, which may have ended.
    pub(crate) claim: Option<String>,
    pub(crate) claim_count: i64,
    /// The id that it had before it was moved here.
    pub(crate) alias: Option<String>,
}

impl Message {
    /// Its id: 24 hex digits made of its box and its marker, unless it was moved.
    pub(crate) fn id(&self) -> String {
        self.alias.clone().unwrap_or_else(|| make_id(self.queue, self.seq))
    }

    /// The claim that holds it now.
    pub(crate) fn held_by(&self, now: i64) -> Option<&str> {
        self.claim.as_deref().filter(|_| self.ready_at > now)
    }
}

/// A message to post.
#[derive(Debug, Clone)]
pub(crate) struct NewMessage {
    pub(crate) body: String,
    pub(crate) checksum: Option<String>,
    pub(crate) ttl: i64,
    /// Seconds.
    pub(crate) delay: i64,
}

/// Which messages a list shows.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// The client whose own messages are left out; `""` for none.
    pub(crate) without_client: String,
    pub(crate) claimed: bool,
    pub(crate) delayed: bool,
}

const COLUMNS: &str =
    "queue_id, seq, body, checksum, ttl, created_at, expires_at, ready_at, claim, claim_count, alias";

fn read(row: &Row<'_>) -> Db<Message> {
    Ok(Message {
        queue: row.int(0)?,
        seq: row.int(1)?,
        body: row.text(2)?,
        checksum: row.opt_text(3)?,
        ttl: row.int(4)?,
        created_at: row.int(5)?,
        expires_at: row.int(6)?,
        ready_at: row.int(7)?,
        claim: row.opt_text(8)?,
        claim_count: row.int(9)?,
        alias: row.opt_text(10)?,
    })
}

/// The id of the message at a marker of a box.
pub(crate) fn make_id(queue: i64, seq: i64) -> String {
    format!("{queue:08x}{seq:016x}")
}

/// Box and marker of an id; `None` if it has another form.
pub(crate) fn read_id(id: &str) -> Option<(i64, i64)> {
    if id.len() != 24 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((i64::from_str_radix(&id[..8], 16).ok()?, i64::from_str_radix(&id[8..], 16).ok()?))
}

const SECOND: i64 = 1_000_000;

/// Appends messages and gives their ids.
pub(crate) fn post(tx: &mut Tx<'_>, queue: &Queue, client: &str, new: &[NewMessage]) -> Db<Vec<String>> {
    let at = now(tx);
    let count = i64::try_from(new.len()).unwrap_or(i64::MAX);
    tx.execute(
        "UPDATE queues SET next_seq = next_seq + $2, total = total + $2 WHERE id = $1",
        &[&queue.id, &count],
    )?;
    let mut ids = Vec::with_capacity(new.len());
    for (seq, message) in (queue.next_seq..).zip(new) {
        let expires = at.saturating_add(message.ttl.saturating_mul(SECOND));
        let delayed =
            if message.delay > 0 { at.saturating_add(message.delay.saturating_mul(SECOND)) } else { 0 };
        tx.execute(
            "INSERT INTO messages (queue_id, seq, client, body, checksum, ttl, created_at, expires_at, \
             delayed_until, ready_at, claim, claim_count, alias) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, NULL, 0, NULL)",
            &[
                &queue.id,
                &seq,
                &client,
                &message.body,
                &message.checksum,
                &message.ttl,
                &at,
                &expires,
                &delayed,
            ],
        )?;
        ids.push(make_id(queue.id, seq));
    }
    Ok(ids)
}

/// A page of messages after a marker, oldest first.
pub(crate) fn list(tx: &mut Tx<'_>, queue: i64, after: i64, limit: i64, filter: &Filter) -> Db<Vec<Message>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages WHERE queue_id = $1 AND seq > $2 AND expires_at > $3 \
         AND ($4 = '' OR client <> $4) AND (CAST($5 AS BIGINT) = 1 OR claim IS NULL OR ready_at <= $3) \
         AND (CAST($6 AS BIGINT) = 1 OR delayed_until <= $3) ORDER BY seq LIMIT $7"
    );
    let at = now(tx);
    let client = &filter.without_client;
    tx.query(&sql, &[&queue, &after, &at, client, &filter.claimed, &filter.delayed, &limit], read)
}

/// The marker of an id in a box, whether or not the message is still there; `None` if it never was.
pub(crate) fn place_of(tx: &mut Tx<'_>, queue: i64, id: &str) -> Db<Option<i64>> {
    let Some((origin, seq)) = read_id(id) else { return Ok(None) };
    if origin == queue {
        return Ok(Some(seq));
    }
    let id = id.to_ascii_lowercase();
    let sql = "SELECT seq FROM moved WHERE queue_id = $1 AND alias = $2";
    tx.query_opt(sql, &[&queue, &id], |row| row.int(0))
}

/// One message that is alive.
pub(crate) fn find(tx: &mut Tx<'_>, queue: i64, id: &str) -> Db<Option<Message>> {
    match place_of(tx, queue, id)? {
        Some(seq) => at(tx, queue, seq),
        None => Ok(None),
    }
}

/// The message at a marker, if it is alive.
pub(crate) fn at(tx: &mut Tx<'_>, queue: i64, seq: i64) -> Db<Option<Message>> {
    let at = now(tx);
    let sql = format!("SELECT {COLUMNS} FROM messages WHERE queue_id = $1 AND seq = $2 AND expires_at > $3");
    tx.query_opt(&sql, &[&queue, &seq, &at], read)
}

/// Removes messages of one box and counts them out.
pub(crate) fn remove(tx: &mut Tx<'_>, queue: i64, messages: &[Message]) -> Db<()> {
    let (mut total, mut claimed) = (0, 0);
    for message in messages {
        if remove_row(tx, queue, message.seq, message.alias.as_deref())? {
            total -= 1;
            claimed -= i64::from(message.claim.is_some());
        }
    }
    queues::count(tx, queue, total, claimed)
}

/// Removes a row without counting; says whether it was there.
pub(super) fn remove_row(tx: &mut Tx<'_>, queue: i64, seq: i64, alias: Option<&str>) -> Db<bool> {
    let gone = tx.execute("DELETE FROM messages WHERE queue_id = $1 AND seq = $2", &[&queue, &seq])?;
    if let Some(alias) = alias {
        tx.execute("DELETE FROM moved WHERE queue_id = $1 AND alias = $2", &[&queue, &alias])?;
    }
    Ok(gone > 0)
}

/// The oldest messages that can be claimed. Claims that ended must have been taken off before.
pub(crate) fn ready(tx: &mut Tx<'_>, queue: i64, limit: i64) -> Db<Vec<Message>> {
    let at = now(tx);
    let sql = format!(
        "SELECT {COLUMNS} FROM messages WHERE queue_id = $1 AND ready_at = 0 AND expires_at > $2 \
         ORDER BY seq LIMIT $3 {{claim}}"
    );
    tx.query(&sql, &[&queue, &at, &limit], read)
}

/// The oldest messages that no claim holds, delayed ones included.
pub(crate) fn unclaimed(tx: &mut Tx<'_>, queue: i64, limit: i64, has_delayed: bool) -> Db<Vec<Message>> {
    let mut found = ready(tx, queue, limit)?;
    if has_delayed {
        let at = now(tx);
        let sql = format!(
            "SELECT {COLUMNS} FROM messages WHERE queue_id = $1 AND ready_at > $2 AND claim IS NULL \
             AND expires_at > $2 ORDER BY seq LIMIT $3"
        );
        found.extend(tx.query(&sql, &[&queue, &at, &limit], read)?);
        found.sort_by_key(|message| message.seq);
        found.truncate(usize::try_from(limit).unwrap_or_default());
    }
    Ok(found)
}

/// Statistics of a box.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stats {
    pub(crate) total: i64,
    pub(crate) claimed: i64,
    pub(crate) oldest: Option<Message>,
    pub(crate) newest: Option<Message>,
}

/// Counts by the counters of the queue; only what expired or ended since the last sweep is looked at.
pub(crate) fn stats(tx: &mut Tx<'_>, queue: &Queue) -> Db<Stats> {
    let at = now(tx);
    let (expired, held) = tx.query_one(
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN claim IS NULL THEN 0 ELSE 1 END), 0) FROM messages \
         WHERE expires_at <= $2 AND queue_id = $1",
        &[&queue.id, &at],
        |row| Ok((row.int(0)?, row.int(1)?)),
    )?;
    let ended = tx.query_one(
        "SELECT COUNT(*) FROM messages WHERE queue_id = $1 AND ready_at > 0 AND ready_at <= $2 \
         AND claim IS NOT NULL AND expires_at > $2",
        &[&queue.id, &at],
        |row| row.int(0),
    )?;
    let mut end = |order: &str| {
        let sql = format!(
            "SELECT {COLUMNS} FROM messages WHERE queue_id = $1 AND expires_at > $2 AND delayed_until <= $2 \
             ORDER BY seq {order} LIMIT 1"
        );
        tx.query_opt(&sql, &[&queue.id, &at], read)
    };
    let (oldest, newest) = (end("ASC")?, end("DESC")?);
    Ok(Stats { total: queue.total - expired, claimed: queue.claimed - held - ended, oldest, newest })
}
