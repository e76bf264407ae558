//! Projects, their tree and their tags.

use http::{HeaderValue, StatusCode, header};
use pentad_store::Tx;
use serde_json::{Map, Value, json};

use super::super::access::Access;
use super::super::call::{Call, created, find, member, no_content, ok};
use super::super::error::{Answer, Failure};
use super::super::model::{AppCredential, Bag, Credential, Project, Trust, new_id};
use super::super::quirks::Quirk;
use super::super::storage::grants::{self, Target};
use super::super::storage::records::{self, Select};
use super::super::valid::Fields;
use super::super::view;
use super::users::{home, merge, need_domain};
use crate::http::Reply;

const KNOWN: [&str; 11] = [
    "id",
    "name",
    "domain_id",
    "parent_id",
    "is_domain",
    "enabled",
    "description",
    "tags",
    "options",
    "links",
    "extra",
];
/// Tags per project.
const TAGS: usize = 80;

fn reads(caller: &Access, project: &Project) -> bool {
    let domain = project.domain_id.as_deref();
    caller.reads_system()
        || domain.is_some_and(|domain| caller.has_in_domain("reader", domain))
        || caller.project_id() == Some(&project.id)
}

fn manages(caller: &Access, project: Option<&Project>) -> bool {
    let domain = project.and_then(|project| project.domain_id.as_deref());
    domain.is_some_and(|domain| caller.has_in_domain("manager", domain))
}

/// The project of the path, if the caller may read it.
fn readable(call: &Call, tx: &mut Tx<'_>, action: &str) -> Answer<Project> {
    let (caller, id) = (call.caller()?, call.param("project"));
    let known: Option<Project> = records::get(tx, id)?;
    caller.enforce(action, known.as_ref().is_some_and(|project| reads(caller, project)))?;
    known.ok_or_else(|| Failure::missing("project", id))
}

/// The project of the path, if the caller may change it.
fn writable(call: &Call, tx: &mut Tx<'_>, action: &str) -> Answer<Project> {
    let (caller, id) = (call.caller()?, call.param("project"));
    let known: Option<Project> = records::get(tx, id)?;
    caller.enforce(action, manages(caller, known.as_ref()))?;
    known.ok_or_else(|| Failure::missing("project", id))
}

/// `GET /v3/projects`.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let caller = call.caller()?;
    let domain = caller.domain_id().map(str::to_owned);
    let may = caller.reads_system() || (domain.is_some() && caller.has("reader"));
    caller.enforce("list_projects", may)?;
    let domains = call.query("is_domain").is_some_and(|_| call.asks("is_domain"));
    let wanted = |project: &Project| {
        project.is_domain == domains
            && domain.as_ref().is_none_or(|domain| project.domain_id.as_ref() == Some(domain))
            && has_tags(call, project)
    };
    let select = Select { name: call.query("name"), ..Select::default() };
    call.listing(tx, ("projects", &["domain_id", "enabled", "name", "parent_id"]), select, |project| {
        Ok(wanted(project).then(|| view::project(call, project)))
    })
}

/// Whether the tags are what the query asks for.
fn has_tags(call: &Call, project: &Project) -> bool {
    let lists = |name: &str| call.query(name).map(|list| list.split(',').map(str::to_owned).collect());
    let has = |tag: &String| project.tags.contains(tag);
    let all = |list: Vec<String>| list.iter().all(has);
    let any = |list: Vec<String>| list.iter().any(has);
    lists("tags").is_none_or(all)
        && lists("tags-any").is_none_or(any)
        && !lists("not-tags").is_some_and(all)
        && !lists("not-tags-any").is_some_and(any)
}

