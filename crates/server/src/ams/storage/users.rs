//! Users, their memberships and their certificate subjects.

use pentad_store::{Row, ToValue, Tx};

use super::super::paging::PageRequest;
use super::person::Person;
use super::{Db, list_text, next_id, now, text_list};

/// A user as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UserRow {
    pub(crate) id: i64,
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) person: Person,
    /// The sealed token.
    pub(crate) token: Vec<u8>,
    pub(crate) token_digest: String,
    /// `None` when the user was created without the key.
    pub(crate) service_roles: Option<Vec<String>>,
    pub(crate) created_at: i64,
    pub(crate) modified_at: i64,
    pub(crate) created_by: Option<i64>,
    /// Name of the creator, if it still exists; not written.
    pub(crate) creator: Option<String>,
}

/// A user's place in one project.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(crate) project_id: i64,
    pub(crate) project: String,
    pub(crate) roles: Option<Vec<String>>,
    pub(crate) topics: Vec<String>,
    pub(crate) subscriptions: Vec<String>,
}

const COLUMNS: &str = "u.id, u.uuid, u.name, u.first_name, u.last_name, u.organization, u.description, u.email, \
    u.token, u.token_digest, u.service_roles, u.created_at, u.modified_at, u.created_by, \
    (SELECT c.name FROM users c WHERE c.id = u.created_by)";

fn read(row: &Row<'_>) -> Db<UserRow> {
    Ok(UserRow {
        id: row.int(0)?,
        uuid: row.text(1)?,
        name: row.text(2)?,
        person: Person::read(row, 3)?,
        token: row.blob(8)?,
        token_digest: row.text(9)?,
        service_roles: text_list(row.opt_text(10)?),
        created_at: row.int(11)?,
        modified_at: row.int(12)?,
        created_by: row.opt_int(13)?,
        creator: row.opt_text(14)?,
    })
}

fn find(tx: &mut Tx<'_>, condition: &str, value: &dyn ToValue) -> Db<Option<UserRow>> {
    let sql = format!("SELECT {COLUMNS} FROM users u WHERE {condition} ORDER BY u.id LIMIT 1");
    tx.query_opt(&sql, &[value], read)
}

/// The user of this name.
pub(crate) fn by_name(tx: &mut Tx<'_>, name: &str) -> Db<Option<UserRow>> {
    find(tx, "u.name = $1", &name)
}

/// The user whose token has this digest.
pub(crate) fn by_token(tx: &mut Tx<'_>, digest: &str) -> Db<Option<UserRow>> {
    find(tx, "u.token_digest = $1", &digest)
}

/// The user of this UUID.
pub(crate) fn by_uuid(tx: &mut Tx<'_>, uuid: &str) -> Db<Option<UserRow>> {
    find(tx, "u.uuid = $1", &uuid)
}

/// The user with this id.
pub(crate) fn by_id(tx: &mut Tx<'_>, id: i64) -> Db<Option<UserRow>> {
    find(tx, "u.id = $1", &id)
}

/// The oldest user.
pub(crate) fn first(tx: &mut Tx<'_>) -> Db<Option<UserRow>> {
    find(tx, "u.id >= $1", &0_i64)
}

/// The user a certificate subject stands for.
pub(crate) fn by_subject(tx: &mut Tx<'_>, subject: &str) -> Db<Option<UserRow>> {
    find(tx, "u.id = (SELECT s.user_id FROM subjects s WHERE s.subject = $1)", &subject)
}

/// A page of all users, newest first, or of the members of a project.
pub(crate) fn page(tx: &mut Tx<'_>, project: Option<i64>, page: PageRequest) -> Db<Vec<UserRow>> {
    let (upper, rows) = (page.upper(), page.rows());
    match project {
        None => {
            let sql = format!("SELECT {COLUMNS} FROM users u WHERE u.id <= $1 ORDER BY u.id DESC LIMIT $2");
            tx.query(&sql, &[&upper, &rows], read)
        }
        Some(project) => {
            let sql = format!(
                "SELECT {COLUMNS} FROM members m JOIN users u ON u.id = m.user_id \
                 WHERE m.project_id = $3 AND m.user_id <= $1 ORDER BY m.user_id DESC LIMIT $2"
            );
            tx.query(&sql, &[&upper, &rows, &project], read)
        }
    }
}

/// Number of users, or of members of a project.
pub(crate) fn count(tx: &mut Tx<'_>, project: Option<i64>) -> Db<i64> {
    match project {
        None => tx.query_one("SELECT COUNT(*) FROM users", &[], |row| row.int(0)),
        Some(project) => tx.query_one(
            "SELECT COUNT(*) FROM members m JOIN users u ON u.id = m.user_id WHERE m.project_id = $1",
            &[&project],
            |row| row.int(0),
        ),
    }
}

/// Stores a new user; id and times are set here.
pub(crate) fn insert(tx: &mut Tx<'_>, user: &UserRow) -> Db<i64> {
    let id = next_id(tx)?;
    let at = now(tx);
    let roles = list_text(user.service_roles.as_ref());
    tx.execute(
        "INSERT INTO users (id, uuid, name, first_name, last_name, organization, description, email, token_digest, \
         token, service_roles, created_at, modified_at, created_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13)",
        &[
            &id,
            &user.uuid,
            &user.name,
            &user.person.first_name,
            &user.person.last_name,
            &user.person.organization,
            &user.person.description,
            &user.person.email,
            &user.token_digest,
            &user.token,
            &roles,
            &at,
            &user.created_by,
        ],
    )?;
    Ok(id)
}

