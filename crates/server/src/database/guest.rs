//! Databases and users inside of an instance, whether it is real or not.
//!
//! A handler decides on what is there which changes are to be made. For a simulated instance this and the changes are
//! one transaction; a real one is asked and changed while nobody else changes it.

use std::sync::Arc;

use pentad_store::Tx;

use super::Trove;
use super::call::Call;
use super::error::{Answer, Failure};
use super::find;
use super::model::{Contents, Guest, GuestUser, Instance, Root, Version};
use super::names::{NewDatabase, NewUser};
use super::storage::{now, records};

/// An instance whose database answers, and who manages it.
#[derive(Debug, Clone)]
pub(crate) struct Inside {
    pub(crate) instance: Instance,
    pub(crate) manager: String,
}

/// One change inside of an instance.
#[derive(Clone)]
pub(crate) enum Change {
    CreateDatabase(NewDatabase),
    DropDatabase(String),
    CreateUser(NewUser),
    DropUser { name: String, host: String },
    Password { name: String, password: String },
    Rename { name: String, host: String, new_name: String, new_host: String },
    Grant { name: String, host: String, databases: Vec<String> },
    Revoke { name: String, host: String, database: String },
    EnableRoot { user: String, password: String },
    DisableRoot,
}

impl std::fmt::Debug for Change {
    /// Without passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Change")
    }
}

/// The instance of a call, whose database must answer.
///
/// # Errors
/// 404; 422.
pub(crate) fn inside(tx: &mut Tx<'_>, call: &Call, id: &str) -> Answer<Inside> {
    let instance = find::running(tx, call, id)?;
    let version: Option<Version> = records::get(tx, &instance.version)?;
    let manager = version.map(|version| version.manager).unwrap_or_default();
    Ok(Inside { instance, manager })
}

fn contents_of(tx: &mut Tx<'_>, instance: &Instance) -> Answer<Guest> {
    let fresh = || Guest { id: instance.id.clone(), tenant: instance.tenant.clone(), ..Guest::default() };
    Ok(records::get(tx, &instance.id)?.unwrap_or_else(fresh))
}

impl Trove {
    /// What is inside of the instance of a call.
    ///
    /// # Errors
    /// 404; 422; 500 if a real database refuses.
    pub(crate) async fn look(&self, call: &Call) -> Answer<(Inside, Contents)> {
        let asked = call.clone();
        let (inside, contents) = self
            .read(move |tx| {
                let inside = inside(tx, &asked, asked.param("id"))?;
                let contents = contents_of(tx, &inside.instance)?.contents;
                Ok((inside, contents))
            })
            .await?;
        if inside.instance.is_real {
            let contents = self.engine.contents(&inside.instance).await?;
            return Ok((inside, contents));
        }
        Ok((inside, contents))
    }

    /// Decides on changes inside of the instance of a call, and makes them.
    ///
    /// # Errors
    /// What `decide` refuses; 404; 422; 500 if a real database refuses.
    pub(crate) async fn amend(
        &self,
        call: &Call,
        decide: impl Fn(&Inside, &Contents) -> Answer<Vec<Change>> + Send + Sync + Clone + 'static,
    ) -> Answer<()> {
        let (asked, judge) = (call.clone(), decide.clone());
        let real = self
            .write(move |tx| {
                let inside = inside(tx, &asked, asked.param("id"))?;
                if inside.instance.is_real {
                    return Ok(true);
                }
                let mut guest = contents_of(tx, &inside.instance)?;
                let changes = judge(&inside, &guest.contents)?;
                changes.iter().for_each(|change| apply(&mut guest.contents, change));
                records::put(tx, &guest)?;
                note(tx, &inside.instance.id, &changes)?;
                Ok(false)
            })
            .await?;
        if !real {
            return Ok(());
        }
        // Half of it would be neither the one nor the other: it goes on when the client leaves.
        let asked = call.clone();
        self.to_its_end(async move |trove: Arc<Self>| trove.amend_real(&asked, decide).await).await
    }

