//! Subscriptions and their delivery state (AMS reference 12.4).

use pentad_store::{Row, Tx};

use super::super::paging::PageRequest;
use super::{Db, next_id, now, subscription_key};

/// A subscription as stored.
#[derive(Debug, Clone)]
pub(crate) struct SubscriptionRow {
    pub(crate) id: i64,
    pub(crate) project_id: i64,
    pub(crate) name: String,
    /// Short name of the topic, in the same project.
    pub(crate) topic: String,
    pub(crate) ack_deadline: i64,
    /// Next message to deliver.
    pub(crate) position: i64,
    /// End of the last pull (exclusive), 0 if nothing is outstanding.
    pub(crate) window_end: i64,
    /// Time of the last pull.
    pub(crate) pulled_at: i64,
    pub(crate) created_at: i64,
    /// Messages delivered so far.
    pub(crate) messages: i64,
    pub(crate) bytes: i64,
    /// Time of the last delivery, 0 if never.
    pub(crate) last_at: i64,
    pub(crate) last_count: i64,
    pub(crate) last_span: i64,
    /// The push configuration as JSON; `None` for a pull subscription.
    pub(crate) push: Option<String>,
    /// The sealed authorization header of push requests.
    pub(crate) push_header: Option<Vec<u8>>,
    /// Last state of delivery, `""` if there was no error.
    pub(crate) push_status: String,
}

const COLUMNS: &str = "s.id, s.project_id, s.name, s.topic, s.ack_deadline, s.position, s.window_end, s.pulled_at, \
    s.created_at, s.messages, s.bytes, s.last_at, s.last_count, s.last_span, s.push, s.push_header, s.push_status";

fn read(row: &Row<'_>) -> Db<SubscriptionRow> {
    Ok(SubscriptionRow {
        id: row.int(0)?,
        project_id: row.int(1)?,
        name: row.text(2)?,
        topic: row.text(3)?,
        ack_deadline: row.int(4)?,
        position: row.int(5)?,
        window_end: row.int(6)?,
        pulled_at: row.int(7)?,
        created_at: row.int(8)?,
        messages: row.int(9)?,
        bytes: row.int(10)?,
        last_at: row.int(11)?,
        last_count: row.int(12)?,
        last_span: row.int(13)?,
        push: row.opt_text(14)?,
        push_header: row.opt_blob(15)?,
        push_status: row.text(16)?,
    })
}

/// The subscription of this name in a project.
pub(crate) fn find(tx: &mut Tx<'_>, project: i64, name: &str) -> Db<Option<SubscriptionRow>> {
    let sql = format!("SELECT {COLUMNS} FROM subscriptions s WHERE s.project_id = $1 AND s.name = $2");
    tx.query_opt(&sql, &[&project, &name], read)
}

/// The subscription with this id.
pub(crate) fn by_id(tx: &mut Tx<'_>, id: i64) -> Db<Option<SubscriptionRow>> {
    tx.query_opt(&format!("SELECT {COLUMNS} FROM subscriptions s WHERE s.id = $1"), &[&id], read)
}

/// All subscriptions with a push configuration.
pub(crate) fn with_push(tx: &mut Tx<'_>) -> Db<Vec<SubscriptionRow>> {
    tx.query(
        &format!("SELECT {COLUMNS} FROM subscriptions s WHERE s.push IS NOT NULL ORDER BY s.id"),
        &[],
        read,
    )
}

/// Names of the subscriptions on a topic, oldest first.
pub(crate) fn names_of_topic(tx: &mut Tx<'_>, project: i64, topic: &str) -> Db<Vec<String>> {
    let sql = "SELECT name FROM subscriptions WHERE project_id = $1 AND topic = $2 ORDER BY id";
    tx.query(sql, &[&project, &topic], |row| row.text(0))
}

/// A page of a project's subscriptions, newest first; only those that list `user` if given.
pub(crate) fn page(
    tx: &mut Tx<'_>,
    project: i64,
    user: Option<i64>,
    page: PageRequest,
) -> Db<Vec<SubscriptionRow>> {
    let filter = match user {
        None => "",
        Some(_) => "AND s.id IN (SELECT a.subscription_id FROM subscription_acl a WHERE a.user_id = $4)",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM subscriptions s WHERE s.project_id = $1 AND s.id <= $2 {filter} \
         ORDER BY s.id DESC LIMIT $3"
    );
    let (upper, rows) = (page.upper(), page.rows());
    match user {
        None => tx.query(&sql, &[&project, &upper, &rows], read),
        Some(user) => tx.query(&sql, &[&project, &upper, &rows, &user], read),
    }
}