/// Stores what may change in a user; the modification time is set here.
pub(crate) fn update(tx: &mut Tx<'_>, user: &UserRow) -> Db<()> {
    let at = now(tx);
    let roles = list_text(user.service_roles.as_ref());
    tx.execute(
        "UPDATE users SET name = $2, first_name = $3, last_name = $4, organization = $5, description = $6, \
         email = $7, token_digest = $8, token = $9, service_roles = $10, modified_at = $11 WHERE id = $1",
        &[
            &user.id,
            &user.name,
            &user.person.first_name,
            &user.person.last_name,
            &user.person.organization,
            &user.person.description,
            &user.person.email,
            &user.token_digest,
            &user.token,
            &roles,
            &at,
        ],
    )?;
    Ok(())
}

/// Removes a user with its memberships, ACL entries and certificate subjects.
pub(crate) fn delete(tx: &mut Tx<'_>, id: i64) -> Db<()> {
    for sql in [
        "DELETE FROM members WHERE user_id = $1",
        "DELETE FROM topic_acl WHERE user_id = $1",
        "DELETE FROM subscription_acl WHERE user_id = $1",
        "DELETE FROM subjects WHERE user_id = $1",
        "DELETE FROM users WHERE id = $1",
    ] {
        tx.execute(sql, &[&id])?;
    }
    Ok(())
}

/// Lets a certificate subject stand for a user.
pub(crate) fn set_subject(tx: &mut Tx<'_>, subject: &str, user: i64) -> Db<()> {
    tx.execute(
        "INSERT INTO subjects (subject, user_id) VALUES ($1, $2) \
         ON CONFLICT (subject) DO UPDATE SET user_id = excluded.user_id",
        &[&subject, &user],
    )?;
    Ok(())
}

/// Puts a user into a project, or changes its roles there.
pub(crate) fn set_member(tx: &mut Tx<'_>, user: i64, project: i64, roles: Option<&Vec<String>>) -> Db<()> {
    let place = next_id(tx)?;
    let roles = list_text(roles);
    tx.execute(
        "INSERT INTO members (user_id, project_id, place, roles) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id, project_id) DO UPDATE SET roles = excluded.roles",
        &[&user, &project, &place, &roles],
    )?;
    Ok(())
}

/// Takes a user out of a project; says whether it was in.
pub(crate) fn remove_member(tx: &mut Tx<'_>, user: i64, project: i64) -> Db<bool> {
    Ok(tx.execute("DELETE FROM members WHERE user_id = $1 AND project_id = $2", &[&user, &project])? > 0)
}

/// Takes a user out of every project.
pub(crate) fn clear_members(tx: &mut Tx<'_>, user: i64) -> Db<()> {
    tx.execute("DELETE FROM members WHERE user_id = $1", &[&user]).map(drop)
}

/// Whether a user belongs to a project.
pub(crate) fn is_member(tx: &mut Tx<'_>, user: i64, project: i64) -> Db<bool> {
    let found = tx.query_opt(
        "SELECT place FROM members WHERE user_id = $1 AND project_id = $2",
        &[&user, &project],
        |row| row.int(0),
    )?;
    Ok(found.is_some())
}

/// Roles of a user in a project; `None` if it is no member.
pub(crate) fn member_roles(tx: &mut Tx<'_>, user: i64, project: i64) -> Db<Option<Vec<String>>> {
    let sql = "SELECT roles FROM members WHERE user_id = $1 AND project_id = $2";
    let found = tx.query_opt(sql, &[&user, &project], |row| row.opt_text(0))?;
    Ok(found.map(|roles| text_list(roles).unwrap_or_default()))
}

/// The projects of a user in the order of joining, with the topics and subscriptions that list it.
pub(crate) fn memberships(tx: &mut Tx<'_>, user: i64) -> Db<Vec<Membership>> {
    let mut all = tx.query(
        "SELECT p.id, p.name, m.roles FROM members m JOIN projects p ON p.id = m.project_id \
         WHERE m.user_id = $1 ORDER BY m.place",
        &[&user],
        |row| {
            Ok(Membership {
                project_id: row.int(0)?,
                project: row.text(1)?,
                roles: text_list(row.opt_text(2)?),
                topics: Vec::new(),
                subscriptions: Vec::new(),
            })
        },
    )?;
    let pair = |row: &Row<'_>| Ok((row.int(0)?, row.text(1)?));
    let topics = tx.query(
        "SELECT t.project_id, t.name FROM topic_acl a JOIN topics t ON t.id = a.topic_id \
         WHERE a.user_id = $1 ORDER BY t.id",
        &[&user],
        pair,
    )?;
    let subscriptions = tx.query(
        "SELECT s.project_id, s.name FROM subscription_acl a JOIN subscriptions s ON s.id = a.subscription_id \
         WHERE a.user_id = $1 ORDER BY s.id",
        &[&user],
        pair,
    )?;
    for membership in &mut all {
        let here = membership.project_id;
        let of = |list: &[(i64, String)]| -> Vec<String> {
            list.iter().filter(|(project, _)| *project == here).map(|(_, name)| name.clone()).collect()
        };
        membership.topics = of(&topics);
        membership.subscriptions = of(&subscriptions);
    }
    Ok(all)
}
