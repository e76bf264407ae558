//! Application credentials.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use pentad_store::Tx;
use serde_json::Value;

use super::super::access::Access;
use super::super::call::{Call, created, member, no_content, ok};
use super::super::error::{Answer, Failure};
use super::super::model::{AccessRule, AppCredential, Role, new_id};
use super::super::storage::{DIRECTORY, records};
use super::super::valid::{Fields, not_one_of, wrong, wrong_type};
use super::super::{Keystone, view};
use crate::http::Reply;

/// Whoever acts by another's leave manages no application credentials, unless its own says that it may.
fn unrestricted(caller: &Access) -> Answer<()> {
    if caller.payload.trust.is_some() {
        let text = "Cannot manage application credentials with a token issued via delegation.";
        return Err(Failure::forbidden_because(text));
    }
    let own = caller.application_credential.as_ref();
    if own.is_some_and(|own| !own.unrestricted.unwrap_or_default()) {
        let text = "Using method 'application_credential' is not allowed for managing additional application \
            credentials.";
        return Err(Failure::forbidden_action(text));
    }
    Ok(())
}

fn roles(tx: &mut Tx<'_>, credential: &AppCredential) -> Answer<Vec<Role>> {
    let mut all = Vec::new();
    for id in &credential.roles {
        all.extend(records::get::<Role>(tx, id)?);
    }
    Ok(all)
}

/// `GET /v3/users/{user}/application_credentials`.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (caller, user) = (call.caller()?, call.param("user"));
    caller.enforce("list_application_credentials", caller.is_user(user) || caller.reads_system())?;
    let mut all: Vec<Value> = Vec::new();
    for credential in records::owned::<AppCredential>(tx, user)? {
        let roles = roles(tx, &credential)?;
        all.push(view::app_credential(call, &credential, &roles, None));
    }
    call.collection("application_credentials", all, &["name"])
}

/// The credential of the path. It is the owner that counts, not the user of the path.
fn admitted(call: &Call, tx: &mut Tx<'_>, action: &str, reading: bool) -> Answer<AppCredential> {
    let (caller, id) = (call.caller()?, call.param("credential"));
    let known: Option<AppCredential> = records::get(tx, id)?;
    let owner = known.as_ref().map_or_else(|| call.param("user"), |credential| &credential.user_id);
    caller.enforce(action, caller.is_user(owner) || (reading && caller.reads_system()))?;
    known.ok_or_else(|| Failure::missing("Application Credential", id))
}

/// `GET /v3/users/{user}/application_credentials/{credential}`.
pub(crate) fn show(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let credential = admitted(call, tx, "get_application_credential", true)?;
    let roles = roles(tx, &credential)?;
    Ok(ok(&member("application_credential", view::app_credential(call, &credential, &roles, None))))
}

/// `DELETE /v3/users/{user}/application_credentials/{credential}`.
pub(crate) fn delete(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let credential = admitted(call, tx, "delete_application_credential", false)?;
    unrestricted(call.caller()?)?;
    records::delete::<AppCredential>(tx, &credential.id)?;
    Ok(no_content())
}

