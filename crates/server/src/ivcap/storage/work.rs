//! What waits to be run and what runs, and what comes of it: requests, results, logs, events.

use pentad_store::{Row, Tx};

use super::{Change, Db};
use crate::ivcap::urn::Kind;

/// The tables.
pub(crate) const WORK_1: &str = "
CREATE TABLE work (
    id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, at BIGINT NOT NULL, node TEXT NOT NULL, lease BIGINT NOT NULL);
CREATE INDEX work_queue ON work (node, at, id);
CREATE TABLE payloads (
    id TEXT NOT NULL, part TEXT NOT NULL, content_type TEXT NOT NULL, content {blob} NOT NULL, PRIMARY KEY (id, part));
CREATE TABLE logs (id TEXT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, content {blob} NOT NULL,
    PRIMARY KEY (id, seq));
CREATE TABLE events (id TEXT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL,
    data TEXT NOT NULL, PRIMARY KEY (id, seq));
";

/// Fires when something was put in the queue or taken out.
pub(crate) const QUEUE: &str = "ivcap.work";

/// Something to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// The URN of the order or job.
    pub(crate) id: String,
    pub(crate) kind: Kind,
}

fn item(row: &Row<'_>) -> Db<Item> {
    let kind = if row.text_ref(1)? == Kind::Job.as_str() { Kind::Job } else { Kind::Order };
    Ok(Item { id: row.text(0)?, kind })
}

/// Puts something at the end of the queue.
pub(crate) fn enqueue(change: &mut Change<'_, '_>, item: &Item) -> Db<()> {
    let at = change.stamp().as_microsecond();
    change.execute(
        "INSERT INTO work (id, kind, at, node, lease) VALUES ($1, $2, $3, '', 0)",
        &[&item.id, &item.kind.as_str(), &at],
    )?;
    change.touch(QUEUE);
    Ok(())
}

/// Whether something waits.
pub(crate) fn waits(tx: &mut Tx<'_>) -> Db<bool> {
    Ok(tx.query_opt("SELECT 1 FROM work WHERE node = '' LIMIT 1", &[], |row| row.int(0))?.is_some())
}

/// Takes what has waited longest, for a process that renews its claim before `lease`.
pub(crate) fn claim(tx: &mut Tx<'_>, node: &str, lease: i64) -> Db<Option<Item>> {
    let sql = "SELECT id, kind FROM work WHERE node = '' ORDER BY at, id LIMIT 1";
    let Some(found) = tx.query_opt(sql, &[], item)? else { return Ok(None) };
    let sql = "UPDATE work SET node = $2, lease = $3 WHERE id = $1 AND node = ''";
    let taken = tx.execute(sql, &[&found.id, &node, &lease])?;
    Ok((taken == 1).then_some(found))
}

/// Renews the claims of a process.
pub(crate) fn renew(tx: &mut Tx<'_>, node: &str, lease: i64) -> Db<()> {
    tx.execute("UPDATE work SET lease = $2 WHERE node = $1", &[&node, &lease])?;
    Ok(())
}

/// What other processes have begun and not renewed: they are gone. With `all`, whatever they promised.
pub(crate) fn orphans(tx: &mut Tx<'_>, node: &str, now: i64, all: bool) -> Db<Vec<Item>> {
    let until = if all { i64::MAX } else { now };
    let sql =
        "SELECT id, kind FROM work WHERE node <> '' AND node <> $1 AND lease < $2 ORDER BY at LIMIT 100";
    tx.query(sql, &[&node, &until], item)
}

/// What a process has begun.
pub(crate) fn claimed(tx: &mut Tx<'_>, node: &str) -> Db<Vec<Item>> {
    tx.query("SELECT id, kind FROM work WHERE node = $1 ORDER BY at, id", &[&node], item)
}

/// What waits, and what a process has begun.
pub(crate) fn left(tx: &mut Tx<'_>, node: &str) -> Db<Vec<String>> {
    tx.query("SELECT id FROM work WHERE node IN ('', $1) ORDER BY at, id", &[&node], |row| row.text(0))
}

/// Takes something out; `false` if somebody else did.
pub(crate) fn done(tx: &mut Tx<'_>, id: &str) -> Db<bool> {
    tx.touch(QUEUE);
    Ok(tx.execute("DELETE FROM work WHERE id = $1", &[&id])? > 0)
}

/// What was asked or answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payload {
    pub(crate) content_type: String,
    pub(crate) content: Vec<u8>,
}

