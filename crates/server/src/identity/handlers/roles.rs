//! Roles and what they imply.

use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::access::Access;
use super::super::call::{Call, created, find, member, no_content, ok};
use super::super::error::{Answer, Failure};
use super::super::model::{Role, new_id};
use super::super::storage::records::Select;
use super::super::storage::{grants, records};
use super::super::valid::Fields;
use super::super::view;
use super::projects::immutable;
use super::users::{merge, need_domain};
use crate::http::Reply;

const KNOWN: [&str; 6] = ["id", "name", "domain_id", "description", "options", "links"];

/// Roles that a manager of a domain may give.
pub(super) const MANAGED: [&str; 3] = ["manager", "member", "reader"];

/// `GET /v3/roles`.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let caller = call.caller()?;
    let domain = call.query("domain_id");
    let action = if domain.is_some() { "list_domain_roles" } else { "list_roles" };
    let manager = domain.is_none() && caller.domain_id().is_some() && caller.has("manager");
    caller.enforce(action, caller.reads_system() || manager)?;
    let select =
        Select { name: call.query("name"), scope: Some(domain.unwrap_or_default()), ..Select::default() };
    let here = |role: &Role| role.domain_id.as_deref() == domain;
    let view = |role: &Role| Ok(here(role).then(|| view::role(call, role)));
    call.listing(tx, ("roles", &["name"]), select, view)
}

/// `GET /v3/roles/{role}`.
pub(crate) fn show(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (caller, id) = (call.caller()?, call.param("role"));
    let known: Option<Role> = records::get(tx, id)?;
    let managed = known.as_ref().is_some_and(|role| MANAGED.contains(&role.name.as_str()));
    caller.enforce("get_role", caller.reads_system() || (managed && caller.has("manager")))?;
    let role = known.ok_or_else(|| Failure::missing("role", id))?;
    Ok(ok(&member("role", view::role(call, &role))))
}

fn taken(role: &Role) -> Failure {
    Failure::conflict("role", &format!("Duplicate entry found with name {}", role.name))
}

/// `POST /v3/roles`.
pub(crate) fn create(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let fields = Fields::of(&call.body, "role")?;
    let domain_id = fields.text("domain_id")?;
    let action = if domain_id.is_some() { "create_domain_role" } else { "create_role" };
    call.caller()?.enforce(action, false)?;
    let name = fields.need_name("name")?;
    if let Some(domain) = &domain_id {
        need_domain(tx, domain)?;
    }
    let role = Role {
        id: new_id(),
        name,
        domain_id,
        description: fields.text("description")?,
        options: fields.object("options")?.cloned().unwrap_or_default(),
        extra: fields.rest(&KNOWN),
    };
    if !records::insert(tx, &role)? {
        return Err(taken(&role));
    }
    Ok(created(&member("role", view::role(call, &role))))
}

/// `PATCH /v3/roles/{role}`.
pub(crate) fn update(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("update_role", false)?;
    let fields = Fields::of(&call.body, "role")?;
    let mut role: Role = find(tx, call.param("role"))?;
    fields.same_id(&role.id)?;
    immutable(&role.options, "update", "role", &role.id, Some(&fields))?;
    if fields.nullable("domain_id")?.is_some_and(|domain| domain != role.domain_id) {
        return Err(Failure::invalid("Cannot change Domain ID"));
    }
    if let Some(name) = fields.name("name")? {
        role.name = name;
    }
    if let Some(description) = fields.nullable("description")? {
        role.description = description;
    }
    if let Some(options) = fields.object("options")? {
        merge(&mut role.options, options);
    }
    merge(&mut role.extra, &fields.rest(&KNOWN));
    if !records::update(tx, &role)? {
        return Err(taken(&role));
    }
    Ok(ok(&member("role", view::role(call, &role))))
}

