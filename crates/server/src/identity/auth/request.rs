//! The body of a login: methods and scope (OpenStack reference B3 to B5).

use std::sync::Arc;

use pentad_core::Secret;
use pentad_store::Tx;
use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::error::{Answer, Failure};
use super::super::model::{Project, Trust};
use super::super::quirks::Quirk;
use super::super::seal::ScopeId;
use super::super::storage::records;
use super::super::valid::{shown, wrong_type};
use super::METHODS;

/// Somebody named in a request: by id, or by name within a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    Id(String),
    Name { name: String, domain: DomainRef },
}

/// A domain named in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DomainRef {
    Id(String),
    Name(String),
}

/// What is offered as proof.
#[derive(Debug, Clone)]
pub(crate) enum Offer {
    Password { user: Named, password: Secret },
    Token(Secret),
    Credential { id: Option<String>, name: Option<String>, user: Option<Named>, secret: Secret },
    Totp { user: Named, code: Secret },
}

/// The scope as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScopeAsk {
    Nothing,
    Unscoped,
    System,
    Project(Named),
    Domain(DomainRef),
    Trust(String),
}

/// A login as it was asked for.
#[derive(Debug, Clone)]
pub(crate) struct AuthRequest {
    pub(crate) offers: Vec<Offer>,
    pub(crate) scope: ScopeAsk,
}

impl AuthRequest {
    /// Whether any scope was asked for.
    pub(crate) fn asks_scope(&self) -> bool {
        self.scope != ScopeAsk::Nothing
    }
}

/// A scope that exists.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    Nothing,
    Scope(ScopeId),
    Trust(Box<Trust>),
}

/// Reads the body of a call.
///
/// # Errors
/// 400 for what is malformed, 401 for methods that there are not.
pub(crate) fn parse(call: &Arc<Call>) -> Answer<AuthRequest> {
    let auth = call.body.get("auth").ok_or_else(|| Failure::expecting("auth", "request body"))?;
    let auth = object("auth", auth)?;
    let identity =
        auth.get("identity").ok_or_else(|| Failure::invalid("'identity' is a required property"))?;
    let identity = object("identity", identity)?;
    let methods = identity.get("methods").ok_or_else(|| required("identity", identity, "methods"))?;
    let Value::Array(methods) = methods else { return Err(wrong_type("methods", methods, "array")) };
    let mut names = Vec::new();
    for method in methods {
        let name = method.as_str().ok_or_else(|| wrong_type("methods", method, "string"))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in &names {
        if !identity.get(*name).is_some_and(Value::is_object) {
            return Err(Failure::expecting(name, "identity"));
        }
        if !METHODS.contains(name) {
            let text = "Attempted to authenticate with an unsupported method.";
            return Err(Failure::method(text, json!({"methods": METHODS})));
        }
    }
    let scope = match auth.get("scope") {
        None => ScopeAsk::Nothing,
        Some(scope) => parse_scope(scope)?,
    };
    if names.is_empty() {
        return Err(Failure::unauthorized());
    }
    let offers = names.iter().map(|name| offer(call, name, &identity[*name])).collect::<Answer<Vec<_>>>()?;
    Ok(AuthRequest { offers, scope })
}

fn object<'v>(name: &'static str, value: &'v Value) -> Answer<&'v Map<String, Value>> {
    value.as_object().ok_or_else(|| wrong_type(name, value, "object"))
}

fn required(name: &str, map: &Map<String, Value>, what: &str) -> Failure {
    let value = crate::reply::python::repr(&shown(name, &Value::Object(map.clone())));
    let text =
        format!("Invalid input for field/attribute {name}. Value: {value}. '{what}' is a required property");
    Failure::invalid(text)
}

fn text(map: &Map<String, Value>, name: &str) -> Answer<Option<String>> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(wrong_type(name, other, "string")),
    }
}

/// What only who offers it knows; nothing is what does not fit.
fn secret(map: &Map<String, Value>, name: &str) -> Answer<Secret> {
    Ok(text(map, name)?.unwrap_or_default().into())
}

fn offer(call: &Call, method: &str, value: &Value) -> Answer<Offer> {
    let Value::Object(map) = value else { return Err(wrong_type("identity", value, "object")) };
    let place = |method: &'static str| if call.core.quirks.has(Quirk::InNone) { "None" } else { method };
    match method {
        "password" => {
            let user = user_of(map, place("password"))?;
            let password = secret(user, "password")?;
            Ok(Offer::Password { user: named("user", user)?, password })
        }
        "totp" => {
            let user = user_of(map, place("totp"))?;
            let code = secret(user, "passcode")?;
            Ok(Offer::Totp { user: named("user", user)?, code })
        }
        // Its name says nothing of what it is.
        "token" if map.get("id").is_some_and(|id| !id.is_string() && !id.is_null()) => {
            Err(wrong_type("token", &Value::Null, "string"))
        }
        "token" => match text(map, "id")? {
            Some(id) => Ok(Offer::Token(id.into())),
            None => {
                Err(Failure::invalid("Invalid input for field 'identity/token': 'id' is a required property"))
            }
        },
        _ => credential(map),
    }
}

