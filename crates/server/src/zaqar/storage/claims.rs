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
/// Messages that one transaction frees.
const BATCH: i64 = 200;

fn after(at: i64, seconds: i64) -> i64 {
    at.saturating_add(seconds.saturating_mul(SECOND))
}

/// Frees messages of a box whose claim or delay ended; `true` if there may be more of them.
pub(crate) fn free_ended(tx: &mut Tx<'_>, queue: i64) -> Db<bool> {
    let at = now(tx);
    let ended = tx.query(
        "SELECT seq, CASE WHEN claim IS NULL THEN 0 ELSE 1 END FROM messages \
         WHERE queue_id = $1 AND ready_at > 0 AND ready_at <= $2 ORDER BY ready_at LIMIT $3",
        &[&queue, &at, &BATCH],
        |row| Ok((row.int(0)?, row.int(1)?)),
    )?;
    let mut claimed = 0;
    for (seq, held) in &ended {
        free(tx, queue, *seq)?;
        claimed -= held;
    }
    queues::count(tx, queue, 0, claimed)?;
    Ok(i64::try_from(ended.len()).unwrap_or(BATCH) == BATCH)
}

fn free(tx: &mut Tx<'_>, queue: i64, seq: i64) -> Db<()> {
    let sql = "UPDATE messages SET ready_at = 0, claim = NULL WHERE queue_id = $1 AND seq = $2";
    tx.execute(sql, &[&queue, &seq])?;
    Ok(())
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
        "UPDATE messages SET ready_at = $3, claim = $4, claim_count = $5, ttl = $6, expires_at = $7 \
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
    // A queue that is its own dead-letter queue: one claim has room for the caller's messages only, and what was
    // moved is freed by its time.
    if target.id != queue.id {
        insert(tx, claim, target.id, terms, &moved)?;
    }
    Ok(())
}

/// Moves one row under another box; its id stays.
fn transfer(tx: &mut Tx<'_>, queue: i64, seq: i64, dead: &DeadLetters, mut message: Message) -> Db<Message> {
    let id = message.id();
    let client = tx.query_opt(
        "SELECT client FROM messages WHERE queue_id = $1 AND seq = $2",
        &[&message.queue, &message.seq],
        |row| row.text(0),
    )?;
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
         delayed_until, ready_at, claim, claim_count, alias) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, $12)",
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
        |row| {
            let seqs = row.text(2)?.split(',').filter_map(|seq| seq.parse().ok()).collect();
            Ok(Claim { ttl: row.int(0)?, renewed_at: row.int(1)?, seqs })
        },
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
    if let Some((_, held)) = find(tx, queue, id)? {
        for message in &held {
            free(tx, queue, message.seq)?;
            tx.execute(
                "UPDATE messages SET claim_count = 0 WHERE queue_id = $1 AND seq = $2",
                &[&queue, &message.seq],
            )?;
        }
        queues::count(tx, queue, 0, -length(&held))?;
    }
    tx.execute("DELETE FROM claims WHERE id = $1 AND queue_id = $2", &[&id, &queue])?;
    Ok(())
}