/// `DELETE /v3/roles/{role}`.
pub(crate) fn delete(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("delete_role", false)?;
    let role: Role = find(tx, call.param("role"))?;
    immutable(&role.options, "delete", "role", &role.id, None)?;
    grants::forget_role(tx, &role.id)?;
    records::delete::<Role>(tx, &role.id)?;
    Ok(no_content())
}

fn may_read(call: &Call, action: &str) -> Answer<()> {
    let caller: &Access = call.caller()?;
    caller.enforce(action, caller.reads_system())
}

fn implied_by(tx: &mut Tx<'_>, prior: &str) -> Answer<Vec<Role>> {
    let mut all = Vec::new();
    for (_, id) in grants::inferences(tx)?.into_iter().filter(|(one, _)| one == prior) {
        all.extend(records::get::<Role>(tx, &id)?);
    }
    Ok(all)
}

/// `GET /v3/roles/{role}/implies`.
pub(crate) fn implies(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    may_read(call, "list_implied_roles")?;
    let prior: Role = find(tx, call.param("role"))?;
    let all: Vec<Value> =
        implied_by(tx, &prior.id)?.iter().map(|role| view::short_role(call, role)).collect();
    let inference = json!({"prior_role": view::short_role(call, &prior), "implies": all});
    Ok(ok(&json!({"role_inference": inference, "links": {"self": call.own_url()}})))
}

fn pair(call: &Call, tx: &mut Tx<'_>) -> Answer<(Role, Role)> {
    Ok((find(tx, call.param("role"))?, find(tx, call.param("implied"))?))
}

fn shown(call: &Call, prior: &Role, implied: &Role) -> Value {
    let inference =
        json!({"prior_role": view::short_role(call, prior), "implies": view::short_role(call, implied)});
    json!({"role_inference": inference, "links": {"self": call.own_url()}})
}

fn does_not(prior: &Role, implied: &Role) -> Failure {
    Failure::not_found(format!("{} does not imply {}.", prior.id, implied.id))
}

/// `GET /v3/roles/{role}/implies/{implied}`.
pub(crate) fn show_implied(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    may_read(call, "get_implied_role")?;
    let (prior, implied) = pair(call, tx)?;
    if implied_by(tx, &prior.id)?.iter().any(|role| role.id == implied.id) {
        return Ok(ok(&shown(call, &prior, &implied)));
    }
    Err(does_not(&prior, &implied))
}

/// `PUT /v3/roles/{role}/implies/{implied}`.
pub(crate) fn imply(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("create_implied_role", false)?;
    let (prior, implied) = pair(call, tx)?;
    if implied.name == "admin" || prior.id == implied.id {
        return Err(Failure::forbidden_because(format!("{} cannot be an implied roles.", implied.id)));
    }
    grants::imply(tx, &prior.id, &implied.id)?;
    Ok(created(&shown(call, &prior, &implied)))
}

/// `DELETE /v3/roles/{role}/implies/{implied}`.
pub(crate) fn unimply(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("delete_implied_role", false)?;
    let (prior, implied) = pair(call, tx)?;
    if grants::unimply(tx, &prior.id, &implied.id)? {
        Ok(no_content())
    } else {
        Err(does_not(&prior, &implied))
    }
}

/// `GET /v3/role_inferences`.
pub(crate) fn inferences(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    may_read(call, "list_role_inference_rules")?;
    let mut rows: Vec<(String, Vec<Value>)> = Vec::new();
    for (prior, implied) in grants::inferences(tx)? {
        let implied: Role = find(tx, &implied)?;
        let implied = view::short_role(call, &implied);
        match rows.last_mut().filter(|(last, _)| *last == prior) {
            Some((_, all)) => all.push(implied),
            None => rows.push((prior, vec![implied])),
        }
    }
    let mut all = Vec::new();
    for (prior, implies) in rows {
        let prior: Role = find(tx, &prior)?;
        all.push(json!({"prior_role": view::short_role(call, &prior), "implies": implies}));
    }
    Ok(ok(&json!({"role_inferences": all})))
}
