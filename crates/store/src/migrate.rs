//! The stored format of a service's data.

use crate::batch::Connection;
use crate::error::{Result, StoreError, StoreErrorKind};

/// One step of a service's tables: what leads from the version before to `version`.
///
/// The list of a service begins with its first tables and only ever grows; versions rise strictly.
/// `sql` may hold several statements; beside the portable subset it may say `{blob}` and `{serial}`.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The format version that the data has after this step; at least 1.
    pub version: u32,
    /// The statements, separated by semicolons.
    pub sql: &'static str,
}

const FORMAT: &str = "format";

/// Brings the data to the last version of `schema`.
///
/// `snapshot` is called with the old version before existing data is changed.
pub(crate) fn migrate(
    connection: &mut dyn Connection,
    service: &str,
    schema: &[Migration],
    snapshot: impl FnOnce(u32) -> Result<()>,
) -> Result<()> {
    let known = last_version(service, schema)?;
    connection.script(
        "CREATE TABLE IF NOT EXISTS pentad_meta (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL)",
    )?;
    let stored = stored_version(connection)?;
    if stored > known {
        let what = format!(
            "the data of \"{service}\" has format {stored}, this program knows up to {known}: \
             use the newer program, or restore the snapshot it made before migrating"
        );
        return Err(StoreError::new(StoreErrorKind::Newer, what));
    }
    if stored == known {
        return Ok(());
    }
    if stored > 0 {
        tracing::info!(service, from = stored, to = known, "migrating stored data");
        snapshot(stored)?;
    }
    connection.begin(false)?;
    let applied = apply(connection, schema, stored).and_then(|()| connection.commit());
    if applied.is_err() {
        connection.rollback();
    }
    applied
}

fn apply(connection: &mut dyn Connection, schema: &[Migration], stored: u32) -> Result<()> {
    for step in schema.iter().filter(|step| step.version > stored) {
        connection.script(step.sql)?;
        connection.execute(
            "INSERT INTO pentad_meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            &[&FORMAT, &step.version],
        )?;
    }
    Ok(())
}

fn stored_version(connection: &mut dyn Connection) -> Result<u32> {
    let mut stored = Ok(0);
    connection.query("SELECT value FROM pentad_meta WHERE name = $1", &[&FORMAT], &mut |row| {
        stored = row.int(0);
        false
    })?;
    Ok(u32::try_from(stored?).unwrap_or(u32::MAX))
}

fn last_version(service: &str, schema: &[Migration]) -> Result<u32> {
    let rising = schema.windows(2).all(|pair| pair[0].version < pair[1].version);
    match schema.last() {
        Some(last) if rising && schema[0].version > 0 => Ok(last.version),
        _ => {
            let what = format!("the migrations of \"{service}\" must be there and rise from 1");
            Err(StoreError::new(StoreErrorKind::Statement, what))
        }
    }
}
