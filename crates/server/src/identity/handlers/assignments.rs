//! `GET /v3/role_assignments`: who has which role where, as stored or with all that follows.

use std::collections::HashSet;

use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Answer, Failure};
use super::super::model::{Group, Project, Role, User};
use super::super::storage::grants::{self, Actor, Effective, Grant, Target};
use super::super::storage::records;
use crate::http::Reply;

/// One line, with the group that it came through.
struct Line {
    effective: Effective,
    /// Where it is stored, if that is elsewhere: the target that is inherited from.
    from: Option<(Target, String)>,
    group: Option<String>,
}

/// `GET /v3/role_assignments`.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let caller = call.caller()?;
    let domain = caller.domain_id().map(str::to_owned);
    let may = caller.reads_system() || (domain.is_some() && caller.has("reader"));
    caller.enforce("list_role_assignments", may)?;
    check_query(call)?;
    let mut lines: Vec<Line> = if call.query("effective").is_some() && call.asks("effective") {
        effective(tx)?
    } else {
        let plain = |grant| Line { effective: Effective { grant, prior: None }, from: None, group: None };
        grants::all(tx)?.into_iter().map(plain).collect()
    };
    lines.retain(|line| fits(call, line));
    if call.asks("include_subtree") || domain.is_some() {
        keep_subtree(call, tx, &mut lines, domain.as_deref())?;
    } else if let Some(project) = call.query("scope.project.id") {
        lines.retain(|line| line.effective.grant.target_id == project);
    }
    let names = call.asks("include_names");
    let mut all = Vec::new();
    for line in &lines {
        all.push(shown(call, tx, line, names)?);
    }
    call.collection("role_assignments", all, &[])
}

fn check_query(call: &Call) -> Answer<()> {
    let both = |a: &str, b: &str| call.query(a).is_some() && call.query(b).is_some();
    let effective = call.query("effective").is_some() && call.asks("effective");
    let fault = if effective && call.query("group.id").is_some() {
        "Combining effective and group filter will always result in an empty list."
    } else if both("user.id", "group.id") {
        "Specify a user or group, not both"
    } else if both("scope.project.id", "scope.domain.id") {
        "Specify a domain or project, not both"
    } else if call.asks("include_subtree") && call.query("scope.project.id").is_none() {
        "scope.project.id must be specified if include_subtree is also specified"
    } else {
        return Ok(());
    };
    Err(Failure::invalid(fault))
}

/// Every role of every user, with groups, inheritance and implied roles resolved.
fn effective(tx: &mut Tx<'_>) -> Answer<Vec<Line>> {
    let inferences = grants::inferences(tx)?;
    let mut lines: Vec<Line> = Vec::new();
    for stored in grants::all(tx)? {
        let places: Vec<(Target, String)> = if stored.inherited {
            let below = grants::below(tx, &stored.target_id)?;
            below.into_iter().map(|id| (Target::Project, id)).collect()
        } else {
            vec![(stored.target, stored.target_id.clone())]
        };
        let users = match stored.actor {
            Actor::User => vec![(stored.actor_id.clone(), None)],
            Actor::Group => {
                let members = grants::users_of(tx, &stored.actor_id)?;
                members.into_iter().map(|user| (user, Some(stored.actor_id.clone()))).collect()
            }
        };
        for (target, target_id) in &places {
            for (user, group) in &users {
                let grant = Grant {
                    target: *target,
                    target_id: target_id.clone(),
                    actor: Actor::User,
                    actor_id: user.clone(),
                    role_id: stored.role_id.clone(),
                    inherited: false,
                };
                let from = stored.inherited.then(|| (stored.target, stored.target_id.clone()));
                for effective in grants::expand(vec![grant], &inferences) {
                    lines.push(Line { effective, from: from.clone(), group: group.clone() });
                }
            }
        }
    }
    Ok(lines)
}

/// Whether a line is what the query asks for, places below a project apart.
fn fits(call: &Call, line: &Line) -> bool {
    let grant = &line.effective.grant;
    let is =
        |filter: &str, value: Option<&str>| call.query(filter).is_none_or(|wanted| value == Some(wanted));
    let user = (grant.actor == Actor::User).then_some(grant.actor_id.as_str());
    let group = (grant.actor == Actor::Group).then_some(grant.actor_id.as_str());
    let domain = (grant.target == Target::Domain).then_some(grant.target_id.as_str());
    let system = call.query("scope.system").is_none_or(|_| grant.target == Target::System);
    let inherited =
        call.query("scope.OS-INHERIT:inherited_to").is_none_or(|_| grant.inherited || line.from.is_some());
    is("role.id", Some(&grant.role_id))
        && is("user.id", user)
        && is("group.id", group)
        && is("scope.domain.id", domain)
        && system
        && inherited
}