fn user_of<'m>(map: &'m Map<String, Value>, place: &str) -> Answer<&'m Map<String, Value>> {
    let user = map.get("user").ok_or_else(|| Failure::expecting("user", place))?;
    object("user", user)
}

fn credential(map: &Map<String, Value>) -> Answer<Offer> {
    let (id, name) = (text(map, "id")?, text(map, "name")?);
    if id.is_none() && name.is_none() {
        return Err(Failure::expecting("id or name", "application credential"));
    }
    let user = match map.get("user") {
        None if id.is_none() => return Err(Failure::expecting("user", "application credential")),
        None => None,
        Some(user) => Some(named("user", object("user", user)?)?),
    };
    Ok(Offer::Credential { id, name, user, secret: secret(map, "secret")? })
}

/// By id, or by name within a domain.
fn named(what: &'static str, map: &Map<String, Value>) -> Answer<Named> {
    if let Some(id) = text(map, "id")? {
        return Ok(Named::Id(id));
    }
    let Some(name) = text(map, "name")? else {
        return Err(Failure::expecting("id or name", what));
    };
    let domain = map.get("domain").ok_or_else(|| Failure::expecting("domain", what))?;
    Ok(Named::Name { name, domain: domain_ref(object("domain", domain)?)? })
}

fn domain_ref(map: &Map<String, Value>) -> Answer<DomainRef> {
    if let Some(id) = text(map, "id")? {
        return Ok(DomainRef::Id(id));
    }
    match text(map, "name")? {
        Some(name) => Ok(DomainRef::Name(name)),
        None => Err(Failure::expecting("id or name", "domain")),
    }
}

fn parse_scope(scope: &Value) -> Answer<ScopeAsk> {
    const PLACES: &str = "system, project, domain, OS-TRUST:trust or unscoped";
    let unknown = || Failure::expecting(PLACES, "scope");
    let map = match scope {
        Value::String(word) if word == "unscoped" => return Ok(ScopeAsk::Unscoped),
        Value::Object(map) => map,
        _ => return Err(unknown()),
    };
    let kinds = ["system", "project", "domain", "OS-TRUST:trust", "unscoped"];
    let mut given = kinds.iter().filter_map(|kind| Some((*kind, map.get(*kind)?)));
    let (Some((kind, value)), None) = (given.next(), given.next()) else { return Err(unknown()) };
    match (kind, value) {
        ("unscoped", _) => Ok(ScopeAsk::Unscoped),
        ("system", Value::Object(system)) => match system.get("all") {
            Some(Value::Bool(true)) => Ok(ScopeAsk::System),
            _ => Err(Failure::expecting("all", "system")),
        },
        ("project", Value::Object(project)) => {
            if !project.contains_key("id") && !project.contains_key("name") {
                let text = "Invalid input for field scope/project: id or name must be present.";
                return Err(Failure::invalid(text));
            }
            Ok(ScopeAsk::Project(named("project", project)?))
        }
        ("domain", Value::Object(domain)) => {
            if !domain.contains_key("id") && !domain.contains_key("name") {
                let text = "Invalid input for field scope/domain: id or name must be present.";
                return Err(Failure::invalid(text));
            }
            Ok(ScopeAsk::Domain(domain_ref(domain)?))
        }
        ("OS-TRUST:trust", Value::Object(trust)) => match text(trust, "id")? {
            Some(id) => Ok(ScopeAsk::Trust(id)),
            None => Err(Failure::expecting("trust_id", "OS-TRUST:trust")),
        },
        (_, other) => Err(wrong_type("scope", other, "object")),
    }
}

/// The domain that is meant.
pub(crate) fn find_domain(tx: &mut Tx<'_>, domain: &DomainRef) -> Answer<Option<Project>> {
    let found: Option<Project> = match domain {
        DomainRef::Id(id) => records::get(tx, id)?,
        DomainRef::Name(name) => records::by_name(tx, "", name)?,
    };
    Ok(found.filter(|domain| domain.is_domain))
}

/// The scope that is meant. Whether it may be had is not asked here.
///
/// # Errors
/// 401 if it does not exist.
pub(crate) fn find_scope(tx: &mut Tx<'_>, request: &AuthRequest) -> Answer<Wanted> {
    let none = Failure::unauthorized;
    let scope = match &request.scope {
        ScopeAsk::Nothing => return Ok(Wanted::Nothing),
        ScopeAsk::Unscoped => ScopeId::Unscoped,
        ScopeAsk::System => ScopeId::System,
        ScopeAsk::Domain(domain) => ScopeId::Domain(find_domain(tx, domain)?.ok_or_else(none)?.id),
        ScopeAsk::Project(Named::Id(id)) => {
            ScopeId::Project(records::get::<Project>(tx, id)?.ok_or_else(none)?.id)
        }
        ScopeAsk::Project(Named::Name { name, domain }) => {
            let domain = find_domain(tx, domain)?.ok_or_else(none)?;
            let project: Option<Project> = records::by_name(tx, &domain.id, name)?;
            ScopeId::Project(project.ok_or_else(none)?.id)
        }
        ScopeAsk::Trust(id) => return Ok(Wanted::Trust(Box::new(records::get(tx, id)?.ok_or_else(none)?))),
    };
    Ok(Wanted::Scope(scope))
}
