//! Messages: rows in the order of posting, each under the marker that its queue gave it.

use pentad_store::{Row, Tx};

use super::claims;
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
/// `state` of a message that can be claimed.
const FREE: i64 = 0;
/// `state` of a message with a claim.
const CLAIMED: i64 = 1;
/// `state` of a message that is delayed.
const DELAYED: i64 = 2;
/// Messages of one kind that a list looks at in one transaction where it leaves out those of a client.
const WINDOW: i64 = 500;

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
             delayed_until, state, ready_at, claim, claim_count, alias) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, NULL, 0, NULL)",
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
                &if delayed > 0 { DELAYED } else { FREE },
            ],
        )?;
        ids.push(make_id(queue.id, seq));
    }
    Ok(ids)
}

/// Part of a page: messages, oldest first, and the marker after which the search goes on, if it is not over.
pub(crate) type Part = (Vec<Message>, Option<i64>);

/// Messages after a marker. What it looks at is bounded: the page may be full after some more parts only.
pub(crate) fn list(tx: &mut Tx<'_>, queue: i64, after: i64, limit: i64, filter: &Filter) -> Db<Part> {
    let client = &filter.without_client;
    if filter.claimed && filter.delayed {
        return window(tx, queue, None, after, limit, client);
    }
    let (mut found, mut rest) = window(tx, queue, Some(FREE), after, limit, client)?;
    for (state, is_shown) in [(CLAIMED, filter.claimed), (DELAYED, filter.delayed)] {
        if is_shown {
            let (more, stopped) = window(tx, queue, Some(state), after, limit, client)?;
            found.extend(more);
            rest = [rest, stopped].into_iter().flatten().min();
        }
    }
    if !filter.claimed {
        found.extend(ended(tx, queue, after, limit, client)?);
    }
    if !filter.delayed {
        found.extend(appeared(tx, queue, after, limit, client)?);
    }
    // Of one kind nothing is known beyond the place where the search stopped.
    found.retain(|message| rest.is_none_or(|last| message.seq <= last));
    found.sort_by_key(|message| message.seq);
    let size = usize::try_from(limit).unwrap_or_default();
    found.truncate(size);
    Ok(if found.len() == size { (found, None) } else { (found, rest) })
}

/// Messages of one kind, or of all, without those of a client.
fn window(tx: &mut Tx<'_>, queue: i64, state: Option<i64>, after: i64, limit: i64, client: &str) -> Db<Part> {
    let of_state = state.map(|state| format!("AND state = {state}")).unwrap_or_default();
    let at = now(tx);
    let mut last = None;
    if !client.is_empty() {
        let sql = format!(
            "SELECT seq FROM messages WHERE queue_id = $1 {of_state} AND seq > $2 ORDER BY seq LIMIT 1 OFFSET $3"
        );
        last = tx.query_opt(&sql, &[&queue, &after, &(WINDOW - 1)], |row| row.int(0))?;
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM messages WHERE queue_id = $1 {of_state} AND seq > $2 AND seq <= $3 \
         AND expires_at > $4 AND client <> $5 ORDER BY seq LIMIT $6"
    );
    // No client has this name.
    let client = if client.is_empty() { "\n" } else { client };
    let found = tx.query(&sql, &[&queue, &after, &last.unwrap_or(i64::MAX), &at, &client, &limit], read)?;
    let is_full = i64::try_from(found.len()).unwrap_or(i64::MAX) >= limit;
    Ok((found, last.filter(|_| !is_full)))
}

/// Messages whose claim ended and was not taken off yet.
fn ended(tx: &mut Tx<'_>, queue: i64, after: i64, limit: i64, client: &str) -> Db<Vec<Message>> {
    let mut seqs = claims::ended_seqs(tx, queue)?;
    seqs.retain(|seq| *seq > after);
    seqs.sort_unstable();
    let (moment, mut found) = (now(tx), Vec::new());
    for seq in seqs {
        if i64::try_from(found.len()).unwrap_or(i64::MAX) >= limit {
            break;
        }
        let is_of = !client.is_empty() && client_of(tx, queue, seq)?.as_deref() == Some(client);
        let message = at(tx, queue, seq)?.filter(|one| one.claim.is_some() && one.ready_at <= moment);
        found.extend(message.filter(|_| !is_of));
    }
    Ok(found)
}

/// Messages whose delay ended and was not taken off yet.
fn appeared(tx: &mut Tx<'_>, queue: i64, after: i64, limit: i64, client: &str) -> Db<Vec<Message>> {
    // The signs keep the databases from walking over all that is still delayed.
    let sql = format!(
        "SELECT {COLUMNS} FROM messages WHERE queue_id = $1 AND state = 2 AND ready_at <= $2 AND +seq > $3 \
         AND expires_at > $2 AND client <> $4 ORDER BY +seq LIMIT $5"
    );
    let at = now(tx);
    let client = if client.is_empty() { "\n" } else { client };
    tx.query(&sql, &[&queue, &at, &after, &client, &limit], read)
}

/// Who posted a message.
pub(super) fn client_of(tx: &mut Tx<'_>, queue: i64, seq: i64) -> Db<Option<String>> {
    let sql = "SELECT client FROM messages WHERE queue_id = $1 AND seq = $2";
    tx.query_opt(sql, &[&queue, &seq], |row| row.text(0))
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
        "SELECT {COLUMNS} FROM messages WHERE queue_id = $1 AND state = 0 AND expires_at > $2 \
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
            "SELECT {COLUMNS} FROM messages WHERE queue_id = $1 AND state = 2 AND expires_at > $2 \
             ORDER BY seq LIMIT $3"
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
    let mut ended = 0;
    for seq in claims::ended_seqs(tx, queue.id)? {
        let held = self::at(tx, queue.id, seq)?;
        ended += i64::from(held.is_some_and(|one| one.claim.is_some() && one.ready_at <= at));
    }
    let (oldest, newest) = (end(tx, queue.id, End::Oldest)?, end(tx, queue.id, End::Newest)?);
    Ok(Stats { total: queue.total - expired, claimed: queue.claimed - held - ended, oldest, newest })
}

#[derive(Clone, Copy)]
enum End {
    Oldest,
    Newest,
}

/// The first or the last message that is not delayed.
fn end(tx: &mut Tx<'_>, queue: i64, end: End) -> Db<Option<Message>> {
    let (order, function) = match end {
        End::Oldest => ("ASC", "MIN"),
        End::Newest => ("DESC", "MAX"),
    };
    let moment = now(tx);
    let sql = format!(
        "SELECT {function}(seq) FROM messages WHERE queue_id = $1 AND state = 2 AND ready_at <= $2 AND expires_at > $2"
    );
    let appeared = tx.query_one(&sql, &[&queue, &moment], |row| row.opt_int(0))?;
    let mut found = match appeared {
        Some(seq) => at(tx, queue, seq)?,
        None => None,
    };
    for state in [FREE, CLAIMED] {
        let sql = format!(
            "SELECT {COLUMNS} FROM messages WHERE queue_id = $1 AND state = {state} AND expires_at > $2 \
             ORDER BY seq {order} LIMIT 1"
        );
        let other = tx.query_opt(&sql, &[&queue, &moment], read)?;
        let is_further = |other: &Message| match (end, &found) {
            (_, None) => true,
            (End::Oldest, Some(found)) => other.seq < found.seq,
            (End::Newest, Some(found)) => other.seq > found.seq,
        };
        found = match other.filter(is_further) {
            Some(other) => Some(other),
            None => found,
        };
    }
    Ok(found)
}
