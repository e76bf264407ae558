//! `pentad db configuration`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_trove::{Client, ConfigurationUpdate, InstanceUpdate, NewConfiguration};
use serde_json::{Map, Value};

use super::act::{self, From, Wait};
use super::complete;
use super::{Run, show};
use crate::args;
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigurationCommand {
    /// List the configuration groups of the project.
    List(From),
    /// Show a configuration group and its values.
    #[command(alias = "get")]
    Show {
        #[arg(add = ArgValueCompleter::new(complete::configurations))]
        configuration: String,
    },
    /// Make a configuration group.
    Create {
        name: String,
        #[command(flatten)]
        values: Values,
        /// Free text.
        #[arg(long)]
        description: Option<String>,
        #[arg(long, add = ArgValueCompleter::new(complete::datastores))]
        datastore: Option<String>,
        #[arg(long, value_name = "VERSION")]
        datastore_version: Option<String>,
        #[arg(long, value_name = "NUMBER")]
        datastore_version_number: Option<String>,
    },
    /// Change some values; the others stay.
    Set {
        #[arg(add = ArgValueCompleter::new(complete::configurations))]
        configuration: String,
        #[command(flatten)]
        values: Values,
    },
    /// Replace all values, or change name or text.
    #[command(alias = "replace")]
    Update {
        #[arg(add = ArgValueCompleter::new(complete::configurations))]
        configuration: String,
        #[command(flatten)]
        values: Values,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        description: Option<String>,
    },
    /// Delete a configuration group that no instance has attached.
    Delete {
        #[arg(add = ArgValueCompleter::new(complete::configurations))]
        configuration: String,
    },
    /// List the instances that have a group attached.
    Instances {
        #[arg(add = ArgValueCompleter::new(complete::configurations))]
        configuration: String,
        #[command(flatten)]
        from: From,
    },
    /// Attach a group to an instance.
    Attach {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        #[arg(add = ArgValueCompleter::new(complete::configurations))]
        configuration: String,
        #[command(flatten)]
        wait: Wait,
    },
    /// Detach the group of an instance.
    Detach {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        #[command(flatten)]
        wait: Wait,
    },
    /// Show the default settings of an instance's flavor.
    Default {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
    },
    /// Settings that a version of a datastore knows.
    #[command(subcommand)]
    Parameter(ParameterCommand),
}

/// Settings of a group.
#[derive(clap::Args, Debug)]
pub(crate) struct Values {
    /// Settings; what reads as a number or a truth is one.
    #[arg(value_name = "NAME=VALUE", value_parser = args::attribute)]
    settings: Vec<(String, String)>,
    /// Settings as a JSON object.
    #[arg(long, value_name = "JSON")]
    values: Option<String>,
}

