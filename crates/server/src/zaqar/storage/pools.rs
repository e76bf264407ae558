//! Pools: what an administrator says of other storages. They carry no messages here.

use std::fmt;

use pentad_store::{Row, Tx, Vault};

use super::Db;

/// A pool as stored.
#[derive(Clone)]
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) uri: String,
    pub(crate) weight: i64,
    /// The flavor that it belongs to.
    pub(crate) flavor: Option<String>,
    /// A JSON object.
    pub(crate) options: String,
}

/// What a storage can do.
pub(crate) type Capabilities = &'static [&'static str];

impl Pool {
    /// What the storage of its URI can do; only MongoDB keeps what it has over a restart.
    pub(crate) fn capabilities(&self) -> Capabilities {
        if self.uri.starts_with("mongodb") {
            &["FIFO", "CLAIMS", "DURABILITY", "AOD", "HIGH_THROUGHPUT"]
        } else {
            &["FIFO", "CLAIMS", "AOD", "HIGH_THROUGHPUT"]
        }
    }
}

impl fmt::Debug for Pool {
    /// Without what may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("name", &self.name).finish_non_exhaustive()
    }
}

const COLUMNS: &str = "name, uri, weight, flavor, options";

/// The name under which URIs and options are sealed: both may hold passwords.
const SEALED: &str = "zaqar.pool";

fn read(row: &Row<'_>, vault: &Vault) -> Db<Pool> {
    Ok(Pool {
        name: row.text(0)?,
        uri: open(vault, row.blob_ref(1)?)?,
        weight: row.int(2)?,
        flavor: row.opt_text(3)?,
        options: open(vault, row.blob_ref(4)?)?,
    })
}

fn open(vault: &Vault, sealed: &[u8]) -> Db<String> {
    Ok(String::from_utf8_lossy(&vault.open(SEALED, sealed)?).into_owned())
}

/// A pool.
pub(crate) fn find(tx: &mut Tx<'_>, vault: &Vault, name: &str) -> Db<Option<Pool>> {
    let sql = format!("SELECT {COLUMNS} FROM pools WHERE name = $1");
    tx.query_opt(&sql, &[&name], |row| read(row, vault))
}

/// Stores a pool in the place of one of this name; `false` if another pool has its URI.
pub(crate) fn store(tx: &mut Tx<'_>, vault: &Vault, pool: &Pool) -> Db<bool> {
    // Only who opens them can compare them; administrators have few.
    let sql = "SELECT uri FROM pools WHERE name <> $1";
    let others = tx.query(sql, &[&pool.name], |row| open(vault, row.blob_ref(0)?))?;
    if others.contains(&pool.uri) {
        return Ok(false);
    }
    let (uri, options) =
        (vault.seal(SEALED, pool.uri.as_bytes())?, vault.seal(SEALED, pool.options.as_bytes())?);
    tx.execute(
        "INSERT INTO pools (name, uri, weight, flavor, options) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (name) DO UPDATE SET uri = excluded.uri, weight = excluded.weight, \
         flavor = excluded.flavor, options = excluded.options",
        &[&pool.name, &uri, &pool.weight, &pool.flavor, &options],
    )?;
    Ok(true)
}

/// Removes a pool.
pub(crate) fn delete(tx: &mut Tx<'_>, name: &str) -> Db<()> {
    tx.execute("DELETE FROM pools WHERE name = $1", &[&name])?;
    Ok(())
}

/// Pools after a name, in order.
pub(crate) fn list(tx: &mut Tx<'_>, vault: &Vault, after: &str, limit: i64) -> Db<Vec<Pool>> {
    let after = after.split('\0').next().unwrap_or_default();
    let sql = format!("SELECT {COLUMNS} FROM pools WHERE name > $1 ORDER BY name LIMIT $2");
    tx.query(&sql, &[&after, &limit], |row| read(row, vault))
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
