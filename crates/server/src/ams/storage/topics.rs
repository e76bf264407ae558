//! Topics: their row holds the counters and the next offset.

use pentad_store::{Row, Tx};

use super::super::paging::PageRequest;
use super::{Db, next_id, now};

/// A topic as stored.
#[derive(Debug, Clone)]
pub(crate) struct TopicRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) schema_id: Option<i64>,
    pub(crate) schema: Option<String>,
    pub(crate) created_at: i64,
    /// Oldest retained offset.
    pub(crate) first: i64,
    /// One past the newest offset.
    pub(crate) end: i64,
    pub(crate) bytes: i64,
    /// Time of the last publish, 0 if never.
    pub(crate) last_at: i64,
    pub(crate) last_count: i64,
    /// Microseconds between the last two publishes.
    pub(crate) last_span: i64,
}

const COLUMNS: &str = "t.id, t.name, t.schema_id, (SELECT x.name FROM schemas x WHERE x.id = t.schema_id), \
    t.created_at, t.first_offset, t.next_offset, t.bytes, t.last_at, t.last_count, t.last_span";

fn read(row: &Row<'_>) -> Db<TopicRow> {
    Ok(TopicRow {
        id: row.int(0)?,
        name: row.text(1)?,
        schema_id: row.opt_int(2)?,
        schema: row.opt_text(3)?,
        created_at: row.int(4)?,
        first: row.int(5)?,
        end: row.int(6)?,
        bytes: row.int(7)?,
        last_at: row.int(8)?,
        last_count: row.int(9)?,
        last_span: row.int(10)?,
    })
}

/// The topic of this name in a project.
pub(crate) fn find(tx: &mut Tx<'_>, project: i64, name: &str) -> Db<Option<TopicRow>> {
    let sql = format!("SELECT {COLUMNS} FROM topics t WHERE t.project_id = $1 AND t.name = $2");
    tx.query_opt(&sql, &[&project, &name], read)
}

/// Ids of the topics that exist, for the retention sweep.
pub(crate) fn ids(tx: &mut Tx<'_>) -> Db<Vec<i64>> {
    tx.query("SELECT id FROM topics ORDER BY id", &[], |row| row.int(0))
}

/// A page of a project's topics, newest first; only those that list `user` if given.
pub(crate) fn page(tx: &mut Tx<'_>, project: i64, user: Option<i64>, page: PageRequest) -> Db<Vec<TopicRow>> {
    let filter = listed_filter(user);
    let sql = format!(
        "SELECT {COLUMNS} FROM topics t WHERE t.project_id = $1 AND t.id <= $2 {filter} ORDER BY t.id DESC LIMIT $3"
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
            tx.query_one("SELECT COUNT(*) FROM topics WHERE project_id = $1", &[&project], |row| row.int(0))
        }
        Some(user) => tx.query_one(
            "SELECT COUNT(*) FROM topics t JOIN topic_acl a ON a.topic_id = t.id \
             WHERE t.project_id = $1 AND a.user_id = $2",
            &[&project, &user],
            |row| row.int(0),
        ),
    }
}

fn listed_filter(user: Option<i64>) -> &'static str {
    match user {
        None => "",
        Some(_) => "AND t.id IN (SELECT a.topic_id FROM topic_acl a WHERE a.user_id = $4)",
    }
}

/// Stores a new, empty topic.
pub(crate) fn insert(tx: &mut Tx<'_>, project: i64, name: &str, schema: Option<i64>) -> Db<i64> {
    let id = next_id(tx)?;
    let at = now(tx);
    tx.execute(
        "INSERT INTO topics (id, project_id, name, schema_id, created_at, first_offset, next_offset, bytes, last_at, \
         last_count, last_span) VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0, 0, 0)",
        &[&id, &project, &name, &schema, &at],
    )?;
    Ok(id)
}

/// Attaches a schema, or detaches it.
pub(crate) fn set_schema(tx: &mut Tx<'_>, id: i64, schema: Option<i64>) -> Db<()> {
    tx.execute("UPDATE topics SET schema_id = $2 WHERE id = $1", &[&id, &schema]).map(drop)
}

/// Removes a topic; its messages are swept later.
pub(crate) fn delete(tx: &mut Tx<'_>, id: i64) -> Db<()> {
    tx.execute("INSERT INTO graves (topic_id) VALUES ($1)", &[&id])?;
    tx.execute("DELETE FROM topic_acl WHERE topic_id = $1", &[&id])?;
    tx.execute("DELETE FROM topics WHERE id = $1", &[&id]).map(drop)
}
