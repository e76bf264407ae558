//! `POST /instances` (OpenStack reference C7.2).

use futures_util::future::BoxFuture;
use pentad_store::Tx;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::Trove;
use super::super::call::{Call, Done, id_of};
use super::super::defaults;
use super::super::engine::{self, Secrets};
use super::super::error::{Answer, Failure};
use super::super::find::{self, Wanted};
use super::super::model::{
    Applied, Backup, Configuration, Contents, Datastore, Flavor, Guest, Instance, Module, Saved, Version,
};
use super::super::names::{self, NewDatabase, NewUser};
use super::super::quota;
use super::super::settings::EngineKind;
use super::super::storage::jobs::Job;
use super::super::storage::{now, records};
use super::super::view;
use super::modules;

const LOCALITIES: [&str; 4] = ["affinity", "soft-affinity", "anti-affinity", "soft-anti-affinity"];
/// The network of instances that name none.
pub(crate) const NETWORK: &str = "1f0dd3ae-0a38-4a4c-9f0d-51b1a1f5a7c0";

/// The parts of the body.
struct Asked<'b> {
    body: &'b Map<String, Value>,
    name: &'b str,
    source: Option<&'b str>,
    count: i64,
}

impl<'b> Asked<'b> {
    fn of(body: &'b Map<String, Value>) -> Self {
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let count = body.get("replica_count").and_then(Value::as_i64).unwrap_or(1);
        Self { body, name: text("name").unwrap_or_default(), source: text("replica_of"), count }
    }

    fn text(&self, name: &str) -> Option<&'b str> {
        self.body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    fn list(&self, name: &str) -> &'b [Value] {
        self.body.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Whether a member is there and says something.
    fn says(&self, name: &str) -> bool {
        match self.body.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::Object(map)) => !map.is_empty(),
            Some(Value::String(text)) => !text.is_empty(),
            Some(_) => true,
        }
    }
}

/// What the new instances are.
struct Plan {
    datastore: Datastore,
    version: Version,
    flavor: String,
    configuration: Option<String>,
    source: Option<Instance>,
    databases: Vec<NewDatabase>,
    users: Vec<NewUser>,
}

/// What the first instance has to know once, if it is a real database.
struct First {
    id: Uuid,
    /// Of root.
    password: Option<String>,
    sealed: Option<String>,
}

impl First {
    fn new(trove: &Trove, call: &Call) -> Answer<Self> {
        let password = call.settings.root_on_create.then(names::password);
        let mut sealed = None;
        if call.settings.engine == EngineKind::Postgres {
            let users = call.object("instance").ok().and_then(|body| body.get("users")?.as_array().cloned());
            // Those that are wrong are refused with the rest of the body.
            let users = names::users("postgresql", &users.unwrap_or_default(), None).unwrap_or_default();
            let users = users.into_iter().map(|new| (new.user.key(), new.password)).collect();
            sealed = Some(Secrets { users, root: password.clone() }.seal(trove.data.vault())?);
        }
        Ok(Self { id: Uuid::new_v4(), password, sealed })
    }
}

/// `POST /instances`
pub(crate) fn create<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let (first, asked) = (First::new(trove, call)?, call.clone());
        trove.write(move |tx| in_store(tx, &asked, &first)).await
    })
}

