//! Secrets of accounts: sealed, and without a history.

use pentad_store::Tx;

use super::{Db, Sql};

/// A secret's name and when it ends, in seconds; 0 never.
pub(crate) type Head = (String, i64);

/// Stores a secret in the place of an earlier one.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    account: &str,
    name: &str,
    kind: &str,
    sealed: &[u8],
    ends: i64,
) -> Db<()> {
    tx.execute(
        "INSERT INTO secrets (account, name, kind, sealed, expires) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account, name, kind) DO UPDATE SET sealed = EXCLUDED.sealed, expires = EXCLUDED.expires",
        &[&account, &name, &kind, &sealed, &ends],
    )?;
    Ok(())
}

/// A secret that has not ended: sealed, and when it ends.
pub(crate) fn get(
    tx: &mut Tx<'_>,
    account: &str,
    name: &str,
    kind: &str,
    now: i64,
) -> Db<Option<(Vec<u8>, i64)>> {
    tx.query_opt(
        "SELECT sealed, expires FROM secrets WHERE account = $1 AND name = $2 AND kind = $3
         AND (expires = 0 OR expires > $4)",
        &[&account, &name, &kind, &now],
        |row| Ok((row.blob(0)?, row.int(1)?)),
    )
}

/// Up to `limit` secrets of an account that have not ended, by name, after the one with the name `after`.
pub(crate) fn list(
    tx: &mut Tx<'_>,
    account: &str,
    after: Option<&str>,
    limit: i64,
    now: i64,
) -> Db<Vec<Head>> {
    let mut sql =
        Sql::new("SELECT name, CASE WHEN MIN(expires) = 0 THEN 0 ELSE MAX(expires) END FROM secrets WHERE ");
    sql.add("account = ? AND (expires = 0 OR expires > ?)", &[&account, &now]);
    if let Some(after) = &after {
        sql.add(" AND name > ?", &[after]);
    }
    sql.add(" GROUP BY name ORDER BY name LIMIT ?", &[&limit]);
    tx.query(&sql.text, &sql.values, |row| Ok((row.text(0)?, row.int(1)?)))
}
