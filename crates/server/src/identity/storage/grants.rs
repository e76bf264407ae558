//! Who has which role where, who is in which group, and which role implies which.

use std::collections::{BTreeSet, HashMap, HashSet};

use pentad_store::{Row, ToValue, Tx};

use super::super::model::{Project, Role};
use super::{Db, records};

/// Where a role is had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Project,
    Domain,
    System,
}

/// Who has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Actor {
    User,
    Group,
}

impl Target {
    const fn text(self) -> &'static str {
        match self {
            Self::Project => "P",
            Self::Domain => "D",
            Self::System => "S",
        }
    }
}

impl Actor {
    const fn text(self) -> &'static str {
        match self {
            Self::User => "U",
            Self::Group => "G",
        }
    }
}

/// A role of somebody somewhere. On the system, `target_id` is `all`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) target: Target,
    pub(crate) target_id: String,
    pub(crate) actor: Actor,
    pub(crate) actor_id: String,
    pub(crate) role_id: String,
    /// Not here, but in the projects below.
    pub(crate) inherited: bool,
}

const COLUMNS: &str = "target, target_id, actor, actor_id, role_id, inherited";

fn read(row: &Row<'_>) -> Db<Grant> {
    Ok(Grant {
        target: match row.text(0)?.as_str() {
            "P" => Target::Project,
            "D" => Target::Domain,
            _ => Target::System,
        },
        target_id: row.text(1)?,
        actor: if row.text(2)? == "U" { Actor::User } else { Actor::Group },
        actor_id: row.text(3)?,
        role_id: row.text(4)?,
        inherited: row.flag(5)?,
    })
}

/// Every grant in the order of creation.
pub(crate) fn all(tx: &mut Tx<'_>) -> Db<Vec<Grant>> {
    tx.query(&format!("SELECT {COLUMNS} FROM grants ORDER BY seq"), &[], read)
}

/// The grants of one actor.
pub(crate) fn of_actor(tx: &mut Tx<'_>, actor: Actor, id: &str) -> Db<Vec<Grant>> {
    let sql = format!("SELECT {COLUMNS} FROM grants WHERE actor = $1 AND actor_id = $2 ORDER BY seq");
    tx.query(&sql, &[&actor.text(), &id], read)
}

/// Stores a grant unless it is there.
pub(crate) fn add(tx: &mut Tx<'_>, grant: &Grant) -> Db<()> {
    let seq = records::next_seq(tx)?;
    let (target, actor) = (grant.target.text(), grant.actor.text());
    tx.execute(
        "INSERT INTO grants (target, target_id, actor, actor_id, role_id, inherited, seq) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (target, target_id, actor, actor_id, role_id, inherited) DO NOTHING",
        &[&target, &grant.target_id, &actor, &grant.actor_id, &grant.role_id, &grant.inherited, &seq],
    )?;
    Ok(())
}

/// Removes a grant; says whether it was there.
pub(crate) fn remove(tx: &mut Tx<'_>, grant: &Grant) -> Db<bool> {
    let (target, actor) = (grant.target.text(), grant.actor.text());
    let gone = tx.execute(
        "DELETE FROM grants WHERE target = $1 AND target_id = $2 AND actor = $3 AND actor_id = $4 \
         AND role_id = $5 AND inherited = $6",
        &[&target, &grant.target_id, &actor, &grant.actor_id, &grant.role_id, &grant.inherited],
    )?;
    Ok(gone > 0)
}

/// Whether a grant is there.
pub(crate) fn has(tx: &mut Tx<'_>, grant: &Grant) -> Db<bool> {
    Ok(of_actor(tx, grant.actor, &grant.actor_id)?.contains(grant))
}

/// Forgets whatever concerns an actor, a target or a role that goes away.
pub(crate) fn forget_actor(tx: &mut Tx<'_>, actor: Actor, id: &str) -> Db<()> {
    tx.execute("DELETE FROM grants WHERE actor = $1 AND actor_id = $2", &[&actor.text(), &id])?;
    let members = match actor {
        Actor::User => "DELETE FROM members WHERE user_id = $1",
        Actor::Group => "DELETE FROM members WHERE group_id = $1",
    };
    tx.execute(members, &[&id]).map(drop)
}

/// Forgets every grant on a target.
pub(crate) fn forget_target(tx: &mut Tx<'_>, target: Target, id: &str) -> Db<()> {
    tx.execute("DELETE FROM grants WHERE target = $1 AND target_id = $2", &[&target.text(), &id]).map(drop)
}

/// Forgets every grant of a role, and what it implies.
pub(crate) fn forget_role(tx: &mut Tx<'_>, id: &str) -> Db<()> {
    tx.execute("DELETE FROM grants WHERE role_id = $1", &[&id])?;
    tx.execute("DELETE FROM implied WHERE prior_id = $1 OR implied_id = $1", &[&id]).map(drop)
}

/// Puts a user into a group.
pub(crate) fn join(tx: &mut Tx<'_>, group: &str, user: &str) -> Db<()> {
    let sql =
        "INSERT INTO members (group_id, user_id) VALUES ($1, $2) ON CONFLICT (group_id, user_id) DO NOTHING";
    tx.execute(sql, &[&group, &user]).map(drop)
}

/// Takes a user out of a group; says whether it was in.
pub(crate) fn leave(tx: &mut Tx<'_>, group: &str, user: &str) -> Db<bool> {
    Ok(tx.execute("DELETE FROM members WHERE group_id = $1 AND user_id = $2", &[&group, &user])? > 0)
}

/// The groups of a user.
pub(crate) fn groups_of(tx: &mut Tx<'_>, user: &str) -> Db<Vec<String>> {
    ids(tx, "SELECT group_id FROM members WHERE user_id = $1 ORDER BY group_id", &[&user])
}

