//! `pentad db cluster`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_core::Call;
use pentad_core::work::Polling;
use pentad_trove::{Client, Cluster, Locality, NewCluster, NewMember};
use serde_json::Value;

use super::act::{self, From, Wait};
use super::complete;
use super::{Run, new, show};
use crate::args;
use crate::command::plan::{Effect, Plan};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// List the clusters of the project.
    List(From),
    /// Show a cluster.
    #[command(alias = "get")]
    Show {
        #[arg(add = ArgValueCompleter::new(complete::clusters))]
        cluster: String,
    },
    /// List the members of a cluster.
    #[command(alias = "list-instances")]
    Instances {
        #[arg(add = ArgValueCompleter::new(complete::clusters))]
        cluster: String,
    },
    /// Make a cluster.
    Create(Create),
    /// Delete a cluster.
    Delete(Target),
    /// Delete a cluster whatever the service is doing with it.
    ForceDelete(Target),
    /// List the modules on the members of a cluster.
    Modules {
        #[arg(add = ArgValueCompleter::new(complete::clusters))]
        cluster: String,
    },
    /// Attach a configuration group to all members.
    AttachConfiguration {
        #[command(flatten)]
        target: Target,
        #[arg(add = ArgValueCompleter::new(complete::configurations))]
        configuration: String,
    },
    /// Detach the configuration group from all members.
    DetachConfiguration(Target),
    /// Add members.
    Grow {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        members: Members,
    },
    /// Remove members.
    Shrink {
        #[command(flatten)]
        target: Target,
        /// Ids of the members.
        #[arg(required = true)]
        instances: Vec<String>,
    },
    /// Give the cluster another version of its datastore.
    Upgrade {
        #[command(flatten)]
        target: Target,
        datastore_version: String,
    },
    /// Restart the members, one after another.
    Restart(Target),
    /// Add a shard.
    AddShard(Target),
    /// Forget what the service was doing with the cluster.
    ResetStatus(Target),
}

/// The cluster that something is done to.
#[derive(clap::Args, Debug)]
pub(crate) struct Target {
    #[arg(add = ArgValueCompleter::new(complete::clusters))]
    cluster: String,
    #[command(flatten)]
    wait: Wait,
}

/// New members.
#[derive(clap::Args, Debug)]
pub(crate) struct Members {
    /// A member: flavor=ID,volume=GB[,volume_type=T][,name=N][,type=T][,related_to=I][,net-id=N][,availability_zone=Z][,region=R].
    #[arg(long = "instance", value_name = "KEY=VALUE,...", required = true)]
    members: Vec<String>,
}

/// What a cluster is made of.
#[derive(clap::Args, Debug)]
pub(crate) struct Create {
    name: String,
    datastore: String,
    datastore_version: String,
    #[command(flatten)]
    members: Members,
    /// How members are spread: affinity, anti-affinity, soft-affinity, soft-anti-affinity.
    #[arg(long, value_name = "POLICY")]
    locality: Option<Locality>,
    /// A property of the datastore's own, e.g. num_mongos=2.
    #[arg(long = "property", alias = "extended-properties", value_name = "NAME=VALUE", value_parser = args::attribute)]
    properties: Vec<(String, String)>,
    #[arg(long, add = ArgValueCompleter::new(complete::configurations))]
    configuration: Option<String>,
    #[command(flatten)]
    wait: Wait,
}

const MEMBERS: View = View::of(&["id", "name", "type", "status", "flavor.id", "volume.size", "ip"]);

const MODULES: View =
    View::of(&["instance_name", "name", "type", "datastore", "datastore_version", "status"]);

impl Members {
    fn read(&self) -> Result<Vec<NewMember>> {
        self.members.iter().map(|text| member(text)).collect()
    }
}

fn member(text: &str) -> Result<NewMember> {
    let wrong = |part: &str| {
        Failure::usage(format!("cannot read the member `{text}`"), format!("`{part}` is no part of one"))
    };
    let parts = text.split(',').map(|part| part.split_once('=').ok_or_else(|| wrong(part)));
    let parts = parts.collect::<Result<Vec<_>>>()?;
    let find =
        |key: &str| parts.iter().find(|(name, _)| name.replace('-', "_") == key).map(|(_, value)| *value);
    let flavor = find("flavor").ok_or_else(|| wrong("flavor is missing"))?;
    let mut member = NewMember::new(flavor);
    if let Some(size) = find("volume") {
        let size = size.parse().map_err(|_| wrong(size))?;
        member = match find("volume_type") {
            Some(kind) => member.volume_of_type(size, kind),
            None => member.volume(size),
        };
    }
    for (key, value) in &parts {
        member = match key.replace('-', "_").as_str() {
            "flavor" | "volume" | "volume_type" => member,
            "name" => member.name(*value),
            "type" => member.kind(*value),
            "related_to" => member.related_to(*value),
            "net_id" => member.nic(new::nic(&format!("net-id={value}"))?),
            "availability_zone" => member.availability_zone(*value),
            "region" => member.region(*value),
            "module" => member.modules([*value]),
            _ => return Err(wrong(key)),
        };
    }
    Ok(member)
}

async fn find(run: &mut Run<'_>, wanted: &str) -> Result<String> {
    act::id(run, "trove.cluster.list", wanted).await
}