/// `GET /v3/projects/{project}`.
pub(crate) fn show(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let project = readable(call, tx, "get_project")?;
    let mut shown = view::project(call, &project);
    let caller = call.caller()?.clone();
    if call.query("parents_as_list").is_some() {
        let mut parents = Vec::new();
        for (_, id) in grants::ancestors(tx, &project.id)? {
            let parent: Project = find(tx, &id)?;
            let mine = !grants::roles(tx, &caller.user.id, Target::Project, &id)?.is_empty();
            if mine && !parent.is_domain {
                parents.push(member("project", view::project(call, &parent)));
            }
        }
        shown["parents"] = json!(parents);
    } else if call.query("parents_as_ids").is_some() {
        let above = grants::ancestors(tx, &project.id)?;
        shown["parents"] = above.into_iter().rev().fold(Value::Null, |inner, (_, id)| member(&id, inner));
    }
    if call.query("subtree_as_list").is_some() {
        let mut children = Vec::new();
        for id in grants::below(tx, &project.id)? {
            if !grants::roles(tx, &caller.user.id, Target::Project, &id)?.is_empty() {
                children.push(member("project", view::project(call, &find(tx, &id)?)));
            }
        }
        shown["subtree"] = json!(children);
    } else if call.query("subtree_as_ids").is_some() {
        shown["subtree"] = tree(tx, &project.id, 0)?;
    }
    Ok(ok(&member("project", shown)))
}

fn tree(tx: &mut Tx<'_>, id: &str, depth: u32) -> Answer<Value> {
    let mut all = Map::new();
    // Deeper trees cannot be made; the bound is for broken data.
    if depth < 64 {
        for child in records::owned::<Project>(tx, id)? {
            let below = tree(tx, &child.id, depth + 1)?;
            all.insert(child.id, below);
        }
    }
    Ok(if all.is_empty() { Value::Null } else { Value::Object(all) })
}

fn taken(project: &Project) -> Failure {
    if project.is_domain {
        return Failure::conflict("domain", &format!("Duplicate entry found with name {}", project.name));
    }
    let details = format!(
        "it is not permitted to have two projects with either the same name or same id in the same domain: \
         name is {}, project id {}",
        project.name, project.id
    );
    Failure::conflict("project", &details)
}

fn tags_of(fields: &Fields<'_>) -> Answer<Option<Vec<String>>> {
    let Some(tags) = fields.texts("tags")? else { return Ok(None) };
    for tag in &tags {
        check_tag(tag)?;
    }
    let mut tags = tags;
    tags.sort();
    tags.dedup();
    if tags.len() > TAGS {
        return Err(Failure::invalid("Invalid input for field/attribute tags. There are too many of them"));
    }
    Ok(Some(tags))
}

fn check_tag(tag: &str) -> Answer<()> {
    if tag.is_empty() || tag.contains([',', '/']) || tag.chars().count() > 255 {
        let text = format!(
            "Invalid input for field/attribute tags. Value: {tag}. '{tag}' does not match '^[^,/]*$'"
        );
        return Err(Failure::invalid(text));
    }
    Ok(())
}

/// `POST /v3/projects`.
pub(crate) fn create(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let fields = Fields::of(&call.body, "project")?;
    let caller = call.caller()?;
    let is_domain = fields.flag("is_domain")?.unwrap_or_default();
    let parent = fields.text("parent_id")?;
    let parent: Option<Project> = match &parent {
        Some(id) => records::get(tx, id)?,
        None => None,
    };
    let domain_id = match (&parent, is_domain) {
        (_, true) => None,
        (Some(parent), _) if fields.text("domain_id")?.is_none() => {
            Some(parent.domain_id.clone().unwrap_or_else(|| parent.id.clone()))
        }
        _ => Some(home(call, &fields)?),
    };
    let manages = domain_id.as_deref().is_some_and(|domain| caller.has_in_domain("manager", domain));
    caller.enforce("create_project", manages)?;
    let name = fields.need_name("name")?;
    if let Some(id) = fields.text("parent_id")?
        && parent.is_none()
    {
        return Err(Failure::missing("project", &id));
    }
    if let Some(domain) = &domain_id {
        need_domain(tx, domain)?;
        let other =
            parent.as_ref().is_some_and(|parent| parent.domain_id.as_ref().unwrap_or(&parent.id) != domain);
        if other {
            let text = "Cannot create project, since it specifies its domain_id, but specifies a parent in a \
                different domain.";
            return Err(Failure::invalid(text));
        }
    }
    let project = Project {
        id: new_id(),
        name,
        parent_id: if is_domain {
            None
        } else {
            parent.map(|parent| parent.id).or_else(|| domain_id.clone())
        },
        domain_id,
        is_domain,
        enabled: fields.flag("enabled")?.unwrap_or(true),
        description: fields.text("description")?.unwrap_or_default(),
        tags: tags_of(&fields)?.unwrap_or_default(),
        options: fields.object("options")?.cloned().unwrap_or_default(),
        extra: fields.rest(&KNOWN),
    };
    if grants_depth(tx, &project)? > 5 {
        return Err(Failure::forbidden_because("Max hierarchy depth reached for the branch."));
    }
    if !records::insert(tx, &project)? {
        return Err(taken(&project));
    }
    Ok(created(&member("project", view::project(call, &project))))
}

