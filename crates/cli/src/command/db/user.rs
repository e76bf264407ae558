//! `pentad db user` and `pentad db root`.

use std::path::PathBuf;

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_trove::{Client, NewUser, UserName, UserUpdate};
use serde_json::json;

use super::act::{self, From};
use super::show;
use super::{Run, complete};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

/// A user of an instance.
#[derive(clap::Args, Debug)]
pub(crate) struct Who {
    #[arg(add = ArgValueCompleter::new(complete::instances))]
    instance: String,
    /// Name of the user; NAME@HOST says where it comes from.
    name: String,
    /// Where it comes from.
    #[arg(long)]
    host: Option<String>,
}

impl Who {
    fn user(&self) -> UserName {
        match &self.host {
            Some(host) => UserName::new(&self.name, Some(host)),
            None => UserName::from(self.name.as_str()),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List the users of an instance, by name and host.
    List {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        #[command(flatten)]
        from: From,
    },
    /// Show a user.
    #[command(alias = "get")]
    Show(Who),
    /// Make a user. The password is read from standard input, or from a file.
    Create {
        #[command(flatten)]
        who: Who,
        /// File (0600) with the password.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Let it use these databases.
        #[arg(long, value_name = "NAME", alias = "databases")]
        database: Vec<String>,
    },
    /// Delete a user.
    Delete(Who),
    /// Change a user; with --password-file its password, too.
    #[command(alias = "update-attributes")]
    Update {
        #[command(flatten)]
        who: Who,
        /// Another name.
        #[arg(long, value_name = "NAME")]
        new_name: Option<String>,
        /// Another place to come from.
        #[arg(long, value_name = "HOST")]
        new_host: Option<String>,
        /// File (0600) with the new password; `-` is standard input.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// List the databases that a user may use.
    #[command(alias = "show-access")]
    Access(Who),
    /// Let a user use databases.
    #[command(alias = "grant-access")]
    Grant {
        #[command(flatten)]
        who: Who,
        #[arg(required = true)]
        databases: Vec<String>,
    },
    /// Take a database from a user.
    #[command(alias = "revoke-access")]
    Revoke {
        #[command(flatten)]
        who: Who,
        database: String,
    },
}

/// Columns of users.
const USERS: View = View::of(&["name", "host", "databases"]);

impl UserCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { instance, from } => {
                let id = act::instance(run, &instance).await?;
                let make = |client: &Client| {
                    from.of(client.instance(id.as_str()).users()).map(|user| show::user(&user))
                };
                run.list(&from.paging, make, USERS).await
            }
            Self::Show(who) => {
                let id = act::instance(run, &who.instance).await?;
                let make = |client: &Client| {
                    client.instance(id.as_str()).user(who.user()).get().map(|user| show::user(&user))
                };
                run.call(Effect::Read, make, USERS).await
            }
            Self::Create { who, password_file, database } => create(run, &who, password_file, database).await,
            Self::Delete(who) => {
                let id = act::instance(run, &who.instance).await?;
                let what = format!("user {} of {}", who.user(), who.instance);
                let plan = Plan::delete("trove.user.delete", &what).arg("instance", id);
                run.perform(plan.arg("user", who.user().to_string())).await
            }
            Self::Update { who, new_name, new_host, password_file } => {
                let id = act::instance(run, &who.instance).await?;
                let mut update = new_name.into_iter().fold(UserUpdate::new(), UserUpdate::name);
                update = new_host.into_iter().fold(update, UserUpdate::host);
                if let Some(file) = &password_file {
                    update = update.password(act::password(run, Some(file))?);
                }
                let make = |client: &Client| client.instance(id.as_str()).user(who.user()).update(&update);
                run.tell(Effect::Change, make, &format!("updating user {}", who.user())).await
            }
            Self::Access(who) => {
                let id = act::instance(run, &who.instance).await?;
                let make = |client: &Client| client.instance(id.as_str()).user(who.user()).databases();
                run.list(&Paging::default(), make, View::of(&["name"])).await
            }
            Self::Grant { who, databases } => {
                let id = act::instance(run, &who.instance).await?;
                let make = |client: &Client| client.instance(id.as_str()).user(who.user()).grant(&databases);
                let note = format!("{} may use {}", who.user(), databases.join(", "));
                run.tell(Effect::Change, make, &note).await
            }
            Self::Revoke { who, database } => {
                let id = act::instance(run, &who.instance).await?;
                let make = |client: &Client| client.instance(id.as_str()).user(who.user()).revoke(&database);
                let effect = Effect::Destroy(format!("take {database} from {}", who.user()));
                run.tell(effect, make, &format!("{} may not use {database} any more", who.user())).await
            }
        }
    }
}

async fn create(
    run: &mut Run<'_>,
    who: &Who,
    password_file: Option<PathBuf>,
    databases: Vec<String>,
) -> Result<Exit> {
    let id = act::instance(run, &who.instance).await?;
    let name = who.user();
    let new = NewUser::new(name.name(), act::password(run, password_file.as_deref())?);
    let new = if name.to_string() == name.name() { new } else { new.host(name.host()) };
    let new = [databases.iter().fold(new, |user, database| user.database(database))];
    let make = |client: &Client| client.instance(id.as_str()).create_users(&new);
    run.tell(Effect::Change, make, &format!("user {name} is being made")).await
}

/// Where root is.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    #[arg(add = ArgValueCompleter::new(complete::instances))]
    instance: Option<String>,
    /// A cluster in place of an instance.
    #[arg(long, add = ArgValueCompleter::new(complete::clusters))]
    cluster: Option<String>,
}

impl Place {
    /// The id, and whether it is one of a cluster.
    async fn find(&self, run: &mut Run<'_>) -> Result<(String, bool)> {
        match (&self.instance, &self.cluster) {
            (Some(instance), _) => Ok((act::instance(run, instance).await?, false)),
            (None, Some(cluster)) => Ok((act::id(run, "trove.cluster.list", cluster).await?, true)),
            (None, None) => Err(Failure::usage("no instance is named", "root is a user of one")),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum RootCommand {
    /// Whether root was ever enabled.
    Show(Place),
    /// Enable root and show its password. Each time it is another one.
    Enable {
        #[command(flatten)]
        place: Place,
        /// File (0600) with the password; the service makes one without it.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Disable root.
    Disable {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
    },
}

impl RootCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::Show(place) => {
                let (id, in_cluster) = place.find(run).await?;
                let make = |client: &Client| {
                    if in_cluster {
                        client.cluster(id.as_str()).is_root_enabled()
                    } else {
                        client.instance(id.as_str()).is_root_enabled()
                    }
                    .map(|enabled| json!({ "is_root_enabled": enabled }))
                };
                run.call(Effect::Read, make, View::of(&["is_root_enabled"])).await
            }
            Self::Enable { place, password_file } => {
                let (id, in_cluster) = place.find(run).await?;
                let password = match &password_file {
                    Some(file) => Some(act::password(run, Some(file))?),
                    None => None,
                };
                let make = |client: &Client| {
                    if in_cluster {
                        client.cluster(id.as_str()).enable_root(password.as_ref())
                    } else {
                        client.instance(id.as_str()).enable_root(password.as_ref())
                    }
                };
                let view = View { columns: &["name", "password"], value: "password", ..View::ALL };
                run.call(Effect::Change, make, view).await
            }
            Self::Disable { instance } => {
                let id = act::instance(run, &instance).await?;
                let make = |client: &Client| client.instance(id.as_str()).disable_root();
                run.tell(Effect::Change, make, &format!("root of {instance} is disabled")).await
            }
        }
    }
}
