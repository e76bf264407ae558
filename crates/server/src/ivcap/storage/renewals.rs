//! What tokens are renewed with: known by its SHA-256 alone.

use pentad_store::Tx;

use super::Db;

/// Expired ones that are removed along with a new one.
const SWEPT: i64 = 100;

/// Stores what a renewal stands for, until `expires` (in seconds).
pub(crate) fn put(tx: &mut Tx<'_>, digest: &[u8; 32], sealed: &[u8], expires: i64, now: i64) -> Db<()> {
    tx.execute(
        "DELETE FROM renewals WHERE digest IN (SELECT digest FROM renewals WHERE expires <= $1 LIMIT $2)",
        &[&now, &SWEPT],
    )?;
    tx.execute(
        "INSERT INTO renewals (digest, sealed, expires) VALUES ($1, $2, $3)",
        &[digest, &sealed, &expires],
    )?;
    Ok(())
}

/// What a renewal stands for, if it has not ended.
pub(crate) fn get(tx: &mut Tx<'_>, digest: &[u8; 32], now: i64) -> Db<Option<Vec<u8>>> {
    let sql = "SELECT sealed FROM renewals WHERE digest = $1 AND expires > $2";
    tx.query_opt(sql, &[digest, &now], |row| row.blob(0))
}
