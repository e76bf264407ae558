//! Users (OpenStack reference B9).

use std::sync::Arc;

use futures_util::future::BoxFuture;
use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::call::{Call, created, find, member, no_content, ok};
use super::super::error::{Answer, Failure};
use super::super::model::{AppCredential, Bag, Credential, DEFAULT, Project, Trust, User, new_id};
use super::super::storage::grants::{self, Actor};
use super::super::storage::records::Select;
use super::super::storage::{DIRECTORY, records, security};
use super::super::valid::{Fields, wrong, wrong_type};
use super::super::{Keystone, view};
use crate::http::Reply;

/// Attributes that the service knows.
const KNOWN: [&str; 10] = [
    "id",
    "name",
    "domain_id",
    "enabled",
    "default_project_id",
    "password",
    "password_expires_at",
    "options",
    "links",
    "original_password",
];

/// The domain that something new belongs to, if none is given: that of the caller's scope.
pub(super) fn home(call: &Call, fields: &Fields<'_>) -> Answer<String> {
    match fields.text("domain_id")? {
        Some(domain) => Ok(domain),
        None => Ok(call.caller()?.domain_id().unwrap_or(DEFAULT).to_owned()),
    }
}

/// The domain with this id.
pub(super) fn need_domain(tx: &mut Tx<'_>, id: &str) -> Answer<Project> {
    let domain: Option<Project> = records::get(tx, id)?;
    domain.filter(|domain| domain.is_domain).ok_or_else(|| Failure::missing("domain", id))
}

/// `GET /v3/users`.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let caller = call.caller()?;
    let domain = caller.domain_id().map(str::to_owned);
    let may = caller.reads_system() || (domain.is_some() && caller.has("reader"));
    caller.enforce("list_users", may)?;
    let filters = ["domain_id", "enabled", "name", "default_project_id"];
    let select = Select { name: call.query("name"), scope: domain.as_deref(), ..Select::default() };
    call.listing(tx, ("users", &filters), select, |user: &User| Ok(Some(view::user(call, user))))
}

/// `GET /v3/users/{user}`.
pub(crate) fn show(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (caller, id) = (call.caller()?, call.param("user"));
    let known: Option<User> = records::get(tx, id)?;
    let may = caller.reads_system()
        || known
            .as_ref()
            .is_some_and(|user| caller.has_in_domain("reader", &user.domain_id) || caller.is_user(&user.id));
    caller.enforce("get_user", may)?;
    let user = known.ok_or_else(|| Failure::missing("user", id))?;
    Ok(ok(&member("user", view::user(call, &user))))
}

/// The options of a user that are true or false.
const FLAGS: [&str; 6] = [
    "ignore_change_password_upon_first_use",
    "ignore_password_expiry",
    "ignore_lockout_failure_attempts",
    "lock_password",
    "ignore_user_inactivity",
    "multi_factor_auth_enabled",
];
/// The other one.
const RULES: &str = "multi_factor_auth_rules";

/// The options that there are, checked.
fn options(fields: &Fields<'_>) -> Answer<Option<Bag>> {
    let Some(options) = fields.object("options")? else { return Ok(None) };
    if let Some(name) = options.keys().find(|name| !FLAGS.contains(&name.as_str()) && *name != RULES) {
        let why = format!("Additional properties are not allowed ('{name}' was unexpected)");
        return Err(wrong("options", &Value::Object(options.clone()), &why));
    }
    for name in FLAGS {
        if let Some(value) = options.get(name).filter(|value| !value.is_boolean() && !value.is_null()) {
            return Err(wrong_type(name, value, "boolean"));
        }
    }
    if let Some(rules) = options.get(RULES).filter(|rules| !rules.is_null()) {
        let is_rule = |rule: &Value| rule.as_array().is_some_and(|rule| rule.iter().all(Value::is_string));
        if !rules.as_array().is_some_and(|rules| rules.iter().all(is_rule)) {
            return Err(wrong_type(RULES, rules, "array"));
        }
    }
    Ok(Some(options.clone()))
}

/// Options with a `null` are taken away.
pub(super) fn merge(into: &mut Bag, from: &Bag) {
    for (name, value) in from {
        if value.is_null() {
            into.remove(name);
        } else {
            into.insert(name.clone(), value.clone());
        }
    }
}

