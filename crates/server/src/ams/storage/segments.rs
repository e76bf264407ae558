//! Messages: segments of contiguous offsets, one or a few per publish request.

use pentad_store::Tx;

use super::super::names;
use super::pack::Packed;
use super::{Db, topic_key};

/// A stored segment.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    /// Offset of its first message.
    pub(crate) first: i64,
    /// Number of messages.
    pub(crate) count: i64,
    /// Publish time.
    pub(crate) at: i64,
    /// The packed messages.
    pub(crate) body: Vec<u8>,
}

/// Appends messages to a topic and gives the offset of the first one; `None` if the topic is gone.
///
/// Offsets are taken from the topic's row in this transaction, so they are contiguous in commit order. Publish
/// times never run backwards within a topic, whatever the clock does: seeking by time relies on it.
pub(crate) fn append(tx: &mut Tx<'_>, project: i64, topic: i64, segments: &[Packed]) -> Db<Option<i64>> {
    let count: i64 = segments.iter().map(|s| s.count).sum();
    let bytes: i64 = segments.iter().map(|s| s.bytes).sum();
    let now = super::now(tx);
    let taken = tx.query_opt(
        "UPDATE topics SET next_offset = next_offset + $2, bytes = bytes + $3, last_count = $2, \
         last_span = CASE WHEN last_at = 0 OR last_at >= $4 THEN 1000000 ELSE $4 - last_at END, \
         last_at = CASE WHEN last_at > $4 THEN last_at ELSE $4 END \
         WHERE id = $1 RETURNING next_offset, last_at",
        &[&topic, &count, &bytes, &now],
        |row| Ok((row.int(0)?, row.int(1)?)),
    )?;
    let Some((end, at)) = taken else { return Ok(None) };
    let start = end - count;
    let mut first = start;
    for segment in segments {
        tx.execute(
            "INSERT INTO segments (topic_id, first_offset, count, at, body) VALUES ($1, $2, $3, $4, $5)",
            &[&topic, &first, &segment.count, &at, &segment.body],
        )?;
        first += segment.count;
    }
    tx.execute(
        "INSERT INTO daily (project_id, topic_id, day, count) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (project_id, topic_id, day) DO UPDATE SET count = daily.count + excluded.count",
        &[&project, &topic, &names::day(now), &count],
    )?;
    tx.touch(&topic_key(topic));
    Ok(Some(start))
}

/// Segments that hold messages from `offset` on, at most `limit` rows, oldest first.
///
/// The first may begin before `offset`. Cost depends on what is returned, not on what is stored.
pub(crate) fn from(tx: &mut Tx<'_>, topic: i64, offset: i64, limit: i64) -> Db<Vec<Segment>> {
    let holder = tx.query_opt(
        "SELECT first_offset FROM segments WHERE topic_id = $1 AND first_offset <= $2 \
         ORDER BY first_offset DESC LIMIT 1",
        &[&topic, &offset],
        |row| row.int(0),
    )?;
    let start = holder.unwrap_or(offset);
    tx.query(
        "SELECT first_offset, count, at, body FROM segments WHERE topic_id = $1 AND first_offset >= $2 \
         ORDER BY first_offset LIMIT $3",
        &[&topic, &start, &limit],
        |row| Ok(Segment { first: row.int(0)?, count: row.int(1)?, at: row.int(2)?, body: row.blob(3)? }),
    )
}

/// Position of the first message published at or after `time`, if any.
///
/// Publish times never run backwards in a topic, so this halves the range of offsets instead of keeping an index
/// that every publish would have to feed.
pub(crate) fn at_time(tx: &mut Tx<'_>, topic: i64, first: i64, end: i64, time: i64) -> Db<Option<i64>> {
    let (mut low, mut high) = (first, end);
    while low < high {
        let middle = low + (high - low) / 2;
        let holder = tx.query_opt(
            "SELECT first_offset, count, at FROM segments WHERE topic_id = $1 AND first_offset <= $2 \
             ORDER BY first_offset DESC LIMIT 1",
            &[&topic, &middle],
            |row| Ok((row.int(0)?, row.int(1)?, row.int(2)?)),
        )?;
        match holder {
            Some((start, _, at)) if at >= time => high = start.min(middle).max(low),
            Some((start, count, _)) => low = (start + count).max(middle + 1),
            None => low = middle + 1,
        }
    }
    Ok((low < end).then_some(low))
}

/// Removes at most `limit` segments older than `before` from the front of a topic; says how many went.
pub(crate) fn expire(tx: &mut Tx<'_>, topic: i64, before: i64, limit: i64) -> Db<u64> {
    let oldest = tx.query(
        "SELECT first_offset, count, at FROM segments WHERE topic_id = $1 ORDER BY first_offset LIMIT $2",
        &[&topic, &limit],
        |row| Ok((row.int(0)?, row.int(1)?, row.int(2)?)),
    )?;
    let Some((first, count, _)) = oldest.into_iter().take_while(|(_, _, at)| *at < before).last() else {
        return Ok(0);
    };
    tx.execute(
        "UPDATE topics SET first_offset = $2 WHERE id = $1 AND first_offset < $2",
        &[&topic, &(first + count)],
    )?;
    tx.execute("DELETE FROM segments WHERE topic_id = $1 AND first_offset <= $2", &[&topic, &first])
}

/// Removes at most `limit` segments of deleted topics; says whether there may be more.
pub(crate) fn bury(tx: &mut Tx<'_>, limit: i64) -> Db<bool> {
    let grave =
        tx.query_opt("SELECT topic_id FROM graves ORDER BY topic_id LIMIT 1", &[], |row| row.int(0))?;
    let Some(topic) = grave else { return Ok(false) };
    let last = tx.query(
        "SELECT first_offset FROM segments WHERE topic_id = $1 ORDER BY first_offset LIMIT $2",
        &[&topic, &limit],
        |row| row.int(0),
    )?;
    match last.last() {
        None => tx.execute("DELETE FROM graves WHERE topic_id = $1", &[&topic])?,
        Some(last) => {
            tx.execute("DELETE FROM segments WHERE topic_id = $1 AND first_offset <= $2", &[&topic, last])?
        }
    };
    Ok(true)
}