fn in_store(tx: &mut Tx<'_>, call: &Call, first: &First) -> Answer<Done> {
    let asked = Asked::of(call.object("instance")?);
    check_replica(&asked)?;
    let plan = plan(tx, call, &asked)?;
    check_nics(&asked)?;
    let locality = asked.text("locality");
    check_locality(locality)?;
    let flavor = flavor(tx, &plan)?;
    let (size, volume_type) = volume(call, &asked, &plan)?;
    let backup = backup(tx, call, &asked, &plan, size.unwrap_or(flavor.disk))?;
    if let Some(source) = &plan.source {
        if !defaults::has_replicas(&plan.version.manager) {
            let text = format!("Replication is not supported for the '{}' datastore.", plan.datastore.name);
            return Err(Failure::bad(text));
        }
        find::check_idle(tx, source)?;
    }
    let modules = modules::for_instance(tx, call, asked.list("modules"), &plan.datastore, &plan.version)?;
    quota::check(
        tx,
        &call.settings,
        &call.caller.project,
        &[("instances", 1), ("ram", flavor.ram), ("volumes", size.unwrap_or(0))],
    )?;
    check_configuration(tx, call, plan.configuration.as_deref())?;
    let password = first.password.as_deref().filter(|_| backup.is_none());
    let mut last = None;
    for index in 0..asked.count {
        let id = if index == 0 { first.id } else { Uuid::new_v4() };
        let mut instance = new(call, (id, &asked), &plan, (size, volume_type.clone()), now(tx));
        if asked.count > 1 {
            instance.name = format!("{}-{}", asked.name, index + 1);
        }
        instance.backup = backup.as_ref().map(|backup| backup.id.clone());
        instance.locality = locality.map(str::to_owned).or_else(|| source_locality(&plan));
        store(tx, &instance, &plan, backup.as_ref(), &modules)?;
        let sealed = first.sealed.clone().filter(|_| instance.is_real);
        let is_saved = instance.is_real && backup.as_ref().is_some_and(|backup| backup.is_real);
        find::plan(tx, call, &instance.id, &Job::Build { sealed, is_saved })?;
        last = Some(instance);
    }
    let instance = last.ok_or_else(Failure::crash)?;
    let detail = view::detail(tx, call, &instance, None, password)?;
    Ok(Done::ok(json!({"instance": detail})))
}

fn source_locality(plan: &Plan) -> Option<String> {
    plan.source.as_ref().and_then(|source| source.locality.clone())
}

fn check_replica(asked: &Asked<'_>) -> Answer<()> {
    if asked.source.is_none() {
        if asked.count > 1 {
            return Err(Failure::bad(format!(
                "Replica count only valid when creating replicas. Cannot create {} instances.",
                asked.count
            )));
        }
        return Ok(());
    }
    for (name, what) in
        [("flavorRef", "flavor"), ("datastore", "datastore"), ("volume", "volume"), ("locality", "locality")]
    {
        if asked.says(name) {
            return Err(Failure::bad(format!("Cannot specify {what} when creating replicas.")));
        }
    }
    Ok(())
}

fn plan(tx: &mut Tx<'_>, call: &Call, asked: &Asked<'_>) -> Answer<Plan> {
    let mut configuration = asked.text("configuration").map(|text| id_of(text).to_owned());
    let flavor = match asked.body.get("flavorRef") {
        Some(Value::String(text)) => id_of(text).to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => "None".to_owned(),
    };
    let (source, flavor, (datastore, version)) = match asked.source {
        Some(id) => {
            let source = find::instance(tx, call, id)?;
            if source.replica_of.is_some() {
                let text = format!("Cannot create a replica of a replica {id}");
                return Err(Failure::new(http::StatusCode::UNAUTHORIZED, text));
            }
            configuration = configuration.or_else(|| source.configuration.clone());
            let found = view::version_of(tx, &source.version)?.ok_or_else(Failure::crash)?;
            let flavor = source.flavor.clone();
            (Some(source), flavor, found)
        }
        None => (None, flavor, find::wanted_version(tx, call, wanted(asked.body), false)?),
    };
    let manager = &version.manager;
    let databases = names::databases(manager, asked.list("databases"));
    let databases = databases.map_err(|wrong| Failure::bad(wrong.text()))?;
    let users = names::users(manager, asked.list("users"), Some(&databases));
    let users = users.map_err(|wrong| Failure::bad(wrong.text()))?;
    if source.is_some() && !(databases.is_empty() && users.is_empty()) {
        return Err(Failure::bad("Cannot create a replica with users or databases."));
    }
    Ok(Plan { datastore, version, flavor, configuration, source, databases, users })
}

/// What a body says of its datastore.
pub(crate) fn wanted(body: &Map<String, Value>) -> Wanted<'_> {
    let datastore = body.get("datastore");
    let text = |name: &str| datastore.and_then(|parts| parts.get(name)).and_then(Value::as_str);
    Wanted { datastore: text("type"), version: text("version"), number: text("version_number") }
}

