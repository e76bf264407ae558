//! What an installation starts with: the section `database` of a seed file. Without one there are the usual flavors
//! and datastores, and no instances.

mod section;

use std::sync::Arc;

use pentad_store::{StoreError, Tx};
use serde_json::Value;
use uuid::Uuid;

use self::section::{Section, SeedDatastore, SeedInstance, SeedParameter, SeedUser, SeedVersion};
use super::Trove;
use super::defaults;
use super::engine::{self, Secrets};
use super::handlers::create::NETWORK;
use super::model::{
    Contents, Datastore, Flavor, Guest, GuestDatabase, GuestUser, Health, Instance, Parameter, Quota,
    ServerState, Task, Version,
};
use super::names;
use super::settings::Settings;
use super::storage::jobs::{self, Job};
use super::storage::{self, now, records};
use crate::SeedError;

/// Why nothing of a section was stored.
enum Refused {
    /// It is wrong.
    Wrong(SeedError),
    /// It was only tried.
    Tried,
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Wrong(SeedError::new("database", error))
    }
}

impl From<SeedError> for Refused {
    fn from(error: SeedError) -> Self {
        Self::Wrong(error)
    }
}

/// What a section is read with.
struct Ground {
    settings: Arc<Settings>,
    data: pentad_store::Engine,
}

impl Ground {
    fn of(trove: &Trove) -> Self {
        Self { settings: trove.settings(), data: trove.data.clone() }
    }
}

type Step<T> = Result<T, Refused>;

/// Creates what the section says, and what exists without saying.
pub(super) async fn seed(trove: &Trove, section: Value) -> Result<(), SeedError> {
    let (section, ground) = (read(section)?, Ground::of(trove));
    let stored = trove.store.write(move |tx| apply(tx, &ground, &section)).await;
    told(stored)
}

/// Whether a section would be taken after a reset.
pub(super) async fn check(trove: &Trove, section: Value) -> Result<(), SeedError> {
    let (section, ground) = (read(section)?, Ground::of(trove));
    let tried = trove.store.write(move |tx| {
        storage::clear(tx)?;
        apply(tx, &ground, &section)?;
        // What was done here is undone.
        Err::<(), _>(Refused::Tried)
    });
    told(tried.await)
}

fn read(section: Value) -> Result<Section, SeedError> {
    let section: Option<Section> =
        serde_json::from_value(section).map_err(|error| SeedError::new("database", error))?;
    Ok(section.unwrap_or_default())
}

fn told(stored: Step<()>) -> Result<(), SeedError> {
    match stored {
        Ok(()) | Err(Refused::Tried) => Ok(()),
        Err(Refused::Wrong(error)) => Err(error),
    }
}

fn apply(tx: &mut Tx<'_>, ground: &Ground, section: &Section) -> Step<()> {
    add_flavors(tx, section)?;
    let usual;
    let datastores = match &section.datastores {
        Some(datastores) => datastores,
        None => {
            usual = usual_datastores();
            &usual
        }
    };
    for (index, datastore) in datastores.iter().enumerate() {
        add_datastore(tx, datastore, &format!("database.datastores[{index}]"))?;
    }
    for (index, quota) in section.quotas.iter().enumerate() {
        for (resource, limit) in &quota.limits {
            if !ground.settings.quotas().iter().any(|(known, _)| known == resource) {
                let why = "there are instances, volumes, backups and ram";
                return Err(SeedError::new(format!("database.quotas[{index}].{resource}"), why).into());
            }
            let (tenant, resource) = (quota.project.clone(), resource.clone());
            let id = format!("{tenant}/{resource}");
            records::put(tx, &Quota { id, tenant, resource, limit: *limit })?;
        }
    }
    for (index, instance) in section.instances.iter().enumerate() {
        add_instance(tx, ground, instance, &format!("database.instances[{index}]"))?;
    }
    Ok(())
}

fn add_flavors(tx: &mut Tx<'_>, section: &Section) -> Step<()> {
    let Some(flavors) = &section.flavors else {
        for (id, name, ram, vcpus, disk) in defaults::FLAVORS {
            let (id, name) = (id.to_owned(), name.to_owned());
            records::put(tx, &Flavor { id, name, ram, vcpus, disk, ephemeral: 0 })?;
        }
        return Ok(());
    };
    for flavor in flavors {
        records::put(tx, flavor)?;
    }
    Ok(())
}

