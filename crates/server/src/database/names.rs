//! Names of databases and users: what is reserved, and what a kind of database takes.

use serde_json::Value;

use super::call::Call;
use super::model::{GuestDatabase, GuestUser};

/// A database and a user as a request describes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewDatabase {
    pub(crate) name: String,
    pub(crate) detail: GuestDatabase,
}

/// A user to create.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NewUser {
    pub(crate) user: GuestUser,
    pub(crate) password: String,
}

impl std::fmt::Debug for NewUser {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NewUser").field(&self.user).finish()
    }
}

/// Why initial databases and users are not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// What the original raises as a `ValueError`, and prefixes in most calls.
    Value(String),
    /// A refusal with a sentence of its own.
    Refusal(String),
}

impl Wrong {
    /// The sentence.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Value(text) | Self::Refusal(text) => text,
        }
    }

    /// The sentence, with a prefix where the original puts one.
    pub(crate) fn prefixed(self, prefix: &str) -> String {
        match self {
            Self::Value(text) => format!("{prefix}: {text}"),
            Self::Refusal(text) => text,
        }
    }
}

/// The databases that belong to the datastore itself.
pub(crate) fn reserved_databases(manager: &str) -> &'static [&'static str] {
    match manager {
        "postgresql" => &["os_admin", "postgres", "template0", "template1"],
        _ => &["mysql", "information_schema", "performance_schema", "sys"],
    }
}

/// The users that belong to the service.
pub(crate) fn reserved_users(manager: &str) -> &'static [&'static str] {
    match manager {
        "postgresql" => &["os_admin", "postgres"],
        _ => &["os_admin", "root"],
    }
}

/// The name of the user that is called root.
pub(crate) fn root_user(manager: &str) -> &'static str {
    if manager == "postgresql" { "postgres" } else { "root" }
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("[{}]", quoted.join(", "))
}

/// Refuses the name of a database that is the datastore's own, or that no database can have.
pub(crate) fn check_database(manager: &str, name: &str) -> Result<(), Wrong> {
    let reserved = reserved_databases(manager);
    if reserved.contains(&name) {
        let text = format!("Database name \"{name}\" is on the reserved list: {}.", list(reserved));
        return Err(Wrong::Value(text));
    }
    let most = if manager == "postgresql" { 63 } else { 64 };
    if name.chars().count() > most {
        return Err(Wrong::Value(format!("Schema name '{name}' is too long. Max length = {most}")));
    }
    if name.contains(['\0', '\\', '/']) || name.trim() != name {
        return Err(Wrong::Value(format!("'{name}' is not a valid schema name.")));
    }
    Ok(())
}

/// Refuses the name of a user that is the service's own, or that no user can have.
pub(crate) fn check_user(manager: &str, name: &str) -> Result<(), Wrong> {
    let reserved = reserved_users(manager);
    if reserved.contains(&name) {
        let text = format!("User name \"{name}\" is on the reserved list: {}.", list(reserved));
        return Err(Wrong::Value(text));
    }
    let most = if manager == "postgresql" { 63 } else { 32 };
    if name.is_empty() || name.contains(['\0', '\'', '"', ';', '`', ',', '/', '\\']) || name.trim() != name {
        return Err(Wrong::Value(format!("'{name}' is not a valid user name.")));
    }
    if name.chars().count() > most {
        return Err(Wrong::Value(format!("User name '{name}' is too long. Max length = {most}")));
    }
    Ok(())
}

fn text(map: &Value, name: &str) -> Option<String> {
    map.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The databases of a list in a body.
pub(crate) fn databases(manager: &str, items: &[Value]) -> Result<Vec<NewDatabase>, Wrong> {
    let mut all: Vec<NewDatabase> = Vec::new();
    for item in items {
        let name = text(item, "name").unwrap_or_default();
        check_database(manager, &name)?;
        if all.iter().any(|known| known.name == name) {
            return Err(Wrong::Refusal(
                "Two or more databases share the same name in the initial databases list. Please correct the \
                 names or remove the duplicate entries."
                    .to_owned(),
            ));
        }
        let detail =
            GuestDatabase { character_set: text(item, "character_set"), collate: text(item, "collate") };
        all.push(NewDatabase { name, detail });
    }
    Ok(all)
}

/// The users of a list in a body; where the databases are created in the same call, theirs must be among them.
pub(crate) fn users(
    manager: &str,
    items: &[Value],
    databases: Option<&[NewDatabase]>,
) -> Result<Vec<NewUser>, Wrong> {
    let mut all: Vec<NewUser> = Vec::new();
    for item in items {
        let name = text(item, "name").unwrap_or_default();
        let host = text(item, "host").unwrap_or_else(|| "%".to_owned());
        check_user(manager, &name)?;
        let mut user = GuestUser { name, host, ..GuestUser::default() };
        if all.iter().any(|known| known.user.key() == user.key()) {
            return Err(Wrong::Refusal(
                "Two or more users share the same name and host in the initial users list. Please correct the \
                 names or remove the duplicate entries."
                    .to_owned(),
            ));
        }
        for database in item.get("databases").and_then(Value::as_array).into_iter().flatten() {
            let database = text(database, "name").unwrap_or_default();
            if databases.is_some_and(|known| !known.iter().any(|one| one.name == database)) {
                return Err(Wrong::Refusal(format!(
                    "The request indicates that user {} should have access to database {database}, but database \
                     {database} is not included in the initial databases list.",
                    user.name
                )));
            }
            user.databases.insert(database);
        }
        all.push(NewUser { user, password: text(item, "password").unwrap_or_default() });
    }
    Ok(all)
}

/// The user and host in a path: `name` or `name@host`, quoted once more than the path itself.
pub(crate) fn user_and_host(call: &Call) -> (String, String) {
    let text = call.param("user");
    let text = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    match text.rsplit_once('@') {
        Some((name, host)) if !host.is_empty() => (name.to_owned(), host.to_owned()),
        _ => (text.into_owned(), "%".to_owned()),
    }
}

/// A password that nobody chose.
pub(crate) fn password() -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789";
    let mut bytes = [0_u8; 36];
    if getrandom::fill(&mut bytes).is_err() {
        return uuid::Uuid::new_v4().simple().to_string();
    }
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}
