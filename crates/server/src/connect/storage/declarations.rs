//! What was declared, kept for the next start: collections, keys by their digests, the document.

use pentad_store::Tx;

use super::Db;

/// What a declaration is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A collection, by its pattern.
    Collection,
    /// Who is let in, by the digest of the key.
    Key,
    /// The OpenAPI document, by what follows from it.
    Document,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Key => "key",
            Self::Document => "document",
        }
    }
}

/// Keeps a declaration; one of the same name keeps its place and gets these words.
pub(crate) fn put(tx: &mut Tx<'_>, kind: Kind, name: &str, body: &str) -> Db<()> {
    let sql = "INSERT INTO declarations (kind, name, place, body) SELECT $1, $2, \
               (SELECT COALESCE(MAX(d.place), 0) + 1 FROM declarations d), $3 \
               WHERE NOT EXISTS (SELECT 1 FROM declarations e WHERE e.kind = $1 AND e.name = $2)";
    if tx.execute(sql, &[&kind.word(), &name, &body])? == 0 {
        let sql = "UPDATE declarations SET body = $3 WHERE kind = $1 AND name = $2";
        tx.execute(sql, &[&kind.word(), &name, &body])?;
    }
    Ok(())
}

/// Forgets all declarations of a kind.
pub(crate) fn drop_all(tx: &mut Tx<'_>, kind: Kind) -> Db<()> {
    tx.execute("DELETE FROM declarations WHERE kind = $1", &[&kind.word()]).map(drop)
}

/// Names and words of all declarations of a kind, in the order in which they came.
pub(crate) fn all(tx: &mut Tx<'_>, kind: Kind) -> Db<Vec<(String, String)>> {
    let sql = "SELECT name, body FROM declarations WHERE kind = $1 ORDER BY place, name";
    tx.query(sql, &[&kind.word()], |row| Ok((row.text(0)?, row.text(1)?)))
}

/// Whether there is a declaration of this name and these words.
pub(crate) fn has(tx: &mut Tx<'_>, kind: Kind, name: &str) -> Db<bool> {
    let sql = "SELECT place FROM declarations WHERE kind = $1 AND name = $2";
    Ok(tx.query_opt(sql, &[&kind.word(), &name], |row| row.int(0))?.is_some())
}