fn usual_datastores() -> Vec<SeedDatastore> {
    let version = |(name, number): &(&str, &str)| SeedVersion {
        name: (*name).to_owned(),
        number: Some((*number).to_owned()),
        ..SeedVersion::default()
    };
    let datastore = |(name, versions): (&str, &[(&str, &str)])| SeedDatastore {
        name: name.to_owned(),
        default_version: versions.last().map(|(name, _)| (*name).to_owned()),
        versions: versions.iter().map(version).collect(),
        ..SeedDatastore::default()
    };
    defaults::DATASTORES.into_iter().map(datastore).collect()
}

fn add_datastore(tx: &mut Tx<'_>, seed: &SeedDatastore, place: &str) -> Step<()> {
    let known = records::all::<Datastore>(tx)?.into_iter().find(|one| one.name == seed.name);
    let mut datastore = known.unwrap_or_else(|| Datastore {
        id: seed.id.clone().unwrap_or_else(|| Uuid::new_v4().to_string()),
        name: seed.name.clone(),
        default_version: None,
    });
    let mut versions: Vec<Version> = records::owned(tx, &datastore.id)?;
    for (index, version) in seed.versions.iter().enumerate() {
        let number = version.number.clone().unwrap_or_else(|| version.name.clone());
        if versions.iter().any(|known| known.name == version.name && known.number == number) {
            continue;
        }
        let new = new_version(&datastore, version, number);
        records::put(tx, &new)?;
        add_parameters(tx, &new, version, &format!("{place}.versions[{index}]"))?;
        versions.push(new);
    }
    if let Some(name) = &seed.default_version {
        let found = versions.iter().find(|version| version.name == *name);
        let found = found.ok_or_else(|| {
            SeedError::new(format!("{place}.default_version"), format!("there is no version \"{name}\""))
        })?;
        datastore.default_version = Some(found.id.clone());
    }
    Ok(records::put(tx, &datastore)?)
}

fn new_version(datastore: &Datastore, seed: &SeedVersion, number: String) -> Version {
    let manager = seed.manager.clone().unwrap_or_else(|| datastore.name.clone());
    Version {
        id: seed.id.clone().unwrap_or_else(|| Uuid::new_v4().to_string()),
        datastore: datastore.id.clone(),
        name: seed.name.clone(),
        number,
        image: Some(seed.image.clone().unwrap_or_else(|| Uuid::new_v4().to_string())),
        image_tags: seed.image_tags.clone(),
        packages: seed.packages.join(","),
        active: seed.active,
        registry_ext: None,
        repl_strategy: None,
        manager,
        flavors: seed.flavors.clone(),
        volume_types: seed.volume_types.clone(),
    }
}

fn add_parameters(tx: &mut Tx<'_>, version: &Version, seed: &SeedVersion, place: &str) -> Step<()> {
    let usual = || {
        let all = defaults::rules(&version.manager).iter();
        all.map(|(name, kind, min, max, restart_required)| SeedParameter {
            name: (*name).to_owned(),
            data_type: (*kind).to_owned(),
            min: *min,
            max: *max,
            restart_required: *restart_required,
        })
        .collect()
    };
    for (index, parameter) in seed.parameters.clone().unwrap_or_else(usual).into_iter().enumerate() {
        let kind = parameter.data_type;
        if !["integer", "string", "boolean", "float"].contains(&kind.as_str()) {
            let why = "must be integer, string, boolean or float";
            return Err(SeedError::new(format!("{place}.parameters[{index}].type"), why).into());
        }
        let new = Parameter {
            id: format!("{}/{}", version.id, parameter.name),
            version: version.id.clone(),
            name: parameter.name,
            restart_required: parameter.restart_required,
            data_type: kind,
            max: parameter.max,
            min: parameter.min,
        };
        records::put(tx, &new)?;
    }
    Ok(())
}

