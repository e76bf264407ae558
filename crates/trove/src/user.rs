//! Users of an instance (OpenStack reference C11).

use pentad_core::{Call, Draft, Error, List, Op, Result, Secret, decode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::database::some;
use crate::instance::Instance;
use crate::name::UserName;
use crate::{list, model, name, ops, wire};

/// A user to be made, or one that gets another password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use]
pub struct NewUser {
    name: String,
    #[serde(serialize_with = "wire::shown")]
    password: Secret,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    databases: Vec<Value>,
}

impl NewUser {
    /// A user who may come from everywhere.
    pub fn new(name: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { name: name.into(), password: password.into(), host: None, databases: Vec::new() }
    }

    /// Who may come from there only: an address, a name, or a pattern with `%` at its ends.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Who may use this database.
    pub fn database(mut self, name: impl Into<String>) -> Self {
        self.databases.push(json!({ "name": name.into() }));
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        name::id("user", &self.name)?;
        if self.password.is_empty() {
            return Err(Error::invalid("password", "must not be empty"));
        }
        self.host.as_deref().map_or(Ok(()), name::host)
    }
}

/// Changes of a user. What is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[must_use]
pub struct UserUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::exposed")]
    password: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
}

impl UserUpdate {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Another password.
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Another place to come from.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    fn check(&self) -> Result<()> {
        if *self == Self::default() {
            return Err(Error::invalid("user", "changes nothing"));
        }
        self.name.as_deref().map_or(Ok(()), |name| name::id("user", name))?;
        self.host.as_deref().map_or(Ok(()), name::host)
    }
}

/// A handle on one user of an instance. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct DatabaseUser {
    instance: Instance,
    name: UserName,
}

impl Instance {
    /// The users of the instance, by name and host.
    ///
    /// # Source
    /// OpenStack reference C11.
    pub fn users(&self) -> List<model::User> {
        list::of(self.op(&ops::USER_LIST))
    }

    /// Makes users.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for a name that is taken or reserved, or a database that is not there.
    /// # Source
    /// OpenStack reference C11.
    pub fn create_users(&self, users: &[NewUser]) -> Call<()> {
        self.with_users(&ops::USER_CREATE, users).call(decode::empty)
    }

    /// Gives users other passwords.
    ///
    /// # Source
    /// OpenStack reference C11.
    pub fn set_passwords(&self, users: &[NewUser]) -> Call<()> {
        self.with_users(&ops::USER_SET_PASSWORDS, users).call(decode::empty)
    }

    fn with_users(&self, op: &'static Op, users: &[NewUser]) -> Draft {
        let draft = self.op(op).check(some("users", users));
        draft.check(users.iter().try_for_each(NewUser::check)).json(&json!({ "users": users }))
    }

    /// A user, `name` or `name@host`; nothing is sent.
    pub fn user(&self, name: impl Into<UserName>) -> DatabaseUser {
        DatabaseUser { instance: self.clone(), name: name.into() }
    }
}

impl DatabaseUser {
    /// How it is named in calls.
    pub fn name(&self) -> &UserName {
        &self.name
    }

    fn op(&self, op: &'static Op) -> Draft {
        self.instance.op(op).check(self.name.check()).arg("user", self.name.to_string())
    }

    /// Reads the user.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if there is none of that name from that host.
    /// # Source
    /// OpenStack reference C11.
    pub fn get(&self) -> Call<model::User> {
        self.op(&ops::USER_GET).call(wire::one)
    }

    /// Changes the user.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) before sending if nothing is changed.
    /// # Source
    /// OpenStack reference C11.
    pub fn update(&self, update: &UserUpdate) -> Call<()> {
        self.op(&ops::USER_UPDATE).check(update.check()).json(&json!({ "user": update })).call(decode::empty)
    }

    /// Removes the user.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if there is none of that name from that host.
    /// # Source
    /// OpenStack reference C11.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::USER_DELETE).call(decode::empty)
    }

    /// The databases that it may use; all in one page.
    ///
    /// # Source
    /// OpenStack reference C11.
    pub fn databases(&self) -> List<model::Database> {
        list::of(self.op(&ops::USER_ACCESS))
    }

    /// Lets it use databases.
    ///
    /// # Source
    /// OpenStack reference C11.
    pub fn grant<D: AsRef<str>>(&self, databases: &[D]) -> Call<()> {
        let named: Vec<Value> = databases.iter().map(|name| json!({ "name": name.as_ref() })).collect();
        let draft = self.op(&ops::USER_GRANT).check(some("databases", databases));
        draft.json(&json!({ "databases": named })).call(decode::empty)
    }

    /// Takes a database from it.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it may not use it.
    /// # Source
    /// OpenStack reference C11.
    pub fn revoke(&self, database: &str) -> Call<()> {
        self.op(&ops::USER_REVOKE).arg("database", database).call(decode::empty)
    }
}