fn taken(user: &User) -> Failure {
    let details = format!("Duplicate entry found with name {} at domain ID {}", user.name, user.domain_id);
    Failure::conflict("user", &details)
}

/// `POST /v3/users`.
pub(crate) fn create(keystone: &Keystone, call: Arc<Call>) -> BoxFuture<'_, Answer<Reply>> {
    Box::pin(async move {
        let fields = Fields::of(&call.body, "user")?;
        let caller = call.caller()?;
        let domain_id = home(&call, &fields)?;
        caller.enforce("create_user", caller.has_in_domain("manager", &domain_id))?;
        let mut user = User {
            id: new_id(),
            name: fields.need_name("name")?,
            domain_id,
            enabled: fields.flag("enabled")?.unwrap_or(true),
            default_project_id: fields.text("default_project_id")?,
            options: options(&fields)?.unwrap_or_default(),
            extra: fields.rest(&KNOWN),
            ..User::default()
        };
        if let Some(password) = fields.text("password")? {
            user.password = Some(keystone.core.engine.vault().hash_password(&password).await?);
        }
        let later = Arc::clone(&call);
        let work = move |tx: &mut Tx<'_>| {
            need_domain(tx, &user.domain_id)?;
            check_default(tx, &user)?;
            if !records::insert(tx, &user)? {
                return Err(taken(&user));
            }
            tx.touch(DIRECTORY);
            Ok(created(&member("user", view::user(&later, &user))))
        };
        keystone.change(work).await
    })
}

/// A domain is no default project.
fn check_default(tx: &mut Tx<'_>, user: &User) -> Answer<()> {
    let Some(id) = &user.default_project_id else { return Ok(()) };
    if records::get::<Project>(tx, id)?.is_some_and(|project| project.is_domain) {
        let text = format!("User's default project ID cannot be a domain ID: {id}");
        return Err(Failure::invalid(text));
    }
    Ok(())
}

/// `PATCH /v3/users/{user}`.
pub(crate) fn update(keystone: &Keystone, call: Arc<Call>) -> BoxFuture<'_, Answer<Reply>> {
    Box::pin(async move {
        let id = call.param("user").to_owned();
        let (caller, known) = (
            call.caller()?,
            keystone.core.store.read({
                let id = id.clone();
                move |tx| records::get::<User>(tx, &id)
            }),
        );
        let known = known.await?;
        let may = known.as_ref().is_some_and(|user| caller.has_in_domain("manager", &user.domain_id));
        caller.enforce("update_user", may)?;
        let fields = Fields::of(&call.body, "user")?;
        let known = known.ok_or_else(|| Failure::missing("user", &id))?;
        fields.same_id(&id)?;
        let hash = match fields.text("password")? {
            Some(password) => Some(keystone.core.engine.vault().hash_password(&password).await?),
            None => None,
        };
        if fields.text("domain_id")?.is_some_and(|domain| domain != known.domain_id) {
            return Err(Failure::invalid("Cannot change Domain ID"));
        }
        let later = Arc::clone(&call);
        let work = move |tx: &mut Tx<'_>| {
            let fields = Fields::of(&later.body, "user")?;
            let mut user: User = find(tx, &id)?;
            apply(&mut user, &fields, hash.as_ref())?;
            check_default(tx, &user)?;
            if !records::update(tx, &user)? {
                return Err(taken(&user));
            }
            if hash.is_some() {
                security::succeeded(tx, &user.id)?;
            }
            tx.touch(DIRECTORY);
            let mut shown = view::user(&later, &user);
            shown["extra"] = json!(user.extra);
            Ok(ok(&member("user", shown)))
        };
        keystone.change(work).await
    })
}

fn apply(user: &mut User, fields: &Fields<'_>, hash: Option<&String>) -> Answer<()> {
    if let Some(name) = fields.name("name")? {
        user.name = name;
    }
    if let Some(enabled) = fields.flag("enabled")? {
        // What was issued before stays void when the user is enabled again.
        user.generation += u64::from(user.enabled && !enabled);
        user.enabled = enabled;
    }
    if let Some(project) = fields.nullable("default_project_id")? {
        user.default_project_id = project;
    }
    if let Some(options) = options(fields)? {
        merge(&mut user.options, &options);
    }
    merge(&mut user.extra, &fields.rest(&KNOWN));
    match hash {
        Some(hash) => {
            user.password = Some(hash.clone());
            user.generation += 1;
        }
        None if fields.get("password").is_some_and(Value::is_null) => {
            user.password = None;
            user.generation += 1;
        }
        None => {}
    }
    Ok(())
}

