//! Queues: a name of a project, its metadata, and the box of its messages.

use pentad_store::{Row, Tx};

use super::{Db, next_id, now};

/// A queue as stored.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    /// The box of its messages.
    pub(crate) id: i64,
    /// Whether it was created; else it only collects dead letters.
    pub(crate) live: bool,
    /// A JSON object.
    pub(crate) metadata: String,
    /// The marker of the next message.
    pub(crate) next_seq: i64,
    /// Messages, expired ones that were not removed yet included.
    pub(crate) total: i64,
    /// Messages that carry a claim, ended ones that were not taken off yet included.
    pub(crate) claimed: i64,
    /// Whether it may have subscriptions.
    pub(crate) watched: bool,
}

const COLUMNS: &str = "id, live, metadata, next_seq, total, claimed, watched";

fn read(row: &Row<'_>) -> Db<Queue> {
    Ok(Queue {
        id: row.int(0)?,
        live: row.flag(1)?,
        metadata: row.text(2)?,
        next_seq: row.int(3)?,
        total: row.int(4)?,
        claimed: row.int(5)?,
        watched: row.flag(6)?,
    })
}

/// The box under a name, whether or not it is a queue.
pub(crate) fn boxed(tx: &mut Tx<'_>, project: &str, name: &str) -> Db<Option<Queue>> {
    let sql = format!("SELECT {COLUMNS} FROM queues WHERE project = $1 AND name = $2");
    tx.query_opt(&sql, &[&project, &name], read)
}

/// A queue that was created.
pub(crate) fn find(tx: &mut Tx<'_>, project: &str, name: &str) -> Db<Option<Queue>> {
    Ok(boxed(tx, project, name)?.filter(|queue| queue.live))
}

/// Creates a queue unless it exists; says whether it did not.
pub(crate) fn create(tx: &mut Tx<'_>, project: &str, name: &str, metadata: &str) -> Db<bool> {
    match boxed(tx, project, name)? {
        Some(queue) if queue.live => Ok(false),
        Some(queue) => {
            tx.execute(
                "UPDATE queues SET live = 1, metadata = $2, created_at = $3 WHERE id = $1",
                &[&queue.id, &metadata, &now(tx)],
            )?;
            Ok(true)
        }
        None => {
            open(tx, project, name, true, metadata)?;
            Ok(true)
        }
    }
}

/// The queue, created if need be.
pub(crate) fn ensure(tx: &mut Tx<'_>, project: &str, name: &str) -> Db<Queue> {
    if let Some(queue) = find(tx, project, name)? {
        return Ok(queue);
    }
    create(tx, project, name, "{}")?;
    existing(tx, project, name)
}

/// The box under a name, opened for dead letters if need be.
pub(crate) fn ensure_box(tx: &mut Tx<'_>, project: &str, name: &str) -> Db<Queue> {
    if let Some(queue) = boxed(tx, project, name)? {
        return Ok(queue);
    }
    open(tx, project, name, false, "{}")?;
    existing(tx, project, name)
}

fn existing(tx: &mut Tx<'_>, project: &str, name: &str) -> Db<Queue> {
    let sql = format!("SELECT {COLUMNS} FROM queues WHERE project = $1 AND name = $2");
    tx.query_one(&sql, &[&project, &name], read)
}

fn open(tx: &mut Tx<'_>, project: &str, name: &str, live: bool, metadata: &str) -> Db<()> {
    let (id, at) = (next_id(tx)?, now(tx));
    tx.execute(
        "INSERT INTO queues (id, project, name, live, metadata, created_at, next_seq, total, claimed, watched) \
         VALUES ($1, $2, $3, $4, $5, $6, 1, 0, 0, \
         CASE WHEN EXISTS (SELECT 1 FROM subscriptions WHERE project = $2 AND queue = $3) THEN 1 ELSE 0 END)",
        &[&id, &project, &name, &live, &metadata, &at],
    )?;
    Ok(())
}

/// From now on there are subscriptions of a queue.
pub(super) fn watch(tx: &mut Tx<'_>, project: &str, name: &str) -> Db<()> {
    let sql = "UPDATE queues SET watched = 1 WHERE project = $1 AND name = $2 AND watched = 0";
    tx.execute(sql, &[&project, &name])?;
    Ok(())
}