impl ClusterCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List(from) => {
                let make = |client: &Client| from.of(client.clusters()).map(|found| show::cluster(&found));
                run.list(&from.paging, make, show::CLUSTERS).await
            }
            Self::Show { cluster } => {
                let id = find(run, &cluster).await?;
                let make =
                    |client: &Client| client.cluster(id.as_str()).get().map(|found| show::cluster(&found));
                run.call(Effect::Read, make, View::ALL).await
            }
            Self::Instances { cluster } => instances(run, &cluster).await,
            Self::Create(create) => create.run(run).await,
            Self::Delete(target) => {
                let id = find(run, &target.cluster).await?;
                let make = |client: &Client| client.cluster(id.as_str()).delete();
                let gone = |client: &Client, polling| client.cluster(id.as_str()).wait_gone(polling);
                act::remove(run, &format!("cluster {}", target.cluster), target.wait, make, gone).await
            }
            Self::ForceDelete(target) => {
                let id = find(run, &target.cluster).await?;
                let make = |client: &Client| client.cluster(id.as_str()).force_delete();
                let gone = |client: &Client, polling| client.cluster(id.as_str()).wait_gone(polling);
                act::remove_by_force(run, &format!("cluster {}", target.cluster), target.wait, make, gone)
                    .await
            }
            Self::Modules { cluster } => modules(run, &cluster).await,
            Self::AttachConfiguration { target, configuration } => {
                let group = act::id(run, "trove.configuration.list", &configuration).await?;
                target.change(run, "configuring", |cluster| cluster.attach_configuration(&group)).await
            }
            Self::DetachConfiguration(target) => {
                target.change(run, "configuring", Cluster::detach_configuration).await
            }
            Self::Grow { target, members } => {
                let members = members.read()?;
                target.change(run, "growing", |cluster| cluster.grow(&members)).await
            }
            Self::Shrink { target, instances } => {
                target.change(run, "shrinking", |cluster| cluster.shrink(&instances)).await
            }
            Self::Upgrade { target, datastore_version } => {
                target.change(run, "upgrading", |cluster| cluster.upgrade(&datastore_version)).await
            }
            Self::Restart(target) => target.change(run, "restarting", Cluster::restart).await,
            Self::AddShard(target) => target.change(run, "adding a shard to", Cluster::add_shard).await,
            Self::ResetStatus(target) => target.change(run, "resetting", Cluster::reset_status).await,
        }
    }
}

/// The members of a cluster; nothing where the call is only shown.
async fn members(run: &mut Run<'_>, cluster: &str) -> Result<Option<Vec<Value>>> {
    let id = find(run, cluster).await?;
    let plan = Plan::read("trove.cluster.get").arg("cluster", id);
    if run.shown(&plan)? {
        return Ok(None);
    }
    let answer = run.send(&plan).await?;
    Ok(Some(answer["cluster"]["instances"].as_array().cloned().unwrap_or_default()))
}

async fn instances(run: &mut Run<'_>, cluster: &str) -> Result<Exit> {
    if let Some(members) = members(run, cluster).await? {
        run.output.list(&members, MEMBERS)?;
    }
    Ok(Exit::Success)
}

/// The modules of each member, with its name beside them.
async fn modules(run: &mut Run<'_>, cluster: &str) -> Result<Exit> {
    let Some(members) = members(run, cluster).await? else { return Ok(Exit::Success) };
    let client = run.client(None).await?;
    let mut found = Vec::new();
    for member in &members {
        let Some(id) = member["id"].as_str() else { continue };
        for mut module in client.pages("trove.instance.modules", &[("instance", id)], &[])?.all().await? {
            if let Some(members) = module.as_object_mut() {
                members.insert("instance_name".to_owned(), member["name"].clone());
            }
            found.push(module);
        }
    }
    run.output.list(&found, MODULES)?;
    Ok(Exit::Success)
}

impl Target {
    async fn change(
        self,
        run: &mut Run<'_>,
        doing: &str,
        make: impl Fn(&Cluster) -> Call<Option<pentad_trove::model::Cluster>>,
    ) -> Result<Exit> {
        let id = find(run, &self.cluster).await?;
        let note = format!("{doing} cluster {}", self.cluster);
        let make = |client: &Client| make(&client.cluster(id.as_str()));
        let until = |client: &Client, polling| ready(client, &id, polling);
        act::change(run, Effect::Change, self.wait, &note, make, until, View::ALL).await
    }
}

fn ready(client: &Client, id: &str, polling: Polling) -> pentad_core::Work<Value> {
    client.cluster(id).wait_ready(polling).map(|found| show::cluster(&found))
}

impl Create {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let mut new = NewCluster::new(self.name, self.datastore, self.datastore_version);
        new = self.members.read()?.into_iter().fold(new, NewCluster::member);
        new = self.locality.into_iter().fold(new, NewCluster::locality);
        for pair in self.properties {
            let (name, value) = act::setting(pair);
            new = new.property(name, value);
        }
        if let Some(group) = &self.configuration {
            new = new.configuration(act::id(run, "trove.configuration.list", group).await?);
        }
        if !self.wait.wait || run.is_shown(&Effect::Change) {
            let make = |client: &Client| client.create_cluster(&new).map(|made| show::cluster(&made));
            return run.call(Effect::Change, make, View::ALL).await;
        }
        let client = run.client(None).await?;
        let id = client.create_cluster(&new).await?.id;
        run.work(Effect::Read, |client| ready(client, &id, Polling::default()), View::ALL).await
    }
}
