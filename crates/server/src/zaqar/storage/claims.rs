//! Claims: leases over messages. A message carries the id of its claim; `ready_at` says until when.

use pentad_store::Tx;

use super::messages::{self, Message};
use super::queues::{self, Queue};
use super::{Db, is_hex_id, new_hex_id, now};

/// A claim as stored.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// Seconds.
    pub(crate) ttl: i64,
    /// When it was made or last renewed.
    pub(crate) renewed_at: i64,
    /// Markers of the messages that it took.
    seqs: Vec<i64>,
}

/// What a claim is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// Seconds.
    pub(crate) ttl: i64,
    /// Seconds.
    pub(crate) grace: i64,
}

/// Where messages go that were claimed too often.
#[derive(Debug, Clone)]
pub(crate) struct DeadLetters {
    /// So many claims are allowed.
    pub(crate) most: i64,
    /// The queue that takes the rest.
    pub(crate) queue: String,
    /// What their ttl becomes.
    pub(crate) ttl: Option<i64>,
    /// Whether that ttl, and so their age, begins when they are moved; else they end when they would have.
    pub(crate) begin_again: bool,
}

const SECOND: i64 = 1_000_000;
/// Delayed messages that one transaction frees.
const BATCH: i64 = 200;
/// Claims that one transaction ends.
const CLAIMS: i64 = 10;

fn after(at: i64, seconds: i64) -> i64 {
    at.saturating_add(seconds.saturating_mul(SECOND))
}

/// Frees messages of a box whose claim or delay ended; `true` if there may be more of them.
pub(crate) fn free_ended(tx: &mut Tx<'_>, queue: i64) -> Db<bool> {
    let at = now(tx);
    let ended = tx.query(
        "SELECT id, seqs FROM claims WHERE queue_id = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT $3",
        &[&queue, &at, &CLAIMS],
        |row| Ok((row.text(0)?, read_seqs(row.text_ref(1)?))),
    )?;
    let mut freed = 0;
    for (id, seqs) in &ended {
        for seq in seqs {
            let sql = "UPDATE messages SET state = 0, ready_at = 0, claim = NULL \
                       WHERE queue_id = $1 AND seq = $2 AND state = 1 AND ready_at <= $3";
            freed += tx.execute(sql, &[&queue, seq, &at])?;
        }
        tx.execute("DELETE FROM claims WHERE id = $1 AND queue_id = $2", &[id, &queue])?;
    }
    let due = tx.query(
        "SELECT seq FROM messages WHERE queue_id = $1 AND state = 2 AND ready_at <= $2 ORDER BY ready_at LIMIT $3",
        &[&queue, &at, &BATCH],
        |row| row.int(0),
    )?;
    for seq in &due {
        let sql = "UPDATE messages SET state = 0, ready_at = 0 WHERE queue_id = $1 AND seq = $2";
        tx.execute(sql, &[&queue, seq])?;
    }
    queues::count(tx, queue, 0, -i64::try_from(freed).unwrap_or_default())?;
    let is_full = |rows: usize, most: i64| i64::try_from(rows).unwrap_or(most) == most;
    Ok(is_full(ended.len(), CLAIMS) || is_full(due.len(), BATCH))
}

/// Markers of messages whose claim ended, and which may still carry it.
pub(super) fn ended_seqs(tx: &mut Tx<'_>, queue: i64) -> Db<Vec<i64>> {
    let at = now(tx);
    let sql = "SELECT seqs FROM claims WHERE queue_id = $1 AND expires_at <= $2";
    let all = tx.query(sql, &[&queue, &at], |row| Ok(read_seqs(row.text_ref(0)?)))?;
    Ok(all.concat())
}

fn read_seqs(text: &str) -> Vec<i64> {
    text.split(',').filter_map(|seq| seq.parse().ok()).collect()
}

