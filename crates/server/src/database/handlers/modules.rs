//! Modules (OpenStack reference C17).

use md5::{Digest, Md5};
use pentad_store::Tx;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::call::{Call, Done};
use super::super::error::{Answer, Failure};
use super::super::find::{self, Wanted};
use super::super::model::{Applied, Datastore, Instance, Module, Version, time_text};
use super::super::quirks::Quirk;
use super::super::storage::{now, records};
use super::super::view;
use super::instances;

const ALL: &str = "all";

fn view_of(tx: &mut Tx<'_>, module: &Module) -> Answer<Value> {
    let (mut datastore, mut version) = (ALL.to_owned(), ALL.to_owned());
    if let Some(id) = &module.datastore {
        datastore = records::get::<Datastore>(tx, id)?.map_or_else(|| id.clone(), |found| found.name);
        if let Some(id) = &module.version {
            version = records::get::<Version>(tx, id)?.map_or_else(|| id.clone(), |found| found.name);
        }
    }
    Ok(json!({
        "id": module.id, "name": module.name, "type": module.kind, "description": module.description,
        "tenant_id": module.tenant, "datastore_id": module.datastore, "datastore_version_id": module.version,
        "auto_apply": module.auto_apply, "priority_apply": module.priority_apply,
        "apply_order": module.apply_order, "is_admin": module.is_admin, "md5": module.md5,
        "visible": module.visible, "created": time_text(module.created), "updated": time_text(module.updated),
        "tenant": module.tenant.as_deref().unwrap_or(ALL), "datastore": datastore, "datastore_version": version,
    }))
}

fn detail(tx: &mut Tx<'_>, module: &Module) -> Answer<Value> {
    let mut out = view_of(tx, module)?;
    out["live_update"] = json!(module.live_update);
    Ok(out)
}

/// Every place where a module is.
fn places(tx: &mut Tx<'_>, module: &str) -> Answer<Vec<Applied>> {
    let mut all: Vec<Applied> = records::all(tx)?;
    all.retain(|applied| applied.module == module);
    Ok(all)
}

/// `GET /modules`
pub(crate) fn list(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let mut all: Vec<Module> = records::all(tx)?;
    if !call.caller.is_admin {
        let own = |module: &Module| module.tenant.as_ref().is_none_or(|own| *own == call.caller.project);
        all.retain(|module| module.visible && own(module));
    }
    if let Some(name) = call.filter("datastore") {
        let wanted = if name.eq_ignore_ascii_case(ALL) {
            None
        } else {
            let wanted = Wanted { datastore: Some(name), ..Wanted::default() };
            Some(find::wanted_version(tx, call, wanted, false)?.0.id)
        };
        all.retain(|module| module.datastore == wanted);
    }
    let views: Answer<Vec<Value>> = all.iter().map(|module| view_of(tx, module)).collect();
    Ok(Done::ok(json!({"modules": views?})))
}

/// `GET /modules/{id}`
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let module = find::module(tx, call, call.param("id"))?;
    let mut out = detail(tx, &module)?;
    let count = if call.quirks.has(Quirk::ModulesCountTwo) { 2 } else { places(tx, &module.id)?.len() };
    out["instance_count"] = json!(count);
    Ok(Done::ok(json!({"module": out})))
}

fn flag(body: &Map<String, Value>, name: &str) -> Option<bool> {
    body.get(name).and_then(Value::as_i64).map(|value| value != 0)
}

