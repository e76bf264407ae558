//! `pentad db datastore`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_trove::Client;
use pentad_trove::mgmt::NewDatastoreVersion;
use pentad_trove::name::is_uuid;

use super::complete;
use super::{Run, quota, show};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum DatastoreCommand {
    /// List the kinds of databases.
    List,
    /// Show a kind of database and its versions.
    #[command(alias = "get")]
    Show {
        #[arg(add = ArgValueCompleter::new(complete::datastores))]
        datastore: String,
    },
    /// Delete a kind of database that has no versions, for administrators.
    Delete {
        #[arg(add = ArgValueCompleter::new(complete::datastores))]
        datastore: String,
    },
    /// Versions of a kind of database.
    #[command(subcommand)]
    Version(VersionCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum VersionCommand {
    /// List the versions of a datastore.
    List {
        #[arg(add = ArgValueCompleter::new(complete::datastores))]
        datastore: String,
    },
    /// Show a version, by its id alone or by datastore and name.
    #[command(alias = "get")]
    Show {
        version: String,
        /// Its datastore, for a version by name.
        #[arg(long, add = ArgValueCompleter::new(complete::datastores))]
        datastore: Option<String>,
    },
    /// List the flavors that a version may use.
    Flavors {
        #[arg(add = ArgValueCompleter::new(complete::datastores))]
        datastore: String,
        version: String,
    },
    /// List the volume types that a version may use.
    VolumeTypes {
        #[arg(add = ArgValueCompleter::new(complete::datastores))]
        datastore: String,
        version: String,
    },
    /// Register a version, for administrators.
    Create(Create),
    /// Change a version, for administrators.
    #[command(alias = "update")]
    Set(Set),
    /// Delete a version that nothing uses, for administrators.
    Delete { version: String },
}

/// What a version is made of.
#[derive(clap::Args, Debug)]
pub(crate) struct Create {
    name: String,
    datastore: String,
    manager: String,
    #[command(flatten)]
    more: More,
    /// Its number.
    #[arg(long)]
    version_number: Option<String>,
}

/// What changes of a version.
#[derive(clap::Args, Debug)]
pub(crate) struct Set {
    version: String,
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    manager: Option<String>,
    #[command(flatten)]
    more: More,
}

/// What can be said of new and of old versions.
#[derive(clap::Args, Debug)]
pub(crate) struct More {
    /// Id of the servers' image.
    #[arg(long)]
    image: Option<String>,
    /// Tags by which the image is found.
    #[arg(long, value_name = "TAG", value_delimiter = ',', alias = "image-tags")]
    image_tag: Vec<String>,
    /// Packages that are installed.
    #[arg(long, value_delimiter = ',', alias = "packages")]
    package: Vec<String>,
    /// Let it be used.
    #[arg(long, alias = "enable")]
    active: bool,
    /// Let it not be used.
    #[arg(long, alias = "disable", conflicts_with = "active")]
    inactive: bool,
    /// Make it its datastore's default.
    #[arg(long)]
    default: bool,
    #[arg(long)]
    registry_ext: Option<String>,
    #[arg(long)]
    repl_strategy: Option<String>,
}

impl More {
    fn say(self, to: NewDatastoreVersion) -> NewDatastoreVersion {
        let mut to = self.image.into_iter().fold(to, NewDatastoreVersion::image);
        if !self.image_tag.is_empty() {
            to = to.image_tags(self.image_tag);
        }
        if !self.package.is_empty() {
            to = to.packages(self.package);
        }
        if self.active || self.inactive {
            to = to.active(self.active);
        }
        if self.default {
            to = to.default_version(true);
        }
        to = self.registry_ext.into_iter().fold(to, NewDatastoreVersion::registry_ext);
        self.repl_strategy.into_iter().fold(to, NewDatastoreVersion::repl_strategy)
    }
}

const NAMED: View = View::of(&["id", "name"]);
const VERSIONS: View = View::of(&["id", "name", "version"]);

impl DatastoreCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List => {
                run.perform(Plan::read("trove.datastore.list").pages(Paging::default(), NAMED)).await
            }
            Self::Show { datastore } => {
                let make = |client: &Client| {
                    client.datastore(datastore.as_str()).get().map(|found| show::plain(&found))
                };
                run.call(Effect::Read, make, View::ALL).await
            }
            Self::Delete { datastore } => {
                let plan = Plan::delete("trove.datastore.delete", &format!("datastore {datastore}"));
                run.perform(plan.arg("datastore", datastore)).await
            }
            Self::Version(command) => command.run(run).await,
        }
    }
}

impl VersionCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { datastore } => {
                let plan = Plan::read("trove.datastore_version.list").arg("datastore", datastore);
                run.perform(plan.pages(Paging::default(), VERSIONS)).await
            }
            Self::Show { version, datastore } => {
                if datastore.is_none() && !is_uuid(&version) {
                    let why = "a name is unique within its datastore only";
                    return Err(Failure::usage("which datastore is it of?", why).hint("say --datastore"));
                }
                let make = |client: &Client| {
                    match &datastore {
                        Some(datastore) => {
                            client.datastore(datastore.as_str()).version(version.as_str()).get()
                        }
                        None => client.datastore_version(&version),
                    }
                    .map(|found| show::plain(&found))
                };
                run.call(Effect::Read, make, View::ALL).await
            }
            Self::Flavors { datastore, version } => {
                let make = |client: &Client| {
                    let flavors = client.datastore(datastore.as_str()).version(version.as_str()).flavors();
                    flavors.map(|flavor| quota::flavor(&flavor))
                };
                run.list(&Paging::default(), make, quota::FLAVORS).await
            }
            Self::VolumeTypes { datastore, version } => {
                let plan = Plan::read("trove.datastore_version.volume_types").arg("datastore", datastore);
                let view = View::of(&["id", "name", "is_public", "description"]);
                run.perform(plan.arg("version", version).pages(Paging::default(), view)).await
            }
            Self::Create(create) => {
                let note = format!("version {} of {} is registered", create.name, create.datastore);
                let new = NewDatastoreVersion::new(create.name, create.datastore, create.manager);
                let new = create.version_number.into_iter().fold(new, NewDatastoreVersion::version);
                let new = create.more.say(new);
                run.tell(Effect::Change, |client| client.mgmt().create_datastore_version(&new), &note).await
            }
            Self::Set(set) => {
                let change =
                    set.name.into_iter().fold(NewDatastoreVersion::change(), NewDatastoreVersion::name);
                let change = set.manager.into_iter().fold(change, NewDatastoreVersion::manager);
                let change = set.more.say(change);
                let id = set.version;
                let make = |client: &Client| client.mgmt().update_datastore_version(&id, &change);
                run.tell(Effect::Change, make, &format!("version {id} is changed")).await
            }
            Self::Delete { version } => {
                let plan = Plan::delete("trove.mgmt.datastore_version.delete", &format!("version {version}"));
                run.perform(plan.arg("version", version)).await
            }
        }
    }
}
