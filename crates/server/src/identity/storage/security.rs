//! Revoked tokens, the ends of trusts, failed logins, and secrets of the installation.

use pentad_store::Tx;

use super::super::model::Trust;
use super::{Db, now, records};

/// Notes that the token with this audit id is void; the note is kept until the token would have ended.
pub(crate) fn revoke(tx: &mut Tx<'_>, audit_id: &str, expires_at: i64) -> Db<()> {
    let at = now(tx);
    tx.execute(
        "INSERT INTO revoked (audit_id, expires_at, revoked_at) VALUES ($1, $2, $3) ON CONFLICT (audit_id) DO NOTHING",
        &[&audit_id, &expires_at, &at],
    )?;
    Ok(())
}

/// Whether the token with this audit id was revoked.
pub(crate) fn is_revoked(tx: &mut Tx<'_>, audit_id: &str) -> Db<bool> {
    let sql = "SELECT expires_at FROM revoked WHERE audit_id = $1";
    Ok(tx.query_opt(sql, &[&audit_id], |row| row.int(0))?.is_some())
}

/// Every revoked token that has not ended: audit id, end, time of revocation.
pub(crate) fn revoked(tx: &mut Tx<'_>) -> Db<Vec<(String, i64, i64)>> {
    let sql = "SELECT audit_id, expires_at, revoked_at FROM revoked ORDER BY revoked_at";
    tx.query(sql, &[], |row| Ok((row.text(0)?, row.int(1)?, row.int(2)?)))
}

/// Forgets some revocations of tokens that ended before `before`; says how many.
pub(crate) fn sweep(tx: &mut Tx<'_>, before: i64, most: i64) -> Db<u64> {
    tx.execute(
        "DELETE FROM revoked WHERE audit_id IN \
         (SELECT audit_id FROM revoked WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        &[&before, &most],
    )
}

/// Stores a new trust, until it ends.
pub(crate) fn add_trust(tx: &mut Tx<'_>, trust: &Trust) -> Db<()> {
    records::insert(tx, trust)?;
    let Some(end) = trust.expires_at else { return Ok(()) };
    tx.execute("INSERT INTO trust_ends (id, ends_at) VALUES ($1, $2)", &[&trust.id, &end]).map(drop)
}

/// Removes some trusts that ended before `before`; says how many.
pub(crate) fn sweep_trusts(tx: &mut Tx<'_>, before: i64, most: i64) -> Db<usize> {
    let sql = "SELECT id FROM trust_ends WHERE ends_at < $1 ORDER BY ends_at LIMIT $2";
    let ended = tx.query(sql, &[&before, &most], |row| row.text(0))?;
    for id in &ended {
        records::delete::<Trust>(tx, id)?;
        tx.execute("DELETE FROM trust_ends WHERE id = $1", &[id])?;
    }
    Ok(ended.len())
}

/// How often a user failed to log in in a row, and when last.
pub(crate) fn failures(tx: &mut Tx<'_>, user: &str) -> Db<(i64, i64)> {
    let sql = "SELECT count, last_at FROM failures WHERE user_id = $1";
    Ok(tx.query_opt(sql, &[&user], |row| Ok((row.int(0)?, row.int(1)?)))?.unwrap_or_default())
}

/// Counts a failed login.
pub(crate) fn failed(tx: &mut Tx<'_>, user: &str) -> Db<()> {
    let at = now(tx);
    tx.execute(
        "INSERT INTO failures (user_id, count, last_at) VALUES ($1, 1, $2) \
         ON CONFLICT (user_id) DO UPDATE SET count = failures.count + 1, last_at = excluded.last_at",
        &[&user, &at],
    )?;
    Ok(())
}

/// Takes back one failure that was counted before it was known to be none.
pub(crate) fn took_back(tx: &mut Tx<'_>, user: &str) -> Db<()> {
    tx.execute("UPDATE failures SET count = count - 1 WHERE user_id = $1 AND count > 0", &[&user]).map(drop)
}

/// Forgets failed logins.
pub(crate) fn succeeded(tx: &mut Tx<'_>, user: &str) -> Db<()> {
    tx.execute("DELETE FROM failures WHERE user_id = $1", &[&user]).map(drop)
}

/// A sealed secret of the installation.
pub(crate) fn secret(tx: &mut Tx<'_>, name: &str) -> Db<Option<Vec<u8>>> {
    tx.query_opt("SELECT sealed FROM secrets WHERE name = $1", &[&name], |row| row.blob(0))
}

/// Keeps a sealed secret of the installation.
pub(crate) fn set_secret(tx: &mut Tx<'_>, name: &str, sealed: &[u8]) -> Db<()> {
    tx.execute(
        "INSERT INTO secrets (name, sealed) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed",
        &[&name, &sealed],
    )?;
    Ok(())
}