/// Leaves a project with all below it, and for the holder of a domain what lies in that domain.
fn keep_subtree(call: &Call, tx: &mut Tx<'_>, lines: &mut Vec<Line>, domain: Option<&str>) -> Answer<()> {
    if let Some(project) = call.query("scope.project.id") {
        let mut ids: HashSet<String> = HashSet::from([project.to_owned()]);
        if call.asks("include_subtree") {
            ids.extend(grants::below(tx, project)?);
        }
        lines.retain(|line| ids.contains(&line.effective.grant.target_id));
    }
    if let Some(domain) = domain {
        let mut ids: HashSet<String> = grants::below(tx, domain)?.into_iter().collect();
        ids.insert(domain.to_owned());
        lines.retain(|line| ids.contains(&line.effective.grant.target_id));
    }
    Ok(())
}

fn shown(call: &Call, tx: &mut Tx<'_>, line: &Line, names: bool) -> Answer<Value> {
    let grant = &line.effective.grant;
    let (target, id) = match &line.from {
        Some((target, id)) => (*target, id.as_str()),
        None => (grant.target, grant.target_id.as_str()),
    };
    let place = match target {
        Target::Project => format!("/projects/{id}"),
        Target::Domain => format!("/domains/{id}"),
        Target::System => "/system".to_owned(),
    };
    let actor = match (&line.group, grant.actor) {
        (Some(group), _) => format!("groups/{group}"),
        (None, Actor::Group) => format!("groups/{}", grant.actor_id),
        (None, Actor::User) => format!("users/{}", grant.actor_id),
    };
    let role = line.effective.prior.as_ref().unwrap_or(&grant.role_id);
    let inherits = grant.inherited || line.from.is_some();
    let path = if inherits {
        format!("/OS-INHERIT{place}/{actor}/roles/{role}/inherited_to_projects")
    } else {
        format!("{place}/{actor}/roles/{role}")
    };
    let mut links = json!({"assignment": call.url(&path)});
    if let Some(prior) = &line.effective.prior {
        links["prior_role"] = json!(call.url(&format!("/prior_role/{prior}/implies/{}", grant.role_id)));
    }
    if let Some(group) = &line.group {
        links["membership"] = json!(call.url(&format!("/groups/{group}/users/{}", grant.actor_id)));
    }
    let mut scope = match grant.target {
        Target::Project => json!({"project": project(tx, &grant.target_id, names)?}),
        Target::Domain => json!({"domain": project(tx, &grant.target_id, names)?}),
        Target::System => json!({"system": {"all": true}}),
    };
    if inherits {
        scope["OS-INHERIT:inherited_to"] = json!("projects");
    }
    let mut all = json!({"links": links, "scope": scope});
    match grant.actor {
        Actor::User => all["user"] = user(tx, &grant.actor_id, names)?,
        Actor::Group => all["group"] = group(tx, &grant.actor_id, names)?,
    }
    let mut role = json!({"id": grant.role_id});
    if let Some(known) = names.then(|| records::get::<Role>(tx, &grant.role_id)).transpose()?.flatten() {
        role["name"] = json!(known.name);
    }
    all["role"] = role;
    Ok(all)
}

fn with_domain(tx: &mut Tx<'_>, id: &str, name: &str, domain: &str) -> Answer<Value> {
    let domain = records::get::<Project>(tx, domain)?.unwrap_or_default();
    Ok(json!({"id": id, "name": name, "domain": {"id": domain.id, "name": domain.name}}))
}

fn project(tx: &mut Tx<'_>, id: &str, names: bool) -> Answer<Value> {
    let known = if names { records::get::<Project>(tx, id)? } else { None };
    match known {
        None => Ok(json!({"id": id})),
        Some(project) => match &project.domain_id {
            None => Ok(json!({"id": id, "name": project.name})),
            Some(domain) => with_domain(tx, id, &project.name, domain),
        },
    }
}

fn user(tx: &mut Tx<'_>, id: &str, names: bool) -> Answer<Value> {
    match if names { records::get::<User>(tx, id)? } else { None } {
        None => Ok(json!({"id": id})),
        Some(user) => with_domain(tx, id, &user.name, &user.domain_id),
    }
}

fn group(tx: &mut Tx<'_>, id: &str, names: bool) -> Answer<Value> {
    match if names { records::get::<Group>(tx, id)? } else { None } {
        None => Ok(json!({"id": id})),
        Some(group) => with_domain(tx, id, &group.name, &group.domain_id),
    }
}
