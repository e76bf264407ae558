//! Domains.

use pentad_store::Tx;

use super::super::access::Scope;
use super::super::call::{Call, created, member, no_content, ok};
use super::super::error::{Answer, Failure};
use super::super::model::{DEFAULT, Group, Project, Role, User, new_id};
use super::super::storage::grants::{self, Actor, Target};
use super::super::storage::records::{self, Select};
use super::super::valid::Fields;
use super::super::view;
use super::projects::{change, immutable};
use crate::http::Reply;

const KNOWN: [&str; 8] = ["id", "name", "enabled", "description", "tags", "options", "links", "is_domain"];

fn domain(tx: &mut Tx<'_>, id: &str) -> Answer<Option<Project>> {
    Ok(records::get::<Project>(tx, id)?.filter(|domain| domain.is_domain))
}

/// `GET /v3/domains`.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let caller = call.caller()?;
    let own = caller.domain_id().map(str::to_owned);
    let may = caller.reads_system() || (own.is_some() && caller.has("reader"));
    caller.enforce("list_domains", may)?;
    let own = own.filter(|_| !caller.is_admin());
    let mine = |one: &Project| one.is_domain && own.as_ref().is_none_or(|own| one.id == *own);
    // Domains are the projects within none.
    let select = Select { scope: Some(""), name: call.query("name"), ..Select::default() };
    let view = |one: &Project| Ok(mine(one).then(|| view::domain(call, one)));
    call.listing(tx, ("domains", &["enabled", "name"]), select, view)
}

/// `GET /v3/domains/{domain}`.
pub(crate) fn show(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (caller, id) = (call.caller()?, call.param("domain"));
    let known = domain(tx, id)?;
    let mine = known.as_ref().is_some_and(|known| match &caller.scope {
        Scope::Domain(own) => own.id == known.id,
        Scope::Project { domain, .. } => domain.id == known.id,
        Scope::System | Scope::Unscoped => false,
    });
    caller.enforce("get_domain", mine || caller.reads_system())?;
    let known = known.ok_or_else(|| Failure::missing("domain", id))?;
    Ok(ok(&member("domain", view::domain(call, &known))))
}

/// `POST /v3/domains`.
pub(crate) fn create(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("create_domain", false)?;
    let fields = Fields::of(&call.body, "domain")?;
    let id = match fields.text("explicit_domain_id")? {
        Some(id) if id.len() == 32 && id.bytes().all(|c| c.is_ascii_hexdigit()) => id,
        Some(_) => return Err(Failure::invalid("Domain ID does not conform to required UUID format.")),
        None => new_id(),
    };
    let domain = Project {
        id,
        name: fields.need_name("name")?,
        is_domain: true,
        enabled: fields.flag("enabled")?.unwrap_or(true),
        description: fields.text("description")?.unwrap_or_default(),
        tags: fields.texts("tags")?.unwrap_or_default(),
        options: fields.object("options")?.cloned().unwrap_or_default(),
        extra: fields.rest(&[&KNOWN[..], &["explicit_domain_id"]].concat()),
        ..Project::default()
    };
    if !records::insert(tx, &domain)? {
        return Err(Failure::conflict("domain", &format!("Duplicate entry found with name {}", domain.name)));
    }
    Ok(created(&member("domain", view::domain(call, &domain))))
}

/// `PATCH /v3/domains/{domain}`.
pub(crate) fn update(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("update_domain", false)?;
    let id = call.param("domain");
    let fields = Fields::of(&call.body, "domain")?;
    let mut known = domain(tx, id)?.ok_or_else(|| Failure::missing("domain", id))?;
    change(tx, &mut known, &fields, &KNOWN)?;
    Ok(ok(&member("domain", view::domain(call, &known))))
}

/// `DELETE /v3/domains/{domain}`.
pub(crate) fn delete(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("delete_domain", false)?;
    let id = call.param("domain");
    let known = domain(tx, id)?.ok_or_else(|| Failure::missing("domain", id))?;
    immutable(&known.options, "delete", "domain", id, None)?;
    remove(tx, &known)
}

/// Removes a disabled domain with all that is in it.
pub(super) fn remove(tx: &mut Tx<'_>, domain: &Project) -> Answer<Reply> {
    if domain.enabled {
        let text = "Cannot delete a domain that is enabled, please disable it first.";
        return Err(Failure::forbidden_because(text));
    }
    if domain.id == DEFAULT {
        let text = "Cannot delete the default domain.";
        return Err(Failure::forbidden_because(text));
    }
    let id = &domain.id;
    for user in records::within::<User>(tx, id)? {
        super::users::forget(tx, &user.id)?;
    }
    for group in records::within::<Group>(tx, id)? {
        grants::forget_actor(tx, Actor::Group, &group.id)?;
        records::delete::<Group>(tx, &group.id)?;
    }
    for project in grants::below(tx, id)? {
        super::projects::forget(tx, &project)?;
    }
    for role in records::within::<Role>(tx, id)? {
        grants::forget_role(tx, &role.id)?;
        records::delete::<Role>(tx, &role.id)?;
    }
    grants::forget_target(tx, Target::Domain, id)?;
    records::delete::<Project>(tx, id)?;
    Ok(no_content())
}
