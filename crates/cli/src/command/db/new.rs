//! `pentad db instance create`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use pentad_core::work::Polling;
use pentad_trove::{Access, Locality, NewInstance, NewUser, Nic};

use super::act::{self, Wait};
use super::show;
use super::{Run, complete};
use crate::args;
use crate::command::plan::Effect;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;
use crate::settings::SecretSource;

/// What an instance is made of.
#[derive(Args, Debug)]
pub(crate) struct Create {
    name: String,
    /// Size of the server, by id; not for replicas.
    #[arg(long, required_unless_present = "replica_of", conflicts_with = "replica_of")]
    flavor: Option<String>,
    /// Size of the volume in GB; not for replicas.
    #[arg(long, value_name = "GB", conflicts_with = "replica_of")]
    size: Option<u64>,
    /// Type of the volume.
    #[arg(long, value_name = "NAME", requires = "size")]
    volume_type: Option<String>,
    /// Make this database.
    #[arg(long, value_name = "NAME", alias = "databases", conflicts_with = "replica_of")]
    database: Vec<String>,
    /// Make this user, its password read from a file (0600); `-` is standard input.
    #[arg(long, value_name = "NAME=FILE", value_parser = args::attribute, alias = "users", conflicts_with = "replica_of")]
    user: Vec<(String, String)>,
    /// Kind of database, e.g. mysql.
    #[arg(long, add = ArgValueCompleter::new(complete::datastores), conflicts_with = "replica_of")]
    datastore: Option<String>,
    #[arg(long, value_name = "VERSION", conflicts_with = "replica_of")]
    datastore_version: Option<String>,
    #[arg(long, value_name = "NUMBER", conflicts_with = "replica_of")]
    datastore_version_number: Option<String>,
    /// Network: net-id=ID[,subnet-id=ID[,ip-address=IP]].
    #[arg(long, value_name = "KEY=VALUE,...")]
    nic: Option<String>,
    /// Attach this configuration group.
    #[arg(long, add = ArgValueCompleter::new(complete::configurations))]
    configuration: Option<String>,
    /// Begin with the data of this backup.
    #[arg(long)]
    backup: Option<String>,
    /// Make a copy that follows this instance.
    #[arg(long, value_name = "INSTANCE", add = ArgValueCompleter::new(complete::instances))]
    replica_of: Option<String>,
    /// How many copies, 1 to 3.
    #[arg(long, value_name = "N", requires = "replica_of")]
    replica_count: Option<u32>,
    /// Apply this module.
    #[arg(long)]
    module: Vec<String>,
    #[arg(long, value_name = "ZONE")]
    availability_zone: Option<String>,
    /// How replicas are spread: affinity, anti-affinity, soft-affinity, soft-anti-affinity.
    #[arg(long, value_name = "POLICY")]
    locality: Option<Locality>,
    #[arg(long)]
    region: Option<String>,
    /// Let it be reached from everywhere.
    #[arg(long)]
    is_public: bool,
    /// Let only this network connect.
    #[arg(long, value_name = "CIDR")]
    allowed_cidr: Vec<String>,
    #[command(flatten)]
    wait: Wait,
}

impl Create {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let wait = self.wait;
        let new = self.described(run).await?;
        if !wait.wait || run.is_shown(&Effect::Change) {
            let make = |client: &pentad_trove::Client| {
                client.create_instance(&new).map(|made| show::instance(&made))
            };
            return run.call(Effect::Change, make, View::ALL).await;
        }
        let client = run.client(None).await?;
        let id = client.create_instance(&new).await?.id;
        let until = |client: &pentad_trove::Client| {
            let ready = client.instance(id.as_str()).wait_active(Polling::default());
            ready.map(|ready| show::instance(&ready))
        };
        run.work(Effect::Read, until, View::ALL).await
    }

    async fn described(self, run: &mut Run<'_>) -> Result<NewInstance> {
        let mut new = match (&self.replica_of, &self.flavor) {
            (Some(source), _) => NewInstance::replica_of(&self.name, act::instance(run, source).await?),
            (None, flavor) => NewInstance::new(&self.name, flavor.as_deref().unwrap_or_default()),
        };
        new = match (self.size, self.volume_type) {
            (Some(size), Some(kind)) => new.volume_of_type(size, kind),
            (Some(size), None) => new.volume(size),
            _ => new,
        };
        new = self.database.iter().fold(new, |new, name| new.database(name.as_str()));
        for (name, file) in self.user {
            let source = SecretSource::File(PathBuf::from(file));
            let secret = if run.is_shown(&Effect::Change) { "unread".into() } else { source.read()? };
            let user =
                self.database.iter().fold(NewUser::new(name, secret), |user, name| user.database(name));
            new = new.user(user);
        }
        if let Some(group) = &self.configuration {
            new = new.configuration(act::id(run, "trove.configuration.list", group).await?);
        }
        if let Some(backup) = &self.backup {
            new = new.from_backup(act::id(run, "trove.backup.list", backup).await?);
        }
        for module in &self.module {
            new = new.module(act::id(run, "trove.module.list", module).await?);
        }
        if self.is_public || !self.allowed_cidr.is_empty() {
            let access = Access::new().public(self.is_public);
            new = new.access(if self.allowed_cidr.is_empty() {
                access
            } else {
                access.allowed_cidrs(self.allowed_cidr)
            });
        }
        new = self.datastore.into_iter().fold(new, NewInstance::datastore);
        new = self.datastore_version.into_iter().fold(new, NewInstance::datastore_version);
        new = self.datastore_version_number.into_iter().fold(new, NewInstance::datastore_version_number);
        new = self.availability_zone.into_iter().fold(new, NewInstance::availability_zone);
        new = self.region.into_iter().fold(new, NewInstance::region);
        new = self.locality.into_iter().fold(new, NewInstance::locality);
        new = self.replica_count.into_iter().fold(new, NewInstance::replica_count);
        match self.nic {
            Some(text) => Ok(new.nic(nic(&text)?)),
            None => Ok(new),
        }
    }
}

/// `net-id=…,subnet-id=…,ip-address=…`, as the original has it.
pub(super) fn nic(text: &str) -> Result<Nic> {
    let wrong = |part: &str| {
        Failure::usage(format!("cannot read the network `{text}`"), format!("`{part}` is no part of one"))
            .hint("net-id=ID,subnet-id=ID,ip-address=IP")
    };
    let mut nic = Nic::default();
    for part in text.split(',') {
        let (key, value) = part.split_once('=').ok_or_else(|| wrong(part))?;
        nic = match key {
            "net-id" | "network_id" | "network-id" => nic.in_network(value),
            "subnet-id" | "subnet_id" => nic.subnet(value),
            "ip-address" | "ip_address" | "v4-fixed-ip" => nic.address(value),
            _ => return Err(wrong(part)),
        };
    }
    Ok(nic)
}
