//! Requests of people who want to become users.

use pentad_store::{Row, Tx};

use super::person::Person;
use super::{Db, next_id, now};

/// A registration as stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct RegistrationRow {
    pub(crate) id: i64,
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) person: Person,
    /// `pending`, `accepted` or `declined`.
    pub(crate) status: String,
    pub(crate) decline_comment: String,
    pub(crate) activation_digest: String,
    /// The sealed activation token; `None` once accepted or declined.
    pub(crate) activation: Option<Vec<u8>>,
    pub(crate) registered_at: i64,
    pub(crate) modified_by: String,
    /// 0 if never.
    pub(crate) modified_at: i64,
}

const COLUMNS: &str = "id, uuid, name, first_name, last_name, organization, description, email, status, \
    decline_comment, activation_digest, activation, registered_at, modified_by, modified_at";

fn read(row: &Row<'_>) -> Db<RegistrationRow> {
    Ok(RegistrationRow {
        id: row.int(0)?,
        uuid: row.text(1)?,
        name: row.text(2)?,
        person: Person::read(row, 3)?,
        status: row.text(8)?,
        decline_comment: row.text(9)?,
        activation_digest: row.text(10)?,
        activation: row.opt_blob(11)?,
        registered_at: row.int(12)?,
        modified_by: row.text(13)?,
        modified_at: row.int(14)?,
    })
}

/// The registration of this UUID.
pub(crate) fn find(tx: &mut Tx<'_>, uuid: &str) -> Db<Option<RegistrationRow>> {
    tx.query_opt(&format!("SELECT {COLUMNS} FROM registrations WHERE uuid = $1"), &[&uuid], read)
}

/// All registrations, oldest first.
pub(crate) fn all(tx: &mut Tx<'_>) -> Db<Vec<RegistrationRow>> {
    tx.query(&format!("SELECT {COLUMNS} FROM registrations ORDER BY id"), &[], read)
}

/// Stores a new registration; the time is set here.
pub(crate) fn insert(tx: &mut Tx<'_>, new: &RegistrationRow) -> Db<()> {
    let id = next_id(tx)?;
    let at = now(tx);
    tx.execute(
        "INSERT INTO registrations (id, uuid, name, first_name, last_name, organization, description, email, status, \
         decline_comment, activation_digest, activation, registered_at, modified_by, modified_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', '', $9, $10, $11, '', 0)",
        &[
            &id,
            &new.uuid,
            &new.name,
            &new.person.first_name,
            &new.person.last_name,
            &new.person.organization,
            &new.person.description,
            &new.person.email,
            &new.activation_digest,
            &new.activation,
            &at,
        ],
    )
    .map(drop)
}

/// Closes a registration and erases its activation token.
pub(crate) fn close(tx: &mut Tx<'_>, id: i64, status: &str, comment: &str, by: &str) -> Db<()> {
    let at = now(tx);
    tx.execute(
        "UPDATE registrations SET status = $2, decline_comment = $3, activation_digest = '', activation = NULL, \
         modified_by = $4, modified_at = $5 WHERE id = $1",
        &[&id, &status, &comment, &by, &at],
    )
    .map(drop)
}

/// Removes a registration.
pub(crate) fn delete(tx: &mut Tx<'_>, id: i64) -> Db<()> {
    tx.execute("DELETE FROM registrations WHERE id = $1", &[&id]).map(drop)
}
