//! Parts of container images: manifests, configurations and layers, known by their SHA-256 within an account.

use std::collections::HashSet;

use pentad_store::Tx;

use super::Db;

/// The table.
pub(crate) const PARTS_1: &str = "
CREATE TABLE parts (
    account TEXT NOT NULL, digest TEXT NOT NULL, total BIGINT NOT NULL, whole BIGINT NOT NULL,
    PRIMARY KEY (account, digest));
";

/// The key of a part among the contents: its account and its digest.
pub(crate) fn key(account: &str, digest: &str) -> String {
    format!("package-{}-{digest}", account.rsplit(':').next().unwrap_or_default())
}

/// The keys of all parts of which something is known.
pub(crate) fn keys(tx: &mut Tx<'_>) -> Db<HashSet<String>> {
    let keys = tx
        .query("SELECT account, digest FROM parts", &[], |row| Ok(key(row.text_ref(0)?, row.text_ref(1)?)))?;
    Ok(keys.into_iter().collect())
}

/// What is known of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// Bytes that there will be.
    pub(crate) total: i64,
    /// Whether all of it is there, and has its digest.
    pub(crate) whole: bool,
}

/// A part, if something of it came.
pub(crate) fn get(tx: &mut Tx<'_>, account: &str, digest: &str) -> Db<Option<Part>> {
    let sql = "SELECT total, whole FROM parts WHERE account = $1 AND digest = $2";
    tx.query_opt(sql, &[&account, &digest], |row| Ok(Part { total: row.int(0)?, whole: row.flag(1)? }))
}

/// Notes what is known of a part.
pub(crate) fn put(tx: &mut Tx<'_>, account: &str, digest: &str, part: Part) -> Db<()> {
    let whole = i64::from(part.whole);
    tx.execute(
        "INSERT INTO parts (account, digest, total, whole) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account, digest) DO UPDATE SET total = EXCLUDED.total, whole = EXCLUDED.whole",
        &[&account, &digest, &part.total, &whole],
    )?;
    Ok(())
}

/// Forgets a part.
pub(crate) fn remove(tx: &mut Tx<'_>, account: &str, digest: &str) -> Db<()> {
    tx.execute("DELETE FROM parts WHERE account = $1 AND digest = $2", &[&account, &digest])?;
    Ok(())
}
