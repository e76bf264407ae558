//! Pools: what an administrator says of other storages. They carry no messages here.

use pentad_store::{Row, Tx};

use super::Db;

/// A pool as stored.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) uri: String,
    pub(crate) weight: i64,
    /// The flavor that it belongs to.
    pub(crate) flavor: Option<String>,
    /// A JSON object.
    pub(crate) options: String,
}

const COLUMNS: &str = "name, uri, weight, flavor, options";

fn read(row: &Row<'_>) -> Db<Pool> {
    Ok(Pool {
        name: row.text(0)?,
        uri: row.text(1)?,
        weight: row.int(2)?,
        flavor: row.opt_text(3)?,
        options: row.text(4)?,
    })
}

/// A pool.
pub(crate) fn find(tx: &mut Tx<'_>, name: &str) -> Db<Option<Pool>> {
    tx.query_opt(&format!("SELECT {COLUMNS} FROM pools WHERE name = $1"), &[&name], read)
}

/// Stores a pool in the place of one of this name; `false` if another pool has its URI.
pub(crate) fn store(tx: &mut Tx<'_>, pool: &Pool) -> Db<bool> {
    let sql = "SELECT name FROM pools WHERE uri = $1 AND name <> $2";
    if tx.query_opt(sql, &[&pool.uri, &pool.name], |row| row.text(0))?.is_some() {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO pools (name, uri, weight, flavor, options) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (name) DO UPDATE SET uri = excluded.uri, weight = excluded.weight, \
         flavor = excluded.flavor, options = excluded.options",
        &[&pool.name, &pool.uri, &pool.weight, &pool.flavor, &pool.options],
    )?;
    Ok(true)
}

/// Removes a pool.
pub(crate) fn delete(tx: &mut Tx<'_>, name: &str) -> Db<()> {
    tx.execute("DELETE FROM pools WHERE name = $1", &[&name])?;
    Ok(())
}

/// Pools after a name, in order.
pub(crate) fn list(tx: &mut Tx<'_>, after: &str, limit: i64) -> Db<Vec<Pool>> {
    let after = after.split('\0').next().unwrap_or_default();
    let sql = format!("SELECT {COLUMNS} FROM pools WHERE name > $1 ORDER BY name LIMIT $2");
    tx.query(&sql, &[&after, &limit], read)
}

/// The names of all pools, at most a hundred.
pub(crate) fn names(tx: &mut Tx<'_>) -> Db<Vec<String>> {
    tx.query("SELECT name FROM pools ORDER BY name LIMIT 100", &[], |row| row.text(0))
}

/// The names of the pools of a flavor.
pub(crate) fn of_flavor(tx: &mut Tx<'_>, flavor: &str) -> Db<Vec<String>> {
    tx.query("SELECT name FROM pools WHERE flavor = $1 ORDER BY name", &[&flavor], |row| row.text(0))
}

/// Puts a pool under a flavor, or under none.
pub(crate) fn set_flavor(tx: &mut Tx<'_>, name: &str, flavor: Option<&str>) -> Db<()> {
    tx.execute("UPDATE pools SET flavor = $2 WHERE name = $1", &[&name, &flavor])?;
    Ok(())
}
