//! Documents: users, projects and domains, roles, groups, services, endpoints, regions, credentials, application
//! credentials and trusts.

use pentad_store::{Row, StoreError, StoreErrorKind, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Db, next_seq};

/// Something that is stored as a document.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// The kind, as stored.
    const KIND: &'static str;
    /// The name of the kind in messages.
    const TITLE: &'static str;

    /// Its id.
    fn id(&self) -> &str;

    /// Within what its name is unique; its id if names may repeat.
    fn scope(&self) -> &str {
        self.id()
    }

    /// Its name, `""` if it has none.
    fn name(&self) -> &str {
        ""
    }

    /// What it is listed by beside its kind: parent, service, user.
    fn owner(&self) -> &str {
        ""
    }
}

fn read<R: Record>(row: &Row<'_>) -> Db<R> {
    serde_json::from_str(&row.text(0)?)
        .map_err(|error| StoreError::new(StoreErrorKind::Decode, format!("a stored {}: {error}", R::KIND)))
}

fn write<R: Record>(record: &R) -> Db<String> {
    serde_json::to_string(record)
        .map_err(|error| StoreError::new(StoreErrorKind::Statement, format!("a {}: {error}", R::KIND)))
}

/// The record with this id.
pub(crate) fn get<R: Record>(tx: &mut Tx<'_>, id: &str) -> Db<Option<R>> {
    tx.query_opt("SELECT doc FROM records WHERE kind = $1 AND id = $2", &[&R::KIND, &id], read)
}

/// The record of this name.
pub(crate) fn by_name<R: Record>(tx: &mut Tx<'_>, scope: &str, name: &str) -> Db<Option<R>> {
    let sql = "SELECT doc FROM records WHERE kind = $1 AND scope = $2 AND name = $3";
    tx.query_opt(sql, &[&R::KIND, &scope, &name], read)
}

/// Every record of the kind, oldest first.
pub(crate) fn all<R: Record>(tx: &mut Tx<'_>) -> Db<Vec<R>> {
    tx.query("SELECT doc FROM records WHERE kind = $1 ORDER BY seq", &[&R::KIND], read)
}

/// Every record of an owner, oldest first.
pub(crate) fn owned<R: Record>(tx: &mut Tx<'_>, owner: &str) -> Db<Vec<R>> {
    let sql = "SELECT doc FROM records WHERE kind = $1 AND owner = $2 ORDER BY seq";
    tx.query(sql, &[&R::KIND, &owner], read)
}

/// Stores a new record; `false` if its id or name is taken.
pub(crate) fn insert<R: Record>(tx: &mut Tx<'_>, record: &R) -> Db<bool> {
    let (seq, doc) = (next_seq(tx)?, write(record)?);
    let done = tx.execute(
        "INSERT INTO records (kind, id, seq, scope, name, owner, doc) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT DO NOTHING",
        &[&R::KIND, &record.id(), &seq, &record.scope(), &record.name(), &record.owner(), &doc],
    )?;
    Ok(done > 0)
}

/// Stores a record in the place of the one with its id; `false` if another has its name.
pub(crate) fn update<R: Record>(tx: &mut Tx<'_>, record: &R) -> Db<bool> {
    let taken = tx.query_opt(
        "SELECT id FROM records WHERE kind = $1 AND scope = $2 AND name = $3 AND id <> $4",
        &[&R::KIND, &record.scope(), &record.name(), &record.id()],
        |row| row.text(0),
    )?;
    if taken.is_some() {
        return Ok(false);
    }
    let doc = write(record)?;
    tx.execute(
        "UPDATE records SET scope = $3, name = $4, owner = $5, doc = $6 WHERE kind = $1 AND id = $2",
        &[&R::KIND, &record.id(), &record.scope(), &record.name(), &record.owner(), &doc],
    )?;
    Ok(true)
}

/// Removes a record; says whether it was there.
pub(crate) fn delete<R: Record>(tx: &mut Tx<'_>, id: &str) -> Db<bool> {
    Ok(tx.execute("DELETE FROM records WHERE kind = $1 AND id = $2", &[&R::KIND, &id])? > 0)
}
