//! The stored format of a service's data.

use crate::batch::Connection;
use crate::error::{Result, StoreError, StoreErrorKind};

/// One step of a service's tables: what leads from the version before to `version`.
///
/// The list of a service begins with its first tables and only ever grows; versions rise strictly.
/// `sql` may hold several statements; beside the portable subset it may say `{blob}`, `{serial}`,
/// `{number}` and, behind the columns of a table, `{clustered}`.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The format version that the data has after this step; at least 1.
    pub version: u32,
    /// The statements, separated by semicolons.
    pub sql: &'static str,
}

/// What the data of a service must look like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    pub(crate) schema: &'static [Migration],
    /// Tells the key that secrets are sealed under from any other.
    pub(crate) key: i64,
}

const META: &str =
    "CREATE TABLE IF NOT EXISTS pentad_meta (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL)";
/// Reads something that every database of a service has.
pub(crate) const PROBE: &str = "SELECT value FROM pentad_meta";
const FORMAT: &str = "format";
const KEY: &str = "key";

/// Brings the data to the last version of `form`.
///
/// `snapshot` is called with the old version before existing data is changed.
pub(crate) fn migrate<C: Connection>(
    connection: &mut C,
    service: &str,
    form: Form,
    snapshot: impl FnOnce(&mut C, u32) -> Result<()>,
) -> Result<()> {
    let known = last_version(service, form.schema)?;
    connection.script(META)?;
    let stored = acceptable(connection, service, known, form.key)?;
    if stored == known {
        return Ok(());
    }
    if stored > 0 {
        tracing::info!(service, from = stored, to = known, "migrating stored data");
        snapshot(connection, stored)?;
    }
    connection.begin(false)?;
    let applied = apply(connection, form, stored).and_then(|()| connection.commit());
    if applied.is_err() {
        connection.rollback();
    }
    applied
}

/// Refuses data of a format or under a key that `form` does not have; changes nothing.
pub(crate) fn check(connection: &mut dyn Connection, service: &str, form: Form, key: i64) -> Result<()> {
    acceptable(connection, service, last_version(service, form.schema)?, key).map(drop)
}

/// Brings data that was put in the place of other data to the last version of `form`.
pub(crate) fn again(connection: &mut dyn Connection, form: Form) -> Result<()> {
    let stored = version(connection)?;
    if form.schema.last().is_none_or(|last| last.version == stored) {
        return Ok(());
    }
    connection.begin(false)?;
    let applied = apply(connection, form, stored).and_then(|()| connection.commit());
    if applied.is_err() {
        connection.rollback();
    }
    applied
}

fn version(connection: &mut dyn Connection) -> Result<u32> {
    Ok(stored(connection, FORMAT)?.map_or(0, |version| u32::try_from(version).unwrap_or(u32::MAX)))
}

/// The version of the stored data, if this program can take it over.
fn acceptable(connection: &mut dyn Connection, service: &str, known: u32, key: i64) -> Result<u32> {
    let stored = version(connection)?;
    if stored > known {
        let what = format!(
            "the data of \"{service}\" has format {stored}, this program knows up to {known}: \
             use the newer program, or restore the snapshot it made before migrating"
        );
        return Err(StoreError::new(StoreErrorKind::Newer, what));
    }
    if self::stored(connection, KEY)?.is_some_and(|sealed| sealed != key) {
        let what = format!(
            "the secrets of \"{service}\" were sealed under another key: restore the file `key` that \
             belongs to this data"
        );
        return Err(StoreError::new(StoreErrorKind::Config, what));
    }
    Ok(stored)
}

/// Makes the tables of an empty database, inside a transaction.
pub(crate) fn create(connection: &mut dyn Connection, form: Form) -> Result<()> {
    connection.script(META)?;
    apply(connection, form, 0)
}

fn apply(connection: &mut dyn Connection, form: Form, stored: u32) -> Result<()> {
    let mut version = stored;
    for step in form.schema.iter().filter(|step| step.version > stored) {
        connection.script(step.sql)?;
        version = step.version;
    }
    for (name, value) in [(FORMAT, i64::from(version)), (KEY, form.key)] {
        connection.execute(
            "INSERT INTO pentad_meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            &[&name, &value],
        )?;
    }
    Ok(())
}

fn stored(connection: &mut dyn Connection, name: &str) -> Result<Option<i64>> {
    let mut stored = Ok(None);
    connection.query("SELECT value FROM pentad_meta WHERE name = $1", &[&name], &mut |row| {
        stored = row.opt_int(0);
        false
    })?;
    stored
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