fn grants_depth(tx: &mut Tx<'_>, project: &Project) -> Answer<usize> {
    match &project.parent_id {
        Some(parent) => Ok(grants::ancestors(tx, parent)?.len() + 1),
        None => Ok(0),
    }
}

/// Stores a change of a project or domain.
pub(super) fn change(
    tx: &mut Tx<'_>,
    project: &mut Project,
    fields: &Fields<'_>,
    known: &[&str],
) -> Answer<()> {
    fields.same_id(&project.id)?;
    immutable(&project.options, "update", project.kind(), &project.id, Some(fields))?;
    if let Some(name) = fields.name("name")? {
        project.name = name;
    }
    if let Some(enabled) = fields.flag("enabled")? {
        project.enabled = enabled;
    }
    if let Some(description) = fields.nullable("description")? {
        project.description = description.unwrap_or_default();
    }
    if let Some(tags) = tags_of(fields)? {
        project.tags = tags;
    }
    if let Some(options) = fields.object("options")? {
        merge(&mut project.options, options);
    }
    merge(&mut project.extra, &fields.rest(known));
    if records::update(tx, project)? { Ok(()) } else { Err(taken(project)) }
}

impl Project {
    fn kind(&self) -> &'static str {
        if self.is_domain { "domain" } else { "project" }
    }
}

/// Refuses changes of what is marked immutable, but for taking that mark away.
pub(super) fn immutable(
    options: &Bag,
    verb: &str,
    kind: &str,
    id: &str,
    fields: Option<&Fields<'_>>,
) -> Answer<()> {
    let frozen = options.get("immutable").and_then(Value::as_bool).unwrap_or_default();
    let freed = match fields {
        Some(fields) => fields
            .object("options")?
            .and_then(|options| options.get("immutable"))
            .is_some_and(|value| value.is_null() || value == &json!(false)),
        None => false,
    };
    if !frozen || freed {
        return Ok(());
    }
    // The stray quote is the real service's.
    let text = format!(
        "Unable to {verb} immutable {kind} resource: `{id}. Set resource option \"immutable\" to false first."
    );
    Err(Failure::forbidden_because(text))
}

/// `PATCH /v3/projects/{project}`.
pub(crate) fn update(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let mut project = writable(call, tx, "update_project")?;
    let fields = Fields::of(&call.body, "project")?;
    if fields.text("domain_id")?.is_some_and(|domain| Some(&domain) != project.domain_id.as_ref()) {
        return Err(Failure::invalid("Cannot change Domain ID"));
    }
    if fields.text("parent_id")?.is_some_and(|parent| Some(&parent) != project.parent_id.as_ref()) {
        return Err(Failure::forbidden_because("Update of `parent_id` is not allowed."));
    }
    change(tx, &mut project, &fields, &KNOWN)?;
    Ok(ok(&member("project", view::project(call, &project))))
}