/// Takes the oldest messages that can be claimed, and gives them with the id of the claim.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    project: &str,
    queue: &Queue,
    terms: Terms,
    limit: i64,
    dead: Option<&DeadLetters>,
) -> Db<Option<(String, Vec<Message>)>> {
    let found = messages::ready(tx, queue.id, limit)?;
    if found.is_empty() {
        return Ok(None);
    }
    let id = new_hex_id();
    let (mut taken, mut worn) = (Vec::new(), Vec::new());
    for mut message in found {
        lease(tx, &mut message, &id, terms);
        match dead {
            Some(dead) if message.claim_count >= dead.most => worn.push(message),
            Some(_) => {
                message.claim_count += 1;
                taken.push(message);
            }
            None => taken.push(message),
        }
    }
    for message in &taken {
        store(tx, message)?;
    }
    queues::count(tx, queue.id, 0, length(&taken))?;
    if let Some(dead) = dead.filter(|_| !worn.is_empty()) {
        bury(tx, project, queue, dead, &id, terms, worn)?;
    }
    if taken.is_empty() {
        return Ok(None);
    }
    insert(tx, &id, queue.id, terms, &taken)?;
    Ok(Some((id, taken)))
}

fn length(messages: &[Message]) -> i64 {
    i64::try_from(messages.len()).unwrap_or(i64::MAX)
}

/// Puts a message under a claim. One that would end before the claim lives on for the grace.
fn lease(tx: &Tx<'_>, message: &mut Message, claim: &str, terms: Terms) {
    let ends = after(now(tx), terms.ttl);
    message.claim = Some(claim.to_owned());
    message.ready_at = ends;
    if message.expires_at < ends {
        message.ttl = terms.ttl.saturating_add(terms.grace);
        // A negative grace, which an update may have, never shortens a life.
        message.expires_at = after(ends, terms.grace).max(message.expires_at);
    }
}

fn store(tx: &mut Tx<'_>, message: &Message) -> Db<()> {
    tx.execute(
        "UPDATE messages SET state = 1, ready_at = $3, claim = $4, claim_count = $5, ttl = $6, expires_at = $7 \
         WHERE queue_id = $1 AND seq = $2",
        &[
            &message.queue,
            &message.seq,
            &message.ready_at,
            &message.claim,
            &message.claim_count,
            &message.ttl,
            &message.expires_at,
        ],
    )?;
    Ok(())
}

fn insert(tx: &mut Tx<'_>, id: &str, queue: i64, terms: Terms, taken: &[Message]) -> Db<()> {
    let at = now(tx);
    let seqs: Vec<String> = taken.iter().map(|message| message.seq.to_string()).collect();
    tx.execute(
        "INSERT INTO claims (id, queue_id, ttl, renewed_at, expires_at, seqs) VALUES ($1, $2, $3, $4, $5, $6)",
        &[&id, &queue, &terms.ttl, &at, &after(at, terms.ttl), &seqs.join(",")],
    )?;
    Ok(())
}

/// Moves messages to the dead-letter queue, still under the claim.
fn bury(
    tx: &mut Tx<'_>,
    project: &str,
    queue: &Queue,
    dead: &DeadLetters,
    claim: &str,
    terms: Terms,
    worn: Vec<Message>,
) -> Db<()> {
    let target = queues::ensure_box(tx, project, &dead.queue)?;
    let count = length(&worn);
    tx.execute("UPDATE queues SET next_seq = next_seq + $2 WHERE id = $1", &[&target.id, &count])?;
    let mut moved = Vec::new();
    for (seq, message) in (target.next_seq..).zip(worn) {
        moved.push(transfer(tx, target.id, seq, dead, message)?);
    }
    queues::count(tx, queue.id, -count, 0)?;
    queues::count(tx, target.id, count, count)?;
    // A queue that is its own dead-letter queue: the claim shows the caller's messages only, and what was moved is freed
    // with a claim that nobody knows.
    let hidden = new_hex_id();
    insert(tx, if target.id == queue.id { &hidden } else { claim }, target.id, terms, &moved)?;
    Ok(())
}