fn add_instance(tx: &mut Tx<'_>, ground: &Ground, seed: &SeedInstance, place: &str) -> Step<()> {
    let own: Vec<Instance> = records::within(tx, &seed.project)?;
    if own.iter().any(|instance| instance.name == seed.name) {
        return Ok(());
    }
    let settings = &ground.settings;
    let version = version_for(tx, settings, seed, place)?;
    let flavor = seed.flavor.clone().unwrap_or_else(|| "1".to_owned());
    if records::get::<Flavor>(tx, &flavor)?.is_none() {
        let why = format!("there is no flavor \"{flavor}\"");
        return Err(SeedError::new(format!("{place}.flavor"), why).into());
    }
    let contents = contents(seed, &version.manager, place)?;
    let instance = new_instance(settings, seed, &version, flavor, now(tx));
    let guest =
        Guest { id: instance.id.clone(), tenant: instance.tenant.clone(), contents, ..Guest::default() };
    records::put(tx, &guest)?;
    records::put(tx, &instance)?;
    if instance.task == Task::Building {
        let sealed = Some(
            secrets(seed)
                .seal(ground.data.vault())
                .map_err(|failure| SeedError::new(format!("{place}.users"), failure.message()))?,
        );
        jobs::plan(tx, &instance.id, &Job::Build { sealed, is_saved: false }, 0)?;
    }
    Ok(())
}

fn secrets(seed: &SeedInstance) -> Secrets {
    let users = seed.users.iter().filter_map(|user| Some((guest(user).key(), user.password.clone()?)));
    Secrets { users: users.collect(), root: None }
}

fn version_for(tx: &mut Tx<'_>, settings: &Settings, seed: &SeedInstance, place: &str) -> Step<Version> {
    let name = seed.datastore.clone().or_else(|| settings.default_datastore.clone()).unwrap_or_default();
    let datastore = records::all::<Datastore>(tx)?.into_iter().find(|one| one.name == name);
    let datastore = datastore.ok_or_else(|| {
        SeedError::new(format!("{place}.datastore"), format!("there is no datastore \"{name}\""))
    })?;
    let versions: Vec<Version> = records::owned(tx, &datastore.id)?;
    let found = versions.into_iter().find(|version| match &seed.version {
        Some(name) => version.name == *name,
        None => datastore.default_version.as_ref() == Some(&version.id),
    });
    let why = "there is no such version of the datastore";
    Ok(found.ok_or_else(|| SeedError::new(format!("{place}.version"), why))?)
}

fn contents(seed: &SeedInstance, manager: &str, place: &str) -> Step<Contents> {
    let mut contents = Contents::default();
    for name in &seed.databases {
        names::check_database(manager, name)
            .map_err(|wrong| SeedError::new(format!("{place}.databases"), wrong.text()))?;
        contents.databases.insert(name.clone(), GuestDatabase::default());
    }
    for user in &seed.users {
        names::check_user(manager, &user.name)
            .map_err(|wrong| SeedError::new(format!("{place}.users"), wrong.text()))?;
        contents.add_user(guest(user));
    }
    Ok(contents)
}

fn guest(user: &SeedUser) -> GuestUser {
    GuestUser {
        name: user.name.clone(),
        host: user.host.clone().unwrap_or_else(|| "%".to_owned()),
        databases: user.databases.iter().cloned().collect(),
    }
}

fn new_instance(
    settings: &Settings,
    seed: &SeedInstance,
    version: &Version,
    flavor: String,
    now: i64,
) -> Instance {
    let is_real = engine::is_real(settings, version);
    let size = settings.volume_support.then_some(seed.size);
    Instance {
        id: seed.id.clone().unwrap_or_else(|| Uuid::new_v4().to_string()),
        name: seed.name.clone(),
        tenant: seed.project.clone(),
        flavor,
        volume_size: size,
        version: version.id.clone(),
        task: if is_real { Task::Building } else { Task::None },
        server: if is_real { ServerState::Build } else { ServerState::Active },
        health: if is_real { Health::New } else { Health::Healthy },
        health_at: now,
        created: now,
        updated: now,
        region: settings.region.clone(),
        network: Some(NETWORK.to_owned()),
        address: Some(if is_real { "127.0.0.1" } else { "10.0.0.4" }.to_owned()),
        is_real,
        server_id: Uuid::new_v4().to_string(),
        volume_id: size.map(|_| Uuid::new_v4().to_string()),
        ..Instance::default()
    }
}