/// The roles that are asked for; all of the caller's if none are.
fn wanted_roles(caller: &Access, fields: &Fields<'_>, tx: &mut Tx<'_>) -> Answer<Vec<String>> {
    let asked = fields.list("roles")?.filter(|list| !list.is_empty());
    let Some(asked) = asked else { return Ok(caller.roles.iter().map(|role| role.id.clone()).collect()) };
    let mut ids = Vec::new();
    for role in asked {
        let text = |name: &str| role.get(name).and_then(Value::as_str);
        let id = match (text("id"), text("name")) {
            (Some(id), _) => id.to_owned(),
            (None, Some(name)) => {
                records::by_name::<Role>(tx, "", name)?
                    .ok_or_else(|| Failure::not_found(format!("Role {name} is not defined")))?
                    .id
            }
            (None, None) => return Err(wrong_type("roles", role, "object")),
        };
        if !caller.roles.iter().any(|own| own.id == id) {
            let project = caller.project_id().unwrap_or_default();
            return Err(Failure::invalid(format!(
                "Invalid application credential: Could not find role assignment with role: {id}, user or group: \
                 {}, project, domain, or system: {project}.",
                caller.user.id
            )));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// What application credentials may be for.
const VERBS: [&str; 6] = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

/// The rules that are asked for: one that the user has, by its id or because it says the same, or a new one.
fn access_rules(tx: &mut Tx<'_>, user: &str, fields: &Fields<'_>) -> Answer<Vec<AccessRule>> {
    let known = rules_of(tx, user)?;
    let mut rules: Vec<AccessRule> = Vec::new();
    for given in fields.list("access_rules")?.into_iter().flatten() {
        let map = given.as_object().ok_or_else(|| wrong_type("access_rules", given, "object"))?;
        let rule = Fields::over(map, "access_rules");
        let found = match rule.text("id")? {
            Some(id) => {
                let found = known.iter().find(|rule| rule.id == id).cloned();
                found.ok_or_else(|| Failure::missing("Access Rule", &id))?
            }
            None => {
                let new = new_rule(&rule)?;
                let same = |one: &&AccessRule| {
                    (&one.path, &one.method, &one.service) == (&new.path, &new.method, &new.service)
                };
                known.iter().chain(&rules).find(same).cloned().unwrap_or(new)
            }
        };
        if !rules.contains(&found) {
            rules.push(found);
        }
    }
    Ok(rules)
}

fn new_rule(rule: &Fields<'_>) -> Answer<AccessRule> {
    let need = |name: &'static str| {
        let value = rule.need(name)?;
        value.as_str().map(str::to_owned).ok_or_else(|| wrong_type(name, value, "string"))
    };
    let (path, method, service) = (need("path")?, need("method")?, need("service")?);
    if !path.starts_with('/') || path.len() > 225 {
        return Err(wrong("path", &Value::from(path.as_str()), &format!("'{path}' does not match '^/'")));
    }
    if !VERBS.contains(&method.as_str()) {
        return Err(not_one_of("method", &method, &VERBS));
    }
    Ok(AccessRule { id: new_id(), path: Some(path), method: Some(method), service: Some(service) })
}

/// `POST /v3/users/{user}/application_credentials`.
pub(crate) fn create(keystone: &Keystone, call: Arc<Call>) -> BoxFuture<'_, Answer<Reply>> {
    Box::pin(async move {
        let (caller, user) = (call.caller()?, call.param("user"));
        if !caller.is_user(user) {
            return Err(Failure::forbidden_action("identity:create_application_credential"));
        }
        unrestricted(caller)?;
        let fields = Fields::of(&call.body, "application_credential")?;
        let name = fields.need_name("name")?;
        let Some(project) = caller.project_id() else {
            return Err(Failure::invalid(
                "Application credentials need a token with a project as its scope.",
            ));
        };
        let expires_at = fields.moment("expires_at")?;
        if expires_at.is_some_and(|end| end <= call.core.micros()) {
            return Err(Failure::malformed("The 'expires_at' must not be before now."));
        }
        let vault = keystone.core.engine.vault();
        let (plain, secret) = match fields.text("secret")? {
            Some(chosen) => {
                let hash = vault.hash_password(&chosen).await?;
                (chosen, hash)
            }
            None => {
                let mut random = [0_u8; 64];
                getrandom::fill(&mut random).map_err(|_| Failure::internal())?;
                let plain = URL_SAFE_NO_PAD.encode(random);
                let hash = vault.hash_random(&plain);
                (plain, hash)
            }
        };
        let new = AppCredential {
            id: new_id(),
            name,
            description: fields.text("description")?,
            user_id: user.to_owned(),
            project_id: project.to_owned(),
            expires_at,
            unrestricted: fields.flag("unrestricted")?,
            roles: Vec::new(),
            secret,
            access_rules: Vec::new(),
        };
        let later = Arc::clone(&call);
        keystone.change(move |tx| insert(&later, tx, new.clone(), &plain)).await
    })
}

fn insert(call: &Call, tx: &mut Tx<'_>, mut new: AppCredential, plain: &str) -> Answer<Reply> {
    let fields = Fields::of(&call.body, "application_credential")?;
    new.roles = wanted_roles(call.caller()?, &fields, tx)?;
    new.access_rules = access_rules(tx, &new.user_id, &fields)?;
    let most = call.core.settings().user_limit;
    if records::owned::<AppCredential>(tx, &new.user_id)?.len() >= usize::try_from(most).unwrap_or(usize::MAX)
    {
        let text = format!(
            "Unable to create additional application credentials, maximum of {most} already exceeded for user."
        );
        return Err(Failure::forbidden_because(text));
    }
    if !records::insert(tx, &new)? {
        let details = format!("Duplicate entry found with name {}", new.name);
        return Err(Failure::conflict("application_credential", &details));
    }
    tx.touch(DIRECTORY);
    let roles = roles(tx, &new)?;
    let shown = view::app_credential(call, &new, &roles, Some(plain));
    Ok(created(&member("application_credential", shown)))
}

/// Every access rule of a user, each once.
fn rules_of(tx: &mut Tx<'_>, user: &str) -> Answer<Vec<AccessRule>> {
    let mut all: Vec<AccessRule> = Vec::new();
    for rule in records::owned::<AppCredential>(tx, user)?.into_iter().flat_map(|one| one.access_rules) {
        if !all.iter().any(|known| known.id == rule.id) {
            all.push(rule);
        }
    }
    Ok(all)
}

fn rule_view(call: &Call, rule: &AccessRule) -> Value {
    let own = call.url(&format!("/users/{}/access_rules/{}", call.param("user"), rule.id));
    serde_json::json!({
        "id": rule.id, "path": rule.path, "method": rule.method, "service": rule.service,
        "links": {"self": own},
    })
}

/// `GET /v3/users/{user}/access_rules`.
pub(crate) fn rules(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (caller, user) = (call.caller()?, call.param("user"));
    caller.enforce("list_access_rules", caller.is_user(user) || caller.reads_system())?;
    let all = rules_of(tx, user)?.iter().map(|rule| rule_view(call, rule)).collect();
    call.collection("access_rules", all, &["service", "path", "method"])
}

/// `DELETE /v3/users/{user}/access_rules/{rule}`: a rule lasts as long as its credential.
pub(crate) fn delete_rule(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (caller, user, id) = (call.caller()?, call.param("user"), call.param("rule"));
    caller.enforce("delete_access_rule", caller.is_user(user))?;
    match rules_of(tx, user)?.iter().any(|rule| rule.id == id) {
        true => Err(Failure::forbidden_because("May not delete access rule in use")),
        false => Err(Failure::missing("Access Rule", id)),
    }
}

/// `GET /v3/users/{user}/access_rules/{rule}`.
pub(crate) fn rule(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let (caller, user, id) = (call.caller()?, call.param("user"), call.param("rule"));
    caller.enforce("get_access_rule", caller.is_user(user) || caller.reads_system())?;
    let found = rules_of(tx, user)?.into_iter().find(|rule| rule.id == id);
    let found = found.ok_or_else(|| Failure::missing("Access Rule", id))?;
    Ok(ok(&member("access_rule", rule_view(call, &found))))
}
