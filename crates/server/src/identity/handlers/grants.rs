//! Roles of users and groups on projects, domains and the system.

use pentad_store::Tx;
use serde_json::Value;

use super::super::call::{Call, find, no_content};
use super::super::error::{Answer, Failure};
use super::super::model::{Group, Project, Role, User};
use super::super::storage::grants::{self, Actor, Grant, Target};
use super::super::storage::records;
use super::super::view;
use super::roles::MANAGED;
use super::users::need_domain;
use crate::http::Reply;

/// Whether a caller looks or changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    List,
    Check,
    Create,
    Revoke,
}

impl Wish {
    fn action(self, target: Target, actor: Actor) -> &'static str {
        let user = actor == Actor::User;
        match (target, self) {
            (Target::System, Self::List) if user => "list_system_grants_for_user",
            (Target::System, Self::List) => "list_system_grants_for_group",
            (Target::System, Self::Check) if user => "check_system_grant_for_user",
            (Target::System, Self::Check) => "check_system_grant_for_group",
            (Target::System, Self::Create) if user => "create_system_grant_for_user",
            (Target::System, Self::Create) => "create_system_grant_for_group",
            (Target::System, Self::Revoke) if user => "revoke_system_grant_for_user",
            (Target::System, Self::Revoke) => "revoke_system_grant_for_group",
            (_, Self::List) => "list_grants",
            (_, Self::Check) => "check_grant",
            (_, Self::Create) => "create_grant",
            (_, Self::Revoke) => "revoke_grant",
        }
    }
}

/// What the path names: the grant, with an empty role where it names none.
fn named(call: &Call) -> Grant {
    let (target, target_id) = match (call.param("project"), call.param("domain")) {
        ("", "") => (Target::System, "all"),
        ("", domain) => (Target::Domain, domain),
        (project, _) => (Target::Project, project),
    };
    let (actor, actor_id) = match call.param("user") {
        "" => (Actor::Group, call.param("group")),
        user => (Actor::User, user),
    };
    Grant {
        target,
        target_id: target_id.to_owned(),
        actor,
        actor_id: actor_id.to_owned(),
        role_id: call.param("role").to_owned(),
        inherited: call.path.ends_with("/inherited_to_projects"),
    }
}

/// The domain in which both ends of a grant lie, if it is one.
fn common_domain(tx: &mut Tx<'_>, grant: &Grant) -> Answer<Option<String>> {
    let actor = match grant.actor {
        Actor::User => records::get::<User>(tx, &grant.actor_id)?.map(|user| user.domain_id),
        Actor::Group => records::get::<Group>(tx, &grant.actor_id)?.map(|group| group.domain_id),
    };
    let target = match grant.target {
        Target::Project => {
            records::get::<Project>(tx, &grant.target_id)?.and_then(|project| project.domain_id)
        }
        Target::Domain => Some(grant.target_id.clone()),
        Target::System => None,
    };
    Ok(actor.filter(|domain| Some(domain) == target.as_ref()))
}

/// Checks policy, then that everything named exists.
fn admit(call: &Call, tx: &mut Tx<'_>, wish: Wish) -> Answer<Grant> {
    let (caller, grant) = (call.caller()?, named(call));
    let domain = common_domain(tx, &grant)?;
    let role: Option<Role> = match grant.role_id.as_str() {
        "" => None,
        id => records::get(tx, id)?,
    };
    let in_domain = |own: &str| domain.as_deref().is_some_and(|domain| caller.has_in_domain(own, domain));
    let managed = role.as_ref().is_some_and(|role| MANAGED.contains(&role.name.as_str()));
    let may = match wish {
        Wish::List | Wish::Check => caller.reads_system() || in_domain("reader"),
        Wish::Create | Wish::Revoke => in_domain("admin") || (in_domain("manager") && managed),
    };
    caller.enforce(wish.action(grant.target, grant.actor), may)?;
    if !grant.role_id.is_empty() && role.is_none() {
        return Err(Failure::missing("role", &grant.role_id));
    }
    if wish != Wish::Revoke {
        match grant.actor {
            Actor::User => drop(find::<User>(tx, &grant.actor_id)?),
            Actor::Group => drop(find::<Group>(tx, &grant.actor_id)?),
        }
    }
    match grant.target {
        Target::Project => drop(find::<Project>(tx, &grant.target_id)?),
        Target::Domain => drop(need_domain(tx, &grant.target_id)?),
        Target::System => {}
    }
    if let Some(role) = role.filter(|_| wish == Wish::Create) {
        check_role(tx, &role, &grant)?;
    }
    Ok(grant)
}

/// A role of one domain counts in that domain alone.
fn check_role(tx: &mut Tx<'_>, role: &Role, grant: &Grant) -> Answer<()> {
    let Some(own) = &role.domain_id else { return Ok(()) };
    let there = match grant.target {
        Target::Project => find::<Project>(tx, &grant.target_id)?.domain_id,
        Target::Domain => Some(grant.target_id.clone()),
        Target::System => None,
    };
    if there.as_ref() == Some(own) {
        return Ok(());
    }
    let text = format!(
        "Project {} must be in the same domain as the role {} being assigned.",
        grant.target_id, role.id
    );
    Err(Failure::forbidden_because(text))
}

/// `GET …/roles`.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let wanted = admit(call, tx, Wish::List)?;
    let mut all: Vec<Value> = Vec::new();
    for grant in grants::of_actor(tx, wanted.actor, &wanted.actor_id)? {
        if grant.target == wanted.target
            && grant.target_id == wanted.target_id
            && grant.inherited == wanted.inherited
            && let Some(role) = records::get::<Role>(tx, &grant.role_id)?
        {
            all.push(view::role(call, &role));
        }
    }
    call.collection("roles", all, &[])
}

fn missing(grant: &Grant) -> Failure {
    let target = match grant.target {
        Target::System => "system",
        _ => &grant.target_id,
    };
    Failure::not_found(format!(
        "Could not find role assignment with role: {}, user or group: {}, project, domain, or system: {target}.",
        grant.role_id, grant.actor_id
    ))
}

/// `GET …/roles/{role}`.
pub(crate) fn check(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let grant = admit(call, tx, Wish::Check)?;
    if grants::has(tx, &grant)? { Ok(no_content()) } else { Err(missing(&grant)) }
}

/// `PUT …/roles/{role}`.
pub(crate) fn create(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let grant = admit(call, tx, Wish::Create)?;
    grants::add(tx, &grant)?;
    Ok(no_content())
}

/// `DELETE …/roles/{role}`.
pub(crate) fn revoke(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let grant = admit(call, tx, Wish::Revoke)?;
    if grants::remove(tx, &grant)? { Ok(no_content()) } else { Err(missing(&grant)) }
}
