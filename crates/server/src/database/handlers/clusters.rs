//! Clusters (OpenStack reference C18).

use pentad_store::Tx;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::call::{Call, Done, id_of};
use super::super::defaults;
use super::super::error::{Answer, Failure};
use super::super::find;
use super::super::model::{
    Cluster, ClusterTask, Datastore, Flavor, Guest, Instance, Task, Version, time_text,
};
use super::super::quota;
use super::super::storage::jobs::{self, Job};
use super::super::storage::records::Select;
use super::super::storage::{now, records};
use super::super::view;
use super::create::{NETWORK, check_locality, volume_size, wanted};
use super::instances;
use super::modules;

/// A cluster; without its machines, its members have no states.
///
/// # Errors
/// Of the store.
pub(crate) fn view_of(tx: &mut Tx<'_>, call: &Call, cluster: &Cluster, with_servers: bool) -> Answer<Value> {
    let (datastore, version) = view::version_of(tx, &cluster.version)?.ok_or_else(Failure::crash)?;
    let mut members: Vec<Instance> = records::owned(tx, &cluster.id)?;
    members.sort_by(|a, b| a.id.cmp(&b.id));
    let rows: Vec<Value> = members.iter().map(|one| member_view(call, one, with_servers)).collect();
    let mut out = json!({
        "id": cluster.id, "name": cluster.name,
        "task": {"id": cluster.task.code(), "name": cluster.task.word(), "description": cluster.task.description()},
        "created": time_text(cluster.created), "updated": time_text(cluster.updated),
        "links": call.links("clusters", &cluster.id),
        "datastore": {"type": datastore.name, "version": version.name}, "instances": rows,
    });
    let ips: Vec<&String> = members.iter().filter_map(|member| member.address.as_ref()).collect();
    if with_servers && !ips.is_empty() && cluster.task != ClusterTask::Building {
        out["ip"] = json!(ips);
    }
    if !cluster.extended.is_empty() {
        out["extended_properties"] = Value::Object(cluster.extended.clone());
    }
    for (name, value) in [("locality", &cluster.locality), ("configuration", &cluster.configuration)] {
        if let Some(value) = value {
            out[name] = json!(value);
        }
    }
    Ok(out)
}

fn member_view(call: &Call, member: &Instance, with_servers: bool) -> Value {
    let mut out = json!({
        "id": member.id, "name": member.name, "type": member.kind,
        "links": call.links("instances", &member.id),
    });
    if let Some(shard) = &member.shard {
        out["shard_id"] = json!(shard);
    }
    if with_servers {
        out["status"] = json!(member.status(false));
        if let Some(size) = member.volume_size {
            out["volume"] = json!({"size": size});
        }
        out["flavor"] = view::flavor(call, &member.flavor);
        if let Some(address) = member.address.as_ref().filter(|_| member.task != Task::Building) {
            out["ip"] = json!([{"address": address, "type": "private", "network": member.network}]);
        }
    }
    out
}

/// `GET /clusters`
pub(crate) fn list(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let own = Select::within(&call.caller.project);
    let page = call.stored_page(tx, own, |cluster: &Cluster| cluster.deleted_at.is_none())?;
    let views: Answer<Vec<Value>> = page.items.iter().map(|one| view_of(tx, call, one, false)).collect();
    Ok(call.paged("clusters", views?, page.next.as_deref()))
}

/// `GET /clusters/{id}`
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let cluster = find::cluster(tx, call, call.param("id"))?;
    Ok(Done::ok(json!({"cluster": view_of(tx, call, &cluster, true)?})))
}

/// `GET /clusters/{id}/instances/{instance}`
pub(crate) fn show_member(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let cluster = find::cluster(tx, call, call.param("id"))?;
    let id = call.param("instance");
    let member = find::instance(tx, call, id)?;
    if member.cluster.as_ref() != Some(&cluster.id) {
        return Err(Failure::missing(id));
    }
    let used = instances::used(tx, &member)?;
    Ok(Done::ok(json!({"instance": view::detail(tx, call, &member, used, None)?})))
}

/// What the members of a cluster have in common.
struct Ground<'c> {
    cluster: &'c Cluster,
    datastore: Datastore,
    version: Version,
}

