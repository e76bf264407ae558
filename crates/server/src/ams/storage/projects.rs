//! Projects.

use pentad_store::{Row, ToValue, Tx};

use super::{Db, next_id, now};

/// A project as stored.
#[derive(Debug, Clone)]
pub(crate) struct ProjectRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) created_at: i64,
    pub(crate) modified_at: i64,
    /// Name of the creator, if it had one and still exists.
    pub(crate) creator: Option<String>,
}

const COLUMNS: &str = "p.id, p.name, p.description, p.created_at, p.modified_at, \
    (SELECT u.name FROM users u WHERE u.id = p.created_by)";

fn read(row: &Row<'_>) -> Db<ProjectRow> {
    Ok(ProjectRow {
        id: row.int(0)?,
        name: row.text(1)?,
        description: row.text(2)?,
        created_at: row.int(3)?,
        modified_at: row.int(4)?,
        creator: row.opt_text(5)?,
    })
}

fn find(tx: &mut Tx<'_>, condition: &str, value: &dyn ToValue) -> Db<Option<ProjectRow>> {
    tx.query_opt(&format!("SELECT {COLUMNS} FROM projects p WHERE {condition}"), &[value], read)
}

/// The project of this name.
pub(crate) fn by_name(tx: &mut Tx<'_>, name: &str) -> Db<Option<ProjectRow>> {
    find(tx, "p.name = $1", &name)
}

/// The project with this id.
pub(crate) fn by_id(tx: &mut Tx<'_>, id: i64) -> Db<Option<ProjectRow>> {
    find(tx, "p.id = $1", &id)
}

/// Every project, oldest first.
pub(crate) fn all(tx: &mut Tx<'_>) -> Db<Vec<ProjectRow>> {
    tx.query(&format!("SELECT {COLUMNS} FROM projects p ORDER BY p.id"), &[], read)
}

/// Stores a new project.
pub(crate) fn insert(tx: &mut Tx<'_>, uuid: &str, name: &str, description: &str, by: Option<i64>) -> Db<i64> {
    let id = next_id(tx)?;
    let at = now(tx);
    tx.execute(
        "INSERT INTO projects (id, uuid, name, description, created_at, modified_at, created_by) \
         VALUES ($1, $2, $3, $4, $5, $5, $6)",
        &[&id, &uuid, &name, &description, &at, &by],
    )?;
    Ok(id)
}

/// Changes name and description.
pub(crate) fn update(tx: &mut Tx<'_>, id: i64, name: &str, description: &str) -> Db<()> {
    let at = now(tx);
    tx.execute(
        "UPDATE projects SET name = $2, description = $3, modified_at = $4 WHERE id = $1",
        &[&id, &name, &description, &at],
    )
    .map(drop)
}

/// Removes a project with its topics, subscriptions, schemas, counters and memberships; messages are swept later.
pub(crate) fn delete(tx: &mut Tx<'_>, id: i64) -> Db<()> {
    for sql in [
        "INSERT INTO graves (topic_id) SELECT id FROM topics WHERE project_id = $1",
        "DELETE FROM topic_acl WHERE topic_id IN (SELECT id FROM topics WHERE project_id = $1)",
        "DELETE FROM subscription_acl WHERE subscription_id IN (SELECT id FROM subscriptions WHERE project_id = $1)",
        "DELETE FROM topics WHERE project_id = $1",
        "DELETE FROM subscriptions WHERE project_id = $1",
        "DELETE FROM schemas WHERE project_id = $1",
        "DELETE FROM daily WHERE project_id = $1",
        "DELETE FROM members WHERE project_id = $1",
        "DELETE FROM projects WHERE id = $1",
    ] {
        tx.execute(sql, &[&id])?;
    }
    Ok(())
}
