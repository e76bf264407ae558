//! Schemas of messages.

use pentad_store::{Row, Tx};

use super::{Db, next_id};

/// A schema as stored.
#[derive(Debug, Clone)]
pub(crate) struct SchemaRow {
    pub(crate) id: i64,
    pub(crate) uuid: String,
    pub(crate) name: String,
    /// `json` or `avro`.
    pub(crate) kind: String,
    /// The schema document as it was sent.
    pub(crate) body: String,
}

const COLUMNS: &str = "id, uuid, name, kind, body";

fn read(row: &Row<'_>) -> Db<SchemaRow> {
    Ok(SchemaRow {
        id: row.int(0)?,
        uuid: row.text(1)?,
        name: row.text(2)?,
        kind: row.text(3)?,
        body: row.text(4)?,
    })
}

/// The schema of this name in a project.
pub(crate) fn find(tx: &mut Tx<'_>, project: i64, name: &str) -> Db<Option<SchemaRow>> {
    let sql = format!("SELECT {COLUMNS} FROM schemas WHERE project_id = $1 AND name = $2");
    tx.query_opt(&sql, &[&project, &name], read)
}

/// The schema with this id.
pub(crate) fn by_id(tx: &mut Tx<'_>, id: i64) -> Db<Option<SchemaRow>> {
    tx.query_opt(&format!("SELECT {COLUMNS} FROM schemas WHERE id = $1"), &[&id], read)
}

/// All schemas of a project, oldest first.
pub(crate) fn all(tx: &mut Tx<'_>, project: i64) -> Db<Vec<SchemaRow>> {
    let sql = format!("SELECT {COLUMNS} FROM schemas WHERE project_id = $1 ORDER BY id");
    tx.query(&sql, &[&project], read)
}

/// Stores a new schema.
pub(crate) fn insert(tx: &mut Tx<'_>, project: i64, schema: &SchemaRow) -> Db<i64> {
    let id = next_id(tx)?;
    tx.execute(
        "INSERT INTO schemas (id, uuid, project_id, name, kind, body) VALUES ($1, $2, $3, $4, $5, $6)",
        &[&id, &schema.uuid, &project, &schema.name, &schema.kind, &schema.body],
    )?;
    Ok(id)
}

/// Stores name, type and content.
pub(crate) fn update(tx: &mut Tx<'_>, schema: &SchemaRow) -> Db<()> {
    tx.execute(
        "UPDATE schemas SET name = $2, kind = $3, body = $4 WHERE id = $1",
        &[&schema.id, &schema.name, &schema.kind, &schema.body],
    )
    .map(drop)
}

/// Removes a schema; topics that use it lose it.
pub(crate) fn delete(tx: &mut Tx<'_>, id: i64) -> Db<()> {
    tx.execute("UPDATE topics SET schema_id = NULL WHERE schema_id = $1", &[&id])?;
    tx.execute("DELETE FROM schemas WHERE id = $1", &[&id]).map(drop)
}