fn check_nics(asked: &Asked<'_>) -> Answer<()> {
    let Some(nic) = asked.list("nics").first() else { return Ok(()) };
    let has = |name: &str| nic.get(name).is_some();
    if asked.source.is_some() && has("ip_address") {
        return Err(Failure::bad("Cannot specify IP address when creating replicas."));
    }
    let absent = |what: &str| Err(Failure::bad(format!("Instance {what} needs to be specified.")));
    if !has("network_id") && !has("net-id") && !has("subnet_id") {
        return absent("network or subnet");
    }
    if !has("subnet_id") && has("ip_address") {
        return absent("subnet");
    }
    Ok(())
}

/// Refuses a word that is no locality.
///
/// # Errors
/// 400.
pub(crate) fn check_locality(locality: Option<&str>) -> Answer<()> {
    match locality.filter(|word| !LOCALITIES.contains(word)) {
        None => Ok(()),
        Some(word) => Err(Failure::bad(format!(
            "Invalid locality '{word}'. Must be one of ['{}']",
            LOCALITIES.join("', '")
        ))),
    }
}

fn flavor(tx: &mut Tx<'_>, plan: &Plan) -> Answer<Flavor> {
    if !plan.version.flavors.is_empty() && !plan.version.flavors.contains(&plan.flavor) {
        return Err(Failure::bad(format!(
            "Flavor {} is not supported for datastore version {}",
            plan.flavor, plan.version.id
        )));
    }
    find::flavor(tx, &plan.flavor)
}

/// Size and type of the volume.
fn volume(call: &Call, asked: &Asked<'_>, plan: &Plan) -> Answer<(Option<i64>, Option<String>)> {
    let given = asked.body.get("volume");
    let size = given.and_then(|volume| volume_size(&volume["size"]));
    if !call.settings.volume_support {
        if size.is_some() {
            return Err(Failure::unsupported("Volume support is not enabled."));
        }
        return Ok((None, None));
    }
    let kind = given.and_then(|volume| volume["type"].as_str()).map(str::to_owned);
    let (size, kind) = match &plan.source {
        Some(source) => (source.volume_size, source.volume_type.clone()),
        None => (size, kind),
    };
    check_volume_type(call, &plan.version, kind.as_deref())?;
    check_volume_size(call, size)?;
    Ok((size, kind))
}

/// A size as it stands in bodies: a number, or its digits.
pub(crate) fn volume_size(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => Some(number.as_i64().unwrap_or(i64::MAX)),
        Value::String(text) => Some(text.parse().unwrap_or(i64::MAX)),
        _ => None,
    }
}

/// Refuses a volume that is larger than allowed.
///
/// # Errors
/// 400 without a size, 413.
pub(crate) fn check_volume_size(call: &Call, size: Option<i64>) -> Answer<()> {
    let Some(size) = size else { return Err(Failure::bad("Volume size was not specified.")) };
    let most = call.settings.max_accepted_volume_size;
    if size > most {
        return Err(Failure::over(format!(
            "Volume 'size' cannot exceed maximum of {most} GB, {size} cannot be accepted."
        )));
    }
    Ok(())
}

fn check_volume_type(call: &Call, version: &Version, kind: Option<&str>) -> Answer<()> {
    let bound = &version.volume_types;
    if bound.is_empty() {
        return Ok(());
    }
    let id = &version.id;
    if !call.settings.volume_types.iter().any(|known| bound.contains(known)) {
        return Err(Failure::bad(format!(
            "No valid volume types could be found for datastore version {id}."
        )));
    }
    match kind {
        None => Err(Failure::bad(format!(
            "Only specific volume types are allowed for a datastore version {id}. You must specify a valid volume \
             type."
        ))),
        Some(kind) if !bound.iter().any(|known| known == kind) => {
            Err(Failure::bad(format!("The volume type {kind} is not valid for datastore version {id}.")))
        }
        Some(_) => Ok(()),
    }
}

