//! What a login sends (OpenStack reference B3 to B5, B11).

use jiff::Timestamp;
use pentad_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::method::Method;
use super::name::{Domain, Project, User};
use super::scope::Scope;

/// The body of a v3 login.
pub(crate) fn v3(
    methods: &[&Method],
    scope: &Scope,
    default: Option<&Domain>,
    now: Timestamp,
) -> Result<Value> {
    let mut identity = Map::new();
    let names: Vec<&str> = methods.iter().map(|method| method.wire_name()).collect();
    identity.insert("methods".to_owned(), json!(names));
    for method in methods {
        identity.insert(method.wire_name().to_owned(), method.json(default, now)?);
    }
    let mut auth = json!({ "identity": identity });
    let fixed = methods.iter().any(|method| method.is_application_credential());
    match scope.json(default)? {
        Some(_) if fixed => {
            return Err(Error::new(ErrorKind::Config, "an application credential cannot ask for a scope")
                .with_hint("it has the project that it was made for; leave the scope out"));
        }
        Some(scope) => auth["scope"] = scope,
        None => {}
    }
    Ok(json!({ "auth": auth }))
}

/// The body of a v2.0 login.
pub(crate) fn v2(methods: &[&Method], scope: &Scope) -> Result<Value> {
    let unsupported = |what: &str| {
        Error::new(ErrorKind::Unsupported, format!("identity v2.0 has no {what}"))
            .with_hint("use an identity endpoint with v3")
    };
    let mut auth = match methods {
        [Method::Password(user, password)] => {
            let (name, value) = match user {
                User::Id(id) => ("userId", id),
                User::Name(name, _) => ("username", name),
            };
            json!({ "passwordCredentials": { name: value, "password": password.expose() } })
        }
        [Method::Token(token)] => json!({ "token": { "id": token.expose() } }),
        [other] => return Err(unsupported(&format!("method {}", other.wire_name()))),
        _ => return Err(unsupported("login with several methods")),
    };
    match scope {
        Scope::Unsaid | Scope::Unscoped => {}
        Scope::Project(Project::Id(id)) => auth["tenantId"] = id.as_str().into(),
        Scope::Project(Project::Name(name, _)) => auth["tenantName"] = name.as_str().into(),
        Scope::Trust(id) => auth["trust_id"] = id.as_str().into(),
        Scope::Domain(_) => return Err(unsupported("domain scope")),
        Scope::System => return Err(unsupported("system scope")),
    }
    Ok(json!({ "auth": auth }))
}