    async fn amend_real(
        &self,
        call: &Call,
        decide: impl Fn(&Inside, &Contents) -> Answer<Vec<Change>> + Send + Sync,
    ) -> Answer<()> {
        let id = call.param("id").to_owned();
        let _turn = self.hold(&id).await?;
        let asked = call.clone();
        let inside = self.read(move |tx| inside(tx, &asked, asked.param("id"))).await?;
        let contents = self.engine.contents(&inside.instance).await?;
        let changes = decide(&inside, &contents)?;
        check_databases(&contents, &changes)?;
        self.engine.change(&inside.instance, &changes).await?;
        self.write(move |tx| note(tx, &id, &changes)).await
    }
}

/// Refuses to let users of a real database into one that is not there, before anything is done.
fn check_databases(contents: &Contents, changes: &[Change]) -> Answer<()> {
    for change in changes {
        let wanted: Vec<&String> = match change {
            Change::Grant { databases, .. } => databases.iter().collect(),
            Change::CreateUser(new) => new.user.databases.iter().collect(),
            _ => continue,
        };
        if let Some(name) = wanted.into_iter().find(|name| !contents.databases.contains_key(*name)) {
            return Err(Failure::bad(format!("database \"{name}\" does not exist")));
        }
    }
    Ok(())
}

/// Keeps what the service itself remembers: whether root is enabled, and that users have new names.
fn note(tx: &mut Tx<'_>, id: &str, changes: &[Change]) -> Answer<()> {
    let root =
        changes.iter().find(|change| matches!(change, Change::EnableRoot { .. } | Change::DisableRoot));
    let Some(change) = root else { return Ok(()) };
    let Some(mut instance) = records::get::<Instance>(tx, id)? else { return Ok(()) };
    let at = now(tx);
    match change {
        Change::EnableRoot { user, .. } if !instance.has_root() => {
            instance.root = Some(Root { enabled_at: at, user: user.clone(), is_enabled: true });
        }
        Change::DisableRoot => {
            if let Some(root) = &mut instance.root {
                root.is_enabled = false;
            }
        }
        _ => {}
    }
    Ok(records::put(tx, &instance)?)
}

/// Makes a change inside of a simulated instance.
fn apply(contents: &mut Contents, change: &Change) {
    match change {
        Change::CreateDatabase(new) => {
            contents.databases.insert(new.name.clone(), new.detail.clone());
        }
        Change::DropDatabase(name) => {
            contents.databases.remove(name);
            for user in contents.users.values_mut() {
                user.databases.remove(name);
            }
        }
        Change::CreateUser(new) => contents.add_user(new.user.clone()),
        Change::DropUser { name, host } => {
            contents.remove_user(name, host);
        }
        Change::Rename { name, host, new_name, new_host } => {
            if let Some(user) = contents.remove_user(name, host) {
                contents.add_user(GuestUser { name: new_name.clone(), host: new_host.clone(), ..user });
            }
        }
        Change::Grant { name, host, databases } => {
            if let Some(user) = contents.user_mut(name, host) {
                user.databases.extend(databases.iter().cloned());
            }
        }
        Change::Revoke { name, host, database } => {
            if let Some(user) = contents.user_mut(name, host) {
                user.databases.remove(database);
            }
        }
        // Nobody reads passwords, and root is none of the users that are listed.
        Change::Password { .. } | Change::EnableRoot { .. } | Change::DisableRoot => {}
    }
}

/// 404 for a user that is not there.
pub(crate) fn no_user(name: &str, host: &str) -> Failure {
    Failure::not_found(format!("User {name}@{host} cannot be found on the instance."))
}

/// 404 for a database that is not there.
pub(crate) fn no_database(name: &str) -> Failure {
    Failure::not_found(format!("Database {name} cannot be found on the instance."))
}