/// Notes that a queue has no subscriptions, if it has none.
pub(crate) fn unwatch(tx: &mut Tx<'_>, project: &str, name: &str) -> Db<()> {
    tx.execute(
        "UPDATE queues SET watched = 0 WHERE project = $1 AND name = $2 \
         AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE project = $1 AND queue = $2)",
        &[&project, &name],
    )?;
    Ok(())
}

/// Replaces the metadata; says whether there is such a queue.
pub(crate) fn set_metadata(tx: &mut Tx<'_>, project: &str, name: &str, metadata: &str) -> Db<bool> {
    let changed = tx.execute(
        "UPDATE queues SET metadata = $3 WHERE project = $1 AND name = $2 AND live = 1",
        &[&project, &name, &metadata],
    )?;
    Ok(changed > 0)
}

/// Removes a queue. Its messages are gone at once; their rows go by and by.
pub(crate) fn delete(tx: &mut Tx<'_>, project: &str, name: &str) -> Db<()> {
    if let Some(queue) = boxed(tx, project, name)? {
        tx.execute("DELETE FROM queues WHERE id = $1", &[&queue.id])?;
        bury(tx, &queue)?;
    }
    Ok(())
}

/// Removes every queue of a project, as [`delete`] does one; says whether there was any.
pub(crate) fn delete_all(tx: &mut Tx<'_>, project: &str) -> Db<bool> {
    let sql = format!("SELECT {COLUMNS} FROM queues WHERE project = $1");
    let all = tx.query(&sql, &[&project], read)?;
    for queue in &all {
        bury(tx, queue)?;
    }
    tx.execute("DELETE FROM queues WHERE project = $1", &[&project])?;
    Ok(!all.is_empty())
}

/// Removes all messages of a queue: it goes on with another box. Markers go on counting.
pub(crate) fn empty(tx: &mut Tx<'_>, project: &str, name: &str) -> Db<()> {
    let Some(queue) = boxed(tx, project, name)? else { return Ok(()) };
    let id = next_id(tx)?;
    tx.execute("UPDATE queues SET id = $2, total = 0, claimed = 0 WHERE id = $1", &[&queue.id, &id])?;
    bury(tx, &queue)
}

fn bury(tx: &mut Tx<'_>, queue: &Queue) -> Db<()> {
    tx.execute("INSERT INTO graves (queue_id) VALUES ($1) ON CONFLICT (queue_id) DO NOTHING", &[&queue.id])?;
    Ok(())
}

/// Changes the counters of a box.
pub(crate) fn count(tx: &mut Tx<'_>, id: i64, total: i64, claimed: i64) -> Db<()> {
    if total != 0 || claimed != 0 {
        tx.execute(
            "UPDATE queues SET total = total + $2, claimed = claimed + $3 WHERE id = $1",
            &[&id, &total, &claimed],
        )?;
    }
    Ok(())
}

/// Names and metadata of a project's queues after a name, in order, at most `limit`.
pub(crate) fn list(tx: &mut Tx<'_>, project: &str, after: &str, limit: i64) -> Db<Vec<(String, String)>> {
    // No name holds U+0000, and the databases take none: what follows it in a marker makes no difference.
    let after = after.split('\0').next().unwrap_or_default();
    tx.query(
        "SELECT name, metadata FROM queues WHERE project = $1 AND name > $2 AND live = 1 ORDER BY name LIMIT $3",
        &[&project, &after, &limit],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
}

/// Messages of all queues, and how many of them are claimed, by the counters.
pub(crate) fn volume(tx: &mut Tx<'_>) -> Db<(i64, i64)> {
    let sql = "SELECT CAST(COALESCE(SUM(total), 0) AS BIGINT), CAST(COALESCE(SUM(claimed), 0) AS BIGINT) FROM queues";
    tx.query_one(sql, &[], |row| Ok((row.int(0)?, row.int(1)?)))
}

/// How many queues a project has.
pub(crate) fn number(tx: &mut Tx<'_>, project: &str) -> Db<i64> {
    tx.query_one("SELECT COUNT(*) FROM queues WHERE project = $1 AND live = 1", &[&project], |row| row.int(0))
}