/// Moves one row under another box; its id stays.
fn transfer(tx: &mut Tx<'_>, queue: i64, seq: i64, dead: &DeadLetters, mut message: Message) -> Db<Message> {
    let id = message.id();
    let client = messages::client_of(tx, message.queue, message.seq)?;
    messages::remove_row(tx, message.queue, message.seq, message.alias.as_deref())?;
    if let Some(ttl) = dead.ttl {
        message.ttl = ttl;
        if dead.begin_again {
            message.created_at = now(tx);
            message.expires_at = after(message.created_at, ttl);
        }
    }
    tx.execute(
        "INSERT INTO messages (queue_id, seq, client, body, checksum, ttl, created_at, expires_at, \
         delayed_until, state, ready_at, claim, claim_count, alias) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 1, $9, $10, $11, $12)",
        &[
            &queue,
            &seq,
            &client.unwrap_or_default(),
            &message.body,
            &message.checksum,
            &message.ttl,
            &message.created_at,
            &message.expires_at,
            &message.ready_at,
            &message.claim,
            &message.claim_count,
            &id,
        ],
    )?;
    tx.execute(
        "INSERT INTO moved (queue_id, alias, seq) VALUES ($1, $2, $3) \
         ON CONFLICT (queue_id, alias) DO UPDATE SET seq = excluded.seq",
        &[&queue, &id, &seq],
    )?;
    Ok(Message { queue, seq, alias: Some(id), ..message })
}

/// A claim that still holds messages, and these.
pub(crate) fn find(tx: &mut Tx<'_>, queue: i64, id: &str) -> Db<Option<(Claim, Vec<Message>)>> {
    if !is_hex_id(id) {
        return Ok(None);
    }
    let at = now(tx);
    let claim = tx.query_opt(
        "SELECT ttl, renewed_at, seqs FROM claims WHERE id = $1 AND queue_id = $2 AND expires_at > $3",
        &[&id, &queue, &at],
        |row| Ok(Claim { ttl: row.int(0)?, renewed_at: row.int(1)?, seqs: read_seqs(row.text_ref(2)?) }),
    )?;
    let Some(claim) = claim else { return Ok(None) };
    let mut held = Vec::with_capacity(claim.seqs.len());
    for seq in &claim.seqs {
        held.extend(messages::at(tx, queue, *seq)?.filter(|message| message.held_by(at) == Some(id)));
    }
    Ok((!held.is_empty()).then_some((claim, held)))
}

/// Renews a claim from now on; `false` if it holds nothing any more.
pub(crate) fn renew(tx: &mut Tx<'_>, queue: i64, id: &str, terms: Terms) -> Db<bool> {
    let Some((_, held)) = find(tx, queue, id)? else { return Ok(false) };
    for mut message in held {
        lease(tx, &mut message, id, terms);
        message.claim_count = 0;
        store(tx, &message)?;
    }
    let at = now(tx);
    tx.execute(
        "UPDATE claims SET ttl = $3, renewed_at = $4, expires_at = $5 WHERE id = $1 AND queue_id = $2",
        &[&id, &queue, &terms.ttl, &at, &after(at, terms.ttl)],
    )?;
    Ok(true)
}

/// Gives the messages of a claim back.
pub(crate) fn release(tx: &mut Tx<'_>, queue: i64, id: &str) -> Db<()> {
    if !is_hex_id(id) {
        return Ok(());
    }
    let sql = "SELECT seqs FROM claims WHERE id = $1 AND queue_id = $2";
    let Some(seqs) = tx.query_opt(sql, &[&id, &queue], |row| Ok(read_seqs(row.text_ref(0)?)))? else {
        return Ok(());
    };
    let (at, mut freed) = (now(tx), 0);
    for seq in seqs {
        // A claim that ended by itself counts on.
        freed += tx.execute(
            "UPDATE messages SET state = 0, ready_at = 0, claim = NULL, \
             claim_count = CASE WHEN ready_at > $4 THEN 0 ELSE claim_count END \
             WHERE queue_id = $1 AND seq = $2 AND claim = $3",
            &[&queue, &seq, &id, &at],
        )?;
    }
    queues::count(tx, queue, 0, -i64::try_from(freed).unwrap_or_default())?;
    tx.execute("DELETE FROM claims WHERE id = $1 AND queue_id = $2", &[&id, &queue])?;
    Ok(())
}
