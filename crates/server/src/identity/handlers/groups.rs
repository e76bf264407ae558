//! Groups and their members.

use pentad_store::Tx;

use super::super::call::{Call, created, find, member, no_content, ok};
use super::super::error::{Answer, Failure};
use super::super::model::{Group, User, new_id};
use super::super::storage::grants::{self, Actor};
use super::super::storage::records::{self, Select};
use super::super::valid::Fields;
use super::super::view;
use super::users::{home, merge, need_domain};
use crate::http::Reply;

const KNOWN: [&str; 5] = ["id", "name", "domain_id", "description", "links"];

/// The group of the path, if the caller has `role` in its domain, or reads the system and only looks.
fn admitted(call: &Call, tx: &mut Tx<'_>, action: &str, role: &str) -> Answer<Group> {
    let (caller, id) = (call.caller()?, call.param("group"));
    let known: Option<Group> = records::get(tx, id)?;
    let reads = role == "reader" && caller.reads_system();
    let may = reads || known.as_ref().is_some_and(|group| caller.has_in_domain(role, &group.domain_id));
    caller.enforce(action, may)?;
    known.ok_or_else(|| Failure::missing("group", id))
}

/// `GET /v3/groups`.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let caller = call.caller()?;
    let domain = caller.domain_id().map(str::to_owned);
    let may = caller.reads_system() || (domain.is_some() && caller.has("reader"));
    caller.enforce("list_groups", may)?;
    let select = Select { name: call.query("name"), scope: domain.as_deref(), ..Select::default() };
    let view = |group: &Group| Ok(Some(view::group(call, group)));
    call.listing(tx, ("groups", &["domain_id", "name"]), select, view)
}

/// `GET /v3/groups/{group}`.
pub(crate) fn show(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let group = admitted(call, tx, "get_group", "reader")?;
    Ok(ok(&member("group", view::group(call, &group))))
}

fn taken(group: &Group) -> Failure {
    let details = format!("Duplicate entry found with name {} at domain ID {}", group.name, group.domain_id);
    Failure::conflict("group", &details)
}

/// `POST /v3/groups`.
pub(crate) fn create(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let fields = Fields::of(&call.body, "group")?;
    let domain_id = home(call, &fields)?;
    let caller = call.caller()?;
    caller.enforce("create_group", caller.has_in_domain("manager", &domain_id))?;
    let group = Group {
        id: new_id(),
        name: fields.need_name("name")?,
        domain_id,
        description: fields.text("description")?.unwrap_or_default(),
        extra: fields.rest(&KNOWN),
    };
    need_domain(tx, &group.domain_id)?;
    if !records::insert(tx, &group)? {
        return Err(taken(&group));
    }
    Ok(created(&member("group", view::group(call, &group))))
}

/// `PATCH /v3/groups/{group}`.
pub(crate) fn update(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let mut group = admitted(call, tx, "update_group", "manager")?;
    let fields = Fields::of(&call.body, "group")?;
    fields.same_id(&group.id)?;
    if fields.text("domain_id")?.is_some_and(|domain| domain != group.domain_id) {
        return Err(Failure::invalid("Cannot change Domain ID"));
    }
    if let Some(name) = fields.name("name")? {
        group.name = name;
    }
    if let Some(description) = fields.nullable("description")? {
        group.description = description.unwrap_or_default();
    }
    merge(&mut group.extra, &fields.rest(&KNOWN));
    if !records::update(tx, &group)? {
        return Err(taken(&group));
    }
    Ok(ok(&member("group", view::group(call, &group))))
}

/// `DELETE /v3/groups/{group}`.
pub(crate) fn delete(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let group = admitted(call, tx, "delete_group", "manager")?;
    grants::forget_actor(tx, Actor::Group, &group.id)?;
    records::delete::<Group>(tx, &group.id)?;
    Ok(no_content())
}

/// `GET /v3/groups/{group}/users`.
pub(crate) fn users(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let group = admitted(call, tx, "list_users_in_group", "reader")?;
    let mut all = Vec::new();
    for id in grants::users_of(tx, &group.id)? {
        all.extend(records::get::<User>(tx, &id)?.map(|user| view::user(call, &user)));
    }
    call.collection("users", all, &["domain_id", "enabled", "name"])
}

fn pair(call: &Call, tx: &mut Tx<'_>, action: &str, role: &str) -> Answer<(Group, User)> {
    let group = admitted(call, tx, action, role)?;
    let user: User = find(tx, call.param("user"))?;
    let caller = call.caller()?;
    let reads = role == "reader" && caller.reads_system();
    caller.enforce(action, reads || caller.has_in_domain(role, &user.domain_id))?;
    Ok((group, user))
}

fn not_in(group: &Group, user: &User) -> Failure {
    Failure::not_found(format!("User '{}' not found in group '{}'", user.id, group.id))
}

/// `GET /v3/groups/{group}/users/{user}`.
pub(crate) fn has(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (group, user) = pair(call, tx, "check_user_in_group", "reader")?;
    let there = grants::users_of(tx, &group.id)?.contains(&user.id);
    if there { Ok(no_content()) } else { Err(not_in(&group, &user)) }
}

/// `PUT /v3/groups/{group}/users/{user}`.
pub(crate) fn add(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (group, user) = pair(call, tx, "add_user_to_group", "manager")?;
    grants::join(tx, &group.id, &user.id)?;
    Ok(no_content())
}

/// `DELETE /v3/groups/{group}/users/{user}`.
pub(crate) fn remove(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (group, user) = pair(call, tx, "remove_user_from_group", "manager")?;
    if grants::leave(tx, &group.id, &user.id)? { Ok(no_content()) } else { Err(not_in(&group, &user)) }
}