impl Values {
    fn read(self) -> Result<Map<String, Value>> {
        let mut all = match &self.values {
            Some(text) => act::object(text, "the values")?,
            None => Map::new(),
        };
        all.extend(self.settings.into_iter().map(act::setting));
        Ok(all)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ParameterCommand {
    /// List the settings of a version.
    List(Version),
    /// Show one setting of a version.
    #[command(alias = "get")]
    Show {
        #[command(flatten)]
        version: Version,
        parameter: String,
    },
}

/// A version of a datastore: by its id alone, or by name with its datastore.
#[derive(clap::Args, Debug)]
pub(crate) struct Version {
    /// Id of the version, or its name.
    version: String,
    /// Its datastore, for a version by name.
    #[arg(long, add = ArgValueCompleter::new(complete::datastores))]
    datastore: Option<String>,
}

const GROUPS: View = View::of(&[
    "id",
    "name",
    "description",
    "datastore_name",
    "datastore_version_name",
    "datastore_version_id",
]);
const PARAMETERS: View = View::of(&["name", "type", "min", "max", "restart_required"]);

async fn group(run: &mut Run<'_>, wanted: &str) -> Result<String> {
    act::id(run, "trove.configuration.list", wanted).await
}

impl ConfigurationCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List(from) => {
                run.list(&from.paging, |client| from.of(client.configurations()), GROUPS).await
            }
            Self::Show { configuration } => {
                let id = group(run, &configuration).await?;
                run.call(Effect::Read, |client| client.configuration(id.as_str()).get(), View::ALL).await
            }
            Self::Create {
                name,
                values,
                description,
                datastore,
                datastore_version,
                datastore_version_number,
            } => {
                let mut new = NewConfiguration::new(name).values(values.read()?);
                new = description.into_iter().fold(new, NewConfiguration::description);
                new = datastore.into_iter().fold(new, NewConfiguration::datastore);
                new = datastore_version.into_iter().fold(new, NewConfiguration::datastore_version);
                new = datastore_version_number
                    .into_iter()
                    .fold(new, NewConfiguration::datastore_version_number);
                run.call(Effect::Change, |client| client.create_configuration(&new), View::ALL).await
            }
            Self::Set { configuration, values } => {
                let (id, values) = (group(run, &configuration).await?, values.read()?);
                let make = |client: &Client| client.configuration(id.as_str()).set(&values);
                run.tell(Effect::Change, make, &format!("configuration {configuration} is changed")).await
            }
            Self::Update { configuration, values, name, description } => {
                let values = values.read()?;
                let mut change = name.into_iter().fold(ConfigurationUpdate::new(), ConfigurationUpdate::name);
                change = description.into_iter().fold(change, ConfigurationUpdate::description);
                change = if values.is_empty() { change } else { change.values(values) };
                let id = group(run, &configuration).await?;
                let make = |client: &Client| client.configuration(id.as_str()).update(&change);
                run.tell(Effect::Change, make, &format!("configuration {configuration} is changed")).await
            }
            Self::Delete { configuration } => {
                let id = group(run, &configuration).await?;
                let what = format!("configuration {configuration}");
                run.perform(Plan::delete("trove.configuration.delete", &what).arg("configuration", id)).await
            }
            Self::Instances { configuration, from } => {
                let id = group(run, &configuration).await?;
                let make = |client: &Client| from.of(client.configuration(id.as_str()).instances());
                run.list(&from.paging, make, View::of(&["id", "name"])).await
            }
            Self::Attach { instance, configuration, wait } => {
                let change = InstanceUpdate::new().configuration(group(run, &configuration).await?);
                changed(run, &instance, &change, wait, "attaching").await
            }
            Self::Detach { instance, wait } => {
                changed(run, &instance, &InstanceUpdate::new().no_configuration(), wait, "detaching").await
            }
            Self::Default { instance } => {
                let id = act::instance(run, &instance).await?;
                run.call(Effect::Read, |client| client.instance(id.as_str()).defaults(), View::ALL).await
            }
            Self::Parameter(command) => command.run(run).await,
        }
    }
}

async fn changed(
    run: &mut Run<'_>,
    instance: &str,
    change: &InstanceUpdate,
    wait: Wait,
    doing: &str,
) -> Result<Exit> {
    let id = act::instance(run, instance).await?;
    let note = format!("{doing} the configuration of {instance}");
    let make = |client: &Client| client.instance(id.as_str()).update(change);
    let until = |client: &Client, polling| {
        client.instance(id.as_str()).wait_settled(polling).map(|found| show::instance(&found))
    };
    act::change(run, Effect::Change, wait, &note, make, until, View::ALL).await
}

impl ParameterCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List(Version { version, datastore }) => {
                let make = |client: &Client| match &datastore {
                    Some(datastore) => {
                        client.datastore(datastore.as_str()).version(version.as_str()).parameters()
                    }
                    None => client.parameters(&version),
                };
                run.list(&Paging::default(), make, PARAMETERS).await
            }
            Self::Show { version: Version { version, datastore }, parameter } => {
                let make = |client: &Client| match &datastore {
                    Some(datastore) => {
                        client.datastore(datastore.as_str()).version(version.as_str()).parameter(&parameter)
                    }
                    None => client.parameter(&version, &parameter),
                };
                run.call(Effect::Read, make, View::ALL).await
            }
        }
    }
}
