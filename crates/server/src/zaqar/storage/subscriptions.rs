//! Subscriptions: who wants to be told of the messages of a queue. They are kept by the queue's name and outlive it.

use pentad_store::{Row, Tx};

use super::{Db, is_hex_id, new_hex_id, next_id, now, queues};

/// A subscription as stored.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    /// Its place in lists.
    pub(crate) place: i64,
    pub(crate) queue: String,
    /// A URI.
    pub(crate) subscriber: String,
    /// Seconds.
    pub(crate) ttl: i64,
    /// A JSON object, sealed.
    pub(crate) options: Vec<u8>,
    pub(crate) confirmed: bool,
    pub(crate) created_at: i64,
}

/// What an update replaces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change {
    pub(crate) subscriber: Option<String>,
    pub(crate) ttl: Option<i64>,
    /// Sealed.
    pub(crate) options: Option<Vec<u8>>,
}

/// What came of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    Done,
    /// There is no such subscription.
    Missing,
    /// Another one has this subscriber.
    Taken,
}

const COLUMNS: &str = "id, place, queue, subscriber, ttl, options, confirmed, created_at";
const SECOND: i64 = 1_000_000;

fn read(row: &Row<'_>) -> Db<Subscription> {
    Ok(Subscription {
        id: row.text(0)?,
        place: row.int(1)?,
        queue: row.text(2)?,
        subscriber: row.text(3)?,
        ttl: row.int(4)?,
        options: row.blob(5)?,
        confirmed: row.flag(6)?,
        created_at: row.int(7)?,
    })
}

fn end(at: i64, ttl: i64) -> i64 {
    at.saturating_add(ttl.saturating_mul(SECOND))
}

/// The place that an id tells; lists go on after it, also when the subscription is gone.
pub(crate) fn place_of(id: &str) -> Option<i64> {
    if is_hex_id(id) { i64::from_str_radix(&id[8..], 16).ok() } else { None }
}

/// A subscription that is alive.
pub(crate) fn find(tx: &mut Tx<'_>, project: &str, queue: &str, id: &str) -> Db<Option<Subscription>> {
    if !is_hex_id(id) {
        return Ok(None);
    }
    let (at, id) = (now(tx), id.to_ascii_lowercase());
    let sql = format!(
        "SELECT {COLUMNS} FROM subscriptions WHERE id = $1 AND project = $2 AND queue = $3 AND expires_at > $4"
    );
    tx.query_opt(&sql, &[&id, &project, &queue, &at], read)
}

/// The subscription of a subscriber.
pub(crate) fn by_subscriber(
    tx: &mut Tx<'_>,
    project: &str,
    queue: &str,
    subscriber: &str,
) -> Db<Option<Subscription>> {
    let at = now(tx);
    let sql = format!(
        "SELECT {COLUMNS} FROM subscriptions WHERE project = $1 AND queue = $2 AND subscriber = $3 \
         AND expires_at > $4"
    );
    tx.query_opt(&sql, &[&project, &queue, &subscriber, &at], read)
}

/// Adds a subscription, which nobody confirmed yet. Its subscriber must not have one.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    project: &str,
    queue: &str,
    subscriber: &str,
    ttl: i64,
    options: &Vec<u8>,
) -> Db<Subscription> {
    // One that ended may not have been swept yet.
    tx.execute(
        "DELETE FROM subscriptions WHERE project = $1 AND queue = $2 AND subscriber = $3",
        &[&project, &queue, &subscriber],
    )?;
    let (place, at) = (next_id(tx)?, now(tx));
    let id = format!("{}{place:016x}", &new_hex_id()[..8]);
    tx.execute(
        "INSERT INTO subscriptions (id, place, project, queue, subscriber, ttl, options, confirmed, created_at, \
         expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9)",
        &[&id, &place, &project, &queue, &subscriber, &ttl, &options, &at, &end(at, ttl)],
    )?;
    queues::watch(tx, project, queue)?;
    Ok(Subscription {
        id,
        place,
        queue: queue.to_owned(),
        subscriber: subscriber.to_owned(),
        ttl,
        options: options.clone(),
        confirmed: false,
        created_at: at,
    })
}

