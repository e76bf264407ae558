//! Versions of datastores.

use pentad_store::Tx;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::super::call::{Call, Done};
use super::super::super::error::{Answer, Failure};
use super::super::super::find;
use super::super::super::model::{Backup, Configuration, Datastore, Instance, Parameter, Version};
use super::super::super::storage::records;

fn view_of(tx: &mut Tx<'_>, version: &Version) -> Answer<Value> {
    let datastore: Option<Datastore> = records::get(tx, &version.datastore)?;
    let is_default = datastore.as_ref().is_some_and(|one| one.default_version.as_ref() == Some(&version.id));
    // An empty list has one empty text in it.
    let list = |items: Vec<&str>| if items.is_empty() { json!([""]) } else { json!(items) };
    Ok(json!({
        "id": version.id, "name": version.name, "version": version.number, "datastore_id": version.datastore,
        "datastore_name": datastore.map(|one| one.name), "datastore_manager": version.manager,
        "image": version.image, "image_tags": list(version.image_tags.iter().map(String::as_str).collect()),
        "packages": list(version.packages.split(',').filter(|one| !one.is_empty()).collect()),
        "active": version.active, "registry_ext": version.registry_ext,
        "repl_strategy": version.repl_strategy, "default": is_default,
    }))
}

/// `GET /mgmt/datastore-versions`
pub(crate) fn list(tx: &mut Tx<'_>, _call: &Call) -> Answer<Done> {
    let all: Vec<Version> = records::all(tx)?;
    let views: Answer<Vec<Value>> = all.iter().map(|version| view_of(tx, version)).collect();
    Ok(Done::ok(json!({"versions": views?})))
}

/// `GET /mgmt/datastore-versions/{id}`
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let version = find::version(tx, call.param("id"))?;
    Ok(Done::ok(json!({"version": view_of(tx, &version)?})))
}

fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    let list = value?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// `POST /mgmt/datastore-versions`
pub(crate) fn create(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("version")?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let (image, tags) = (text("image"), texts(body.get("image_tags")).unwrap_or_default());
    if image.is_none() && tags.is_empty() {
        return Err(Failure::bad("Image must be specified."));
    }
    let name = text("name").unwrap_or_default();
    let number = text("version").unwrap_or_else(|| name.clone());
    let given = text("datastore_name").unwrap_or_default();
    let mut datastore = match find::datastore(tx, &given) {
        Ok(found) => found,
        Err(failure) if failure.is_not_found() => {
            Datastore { id: Uuid::new_v4().to_string(), name: given, default_version: None }
        }
        Err(failure) => return Err(failure),
    };
    let known: Vec<Version> = records::owned(tx, &datastore.id)?;
    if known.iter().any(|version| version.name == name && version.number == number) {
        return Err(Failure::bad(format!("The datastore version '{name}({number})' already exists.")));
    }
    let version = Version {
        id: Uuid::new_v4().to_string(),
        datastore: datastore.id.clone(),
        name,
        number,
        manager: text("datastore_manager").unwrap_or_default(),
        image,
        image_tags: tags,
        packages: texts(body.get("packages")).unwrap_or_default().join(","),
        active: body.get("active") == Some(&json!(true)),
        registry_ext: text("registry_ext"),
        repl_strategy: text("repl_strategy"),
        flavors: Vec::new(),
        volume_types: Vec::new(),
    };
    if body.get("default") == Some(&json!(true)) {
        check_active(&version)?;
        datastore.default_version = Some(version.id.clone());
    }
    records::put(tx, &datastore)?;
    records::put(tx, &version)?;
    Ok(Done::accepted())
}

fn check_active(version: &Version) -> Answer<()> {
    if version.active {
        return Ok(());
    }
    Err(Failure::bad(format!("Datastore version '{}' is not active.", version.name)))
}

/// `PATCH /mgmt/datastore-versions/{id}`
pub(crate) fn edit(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.body.as_ref().and_then(Value::as_object).ok_or_else(Failure::crash)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut version = find::version(tx, call.param("id"))?;
    let (image, tags) = (text("image"), texts(body.get("image_tags")));
    if image.is_none() && tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
        version.image = None;
    }
    version.image = image.or(version.image);
    version.image_tags = tags.unwrap_or(version.image_tags);
    if version.image.is_none() && version.image_tags.is_empty() {
        return Err(Failure::bad("Image must be specified."));
    }
    version.name = text("name").unwrap_or(version.name);
    version.manager = text("datastore_manager").unwrap_or(version.manager);
    version.registry_ext = text("registry_ext").or(version.registry_ext);
    version.repl_strategy = text("repl_strategy").or(version.repl_strategy);
    if let Some(packages) = texts(body.get("packages")) {
        version.packages = packages.join(",");
    }
    if let Some(active) = body.get("active").and_then(Value::as_bool) {
        version.active = active;
    }
    records::put(tx, &version)?;
    set_default(tx, &version, body.get("default").and_then(Value::as_bool))?;
    Ok(Done::accepted())
}

fn set_default(tx: &mut Tx<'_>, version: &Version, wanted: Option<bool>) -> Answer<()> {
    let Some(mut datastore) = records::get::<Datastore>(tx, &version.datastore)? else { return Ok(()) };
    let is_default = datastore.default_version.as_ref() == Some(&version.id);
    match wanted {
        Some(true) => {
            check_active(version)?;
            datastore.default_version = Some(version.id.clone());
        }
        Some(false) if is_default => datastore.default_version = None,
        _ => return Ok(()),
    }
    Ok(records::put(tx, &datastore)?)
}

/// `DELETE /mgmt/datastore-versions/{id}`
pub(crate) fn delete(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let id = call.param("id");
    let in_use = |what: &str| Err(Failure::bad(format!("Datastore version is in use by {what}.")));
    if records::all::<Instance>(tx)?.iter().any(|instance| instance.version == id) {
        return in_use("instance");
    }
    if records::all::<Backup>(tx)?.iter().any(|backup| backup.version == id) {
        return in_use("backup");
    }
    if records::all::<Configuration>(tx)?.iter().any(|group| group.version == id) {
        return in_use("configuration");
    }
    let version = find::version(tx, id)?;
    for parameter in records::owned::<Parameter>(tx, &version.id)? {
        records::delete::<Parameter>(tx, &parameter.id)?;
    }
    set_default(tx, &version, Some(false))?;
    records::delete::<Version>(tx, &version.id)?;
    Ok(Done::accepted())
}
