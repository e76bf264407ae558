//! Configuration groups (OpenStack reference C15).

use futures_util::future::BoxFuture;
use pentad_core::redact;
use pentad_store::Tx;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::Trove;
use super::super::call::{Call, Done};
use super::super::engine;
use super::super::error::{Answer, Failure};
use super::super::find;
use super::super::model::{Cluster, Configuration, Instance, Parameter, Task, Version, time_text};
use super::super::storage::jobs::{self, Job};
use super::super::storage::records::Select;
use super::super::storage::{now, records};
use super::super::view;
use super::create::wanted;
use super::datastores::parameters_of;

fn summary(tx: &mut Tx<'_>, group: &Configuration) -> Answer<Value> {
    let found = view::version_of(tx, &group.version)?;
    let (datastore, version) = found.map_or((None, None), |(d, v)| (Some(d.name), Some(v.name)));
    Ok(json!({
        "id": group.id, "name": group.name, "description": group.description,
        "created": time_text(group.created), "updated": time_text(group.updated),
        "datastore_version_id": group.version, "datastore_name": datastore, "datastore_version_name": version,
    }))
}

/// One group. Values whose names are those of secrets are hidden.
fn detail(tx: &mut Tx<'_>, group: &Configuration, instances: usize) -> Answer<Value> {
    let mut out = summary(tx, group)?;
    let shown = |(name, value): (&String, &Value)| {
        let value = if redact::is_secret(name) { json!("***") } else { value.clone() };
        (name.clone(), value)
    };
    out["values"] = Value::Object(group.values.iter().map(shown).collect());
    out["instance_count"] = json!(instances);
    let version: Option<Version> = records::get(tx, &group.version)?;
    out["datastore_version_number"] = json!(version.map(|version| version.number));
    Ok(out)
}

/// The instances that have a group, among those that the caller sees.
fn attached(tx: &mut Tx<'_>, call: &Call, group: &str) -> Answer<Vec<Instance>> {
    let mut all: Vec<Instance> =
        if call.caller.is_admin { records::all(tx)? } else { records::within(tx, &call.caller.project)? };
    all.retain(|instance| instance.configuration.as_deref() == Some(group));
    Ok(all)
}

/// `GET /configurations`
pub(crate) fn list(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let page = call.stored_page(tx, Select::within(&call.caller.project), |_: &Configuration| true)?;
    let views: Answer<Vec<Value>> = page.items.iter().map(|group| summary(tx, group)).collect();
    Ok(call.paged("configurations", views?, page.next.as_deref()))
}

/// `GET /configurations/{id}`
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let group = find::configuration(tx, call, call.param("id"))?;
    let count = attached(tx, call, &group.id)?.len();
    Ok(Done::ok(json!({"configuration": detail(tx, &group, count)?})))
}

/// `GET /configurations/{id}/instances`
pub(crate) fn instances(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let group = find::configuration(tx, call, call.param("id"))?;
    let scope = (!call.caller.is_admin).then_some(call.caller.project.as_str());
    let has_it = |instance: &Instance| instance.configuration.as_ref() == Some(&group.id);
    let page = call.stored_page(tx, Select { scope, ..Select::default() }, has_it)?;
    let views = page.items.iter().map(|one| json!({"id": one.id, "name": one.name})).collect();
    Ok(call.paged("instances", views, page.next.as_deref()))
}

/// Does something with the values of a body; real databases are asked first whether they would take them.
fn trying<'a>(
    trove: &'a Trove,
    call: &'a Call,
    values: fn(&mut Tx<'_>, &Call) -> Answer<Values>,
    then: fn(&mut Tx<'_>, &Call) -> Answer<Done>,
) -> BoxFuture<'a, Answer<Done>> {
    let (asked, call) = (call.clone(), call.clone());
    Box::pin(async move {
        if let Some(values) = trove.read(move |tx| values(tx, &asked)).await?
            && let Some(why) = trove.engine.refusal(&values).await
        {
            let text = format!("The database does not take the values of the configuration group: {why}");
            return Err(Failure::unprocessable(text));
        }
        trove.write(move |tx| then(tx, &call)).await
    })
}

/// The values that real databases would get.
type Values = Option<Map<String, Value>>;

