//! Limits: what everyone may have of what services give, and what single projects and domains may have.

use pentad_store::Tx;
use serde_json::{Map, Value, json};

use super::super::call::{Call, created, find_for, member, no_content, ok};
use super::super::error::{Answer, Failure};
use super::super::model::{CatalogService, Limit, Project, Region, RegisteredLimit, new_id};
use super::super::storage::records::{self, Record as _, Select};
use super::super::valid::{Fields, wrong_type};
use super::super::view;
use crate::http::Reply;

const FILTERS: [&str; 5] = ["service_id", "region_id", "resource_name", "project_id", "domain_id"];
/// More things in one request than anybody makes by hand.
const MOST: usize = 1000;

/// The things of a request that makes several at once, each to be read by itself.
fn several<'b>(call: &'b Call, name: &'static str) -> Answer<Vec<&'b Map<String, Value>>> {
    let given =
        call.body.get(name).ok_or_else(|| Failure::invalid(format!("'{name}' is a required property")))?;
    let list = given.as_array().ok_or_else(|| wrong_type(name, given, "array"))?;
    if list.is_empty() {
        let text = format!("Invalid input for field/attribute {name}. Value: []. [] should be non-empty");
        return Err(Failure::invalid(text));
    }
    if list.len() > MOST {
        return Err(Failure::invalid(format!("{name}: at most {MOST} at once")));
    }
    list.iter().map(|one| one.as_object().ok_or_else(|| wrong_type(name, one, "object"))).collect()
}

/// A number of things, -1 for any.
fn amount(fields: &Fields<'_>, name: &str) -> Answer<Option<i64>> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    let number = value.as_i64().ok_or_else(|| wrong_type(name, value, "integer"))?;
    let wrong = |why: String| {
        let text = format!("Invalid input for field/attribute {name}. Value: {number}. {number} is {why}");
        Failure::invalid(text)
    };
    match number {
        ..-1 => Err(wrong("less than the minimum of -1".to_owned())),
        -1..=2_147_483_647 => Ok(Some(number)),
        _ => Err(wrong("greater than the maximum of 2147483647".to_owned())),
    }
}

/// Service and region, which must be there.
fn place(tx: &mut Tx<'_>, fields: &Fields<'_>) -> Answer<(Option<String>, Option<Option<String>>)> {
    let service = fields.name("service_id")?;
    if let Some(id) = &service
        && records::get::<CatalogService>(tx, id)?.is_none()
    {
        return Err(Failure::missing("service", id));
    }
    let region = fields.nullable("region_id")?;
    if let Some(Some(id)) = &region
        && records::get::<Region>(tx, id)?.is_none()
    {
        return Err(Failure::missing("region", id));
    }
    Ok((service, region))
}

/// `GET /v3/limits/model`: for whoever has a token.
pub(crate) fn model(_call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    let text = "Limit enforcement and validation does not take project hierarchy into consideration.";
    Ok(ok(&json!({"model": {"name": "flat", "description": text}})))
}

/// `GET /v3/registered_limits`: for whoever has a token.
pub(crate) fn registered(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let view = |limit: &RegisteredLimit| Ok(Some(view::registered_limit(call, limit)));
    call.listing(tx, ("registered_limits", &FILTERS[..3]), Select::default(), view)
}

/// `GET /v3/registered_limits/{limit}`: for whoever has a token.
pub(crate) fn show_registered(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let limit: RegisteredLimit = find_for(tx, call.param("limit"))?;
    Ok(ok(&member("registered_limit", view::registered_limit(call, &limit))))
}

/// Takes over what is given, checked.
fn apply_registered(tx: &mut Tx<'_>, limit: &mut RegisteredLimit, fields: &Fields<'_>) -> Answer<()> {
    let (service, region) = place(tx, fields)?;
    limit.service_id = service.unwrap_or_else(|| limit.service_id.clone());
    limit.region_id = region.unwrap_or_else(|| limit.region_id.clone());
    if let Some(name) = fields.name("resource_name")? {
        limit.resource_name = name;
    }
    limit.default_limit = amount(fields, "default_limit")?.unwrap_or(limit.default_limit);
    if let Some(description) = fields.nullable("description")? {
        limit.description = description;
    }
    let same = |other: &RegisteredLimit| other.id != limit.id && other.place() == limit.place();
    if records::all::<RegisteredLimit>(tx)?.iter().any(same) {
        return Err(Failure::conflict("registered_limit", "Duplicate entry"));
    }
    Ok(())
}

/// `POST /v3/registered_limits`: several at once, all or none.
pub(crate) fn create_registered(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("create_registered_limits", false)?;
    let mut all = Vec::new();
    for map in several(call, "registered_limits")? {
        let fields = Fields::over(map, "registered_limits");
        for name in ["service_id", "resource_name", "default_limit"] {
            fields.need(name)?;
        }
        let mut limit = RegisteredLimit { id: new_id(), ..RegisteredLimit::default() };
        apply_registered(tx, &mut limit, &fields)?;
        records::insert(tx, &limit)?;
        all.push(view::registered_limit(call, &limit));
    }
    Ok(created(&member("registered_limits", Value::Array(all))))
}