fn text(body: &Map<String, Value>, name: &str) -> Option<String> {
    body.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn digest(contents: &str) -> String {
    Md5::digest(contents.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `POST /modules`
pub(crate) fn create(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("module")?;
    let kind = text(body, "module_type").unwrap_or_default();
    let known = call.settings.module_types.iter().any(|known| known.eq_ignore_ascii_case(&kind));
    if !known {
        return Err(Failure::not_found(format!("Module type '{kind}' was not found.")));
    }
    let everyone = flag(body, "all_tenants").unwrap_or(false);
    let contents = text(body, "contents").unwrap_or_default();
    let at = now(tx);
    let mut module = Module {
        id: Uuid::new_v4().to_string(),
        tenant: (!everyone).then(|| call.caller.project.clone()),
        name: text(body, "name").unwrap_or_default(),
        kind: kind.to_lowercase(),
        md5: digest(&contents),
        contents,
        description: text(body, "description"),
        datastore: None,
        version: None,
        auto_apply: flag(body, "auto_apply").unwrap_or(false),
        visible: flag(body, "visible").unwrap_or(true),
        live_update: flag(body, "live_update").unwrap_or(false),
        priority_apply: flag(body, "priority_apply").unwrap_or(false),
        apply_order: body.get("apply_order").and_then(Value::as_i64).unwrap_or(5),
        is_admin: call.caller.is_admin,
        created: at,
        updated: at,
    };
    let full_access = flag(body, "full_access");
    check_options(call, "create", &module, full_access)?;
    let given = body.get("datastore");
    let part = |name: &str| given.and_then(|parts| parts[name].as_str());
    (module.datastore, module.version) = datastore(tx, call, part("type"), part("version"))?;
    check_unique(tx, &module)?;
    module.is_admin = call.caller.is_admin && full_access != Some(true);
    records::put(tx, &module)?;
    Ok(Done::ok(json!({"module": detail(tx, &module)?})))
}

/// The ids of a datastore and perhaps a version.
fn datastore(
    tx: &mut Tx<'_>,
    call: &Call,
    name: Option<&str>,
    version: Option<&str>,
) -> Answer<(Option<String>, Option<String>)> {
    match (name, version) {
        (None, None) => Ok((None, None)),
        (None, Some(version)) => Err(Failure::bad(format!("Datastore 'None' has no version '{version}'."))),
        (Some(name), None) => Ok((Some(find::datastore(tx, name)?.id), None)),
        (Some(name), version) => {
            let wanted = Wanted { datastore: Some(name), version, number: None };
            let (datastore, version) = find::wanted_version(tx, call, wanted, false)?;
            Ok((Some(datastore.id), Some(version.id)))
        }
    }
}

fn check_unique(tx: &mut Tx<'_>, module: &Module) -> Answer<()> {
    let all: Vec<Module> = records::all(tx)?;
    let same = |other: &Module| {
        other.name == module.name
            && other.kind == module.kind
            && other.tenant == module.tenant
            && other.datastore == module.datastore
            && other.version == module.version
    };
    if !all.iter().any(same) {
        return Ok(());
    }
    let word = |id: &Option<String>| id.clone().unwrap_or_else(|| ALL.to_owned());
    Err(Failure::bad(format!(
        "A module with the name '{}' already exists for datastore '{}' and datastore version '{}'",
        module.name,
        word(&module.datastore),
        word(&module.version)
    )))
}

/// Refuses to others than administrators what only they may say of a module; whether something of that was said.
fn check_options(call: &Call, action: &str, module: &Module, full_access: Option<bool>) -> Answer<bool> {
    let mut options = Vec::new();
    if module.tenant.is_none() {
        options.push(format!("Tenant: {ALL}"));
    }
    if module.auto_apply {
        options.push("Auto: 1".to_owned());
    }
    if !module.visible {
        options.push("Visible: 0".to_owned());
    }
    if module.priority_apply {
        options.push("Priority: 1".to_owned());
    }
    if full_access == Some(true) && !options.is_empty() {
        let options = options.join(", ");
        return Err(Failure::bad(format!(
            "The following values are invalid: Cannot make module full access: ({options})."
        )));
    }
    if let Some(full) = full_access {
        options.push(format!("Full Access: {}", i32::from(full)));
    }
    if !options.is_empty() && !call.caller.is_admin {
        let options = options.join(", ");
        return Err(Failure::forbidden(format!(
            "You must be admin to {action} a module with these options. ({options})"
        )));
    }
    Ok(!options.is_empty())
}

/// Refuses to change or remove a module that instances have.
fn check_unused(tx: &mut Tx<'_>, module: &Module) -> Answer<()> {
    let used = |applied: &Applied| applied.md5 == module.md5;
    if module.live_update || !places(tx, &module.id)?.iter().any(used) {
        return Ok(());
    }
    Err(Failure::forbidden(
        "A module cannot be deleted or its contents modified if it has been applied to a non-terminated instance, \
         unless the module has been marked as 'live_update.' Please remove the module from all non-terminated \
         instances and try again.",
    ))
}

/// `PUT /modules/{id}`
pub(crate) fn update(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("module")?;
    let original = find::module(tx, call, call.param("id"))?;
    let mut module = original.clone();
    change(call, body, &mut module);
    change_datastore(tx, call, body, &mut module)?;
    check_unused(tx, &original)?;
    if original.is_admin && !call.caller.is_admin {
        return Err(Failure::forbidden(
            "You must be admin to update a module with these options. (Module is an admin module)",
        ));
    }
    let full_access = flag(body, "full_access");
    let options = check_options(call, "update", &module, full_access)?;
    module.is_admin = full_access.map_or(original.is_admin || options, |full| !full);
    module.md5 = digest(&module.contents);
    module.updated = now(tx);
    records::put(tx, &module)?;
    Ok(Done::ok(json!({"module": detail(tx, &module)?})))
}

fn change(call: &Call, body: &Map<String, Value>, module: &mut Module) {
    let set = |field: &mut String, name: &str| {
        if let Some(value) = text(body, name) {
            *field = value;
        }
    };
    set(&mut module.name, "name");
    set(&mut module.kind, "module_type");
    set(&mut module.contents, "contents");
    if let Some(description) = text(body, "description") {
        module.description = Some(description);
    }
    if let Some(everyone) = flag(body, "all_tenants") {
        module.tenant = (!everyone).then(|| call.caller.project.clone());
    }
    let set = |field: &mut bool, name: &str| {
        if let Some(value) = flag(body, name) {
            *field = value;
        }
    };
    set(&mut module.auto_apply, "auto_apply");
    set(&mut module.visible, "visible");
    set(&mut module.live_update, "live_update");
    set(&mut module.priority_apply, "priority_apply");
    if let Some(order) = body.get("apply_order").and_then(Value::as_i64) {
        module.apply_order = order;
    }
}

fn change_datastore(
    tx: &mut Tx<'_>,
    call: &Call,
    body: &Map<String, Value>,
    module: &mut Module,
) -> Answer<()> {
    let given = body.get("datastore");
    let part = |name: &str| given.and_then(|parts| parts[name].as_str()).map(str::to_owned);
    let (kind, version) = (part("type"), part("version"));
    // Neither the place of the sentence nor its status is a slip: the original knows it as a kind of 403, and answers
    // 400 for every kind that its table does not have.
    let invalid = |what: &str| Err(Failure::bad(format!("The module is invalid: You cannot set a {what}")));
    if body.contains_key("all_datastores") {
        if kind.is_some() {
            return invalid("datastore and specify --all_datastores");
        }
        module.datastore = None;
    }
    if body.contains_key("all_datastore_versions") {
        if version.is_some() {
            return invalid("datastore version and specify --all_datastore_versions");
        }
        module.version = None;
    }
    let kind = kind.or_else(|| module.datastore.clone());
    let version = version.or_else(|| module.version.clone());
    (module.datastore, module.version) = datastore(tx, call, kind.as_deref(), version.as_deref())?;
    Ok(())
}

/// `DELETE /modules/{id}`
pub(crate) fn delete(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let module = find::module(tx, call, call.param("id"))?;
    check_options(call, "delete", &module, None)?;
    check_unused(tx, &module)?;
    records::delete::<Module>(tx, &module.id)?;
    Ok(Done::empty())
}

/// `GET /modules/{id}/instances`
pub(crate) fn instances(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let module = find::module(tx, call, call.param("id"))?;
    let clustered = call.says_true("include_clustered");
    let mut found: Vec<(Applied, Instance)> = Vec::new();
    for applied in places(tx, &module.id)? {
        let Some(instance) = records::get::<Instance>(tx, &applied.instance)? else { continue };
        if call.sees(&instance.tenant) && (clustered || instance.cluster.is_none()) {
            found.push((applied, instance));
        }
    }
    if call.says_true("count_only") {
        return Ok(Done::ok(json!({"instances": counts(&module, &found)})));
    }
    let all = found.into_iter().map(|(_, instance)| instance).collect();
    let page = call.page(all, |instance: &Instance| instance.id.clone())?;
    instances::shown(tx, call, page, |tx, call, instance| Ok(view::summary(tx, call, instance)?))
}

/// One row for each state of the contents that instances have.
fn counts(module: &Module, found: &[(Applied, Instance)]) -> Vec<Value> {
    let mut sums: Vec<&str> = found.iter().map(|(applied, _)| applied.md5.as_str()).collect();
    sums.sort_unstable();
    sums.dedup();
    let row = |md5: &str| {
        let times: Vec<i64> = found
            .iter()
            .filter(|(applied, _)| applied.md5 == md5)
            .map(|(applied, _)| applied.updated)
            .collect();
        let bound = |at: Option<&i64>| at.map(|at| time_text(*at));
        json!({
            "module_name": module.name, "module_id": module.id, "module_md5": md5,
            "instance_count": times.len(), "current": md5 == module.md5,
            "min_updated_date": bound(times.iter().min()), "max_updated_date": bound(times.iter().max()),
        })
    };
    sums.into_iter().map(row).collect()
}

/// `PUT /modules/{id}/instances`: puts the contents of now where older ones are.
pub(crate) fn reapply(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("reapply")?;
    let module = find::module(tx, call, call.param("id"))?;
    let (md5, force) = (text(body, "md5"), flag(body, "force").unwrap_or(false));
    let at = now(tx);
    for mut applied in places(tx, &module.id)? {
        let is_meant = md5.as_ref().is_none_or(|md5| *md5 == applied.md5);
        let is_old = force || applied.md5 != module.md5;
        if is_meant && is_old && call.sees(&applied.tenant) {
            applied.md5.clone_from(&module.md5);
            applied.updated = at;
            records::put(tx, &applied)?;
        }
    }
    Ok(Done::accepted())
}

/// The modules of a new instance: those of the request and those that are put on all of its version.
///
/// # Errors
/// 400 for one of another datastore or version.
pub(crate) fn for_instance(
    tx: &mut Tx<'_>,
    call: &Call,
    wanted: &[Value],
    datastore: &Datastore,
    version: &Version,
) -> Answer<Vec<Module>> {
    let wanted: Vec<&str> = wanted.iter().filter_map(|one| one["id"].as_str()).collect();
    let all: Vec<Module> = records::all(tx)?;
    let own = |module: &Module| module.tenant.as_ref().is_none_or(|own| *own == call.caller.project);
    let suits = |module: &Module| {
        module.datastore.as_ref().is_none_or(|id| *id == datastore.id)
            && module.version.as_ref().is_none_or(|id| *id == version.id)
    };
    let mut chosen: Vec<Module> = Vec::new();
    for module in all {
        let is_wanted = wanted.contains(&module.id.as_str()) && (call.caller.is_admin || own(&module));
        if is_wanted || (module.auto_apply && own(&module) && suits(&module)) {
            chosen.push(module);
        }
    }
    check_suits(&chosen, datastore, version)?;
    Ok(chosen)
}

fn check_suits(modules: &[Module], datastore: &Datastore, version: &Version) -> Answer<()> {
    for module in modules {
        let wrong = |what: &str, is: &str, expected: &str| {
            Failure::bad(format!(
                "The module is invalid: Module '{}' cannot be applied  (Wrong {what} '{is}' - expected \
                 '{expected}')",
                module.name
            ))
        };
        if let Some(id) = module.datastore.as_ref().filter(|id| **id != datastore.id) {
            return Err(wrong("datastore", id, &datastore.id));
        }
        if let Some(id) = module.version.as_ref().filter(|id| **id != version.id) {
            return Err(wrong("datastore version", id, &version.id));
        }
    }
    Ok(())
}

/// `GET /instances/{id}/modules`
pub(crate) fn of_instance(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let instance = find::built(tx, call, call.param("id"))?;
    // Any text counts as yes, `False` too: that is how the original reads these two.
    let with_contents = call.filter("include_contents").is_some();
    let all = on_instance(tx, &instance.id, with_contents)?;
    Ok(Done::ok(json!({"modules": all})))
}

/// What the agent tells of the modules of its instance.
fn on_instance(tx: &mut Tx<'_>, instance: &str, with_contents: bool) -> Answer<Vec<Value>> {
    let mut out = Vec::new();
    for applied in records::owned::<Applied>(tx, instance)? {
        let Some(module) = records::get::<Module>(tx, &applied.module)? else { continue };
        let view = view_of(tx, &module)?;
        let at = time_text(applied.updated);
        let mut row = json!({
            "id": module.id, "name": module.name, "type": module.kind, "datastore": view["datastore"],
            "datastore_version": view["datastore_version"], "tenant": view["tenant"],
            "auto_apply": module.auto_apply, "visible": module.visible, "admin_only": module.is_admin,
            "removed": null, "md5": applied.md5, "status": "OK", "message": "Module is applied.",
            "created": at, "updated": at,
        });
        if with_contents {
            row["contents"] = json!(module.contents);
        }
        out.push(row);
    }
    Ok(out)
}

/// `POST /instances/{id}/modules`
pub(crate) fn apply(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let instance = find::built(tx, call, call.param("id"))?;
    let wanted = call.list("modules")?;
    let ids: Option<Vec<&str>> = wanted.iter().map(|one| one.get("id").and_then(Value::as_str)).collect();
    let ids = ids.ok_or_else(Failure::crash)?;
    let (datastore, version) = view::version_of(tx, &instance.version)?.ok_or_else(Failure::crash)?;
    let mut chosen: Vec<Module> = Vec::new();
    for module in records::all::<Module>(tx)? {
        let own = module.tenant.as_ref().is_none_or(|own| *own == call.caller.project);
        if ids.contains(&module.id.as_str()) && (own || call.caller.is_admin) {
            chosen.push(module);
        }
    }
    check_suits(&chosen, &datastore, &version)?;
    let at = now(tx);
    for module in &chosen {
        records::put(tx, &Applied::new(&instance.tenant, &instance.id, module, at))?;
    }
    let mut all = on_instance(tx, &instance.id, false)?;
    all.retain(|row| chosen.iter().any(|module| row["id"] == json!(module.id)));
    Ok(Done::ok(json!({"modules": all})))
}

/// `DELETE /instances/{id}/modules/{module}`
pub(crate) fn remove(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let instance = find::built(tx, call, call.param("id"))?;
    let module = find::module(tx, call, call.param("module"))?;
    records::delete::<Applied>(tx, &format!("{}/{}", instance.id, module.id))?;
    Ok(Done::empty())
}