/// The part that was asked.
pub(crate) const REQUEST: &str = "request";
/// The part that was answered.
pub(crate) const RESULT: &str = "result";
/// What was answered, if it says that the service failed.
pub(crate) const FAULT: &str = "fault";

/// Keeps a part, in place of an earlier one.
pub(crate) fn keep(tx: &mut Tx<'_>, id: &str, part: &str, payload: &Payload) -> Db<()> {
    tx.execute("DELETE FROM payloads WHERE id = $1 AND part = $2", &[&id, &part])?;
    tx.execute(
        "INSERT INTO payloads (id, part, content_type, content) VALUES ($1, $2, $3, $4)",
        &[&id, &part, &payload.content_type, &payload.content],
    )?;
    Ok(())
}

/// A part, if it is there.
pub(crate) fn payload(tx: &mut Tx<'_>, id: &str, part: &str) -> Db<Option<Payload>> {
    let sql = "SELECT content_type, content FROM payloads WHERE id = $1 AND part = $2";
    tx.query_opt(sql, &[&id, &part], |row| Ok(Payload { content_type: row.text(0)?, content: row.blob(1)? }))
}

/// Adds to a log.
pub(crate) fn log(tx: &mut Tx<'_>, id: &str, seq: i64, content: &[u8]) -> Db<()> {
    let at = tx.now().as_microsecond();
    tx.execute(
        "INSERT INTO logs (id, seq, at, content) VALUES ($1, $2, $3, $4)",
        &[&id, &seq, &at, &content],
    )?;
    tx.touch(id);
    Ok(())
}

/// Adds a line of the platform's to the end of a log.
pub(crate) fn remark(tx: &mut Tx<'_>, id: &str, line: &str) -> Db<()> {
    let sql = "SELECT seq, content FROM logs WHERE id = $1 ORDER BY seq DESC LIMIT 1";
    let last = tx.query_opt(sql, &[&id], |row| Ok((row.int(0)?, row.blob(1)?.ends_with(b"\n"))))?;
    let (seq, is_on_new_line) = last.unwrap_or((0, true));
    let line = if is_on_new_line { line.to_owned() } else { format!("\n{line}") };
    log(tx, id, seq + 1, line.as_bytes())
}

/// A piece of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogPiece {
    pub(crate) seq: i64,
    pub(crate) content: Vec<u8>,
}

/// Pieces of a log after `seq`, written from `from` up to `to` (microseconds).
pub(crate) fn logs(tx: &mut Tx<'_>, id: &str, seq: i64, from: i64, to: i64) -> Db<Vec<LogPiece>> {
    let sql = "SELECT seq, content FROM logs WHERE id = $1 AND seq > $2 AND at >= $3 AND at <= $4 ORDER BY seq LIMIT 16";
    tx.query(sql, &[&id, &seq, &from, &to], |row| Ok(LogPiece { seq: row.int(0)?, content: row.blob(1)? }))
}

/// Something that happened to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) seq: i64,
    /// Microseconds.
    pub(crate) at: i64,
    pub(crate) kind: String,
    /// JSON.
    pub(crate) data: String,
}

/// Events of one job.
const MOST_EVENTS: i64 = 10_000;

/// Tells of something that happened; `false` if too much has happened already.
pub(crate) fn tell(tx: &mut Tx<'_>, id: &str, kind: &str, data: &str, is_last: bool) -> Db<bool> {
    let last = tx.query_one("SELECT MAX(seq) FROM events WHERE id = $1", &[&id], |row| row.opt_int(0))?;
    let (seq, at) = (last.unwrap_or(0) + 1, tx.now().as_microsecond());
    if seq > MOST_EVENTS && !is_last {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO events (id, seq, at, kind, data) VALUES ($1, $2, $3, $4, $5)",
        &[&id, &seq, &at, &kind, &data],
    )?;
    tx.touch(id);
    Ok(true)
}

/// Up to `limit` events after one.
pub(crate) fn events(tx: &mut Tx<'_>, id: &str, after: i64, limit: i64) -> Db<Vec<Event>> {
    let sql = "SELECT seq, at, kind, data FROM events WHERE id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    let event = |row: &Row<'_>| {
        Ok(Event { seq: row.int(0)?, at: row.int(1)?, kind: row.text(2)?, data: row.text(3)? })
    };
    tx.query(sql, &[&id, &after, &limit], event)
}