/// `POST /clusters`
pub(crate) fn create(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("cluster")?;
    let (datastore, version) = find::wanted_version(tx, call, wanted(body), false)?;
    let Some(least) = defaults::cluster_members(&version.manager) else {
        return Err(Failure::unsupported(format!(
            "Clusters not supported for {}-{}.",
            datastore.name, version.name
        )));
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    check_locality(text("locality").as_deref())?;
    let members = body.get("instances").and_then(Value::as_array).ok_or_else(Failure::crash)?;
    if members.len() < least {
        return Err(Failure::bad(format!(
            "The number of instances for your initial cluster must be at least {least}."
        )));
    }
    if let Some(id) = text("configuration") {
        find::configuration(tx, call, &id)?;
    }
    let at = now(tx);
    let cluster = Cluster {
        id: Uuid::new_v4().to_string(),
        tenant: call.caller.project.clone(),
        name: text("name").unwrap_or_default(),
        version: version.id.clone(),
        task: ClusterTask::Building,
        locality: text("locality"),
        configuration: text("configuration"),
        extended: extended(body),
        created: at,
        updated: at,
        deleted_at: None,
    };
    let ground = Ground { cluster: &cluster, datastore, version };
    add_members(tx, call, &ground, members, 0)?;
    records::put(tx, &cluster)?;
    find::plan(tx, call, &cluster.id, &Job::ClusterReady)?;
    Ok(Done::ok(json!({"cluster": view_of(tx, call, &cluster, false)?})))
}

fn extended(body: &Map<String, Value>) -> Map<String, Value> {
    body.get("extended_properties").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// A member to be: its flavor, its GB, and what was said of it.
type New<'b> = (Flavor, Option<i64>, &'b Value);

/// Adds members after the `known` ones: of one flavor and one size.
fn add_members(
    tx: &mut Tx<'_>,
    call: &Call,
    ground: &Ground<'_>,
    members: &[Value],
    known: usize,
) -> Answer<()> {
    let mut all: Vec<New<'_>> = Vec::new();
    for member in members {
        let reference = match &member["flavorRef"] {
            Value::Number(number) => number.to_string(),
            other => id_of(other.as_str().unwrap_or_default()).to_owned(),
        };
        all.push((find::flavor(tx, &reference)?, volume_size(&member["volume"]["size"]), member));
    }
    check_alike(call, &all)?;
    let sum =
        |part: fn(&(Flavor, Option<i64>, &Value)) -> i64| all.iter().map(part).fold(0, i64::saturating_add);
    let (ram, volumes) = (sum(|one| one.0.ram), sum(|one| one.1.unwrap_or(0)));
    let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let more = [("instances", count), ("ram", ram), ("volumes", volumes)];
    quota::check(tx, &call.settings, &call.caller.project, &more)?;
    for (index, (flavor, size, member)) in all.iter().enumerate() {
        let list = member["modules"].as_array().map_or(&[][..], Vec::as_slice);
        let modules = modules::for_instance(tx, call, list, &ground.datastore, &ground.version)?;
        let instance = new_member(call, ground, flavor, *size, (member, known + index + 1), now(tx));
        for module in &modules {
            let applied =
                super::super::model::Applied::new(&instance.tenant, &instance.id, module, instance.created);
            records::put(tx, &applied)?;
        }
        let guest = Guest { id: instance.id.clone(), tenant: instance.tenant.clone(), ..Guest::default() };
        records::put(tx, &guest)?;
        records::put(tx, &instance)?;
    }
    Ok(())
}

fn check_alike(call: &Call, all: &[New<'_>]) -> Answer<()> {
    let Some(first) = all.first() else { return Ok(()) };
    if all.iter().any(|one| one.0.id != first.0.id) {
        return Err(Failure::bad("The flavor for each instance in a cluster must be the same."));
    }
    if !call.settings.volume_support {
        return match all.iter().any(|one| one.1.is_some()) {
            true => Err(Failure::unsupported("Volume support is not enabled.")),
            false => Ok(()),
        };
    }
    if all.iter().any(|one| one.1.is_none()) {
        return Err(Failure::bad("A volume size is required for each instance in the cluster."));
    }
    if all.iter().any(|one| one.1 != first.1) {
        return Err(Failure::bad("The volume size for each instance in a cluster must be the same."));
    }
    let most = call.settings.max_accepted_volume_size;
    match first.1.filter(|size| *size > most) {
        Some(size) => Err(Failure::over(format!(
            "Volume 'size' cannot exceed maximum of {most} Gb, {size} cannot be accepted."
        ))),
        None => Ok(()),
    }
}

fn new_member(
    call: &Call,
    ground: &Ground<'_>,
    flavor: &Flavor,
    size: Option<i64>,
    (member, number): (&Value, usize),
    now: i64,
) -> Instance {
    let id = Uuid::new_v4();
    let bytes = id.as_bytes();
    let text = |name: &str| member[name].as_str().map(str::to_owned);
    Instance {
        id: id.to_string(),
        name: text("name").unwrap_or_else(|| format!("{}-member-{number}", ground.cluster.name)),
        tenant: ground.cluster.tenant.clone(),
        flavor: flavor.id.clone(),
        volume_size: size,
        volume_type: member["volume"]["type"].as_str().map(str::to_owned),
        version: ground.version.id.clone(),
        health_at: now,
        created: now,
        updated: now,
        configuration: ground.cluster.configuration.clone(),
        cluster: Some(ground.cluster.id.clone()),
        kind: Some(text("type").unwrap_or_else(|| "member".to_owned())),
        region: text("region_name").unwrap_or_else(|| call.settings.region.clone()),
        locality: ground.cluster.locality.clone(),
        network: Some(NETWORK.to_owned()),
        address: Some(format!("10.{}.{}.{}", bytes[0], bytes[1], bytes[2].max(1))),
        server_id: Uuid::new_v4().to_string(),
        volume_id: size.map(|_| Uuid::new_v4().to_string()),
        ..Instance::default()
    }
}

fn check_free(cluster: &Cluster, also: ClusterTask) -> Answer<()> {
    if cluster.task == ClusterTask::None || cluster.task == also {
        return Ok(());
    }
    Err(Failure::unprocessable(format!(
        "This action cannot be performed on the cluster while the current cluster task is '{}'.",
        cluster.task.word()
    )))
}

/// `DELETE /clusters/{id}`
pub(crate) fn delete(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let mut cluster = find::cluster(tx, call, call.param("id"))?;
    check_free(&cluster, ClusterTask::Deleting)?;
    set_task(tx, &mut cluster, ClusterTask::Deleting)?;
    for member in records::owned::<Instance>(tx, &cluster.id)? {
        if member.task != Task::Deleting {
            instances::remove(tx, call, member)?;
        }
    }
    jobs::forget(tx, &cluster.id)?;
    find::plan(tx, call, &cluster.id, &Job::DeleteCluster)?;
    Ok(Done::accepted())
}

fn set_task(tx: &mut Tx<'_>, cluster: &mut Cluster, task: ClusterTask) -> Answer<()> {
    cluster.task = task;
    cluster.updated = now(tx);
    Ok(records::put(tx, cluster)?)
}

/// `POST /clusters/{id}`
pub(crate) fn act(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.body.as_ref().and_then(Value::as_object).ok_or_else(Failure::crash)?;
    if body.len() != 1 {
        return Err(Failure::bad("Action request should have exactly one action specified in body"));
    }
    let (action, inner) = body.iter().next().ok_or_else(Failure::crash)?;
    let mut cluster = find::cluster(tx, call, call.param("id"))?;
    if action == "reset-status" {
        let is_forced = inner.get("force_delete").is_some();
        if !is_forced && !call.caller.is_admin {
            return Err(Failure::policy("cluster:reset-status"));
        }
        reset(tx, call, &mut cluster)?;
    } else {
        run(tx, call, &mut cluster, action, inner)?;
    }
    Ok(Done::accepted_with(json!({"cluster": view_of(tx, call, &cluster, false)?})))
}

/// Ends the task of a cluster and those of its members, whatever they were.
fn reset(tx: &mut Tx<'_>, call: &Call, cluster: &mut Cluster) -> Answer<()> {
    set_task(tx, cluster, ClusterTask::None)?;
    jobs::forget(tx, &cluster.id)?;
    for member in records::owned::<Instance>(tx, &cluster.id)? {
        super::actions::reset_status(tx, call, member)?;
    }
    Ok(())
}

fn run(tx: &mut Tx<'_>, call: &Call, cluster: &mut Cluster, action: &str, inner: &Value) -> Answer<()> {
    let task = match action {
        "grow" => ClusterTask::Growing,
        "shrink" => ClusterTask::Shrinking,
        "upgrade" => ClusterTask::Upgrading,
        "add_shard" => ClusterTask::AddingShard,
        "restart" => ClusterTask::Restarting,
        "configuration_attach" | "configuration_detach" => ClusterTask::Updating,
        other => return Err(Failure::bad(format!("Action {other} not supported"))),
    };
    check_free(cluster, ClusterTask::None)?;
    match task {
        ClusterTask::Growing => grow(tx, call, cluster, inner)?,
        ClusterTask::Shrinking => {
            set_task(tx, cluster, task)?;
            shrink(tx, call, cluster, inner)?;
        }
        ClusterTask::Upgrading => {
            let (datastore, _) = view::version_of(tx, &cluster.version)?.ok_or_else(Failure::crash)?;
            let name = inner["datastore_version"].as_str().unwrap_or_default();
            cluster.version = find::version_in(tx, &datastore, name, None)?.id;
        }
        ClusterTask::Updating if action == "configuration_attach" => {
            let id = inner["configuration_id"].as_str().ok_or_else(Failure::crash)?;
            let group = find::configuration(tx, call, id)?;
            configure(tx, cluster, Some(&group.id))?;
        }
        ClusterTask::Updating => configure(tx, cluster, None)?,
        ClusterTask::Restarting => members_begin(tx, cluster, Task::Rebooting)?,
        _ => {}
    }
    set_task(tx, cluster, task)?;
    find::plan(tx, call, &cluster.id, &Job::ClusterReady)
}

fn grow(tx: &mut Tx<'_>, call: &Call, cluster: &Cluster, inner: &Value) -> Answer<()> {
    let members = inner.as_array().ok_or_else(Failure::crash)?;
    let (datastore, version) = view::version_of(tx, &cluster.version)?.ok_or_else(Failure::crash)?;
    let known = records::owned::<Instance>(tx, &cluster.id)?.len();
    add_members(tx, call, &Ground { cluster, datastore, version }, members, known)
}

fn shrink(tx: &mut Tx<'_>, call: &Call, cluster: &Cluster, inner: &Value) -> Answer<()> {
    let ids: Vec<&str> =
        inner.as_array().into_iter().flatten().filter_map(|one| one["id"].as_str()).collect();
    let members: Vec<Instance> = records::owned(tx, &cluster.id)?;
    for id in &ids {
        if !members.iter().any(|member| member.id == **id) {
            return Err(Failure::missing(id));
        }
    }
    let (leaving, staying): (Vec<Instance>, Vec<Instance>) =
        members.into_iter().partition(|member| ids.contains(&member.id.as_str()));
    if staying.is_empty() {
        return Err(Failure::bad("Must leave at least one instance in the cluster when shrinking."));
    }
    for member in leaving {
        instances::remove(tx, call, member)?;
    }
    Ok(())
}

fn configure(tx: &mut Tx<'_>, cluster: &mut Cluster, group: Option<&str>) -> Answer<()> {
    cluster.configuration = group.map(str::to_owned);
    for mut member in records::owned::<Instance>(tx, &cluster.id)? {
        member.configuration = group.map(str::to_owned);
        records::put(tx, &member)?;
    }
    Ok(())
}

fn members_begin(tx: &mut Tx<'_>, cluster: &Cluster, task: Task) -> Answer<()> {
    let at = now(tx);
    for mut member in records::owned::<Instance>(tx, &cluster.id)? {
        member.task = task;
        member.updated = at;
        records::put(tx, &member)?;
    }
    Ok(())
}

/// Checks a body by the action that stands first in it.
///
/// # Errors
/// 400; 500 for a body without an action, as the original fails.
pub(crate) fn check_body(body: &Value) -> Answer<()> {
    use super::super::schema::{bodies, check};
    let name = body.as_object().and_then(|map| map.keys().next()).ok_or_else(Failure::crash)?;
    match name.as_str() {
        "grow" => check(&bodies::GROW, body),
        "shrink" => check(&bodies::SHRINK, body),
        "upgrade" => check(&bodies::CLUSTER_UPGRADE, body),
        "add_shard" => check(&bodies::action(name), body),
        _ => Ok(()),
    }
}
