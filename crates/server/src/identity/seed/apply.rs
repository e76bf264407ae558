//! Storing what a seed says, on top of what is there.

use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::catalog::{BUILT_IN, is_template};
use super::super::error::{Answer, Failure};
use super::super::model::{
    AppCredential, Bag, CatalogService, Credential, DEFAULT, Endpoint, Group, Project, Region, Role, User,
    new_id,
};
use super::super::storage::grants::{self, Actor, Grant, Target};
use super::super::storage::records::{self, Record};
use super::section::{
    SeedAppCredential, SeedDomain, SeedGrant, SeedGroup, SeedProject, SeedRegion, SeedRole, SeedService,
    SeedUser,
};

/// Roles that exist from the start, each implying the next; `service` stands alone.
const CHAIN: [&str; 4] = ["admin", "manager", "member", "reader"];

/// What every installation has: the default domain, the roles, the region, the catalog of this server.
pub(super) fn base(tx: &mut Tx<'_>, region: &str) -> Answer<()> {
    if records::get::<Project>(tx, DEFAULT)?.is_some() {
        return Ok(());
    }
    let domain = Project {
        id: DEFAULT.to_owned(),
        name: "Default".to_owned(),
        is_domain: true,
        enabled: true,
        description: "The default domain".to_owned(),
        ..Project::default()
    };
    records::insert(tx, &domain)?;
    let mut ids = Vec::new();
    for name in CHAIN.into_iter().chain(["service"]) {
        let mut options = Bag::new();
        options.insert("immutable".to_owned(), json!(true));
        let role = Role { id: new_id(), name: name.to_owned(), options, ..Role::default() };
        records::insert(tx, &role)?;
        ids.push(role.id);
    }
    for pair in ids[..CHAIN.len()].windows(2) {
        grants::imply(tx, &pair[0], &pair[1])?;
    }
    records::insert(tx, &Region { id: region.to_owned(), ..Region::default() })?;
    for (kind, name, place) in BUILT_IN {
        let service = CatalogService {
            id: new_id(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            enabled: true,
            extra: Bag::new(),
        };
        records::insert(tx, &service)?;
        for interface in ["public", "internal", "admin"] {
            let endpoint = Endpoint {
                id: new_id(),
                service_id: service.id.clone(),
                interface: interface.to_owned(),
                region_id: Some(region.to_owned()),
                place: Some(place.to_owned()),
                enabled: true,
                ..Endpoint::default()
            };
            records::insert(tx, &endpoint)?;
        }
    }
    Ok(())
}

/// Stores a new record or what changed in a known one.
fn put<R: Record>(tx: &mut Tx<'_>, record: &R, known: bool) -> Answer<()> {
    let done = if known { records::update(tx, record)? } else { records::insert(tx, record)? };
    if done {
        return Ok(());
    }
    Err(Failure::invalid(format!("the name or id of {} \"{}\" is taken", R::KIND, record.name())))
}

fn check_name(name: &str) -> Answer<()> {
    if name.trim().is_empty() || name.chars().count() > 255 {
        return Err(Failure::invalid("name: 1 to 255 characters are needed"));
    }
    Ok(())
}

/// The domain of this name; `Default` without one.
fn domain_id(tx: &mut Tx<'_>, name: Option<&str>) -> Answer<String> {
    let Some(name) = name else { return Ok(DEFAULT.to_owned()) };
    let domain: Option<Project> = records::by_name(tx, "", name)?;
    domain.map(|domain| domain.id).ok_or_else(|| Failure::invalid(format!("unknown domain {name}")))
}

fn named<R: Record>(tx: &mut Tx<'_>, domain: &str, name: &str) -> Answer<R> {
    let found = records::by_name(tx, domain, name)?;
    found.ok_or_else(|| Failure::invalid(format!("unknown {} {name}", R::KIND)))
}

pub(super) fn domain(tx: &mut Tx<'_>, seed: &SeedDomain) -> Answer<()> {
    check_name(&seed.name)?;
    let known: Option<Project> = records::by_name(tx, "", &seed.name)?;
    let mut row = known.clone().unwrap_or_else(|| Project {
        id: seed.id.clone().unwrap_or_else(new_id),
        name: seed.name.clone(),
        is_domain: true,
        ..Project::default()
    });
    row.description.clone_from(&seed.description);
    row.enabled = seed.enabled.unwrap_or(true);
    put(tx, &row, known.is_some())
}

pub(super) fn project(tx: &mut Tx<'_>, seed: &SeedProject) -> Answer<()> {
    check_name(&seed.name)?;
    let domain = domain_id(tx, seed.domain.as_deref())?;
    let parent = match &seed.parent {
        Some(parent) => named::<Project>(tx, &domain, parent)?.id,
        None => domain.clone(),
    };
    let known: Option<Project> = records::by_name(tx, &domain, &seed.name)?;
    let mut row = known.clone().unwrap_or_else(|| Project {
        id: seed.id.clone().unwrap_or_else(new_id),
        name: seed.name.clone(),
        domain_id: Some(domain),
        parent_id: Some(parent),
        ..Project::default()
    });
    row.description.clone_from(&seed.description);
    row.tags.clone_from(&seed.tags);
    row.enabled = seed.enabled.unwrap_or(true);
    put(tx, &row, known.is_some())
}

pub(super) fn role(tx: &mut Tx<'_>, seed: &SeedRole) -> Answer<()> {
    check_name(&seed.name)?;
    let known: Option<Role> = records::by_name(tx, "", &seed.name)?;
    let mut row = known.clone().unwrap_or_else(|| Role {
        id: seed.id.clone().unwrap_or_else(new_id),
        name: seed.name.clone(),
        ..Role::default()
    });
    row.description.clone_from(&seed.description);
    put(tx, &row, known.is_some())?;
    for implied in &seed.implies {
        let implied: Role = named(tx, "", implied)?;
        grants::imply(tx, &row.id, &implied.id)?;
    }
    Ok(())
}

pub(super) fn group(tx: &mut Tx<'_>, seed: &SeedGroup) -> Answer<()> {
    check_name(&seed.name)?;
    let domain = domain_id(tx, seed.domain.as_deref())?;
    let known: Option<Group> = records::by_name(tx, &domain, &seed.name)?;
    let mut row = known.clone().unwrap_or_else(|| Group {
        id: seed.id.clone().unwrap_or_else(new_id),
        name: seed.name.clone(),
        domain_id: domain.clone(),
        ..Group::default()
    });
    row.description.clone_from(&seed.description);
    put(tx, &row, known.is_some())?;
    seed.grants.iter().try_for_each(|one| grant(tx, &domain, Actor::Group, &row.id, one))
}

/// `hash` is set if the password changes.
pub(super) fn user(
    tx: &mut Tx<'_>,
    seed: &SeedUser,
    hash: Option<&String>,
    totp: Option<&String>,
) -> Answer<()> {
    check_name(&seed.name)?;
    let domain = domain_id(tx, seed.domain.as_deref())?;
    let known: Option<User> = records::by_name(tx, &domain, &seed.name)?;
    let mut row = known.clone().unwrap_or_else(|| User {
        id: seed.id.clone().unwrap_or_else(new_id),
        name: seed.name.clone(),
        domain_id: domain.clone(),
        ..User::default()
    });
    row.enabled = seed.enabled.unwrap_or(true);
    row.options.clone_from(&seed.options);
    for (name, value) in [("email", &seed.email), ("description", &seed.description)] {
        if let Some(value) = value {
            row.extra.insert(name.to_owned(), Value::from(value.clone()));
        }
    }
    if let Some(project) = &seed.default_project {
        row.default_project_id = Some(named::<Project>(tx, &domain, project)?.id);
    }
    if let Some(hash) = hash {
        row.password = Some(hash.clone());
        row.generation += u64::from(known.is_some());
    }
    put(tx, &row, known.is_some())?;
    for name in &seed.groups {
        let group: Group = named(tx, &domain, name)?;
        grants::join(tx, &group.id, &row.id)?;
    }
    if let Some(blob) = totp {
        let kind = "totp".to_owned();
        // One seeded secret per user: its id follows from the user's.
        let id = format!("totp-{}", row.id);
        let known = records::get::<Credential>(tx, &id)?.is_some();
        let (user_id, blob) = (row.id.clone(), blob.clone());
        put(tx, &Credential { id, user_id, project_id: None, kind, blob, extra: Bag::new() }, known)?;
    }
    seed.grants.iter().try_for_each(|one| grant(tx, &domain, Actor::User, &row.id, one))
}

fn grant(tx: &mut Tx<'_>, home: &str, actor: Actor, actor_id: &str, seed: &SeedGrant) -> Answer<()> {
    let (target, target_id) = match (&seed.project, &seed.on_domain, seed.system) {
        (Some(project), None, false) => {
            let domain = match &seed.domain {
                Some(domain) => domain_id(tx, Some(domain))?,
                None => home.to_owned(),
            };
            (Target::Project, named::<Project>(tx, &domain, project)?.id)
        }
        (None, Some(domain), false) => (Target::Domain, domain_id(tx, Some(domain))?),
        (None, None, true) => (Target::System, "all".to_owned()),
        _ => return Err(Failure::invalid("grants: exactly one of project, on_domain and system is needed")),
    };
    for role in &seed.roles {
        let role_id = named::<Role>(tx, "", role)?.id;
        let (target_id, actor_id) = (target_id.clone(), actor_id.to_owned());
        let inherited = seed.inherited;
        grants::add(tx, &Grant { target, target_id, actor, actor_id, role_id, inherited })?;
    }
    Ok(())
}

pub(super) fn region(tx: &mut Tx<'_>, seed: &SeedRegion) -> Answer<()> {
    check_name(&seed.id)?;
    let known = records::get::<Region>(tx, &seed.id)?.is_some();
    let row = Region {
        id: seed.id.clone(),
        description: seed.description.clone(),
        parent_region_id: seed.parent.clone(),
        extra: Bag::new(),
    };
    put(tx, &row, known)
}

pub(super) fn service(tx: &mut Tx<'_>, seed: &SeedService, region: &str) -> Answer<()> {
    check_name(&seed.kind)?;
    let known = records::all::<CatalogService>(tx)?
        .into_iter()
        .find(|service| service.kind == seed.kind && service.name == seed.name);
    let mut row = known.clone().unwrap_or_else(|| CatalogService {
        id: seed.id.clone().unwrap_or_else(new_id),
        kind: seed.kind.clone(),
        name: seed.name.clone(),
        enabled: true,
        extra: Bag::new(),
    });
    if let Some(description) = &seed.description {
        row.extra.insert("description".to_owned(), json!(description));
    }
    put(tx, &row, known.is_some())?;
    for endpoint in &seed.endpoints {
        let region = endpoint.region.clone().unwrap_or_else(|| region.to_owned());
        if records::get::<Region>(tx, &region)?.is_none() {
            return Err(Failure::invalid(format!("unknown region {region}")));
        }
        if !is_template(&endpoint.url) {
            return Err(Failure::invalid(format!("{}: no such variable", endpoint.url)));
        }
        let all = ["public", "internal", "admin"];
        let wanted = endpoint.interface.as_deref();
        if wanted.is_some_and(|one| !all.contains(&one)) {
            return Err(Failure::invalid("interface: one of public, internal and admin"));
        }
        for interface in all.into_iter().filter(|one| wanted.is_none_or(|wanted| wanted == *one)) {
            put_endpoint(tx, &row.id, interface, &region, &endpoint.url)?;
        }
    }
    Ok(())
}

fn put_endpoint(tx: &mut Tx<'_>, service: &str, interface: &str, region: &str, url: &str) -> Answer<()> {
    let known = records::owned::<Endpoint>(tx, service)?
        .into_iter()
        .find(|one| one.interface == interface && one.region_id.as_deref() == Some(region));
    let row = Endpoint {
        id: known.as_ref().map_or_else(new_id, |known| known.id.clone()),
        service_id: service.to_owned(),
        interface: interface.to_owned(),
        region_id: Some(region.to_owned()),
        url: url.to_owned(),
        place: None,
        enabled: true,
        extra: Bag::new(),
    };
    put(tx, &row, known.is_some())
}

pub(super) fn app_credential(tx: &mut Tx<'_>, seed: &SeedAppCredential, hash: Option<&String>) -> Answer<()> {
    check_name(&seed.name)?;
    let domain = domain_id(tx, seed.domain.as_deref())?;
    let user: User = named(tx, &domain, &seed.user)?;
    let project: Project = named(tx, &domain, &seed.project)?;
    let has = grants::roles(tx, &user.id, Target::Project, &project.id)?;
    let mut roles = Vec::new();
    for name in &seed.roles {
        let role = has.iter().find(|role| role.name == *name);
        let role = role.ok_or_else(|| Failure::invalid(format!("the user has no role {name} there")))?;
        roles.push(role.id.clone());
    }
    if roles.is_empty() {
        roles = has.into_iter().map(|role| role.id).collect();
    }
    let known: Option<AppCredential> = records::by_name(tx, &user.id, &seed.name)?;
    let secret = match (hash, &known) {
        (Some(hash), _) => hash.clone(),
        (None, Some(known)) => known.secret.clone(),
        (None, None) => return Err(Failure::invalid("secret: one is needed")),
    };
    let row = AppCredential {
        id: known.as_ref().map_or_else(|| seed.id.clone().unwrap_or_else(new_id), |known| known.id.clone()),
        name: seed.name.clone(),
        user_id: user.id,
        project_id: project.id,
        unrestricted: Some(seed.unrestricted),
        roles,
        secret,
        ..AppCredential::default()
    };
    put(tx, &row, known.is_some())
}