/// The values that a group has with those of a body, which the parameters of its version take, if instances are real.
fn for_real(tx: &mut Tx<'_>, call: &Call, version: &Version, known: Map<String, Value>) -> Answer<Values> {
    let Some(values) = values_of(call.object("configuration")?).filter(|values| !values.is_empty()) else {
        return Ok(None);
    };
    if !engine::is_real(&call.settings, version) {
        return Ok(None);
    }
    check_values(tx, version, values)?;
    Ok(Some(merged(known, values)))
}

fn of_new(tx: &mut Tx<'_>, call: &Call) -> Answer<Values> {
    let (_, version) = find::wanted_version(tx, call, wanted(call.object("configuration")?), true)?;
    for_real(tx, call, &version, Map::new())
}

fn of_replaced(tx: &mut Tx<'_>, call: &Call) -> Answer<Values> {
    let group = find::configuration(tx, call, call.param("id"))?;
    let version = find::version(tx, &group.version)?;
    for_real(tx, call, &version, Map::new())
}

fn of_edited(tx: &mut Tx<'_>, call: &Call) -> Answer<Values> {
    let group = find::configuration(tx, call, call.param("id"))?;
    let version = find::version(tx, &group.version)?;
    for_real(tx, call, &version, group.values)
}

/// `POST /configurations`
pub(crate) fn create<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    trying(trove, call, of_new, create_in)
}

/// `PUT /configurations/{id}`: the values take the place of all others.
pub(crate) fn update<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    trying(trove, call, of_replaced, update_in)
}

/// `PATCH /configurations/{id}`: the values are put over the others.
pub(crate) fn edit<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    trying(trove, call, of_edited, edit_in)
}

fn create_in(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("configuration")?;
    let values = values_of(body).map(|values| merged(Map::new(), values)).unwrap_or_default();
    let (_, version) = find::wanted_version(tx, call, wanted(body), true)?;
    if !values.is_empty() {
        check_values(tx, &version, &values)?;
    }
    let at = now(tx);
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let group = Configuration {
        id: Uuid::new_v4().to_string(),
        tenant: call.caller.project.clone(),
        name: text("name").unwrap_or_default(),
        description: text("description"),
        version: version.id,
        values,
        created: at,
        updated: at,
    };
    records::put(tx, &group)?;
    Ok(Done::ok(json!({"configuration": detail(tx, &group, 0)?})))
}

fn values_of(body: &Map<String, Value>) -> Option<&Map<String, Value>> {
    body.get("values").and_then(Value::as_object)
}

fn update_in(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("configuration")?;
    let mut group = find::configuration(tx, call, call.param("id"))?;
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        name.clone_into(&mut group.name);
    }
    if let Some(description) = body.get("description").and_then(Value::as_str) {
        group.description = Some(description.to_owned());
    }
    group.values = checked(tx, &group, body)?;
    save(tx, call, group)?;
    Ok(Done::accepted())
}

fn edit_in(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("configuration")?;
    let mut group = find::configuration(tx, call, call.param("id"))?;
    let more = checked(tx, &group, body)?;
    group.values = merged(group.values, &more);
    save(tx, call, group)?;
    Ok(Done::empty())
}

/// `DELETE /configurations/{id}`
pub(crate) fn delete(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let group = find::configuration(tx, call, call.param("id"))?;
    let own: Vec<Instance> = records::within(tx, &call.caller.project)?;
    if own.iter().any(|instance| instance.configuration.as_ref() == Some(&group.id)) {
        return Err(Failure::bad(
            "A configuration group cannot be deleted if it is associated with one or more non-terminated \
             instances. Detach the configuration group from all non-terminated instances and please try again.",
        ));
    }
    records::delete::<Configuration>(tx, &group.id)?;
    Ok(Done::accepted())
}

fn checked(tx: &mut Tx<'_>, group: &Configuration, body: &Map<String, Value>) -> Answer<Map<String, Value>> {
    let Some(values) = values_of(body) else { return Ok(Map::new()) };
    let version = find::version(tx, &group.version)?;
    check_values(tx, &version, values)?;
    Ok(merged(Map::new(), values))
}

/// Puts values over others. Names are told apart without case: one that is written otherwise takes the other's place.
fn merged(mut values: Map<String, Value>, more: &Map<String, Value>) -> Map<String, Value> {
    for (name, value) in more {
        let known = values.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
        values.insert(known.unwrap_or_else(|| name.clone()), value.clone());
    }
    values
}