/// `DELETE /v3/projects/{project}`.
pub(crate) fn delete(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let project = writable(call, tx, "delete_project")?;
    let id = &project.id;
    immutable(&project.options, "delete", project.kind(), id, None)?;
    if project.is_domain {
        return super::domains::remove(tx, &project);
    }
    if !records::owned::<Project>(tx, id)?.is_empty() {
        let text = format!(
            "Cannot delete the project {id} since it is not a leaf in the hierarchy. Use the cascade option if \
             you want to delete a whole subtree."
        );
        return Err(Failure::forbidden_because(text));
    }
    forget(tx, id)?;
    Ok(no_content())
}

/// Removes a project with all that belongs to it.
pub(super) fn forget(tx: &mut Tx<'_>, id: &str) -> Answer<()> {
    for credential in records::all::<AppCredential>(tx)? {
        if credential.project_id == id {
            records::delete::<AppCredential>(tx, &credential.id)?;
        }
    }
    for credential in records::all::<Credential>(tx)? {
        if credential.project_id.as_deref() == Some(id) {
            records::delete::<Credential>(tx, &credential.id)?;
        }
    }
    for trust in records::all::<Trust>(tx)? {
        if trust.project_id.as_deref() == Some(id) {
            records::delete::<Trust>(tx, &trust.id)?;
        }
    }
    grants::forget_target(tx, Target::Project, id)?;
    records::delete::<Project>(tx, id)?;
    Ok(())
}

fn tag_list(call: &Call, project: &Project) -> Value {
    let short = call.core.quirks.has(Quirk::ShortLinks);
    let own = if short { call.url("") } else { call.own_url() };
    json!({"links": {"self": own}, "tags": project.tags})
}

/// `GET /v3/projects/{project}/tags`.
pub(crate) fn tags(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let project = readable(call, tx, "list_project_tags")?;
    Ok(ok(&tag_list(call, &project)))
}

/// `PUT /v3/projects/{project}/tags`.
pub(crate) fn set_tags(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let mut project = writable(call, tx, "update_project_tags")?;
    let body = member("body", Value::Object(call.body.clone()));
    let body = body.as_object().cloned().unwrap_or_default();
    let fields = Fields::of(&body, "body")?;
    fields.need("tags")?;
    project.tags = tags_of(&fields)?.unwrap_or_default();
    records::update(tx, &project)?;
    Ok(ok(&tag_list(call, &project)))
}

/// `DELETE /v3/projects/{project}/tags`.
pub(crate) fn clear_tags(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let mut project = writable(call, tx, "delete_project_tags")?;
    project.tags.clear();
    records::update(tx, &project)?;
    Ok(no_content())
}

/// `GET /v3/projects/{project}/tags/{tag}`.
pub(crate) fn has_tag(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let project = readable(call, tx, "get_project_tag")?;
    let tag = call.param("tag");
    if project.tags.iter().any(|own| own == tag) {
        return Ok(no_content());
    }
    Err(Failure::missing("project tag", tag))
}

/// `PUT /v3/projects/{project}/tags/{tag}`.
pub(crate) fn add_tag(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let mut project = writable(call, tx, "create_project_tag")?;
    let tag = call.param("tag").to_owned();
    check_tag(&tag)?;
    if !project.tags.contains(&tag) {
        if project.tags.len() >= TAGS {
            return Err(Failure::invalid("There are too many tags."));
        }
        project.tags.push(tag.clone());
        project.tags.sort();
        records::update(tx, &project)?;
    }
    let short = call.core.quirks.has(Quirk::ShortLinks);
    let location = if short { call.url(&format!("/{}/tags/{tag}", project.id)) } else { call.own_url() };
    let reply = Reply::new(StatusCode::CREATED).content_type("text/html; charset=utf-8");
    Ok(match HeaderValue::from_str(&location) {
        Ok(location) => reply.header(header::LOCATION, location),
        Err(_) => reply,
    })
}

/// `DELETE /v3/projects/{project}/tags/{tag}`.
pub(crate) fn remove_tag(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let mut project = writable(call, tx, "delete_project_tag")?;
    let tag = call.param("tag");
    if !project.tags.iter().any(|own| own == tag) {
        return Err(Failure::missing("project tag", tag));
    }
    project.tags.retain(|own| own != tag);
    records::update(tx, &project)?;
    Ok(no_content())
}
