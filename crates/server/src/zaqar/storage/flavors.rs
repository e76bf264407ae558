//! Flavors: names for groups of pools, which queues can ask for.

use pentad_store::Tx;

use super::Db;

/// The capabilities that were sent with a flavor, as a JSON object; `None` if there is no such flavor.
pub(crate) fn find(tx: &mut Tx<'_>, name: &str) -> Db<Option<String>> {
    tx.query_opt("SELECT capabilities FROM flavors WHERE name = $1", &[&name], |row| row.text(0))
}

/// Stores a flavor in the place of one of this name.
pub(crate) fn store(tx: &mut Tx<'_>, name: &str, capabilities: &str) -> Db<()> {
    tx.execute(
        "INSERT INTO flavors (name, capabilities) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET capabilities = excluded.capabilities",
        &[&name, &capabilities],
    )?;
    Ok(())
}

/// Removes a flavor; its pools have none then.
pub(crate) fn delete(tx: &mut Tx<'_>, name: &str) -> Db<()> {
    tx.execute("UPDATE pools SET flavor = '' WHERE flavor = $1", &[&name])?;
    tx.execute("DELETE FROM flavors WHERE name = $1", &[&name])?;
    Ok(())
}

/// Names and capabilities of flavors after a name, in order.
pub(crate) fn list(tx: &mut Tx<'_>, after: &str, limit: i64) -> Db<Vec<(String, String)>> {
    let after = after.split('\0').next().unwrap_or_default();
    tx.query(
        "SELECT name, capabilities FROM flavors WHERE name > $1 ORDER BY name LIMIT $2",
        &[&after, &limit],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
}