/// Refuses to change a registered limit that limits of projects or domains hang on.
fn free(tx: &mut Tx<'_>, limit: &RegisteredLimit) -> Answer<()> {
    if records::all::<Limit>(tx)?.iter().any(|own| own.place() == limit.place()) {
        let text = format!(
            "Unable to update or delete registered limit {} because there are project limits associated with it.",
            limit.id
        );
        return Err(Failure::forbidden_because(text));
    }
    Ok(())
}

/// `PATCH /v3/registered_limits/{limit}`.
pub(crate) fn update_registered(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("update_registered_limit", false)?;
    let fields = Fields::of(&call.body, "registered_limit")?;
    let mut limit: RegisteredLimit = find_for(tx, call.param("limit"))?;
    let moves = ["service_id", "region_id", "resource_name"].iter().any(|name| fields.get(name).is_some());
    if moves {
        free(tx, &limit)?;
    }
    apply_registered(tx, &mut limit, &fields)?;
    records::update(tx, &limit)?;
    Ok(ok(&member("registered_limit", view::registered_limit(call, &limit))))
}

/// `DELETE /v3/registered_limits/{limit}`.
pub(crate) fn delete_registered(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("delete_registered_limit", false)?;
    let limit: RegisteredLimit = find_for(tx, call.param("limit"))?;
    free(tx, &limit)?;
    records::delete::<RegisteredLimit>(tx, &limit.id)?;
    Ok(no_content())
}

/// Whether the caller may see a limit: its own project's or domain's, or all of them.
fn sees(call: &Call, limit: &Limit) -> Answer<bool> {
    let caller = call.caller()?;
    let own = (limit.project_id.is_some() && caller.project_id() == limit.project_id.as_deref())
        || (limit.domain_id.is_some() && caller.domain_id() == limit.domain_id.as_deref());
    Ok(own || caller.is_admin() || caller.reads_system())
}

/// `GET /v3/limits`: those of the caller's project or domain, or all for who may read the system.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let view = |limit: &Limit| Ok(sees(call, limit)?.then(|| view::limit(call, limit)));
    call.listing(tx, ("limits", &FILTERS), Select::default(), view)
}

/// `GET /v3/limits/{limit}`.
pub(crate) fn show(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let known: Option<Limit> = records::get(tx, call.param("limit"))?;
    let own = known.as_ref().map_or(Ok(false), |limit| sees(call, limit))?;
    call.caller()?.enforce("get_limit", own || call.caller()?.reads_system())?;
    let limit = known.ok_or_else(|| Failure::missing_for(Limit::TITLE, call.param("limit")))?;
    Ok(ok(&member("limit", view::limit(call, &limit))))
}

/// `POST /v3/limits`: several at once, all or none.
pub(crate) fn create(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("create_limits", false)?;
    let mut all = Vec::new();
    for map in several(call, "limits")? {
        let limit = new_limit(tx, &Fields::over(map, "limits"))?;
        records::insert(tx, &limit)?;
        all.push(view::limit(call, &limit));
    }
    Ok(created(&member("limits", Value::Array(all))))
}

fn new_limit(tx: &mut Tx<'_>, fields: &Fields<'_>) -> Answer<Limit> {
    for name in ["service_id", "resource_name", "resource_limit"] {
        fields.need(name)?;
    }
    let (service, region) = place(tx, fields)?;
    let limit = Limit {
        id: new_id(),
        service_id: service.unwrap_or_default(),
        region_id: region.flatten(),
        resource_name: fields.need_name("resource_name")?,
        resource_limit: amount(fields, "resource_limit")?.unwrap_or_default(),
        project_id: fields.text("project_id")?,
        domain_id: fields.text("domain_id")?,
        description: fields.text("description")?,
    };
    let owner = match (&limit.project_id, &limit.domain_id) {
        (Some(project), None) => (project, "project"),
        (None, Some(domain)) => (domain, "domain"),
        _ => return Err(Failure::malformed("A limit is of a project or of a domain, exactly one of them.")),
    };
    let found: Option<Project> = records::get(tx, owner.0)?;
    if found.is_none_or(|found| found.is_domain != (owner.1 == "domain")) {
        return Err(Failure::missing(owner.1, owner.0));
    }
    if !records::all::<RegisteredLimit>(tx)?.iter().any(|registered| registered.place() == limit.place()) {
        let text = "Unable to create a limit that has no corresponding registered limit.";
        return Err(Failure::forbidden_because(text));
    }
    let same = |other: &Limit| {
        other.place() == limit.place()
            && other.project_id == limit.project_id
            && other.domain_id == limit.domain_id
    };
    if records::all::<Limit>(tx)?.iter().any(same) {
        return Err(Failure::conflict("limit", "Duplicate entry"));
    }
    Ok(limit)
}

/// `PATCH /v3/limits/{limit}`: how much, and the description.
pub(crate) fn update(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("update_limit", false)?;
    let fields = Fields::of(&call.body, "limit")?;
    let mut limit: Limit = find_for(tx, call.param("limit"))?;
    limit.resource_limit = amount(&fields, "resource_limit")?.unwrap_or(limit.resource_limit);
    if let Some(description) = fields.nullable("description")? {
        limit.description = description;
    }
    records::update(tx, &limit)?;
    Ok(ok(&member("limit", view::limit(call, &limit))))
}

/// `DELETE /v3/limits/{limit}`.
pub(crate) fn delete(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("delete_limit", false)?;
    let limit: Limit = find_for(tx, call.param("limit"))?;
    records::delete::<Limit>(tx, &limit.id)?;
    Ok(no_content())
}