/// Size of the whole list of [`page`].
pub(crate) fn count(tx: &mut Tx<'_>, project: i64, user: Option<i64>) -> Db<i64> {
    match user {
        None => {
            tx.query_one("SELECT COUNT(*) FROM subscriptions WHERE project_id = $1", &[&project], |row| {
                row.int(0)
            })
        }
        Some(user) => tx.query_one(
            "SELECT COUNT(*) FROM subscriptions s JOIN subscription_acl a ON a.subscription_id = s.id \
             WHERE s.project_id = $1 AND a.user_id = $2",
            &[&project, &user],
            |row| row.int(0),
        ),
    }
}

/// What a new subscription is made of.
#[derive(Debug, Clone)]
pub(crate) struct NewSubscription {
    pub(crate) project: i64,
    pub(crate) name: String,
    pub(crate) topic: String,
    pub(crate) ack_deadline: i64,
    pub(crate) position: i64,
    pub(crate) push: Option<String>,
    pub(crate) push_header: Option<Vec<u8>>,
}

/// Stores a new subscription.
pub(crate) fn insert(tx: &mut Tx<'_>, new: &NewSubscription) -> Db<i64> {
    let id = next_id(tx)?;
    let at = now(tx);
    tx.execute(
        "INSERT INTO subscriptions (id, project_id, name, topic, ack_deadline, position, window_end, pulled_at, \
         created_at, messages, bytes, last_at, last_count, last_span, push, push_header, push_status) \
         VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, 0, 0, 0, 0, 0, $8, $9, '')",
        &[
            &id,
            &new.project,
            &new.name,
            &new.topic,
            &new.ack_deadline,
            &new.position,
            &at,
            &new.push,
            &new.push_header,
        ],
    )?;
    Ok(id)
}

/// Removes a subscription.
pub(crate) fn delete(tx: &mut Tx<'_>, id: i64) -> Db<()> {
    tx.execute("DELETE FROM subscription_acl WHERE subscription_id = $1", &[&id])?;
    tx.execute("DELETE FROM subscriptions WHERE id = $1", &[&id])?;
    tx.touch(&subscription_key(id));
    Ok(())
}

/// Sets the ack deadline in seconds.
pub(crate) fn set_ack_deadline(tx: &mut Tx<'_>, id: i64, seconds: i64) -> Db<()> {
    tx.execute("UPDATE subscriptions SET ack_deadline = $2 WHERE id = $1", &[&id, &seconds]).map(drop)
}

/// Moves the position and clears what is outstanding.
pub(crate) fn seek(tx: &mut Tx<'_>, id: i64, position: i64) -> Db<()> {
    tx.execute(
        "UPDATE subscriptions SET position = $2, window_end = 0, pulled_at = 0 WHERE id = $1",
        &[&id, &position],
    )?;
    tx.touch(&subscription_key(id));
    Ok(())
}

/// Raises the position to the oldest retained message and keeps what is outstanding.
pub(crate) fn raise(tx: &mut Tx<'_>, id: i64, position: i64) -> Db<()> {
    let sql = "UPDATE subscriptions SET position = $2 WHERE id = $1 AND position < $2";
    tx.execute(sql, &[&id, &position]).map(drop)
}

/// What a pull delivered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivered {
    /// Position that the pull started from.
    pub(crate) position: i64,
    /// Position that the subscription must still have.
    pub(crate) expected: i64,
    pub(crate) count: i64,
    pub(crate) bytes: i64,
}

/// Records a pull: the window and the time of delivery. Says whether the position was still as the pull saw it.
pub(crate) fn deliver(tx: &mut Tx<'_>, id: i64, pull: Delivered) -> Db<bool> {
    let at = now(tx);
    let end = pull.position + pull.count;
    let changed = if pull.count == 0 {
        tx.execute(
            "UPDATE subscriptions SET position = $3, window_end = $4, pulled_at = $5 WHERE id = $1 AND position = $2",
            &[&id, &pull.expected, &pull.position, &end, &at],
        )?
    } else {
        tx.execute(
            "UPDATE subscriptions SET position = $3, window_end = $4, pulled_at = $5, messages = messages + $6, \
             bytes = bytes + $7, last_count = $6, \
             last_span = CASE WHEN last_at = 0 OR last_at >= $5 THEN 1000000 ELSE $5 - last_at END, last_at = $5 \
             WHERE id = $1 AND position = $2",
            &[&id, &pull.expected, &pull.position, &end, &at, &pull.count, &pull.bytes],
        )?
    };
    Ok(changed > 0)
}

/// Replaces the push configuration.
pub(crate) fn set_push(tx: &mut Tx<'_>, id: i64, push: Option<&str>, header: Option<&[u8]>) -> Db<()> {
    tx.execute(
        "UPDATE subscriptions SET push = $2, push_header = $3, push_status = '' WHERE id = $1",
        &[&id, &push, &header],
    )?;
    tx.touch(&subscription_key(id));
    Ok(())
}

/// Records the last state of delivery.
pub(crate) fn set_push_status(tx: &mut Tx<'_>, id: i64, status: &str) -> Db<()> {
    tx.execute("UPDATE subscriptions SET push_status = $2 WHERE id = $1", &[&id, &status]).map(drop)
}