/// Stores a group and gives it to the instances and clusters that have it.
fn save(tx: &mut Tx<'_>, call: &Call, mut group: Configuration) -> Answer<()> {
    group.updated = now(tx);
    records::put(tx, &group)?;
    let own: Vec<Instance> = records::within(tx, &call.caller.project)?;
    for mut instance in own.into_iter().filter(|one| one.configuration.as_ref() == Some(&group.id)) {
        let is_idle = matches!(instance.task, Task::None | Task::RestartRequired);
        if instance.cluster.is_none() && is_idle {
            put_on(tx, &mut instance, &group)?;
        }
    }
    let clusters: Vec<Cluster> = records::within(tx, &call.caller.project)?;
    for mut cluster in clusters.into_iter().filter(|one| one.configuration.as_ref() == Some(&group.id)) {
        cluster.updated = now(tx);
        records::put(tx, &cluster)?;
    }
    Ok(())
}

/// Refuses values that no parameter of the version takes.
fn check_values(tx: &mut Tx<'_>, version: &Version, values: &Map<String, Value>) -> Answer<()> {
    let rules = parameters_of(tx, &version.id)?;
    let datastore = find::datastore(tx, &version.datastore)?.name;
    let place = format!("{datastore} {}", version.name);
    if rules.is_empty() {
        let text = format!("Configuration groups are not supported for this datastore: {place}");
        return Err(Failure::unprocessable(text));
    }
    for (name, value) in values {
        let Some(rule) = rules.iter().find(|rule| rule.name.eq_ignore_ascii_case(name)) else {
            return Err(Failure::unprocessable(format!(
                "The configuration parameter {name} is not supported for this datastore: {place}."
            )));
        };
        check_value(name, value, rule)?;
    }
    Ok(())
}

fn check_value(name: &str, value: &Value, rule: &Parameter) -> Answer<()> {
    let kind = rule.data_type.as_str();
    let fits = match kind {
        // As in Python, where the truth values are integers.
        "integer" => value.is_i64() || value.is_u64() || value.is_boolean(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        _ => value.is_f64(),
    };
    if !fits {
        return Err(Failure::unprocessable(format!(
            "The value provided for the configuration parameter {name} is not of type {kind}."
        )));
    }
    let Some(number) = value.as_f64() else { return Ok(()) };
    #[expect(clippy::cast_precision_loss, reason = "bounds are compared, not kept")]
    let float = |bound: i64| bound as f64;
    if let Some(min) = rule.min.filter(|min| number < float(*min)) {
        return Err(Failure::unprocessable(format!(
            "The value for the configuration parameter {name} is less than the minimum allowed: {min}"
        )));
    }
    if let Some(max) = rule.max.filter(|max| number > float(*max)) {
        return Err(Failure::unprocessable(format!(
            "The value for the configuration parameter {name} is greater than the maximum allowed: {max}"
        )));
    }
    Ok(())
}

/// Attaches a group: at once, or with a restart if one of its values needs it.
///
/// # Errors
/// Of the store.
pub(crate) fn put_on(tx: &mut Tx<'_>, instance: &mut Instance, group: &Configuration) -> Answer<()> {
    let needs_restart = needs_restart(tx, group)?;
    instance.configuration = Some(group.id.clone());
    set_task(tx, instance, needs_restart)
}

/// Detaches the group: at once, or with a restart if one of its values needs it.
///
/// # Errors
/// Of the store.
pub(crate) fn take_off(tx: &mut Tx<'_>, instance: &mut Instance) -> Answer<()> {
    let Some(id) = instance.configuration.take() else { return Ok(()) };
    let group: Option<Configuration> = records::get(tx, &id)?;
    let needs_restart = match &group {
        Some(group) => needs_restart(tx, group)?,
        None => false,
    };
    set_task(tx, instance, needs_restart)
}

fn set_task(tx: &mut Tx<'_>, instance: &mut Instance, needs_restart: bool) -> Answer<()> {
    let waits = instance.task == Task::RestartRequired;
    if matches!(instance.task, Task::None | Task::RestartRequired) {
        instance.task = if needs_restart || waits { Task::RestartRequired } else { Task::None };
    }
    instance.updated = now(tx);
    if instance.is_real {
        jobs::plan(tx, &instance.id, &Job::Configure, 0)?;
    }
    Ok(records::put(tx, instance)?)
}

fn needs_restart(tx: &mut Tx<'_>, group: &Configuration) -> Answer<bool> {
    let rules = parameters_of(tx, &group.version)?;
    let is_static = |name: &String| {
        rules.iter().any(|rule| rule.restart_required && rule.name.eq_ignore_ascii_case(name))
    };
    Ok(group.values.keys().any(is_static))
}