/// `DELETE /v3/users/{user}`.
pub(crate) fn delete(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (caller, id) = (call.caller()?, call.param("user"));
    let known: Option<User> = records::get(tx, id)?;
    let may = known.as_ref().is_some_and(|user| caller.has_in_domain("manager", &user.domain_id));
    caller.enforce("delete_user", may)?;
    known.ok_or_else(|| Failure::missing("user", id))?;
    forget(tx, id)?;
    Ok(no_content())
}

/// Removes a user with all that is theirs.
pub(super) fn forget(tx: &mut Tx<'_>, id: &str) -> Answer<()> {
    for credential in records::owned::<AppCredential>(tx, id)? {
        records::delete::<AppCredential>(tx, &credential.id)?;
    }
    for credential in records::owned::<Credential>(tx, id)? {
        records::delete::<Credential>(tx, &credential.id)?;
    }
    let mut trusts = records::owned::<Trust>(tx, id)?;
    trusts.extend(records::within::<Trust>(tx, id)?);
    for trust in trusts {
        records::delete::<Trust>(tx, &trust.id)?;
    }
    grants::forget_actor(tx, Actor::User, id)?;
    security::succeeded(tx, id)?;
    records::delete::<User>(tx, id)?;
    Ok(())
}

const LOCKED: &str = "You cannot change your password at this time due to password policy disallowing password changes. \
    Please contact your administrator to reset your password.";

/// `POST /v3/users/{user}/password`: needs no token but the old password.
pub(crate) fn password(keystone: &Keystone, call: Arc<Call>) -> BoxFuture<'_, Answer<Reply>> {
    Box::pin(async move {
        let fields = Fields::of(&call.body, "user")?;
        let text = |name: &'static str| {
            let missing = || Failure::invalid(format!("'{name}' is a required property"));
            fields.text(name)?.ok_or_else(missing)
        };
        let (old, new) = (text("original_password")?, text("password")?);
        let id = call.param("user").to_owned();
        keystone.verify_owner(&id, &old).await?;
        let hash = keystone.core.engine.vault().hash_password(&new).await?;
        let work = move |tx: &mut Tx<'_>| {
            let mut user: User = find(tx, &id)?;
            if user.has_option("lock_password") {
                return Err(Failure::invalid(LOCKED));
            }
            user.password = Some(hash.clone());
            user.password_expires_at = None;
            user.generation += 1;
            records::update(tx, &user)?;
            tx.touch(DIRECTORY);
            Ok(no_content())
        };
        keystone.change(work).await
    })
}

/// `GET /v3/users/{user}/groups`.
pub(crate) fn groups(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (caller, id) = (call.caller()?, call.param("user"));
    let known: Option<User> = records::get(tx, id)?;
    let may = caller.reads_system()
        || caller.is_user(id)
        || known.as_ref().is_some_and(|user| caller.has_in_domain("reader", &user.domain_id));
    caller.enforce("list_groups_for_user", may)?;
    known.ok_or_else(|| Failure::missing("user", id))?;
    let mut all = Vec::new();
    for group in grants::groups_of(tx, id)? {
        if let Some(group) = records::get(tx, &group)? {
            let mut shown = view::group(call, &group);
            shown["membership_expires_at"] = Value::Null;
            all.push(shown);
        }
    }
    call.collection("groups", all, &["name"])
}

/// `GET /v3/users/{user}/projects`.
pub(crate) fn projects(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (caller, id) = (call.caller()?, call.param("user"));
    let known: Option<User> = records::get(tx, id)?;
    let may = caller.reads_system()
        || caller.is_user(id)
        || known.as_ref().is_some_and(|user| caller.has_in_domain("reader", &user.domain_id));
    caller.enforce("list_user_projects", may)?;
    known.ok_or_else(|| Failure::missing("user", id))?;
    let mut all = Vec::new();
    for project in grants::projects_of(tx, id)? {
        if let Some(project) = records::get::<Project>(tx, &project)? {
            all.push(view::project(call, &project));
        }
    }
    call.collection("projects", all, &["domain_id", "enabled", "name"])
}