fn backup(
    tx: &mut Tx<'_>,
    call: &Call,
    asked: &Asked<'_>,
    plan: &Plan,
    space: i64,
) -> Answer<Option<Backup>> {
    let Some(reference) = asked.body.get("restorePoint").and_then(|point| point["backupRef"].as_str()) else {
        return Ok(None);
    };
    let found = find::backup(tx, call, id_of(reference))?;
    if !found.state.is_usable() {
        return Err(Failure::conflict(format!(
            "Unable to create instance because backup {} is not completed. Actual state: {}.",
            found.id,
            found.state.word()
        )));
    }
    let size = found.size.unwrap_or(0.0);
    #[expect(clippy::cast_precision_loss, reason = "sizes are a few GB")]
    if size > space as f64 {
        return Err(Failure::forbidden(format!(
            "Backup is too large for given flavor or volume. Backup size: {size} GBs. Available size: {space} GBs."
        )));
    }
    if let Some((datastore, _)) = view::version_of(tx, &found.version)?
        && datastore.id != plan.datastore.id
    {
        return Err(Failure::bad(format!(
            "The datastore from which the backup was taken, {}, does not match the destination datastore of {}.",
            datastore.name, plan.datastore.name
        )));
    }
    Ok(Some(found))
}

fn check_configuration(tx: &mut Tx<'_>, call: &Call, id: Option<&str>) -> Answer<()> {
    let Some(id) = id else { return Ok(()) };
    find::configuration(tx, call, id).map(|_: Configuration| ())
}

fn new(
    call: &Call,
    (id, asked): (Uuid, &Asked<'_>),
    plan: &Plan,
    (volume_size, volume_type): (Option<i64>, Option<String>),
    now: i64,
) -> Instance {
    let nic = asked.list("nics").first();
    let network = nic.and_then(|nic| nic["network_id"].as_str().or_else(|| nic["net-id"].as_str()));
    let chosen = nic.and_then(|nic| nic["ip_address"].as_str()).map(str::to_owned);
    let is_real = engine::is_real(&call.settings, &plan.version);
    let bytes = id.as_bytes();
    let address = format!("10.{}.{}.{}", bytes[0], bytes[1], bytes[2].max(1));
    Instance {
        id: id.to_string(),
        name: asked.name.to_owned(),
        tenant: call.caller.project.clone(),
        flavor: plan.flavor.clone(),
        volume_size,
        volume_type,
        version: plan.version.id.clone(),
        health_at: now,
        created: now,
        updated: now,
        configuration: plan.configuration.clone(),
        replica_of: plan.source.as_ref().map(|source| source.id.clone()),
        region: asked.text("region_name").unwrap_or(&call.settings.region).to_owned(),
        access: asked.body.get("access").filter(|access| access.is_object()).cloned(),
        network: Some(network.unwrap_or(NETWORK).to_owned()),
        address: Some(if is_real { "127.0.0.1".to_owned() } else { chosen.unwrap_or(address) }),
        is_real,
        server_id: Uuid::new_v4().to_string(),
        volume_id: volume_size.map(|_| Uuid::new_v4().to_string()),
        tls_mode: plan.source.as_ref().and_then(|source| source.tls_mode.clone()),
        tls_container: plan.source.as_ref().and_then(|source| source.tls_container.clone()),
        ..Instance::default()
    }
}

fn store(
    tx: &mut Tx<'_>,
    instance: &Instance,
    plan: &Plan,
    backup: Option<&Backup>,
    modules: &[Module],
) -> Answer<()> {
    let at = now(tx);
    for module in modules {
        records::put(tx, &Applied::new(&instance.tenant, &instance.id, module, at))?;
    }
    let mut contents = match (backup, &plan.source) {
        // A real one brings its own, which only its database knows.
        (Some(backup), _) if backup.is_real => None,
        (Some(backup), _) => records::get::<Saved>(tx, &backup.id)?.map(|saved| saved.contents),
        (None, Some(source)) => records::get::<Guest>(tx, &source.id)?.map(|guest| guest.contents),
        (None, None) => None,
    }
    .unwrap_or_default();
    fill(&mut contents, plan);
    let guest =
        Guest { id: instance.id.clone(), tenant: instance.tenant.clone(), contents, ..Guest::default() };
    records::put(tx, &guest)?;
    Ok(records::put(tx, instance)?)
}

fn fill(contents: &mut Contents, plan: &Plan) {
    for database in &plan.databases {
        contents.databases.insert(database.name.clone(), database.detail.clone());
    }
    for user in &plan.users {
        contents.add_user(user.user.clone());
    }
}