/// The users of a group.
pub(crate) fn users_of(tx: &mut Tx<'_>, group: &str) -> Db<Vec<String>> {
    ids(tx, "SELECT user_id FROM members WHERE group_id = $1 ORDER BY user_id", &[&group])
}

fn ids(tx: &mut Tx<'_>, sql: &str, params: &[&dyn ToValue]) -> Db<Vec<String>> {
    tx.query(sql, params, |row| row.text(0))
}

/// Every inference: prior role and implied role.
pub(crate) fn inferences(tx: &mut Tx<'_>) -> Db<Vec<(String, String)>> {
    let sql = "SELECT prior_id, implied_id FROM implied ORDER BY prior_id, implied_id";
    tx.query(sql, &[], |row| Ok((row.text(0)?, row.text(1)?)))
}

/// Lets a role imply another.
pub(crate) fn imply(tx: &mut Tx<'_>, prior: &str, implied: &str) -> Db<()> {
    let sql = "INSERT INTO implied (prior_id, implied_id) VALUES ($1, $2) ON CONFLICT (prior_id, implied_id) DO NOTHING";
    tx.execute(sql, &[&prior, &implied]).map(drop)
}

/// Ends that a role implies another; says whether it did.
pub(crate) fn unimply(tx: &mut Tx<'_>, prior: &str, implied: &str) -> Db<bool> {
    Ok(tx.execute("DELETE FROM implied WHERE prior_id = $1 AND implied_id = $2", &[&prior, &implied])? > 0)
}

/// A role that somebody has, with the role that it follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effective {
    pub(crate) grant: Grant,
    /// The role that implies it.
    pub(crate) prior: Option<String>,
}

/// Grants with all that they imply.
pub(crate) fn expand(grants: Vec<Grant>, inferences: &[(String, String)]) -> Vec<Effective> {
    let mut all: Vec<Effective> = grants.into_iter().map(|grant| Effective { grant, prior: None }).collect();
    let mut next = 0;
    while let Some(known) = all.get(next).cloned() {
        next += 1;
        for (_, implied) in inferences.iter().filter(|(prior, _)| *prior == known.grant.role_id) {
            let grant = Grant { role_id: implied.clone(), ..known.grant.clone() };
            if !all.iter().any(|other| other.grant == grant) {
                all.push(Effective { grant, prior: Some(known.grant.role_id.clone()) });
            }
        }
    }
    all
}

/// Every grant of a user, its own and those of its groups.
pub(crate) fn of_user(tx: &mut Tx<'_>, user: &str) -> Db<Vec<Grant>> {
    let mut grants = of_actor(tx, Actor::User, user)?;
    for group in groups_of(tx, user)? {
        grants.extend(of_actor(tx, Actor::Group, &group)?);
    }
    Ok(grants)
}

/// The roles that a user has on a target, with all that they imply. Roles of one domain only serve to imply others.
pub(crate) fn roles(tx: &mut Tx<'_>, user: &str, target: Target, id: &str) -> Db<Vec<Role>> {
    let grants = of_user(tx, user)?;
    let above = if target == Target::Project { ancestors(tx, id)? } else { Vec::new() };
    let here = |grant: &Grant| {
        if grant.inherited {
            above.iter().any(|(target, id)| grant.target == *target && grant.target_id == *id)
        } else {
            grant.target == target && grant.target_id == id
        }
    };
    let found: Vec<Grant> = grants.into_iter().filter(here).collect();
    let inferences = if found.is_empty() { Vec::new() } else { inferences(tx)? };
    let mut seen = HashSet::new();
    let mut roles = Vec::new();
    for effective in expand(found, &inferences) {
        if seen.insert(effective.grant.role_id.clone())
            && let Some(role) = records::get::<Role>(tx, &effective.grant.role_id)?
            && role.domain_id.is_none()
        {
            roles.push(role);
        }
    }
    Ok(roles)
}

/// What lies above a project: its parents and its domain, nearest first.
pub(crate) fn ancestors(tx: &mut Tx<'_>, project: &str) -> Db<Vec<(Target, String)>> {
    let mut above = Vec::new();
    let mut next = records::get::<Project>(tx, project)?.and_then(|project| project.parent_id);
    while let Some(id) = next {
        let Some(parent) = records::get::<Project>(tx, &id)? else { break };
        let target = if parent.is_domain { Target::Domain } else { Target::Project };
        // Parents are stored before their children and never change, so this ends; the bound is for broken data.
        if above.len() > 64 {
            break;
        }
        above.push((target, id));
        next = parent.parent_id;
    }
    Ok(above)
}

/// The ids of the projects in which a user has a role.
pub(crate) fn projects_of(tx: &mut Tx<'_>, user: &str) -> Db<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    for grant in of_user(tx, user)? {
        match (grant.inherited, grant.target) {
            (false, Target::Project) => drop(ids.insert(grant.target_id)),
            (true, Target::Project | Target::Domain) => ids.extend(below(tx, &grant.target_id)?),
            _ => {}
        }
    }
    Ok(ids)
}

/// The ids of all projects below one, or below a domain.
pub(crate) fn below(tx: &mut Tx<'_>, id: &str) -> Db<Vec<String>> {
    let mut children: HashMap<String, Vec<String>> = HashMap::new();
    for project in records::all::<Project>(tx)? {
        if let Some(parent) = project.parent_id {
            children.entry(parent).or_default().push(project.id);
        }
    }
    let mut found = children.get(id).cloned().unwrap_or_default();
    let mut next = 0;
    while let Some(id) = found.get(next).cloned() {
        found.extend(children.remove(&id).unwrap_or_default());
        next += 1;
    }
    Ok(found)
}