/// Replaces what is given; a new ttl counts from now.
pub(crate) fn update(tx: &mut Tx<'_>, project: &str, queue: &str, id: &str, change: &Change) -> Db<Changed> {
    let Some(own) = find(tx, project, queue, id)? else { return Ok(Changed::Missing) };
    let subscriber = change.subscriber.as_ref().unwrap_or(&own.subscriber);
    let other = by_subscriber(tx, project, queue, subscriber)?;
    if other.is_some_and(|other| other.id != own.id) {
        return Ok(Changed::Taken);
    }
    tx.execute(
        "DELETE FROM subscriptions WHERE project = $1 AND queue = $2 AND subscriber = $3 AND id <> $4",
        &[&project, &queue, subscriber, &own.id],
    )?;
    let options = change.options.as_ref().unwrap_or(&own.options);
    tx.execute(
        "UPDATE subscriptions SET subscriber = $2, options = $3 WHERE id = $1",
        &[&own.id, subscriber, options],
    )?;
    if let Some(ttl) = change.ttl {
        let expires = end(now(tx), ttl);
        tx.execute(
            "UPDATE subscriptions SET ttl = $2, expires_at = $3 WHERE id = $1",
            &[&own.id, &ttl, &expires],
        )?;
    }
    Ok(Changed::Done)
}

/// Confirms a subscription or takes that back; gives it if it is there.
pub(crate) fn confirm(
    tx: &mut Tx<'_>,
    project: &str,
    queue: &str,
    id: &str,
    confirmed: bool,
) -> Db<Option<Subscription>> {
    let Some(own) = find(tx, project, queue, id)? else { return Ok(None) };
    tx.execute("UPDATE subscriptions SET confirmed = $2 WHERE id = $1", &[&own.id, &confirmed])?;
    Ok(Some(Subscription { confirmed, ..own }))
}

/// Removes a subscription.
pub(crate) fn delete(tx: &mut Tx<'_>, project: &str, queue: &str, id: &str) -> Db<()> {
    let id = id.to_ascii_lowercase();
    tx.execute(
        "DELETE FROM subscriptions WHERE id = $1 AND project = $2 AND queue = $3",
        &[&id, &project, &queue],
    )?;
    Ok(())
}

/// Removes the subscriptions of a queue.
pub(crate) fn delete_all(tx: &mut Tx<'_>, project: &str, queue: &str) -> Db<()> {
    tx.execute("DELETE FROM subscriptions WHERE project = $1 AND queue = $2", &[&project, &queue])?;
    Ok(())
}

/// Subscriptions of a queue after a place, in the order of their making.
pub(crate) fn list(
    tx: &mut Tx<'_>,
    project: &str,
    queue: &str,
    after: i64,
    limit: i64,
) -> Db<Vec<Subscription>> {
    let at = now(tx);
    let sql = format!(
        "SELECT {COLUMNS} FROM subscriptions WHERE project = $1 AND queue = $2 AND place > $3 \
         AND expires_at > $4 ORDER BY place LIMIT $5"
    );
    tx.query(&sql, &[&project, &queue, &after, &at, &limit], read)
}

/// Removes some of those that ended; `true` if there may be more.
pub(crate) fn remove_ended(tx: &mut Tx<'_>) -> Db<bool> {
    const BATCH: i64 = 500;
    let at = now(tx);
    let removed = tx.execute(
        "DELETE FROM subscriptions WHERE id IN \
         (SELECT id FROM subscriptions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        &[&at, &BATCH],
    )?;
    Ok(i64::try_from(removed).unwrap_or(BATCH) >= BATCH)
}

/// Whether one has ended.
pub(crate) fn has_ended(tx: &mut Tx<'_>) -> Db<bool> {
    let at = now(tx);
    let sql = "SELECT id FROM subscriptions WHERE expires_at <= $1 LIMIT 1";
    Ok(tx.query_opt(sql, &[&at], |row| row.text(0))?.is_some())
}
