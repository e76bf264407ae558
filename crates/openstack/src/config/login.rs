//! From the options of a cloud to a login.

use std::collections::BTreeSet;
use std::sync::Arc;

use pentad_core::{Authorize, Error, ErrorKind, Result, Secret};

use super::cloud::Cloud;
use crate::auth::{
    DevicePrompt, Domain, Federation, FixedEndpoint, Grant, IdentityVersion, Keystone, Method, Passcode,
    Pkce, Project, Scope, User, plugin,
};
use crate::error::missing;

/// Who serves without a login, if the plugin is one of those.
pub(super) fn fixed(cloud: &Cloud) -> Result<Option<Arc<dyn Authorize>>> {
    let endpoint = || cloud.auth("endpoint").or_else(|| cloud.setting("endpoint"));
    Ok(Some(match cloud.auth_type().as_str() {
        "none" => match endpoint() {
            Some(endpoint) => Arc::new(FixedEndpoint::anonymous(&endpoint)?),
            None => return Err(missing(&["endpoint"])),
        },
        "admin_token" => match (cloud.auth("token"), endpoint()) {
            (Some(token), Some(endpoint)) => Arc::new(FixedEndpoint::new(&Secret::new(token), &endpoint)?),
            (token, endpoint) => {
                return Err(missing(&names(&[("token", token.is_none()), ("endpoint", endpoint.is_none())])));
            }
        },
        "http_basic" => {
            let (user, password) = required_pair(cloud, "username", "password")?;
            Arc::new(FixedEndpoint::basic(&user, &Secret::new(password), endpoint().as_deref())?)
        }
        _ => return Ok(None),
    }))
}

/// The login at Keystone.
pub(super) fn keystone(cloud: &Cloud) -> Result<Keystone> {
    let kind = cloud.auth_type();
    let (methods, version) = match kind.as_str() {
        "password" => (vec![password(cloud)], None),
        "v3password" => (vec![password(cloud)], Some(IdentityVersion::V3)),
        "v2password" => (vec![password(cloud)], Some(IdentityVersion::V2)),
        "token" => (vec![token(cloud)], None),
        "v3token" => (vec![token(cloud)], Some(IdentityVersion::V3)),
        "v2token" => (vec![token(cloud)], Some(IdentityVersion::V2)),
        "v3applicationcredential" => (vec![application_credential(cloud)], Some(IdentityVersion::V3)),
        "v3totp" => (vec![totp(cloud)], Some(IdentityVersion::V3)),
        "v3multifactor" => (several(cloud)?, Some(IdentityVersion::V3)),
        "v3oidcclientcredentials"
        | "v3oidcpassword"
        | "v3oidcaccesstoken"
        | "v3oidcauthcode"
        | "v3oidcdeviceauthz" => (vec![openid(cloud, &kind)], Some(IdentityVersion::V3)),
        other => {
            return Err(Error::new(ErrorKind::Unsupported, format!("no login is called {other:?}"))
                .with_hint(format!("auth_type is one of: {}", plugin::names().join(", "))));
        }
    };
    // Everything that is missing is said at once.
    let mut lacking = Vec::new();
    let mut found = Vec::new();
    for method in methods {
        match method {
            Ok(method) => found.push(method),
            Err(names) => lacking.extend(names),
        }
    }
    let url = cloud.auth("auth_url");
    if url.is_none() {
        lacking.insert(0, "auth_url");
    }
    let mut named = BTreeSet::new();
    lacking.retain(|name| named.insert(*name));
    let (Some(url), true) = (url, lacking.is_empty()) else { return Err(missing(&lacking)) };
    let mut methods = found.into_iter();
    let Some(first) = methods.next() else { return Err(missing(&["auth_methods"])) };
    let mut keystone = methods.fold(Keystone::new(&url, first)?, Keystone::and).scope(scope(cloud)?);
    if let Some(domain) =
        domain(cloud, "default_domain").or_else(|| cloud.auth("default_domain").map(Domain::Id))
    {
        keystone = keystone.default_domain(domain);
    }
    let asked = cloud.setting("identity_api_version");
    match version.or(match asked.as_deref() {
        Some("3" | "3.0" | "v3") => Some(IdentityVersion::V3),
        Some("2" | "2.0" | "v2.0") => Some(IdentityVersion::V2),
        _ => None,
    }) {
        Some(version) => Ok(keystone.version(version)),
        None => Ok(keystone),
    }
}

/// A method, or the names of the options that it lacks.
type Found = std::result::Result<Method, Vec<&'static str>>;

fn names(pairs: &[(&'static str, bool)]) -> Vec<&'static str> {
    pairs.iter().filter(|(_, absent)| *absent).map(|(name, _)| *name).collect()
}

fn required_pair(cloud: &Cloud, a: &'static str, b: &'static str) -> Result<(String, String)> {
    match (cloud.auth(a), cloud.auth(b)) {
        (Some(first), Some(second)) => Ok((first, second)),
        (first, second) => Err(missing(&names(&[(a, first.is_none()), (b, second.is_none())]))),
    }
}

fn domain(cloud: &Cloud, what: &str) -> Option<Domain> {
    let id = cloud.auth(&format!("{what}_id")).map(Domain::Id);
    id.or_else(|| cloud.auth(&format!("{what}_name")).map(Domain::Name))
}

fn user(cloud: &Cloud) -> Option<User> {
    let id = cloud.auth("user_id").map(User::Id);
    id.or_else(|| Some(User::Name(cloud.auth("username")?, domain(cloud, "user_domain"))))
}

fn password(cloud: &Cloud) -> Found {
    match (user(cloud), cloud.auth("password")) {
        (Some(user), Some(password)) => Ok(Method::Password(user, Secret::new(password))),
        (user, password) => Err(names(&[("username", user.is_none()), ("password", password.is_none())])),
    }
}

fn token(cloud: &Cloud) -> Found {
    cloud.auth("token").map(|token| Method::Token(Secret::new(token))).ok_or_else(|| vec!["token"])
}

fn application_credential(cloud: &Cloud) -> Found {
    let id = cloud.auth("application_credential_id");
    let secret = cloud.auth("application_credential_secret").map(Secret::new);
    let named = cloud.auth("application_credential_name");
    match (id, named, user(cloud), secret) {
        (Some(id), _, _, Some(secret)) => Ok(Method::ApplicationCredential(id, secret)),
        (None, Some(name), Some(user), Some(secret)) => {
            Ok(Method::NamedApplicationCredential(name, user, secret))
        }
        (id, name, user, secret) => Err(names(&[
            ("application_credential_id", id.is_none() && name.is_none()),
            ("username", id.is_none() && name.is_some() && user.is_none()),
            ("application_credential_secret", secret.is_none()),
        ])),
    }
}

fn totp(cloud: &Cloud) -> Found {
    let once = cloud.auth("passcode").map(|code| Passcode::Once(Secret::new(code)));
    let passcode = once.or_else(|| cloud.auth("totp_seed").map(|seed| Passcode::Seed(Secret::new(seed))));
    match (user(cloud), passcode) {
        (Some(user), Some(passcode)) => Ok(Method::Totp(user, passcode)),
        (user, passcode) => Err(names(&[("username", user.is_none()), ("passcode", passcode.is_none())])),
    }
}

fn openid(cloud: &Cloud, kind: &str) -> Found {
    let option = |name: &'static str| cloud.auth(name).ok_or(name);
    let mut lacking = Vec::new();
    let mut need = |name: &'static str| {
        option(name).unwrap_or_else(|name| {
            lacking.push(name);
            String::new()
        })
    };
    let (provider, protocol) = (need("identity_provider"), need("protocol"));
    let grant = match kind {
        "v3oidcpassword" => Grant::Password(need("username"), Secret::new(need("password"))),
        "v3oidcaccesstoken" => Grant::AccessToken(Secret::new(need("access_token"))),
        "v3oidcauthcode" => {
            Grant::Code { redirect_uri: need("redirect_uri"), code: Secret::new(need("code")) }
        }
        "v3oidcdeviceauthz" => Grant::Device(Arc::new(say)),
        _ => Grant::ClientCredentials,
    };
    let mut federation = Federation::new(&provider, &protocol, grant);
    if kind != "v3oidcaccesstoken" {
        federation = federation.client(&need("client_id"), cloud.auth("client_secret").map(Secret::new));
        if cloud.auth("access_token_endpoint").is_none() {
            federation = federation.discovery(&need("discovery_endpoint"));
        }
    }
    if !lacking.is_empty() {
        return Err(lacking);
    }
    if let Some(scope) = cloud.auth("openid_scope") {
        federation = federation.scope(&scope);
    }
    if let Some(url) = cloud.auth("access_token_endpoint") {
        federation = federation.token_endpoint(&url);
    }
    // The original's name for the secret that the person's browser never sees.
    if let Some(verifier) = cloud.auth("code_verifier") {
        federation = federation.pkce(Pkce::from_verifier(Secret::new(verifier)));
    }
    if let Some(url) = cloud.auth("device_authorization_endpoint") {
        federation = federation.device_endpoint(&url);
    }
    Ok(Method::OpenId(Box::new(federation)))
}

/// Tells the person at the terminal where to confirm the login.
fn say(prompt: &DevicePrompt) {
    use std::io::Write;
    let url = prompt.complete_url.as_ref().unwrap_or(&prompt.url);
    // Who has closed standard error does not want to know.
    let _ = writeln!(std::io::stderr(), "To log in, open {url} and enter the code {}", prompt.code);
}

fn several(cloud: &Cloud) -> Result<Vec<Found>> {
    let settings = cloud.auth_methods();
    let one = |name: &String| match name.trim() {
        "v3password" | "password" => Ok(password(cloud)),
        "v3token" | "token" => Ok(token(cloud)),
        "v3totp" | "totp" => Ok(totp(cloud)),
        "v3applicationcredential" | "application_credential" => Ok(application_credential(cloud)),
        other => {
            Err(Error::new(ErrorKind::Unsupported, format!("auth_methods: no method is called {other:?}"))
                .with_hint("methods are: v3password, v3totp, v3token, v3applicationcredential"))
        }
    };
    settings.iter().map(one).collect()
}

/// What the options say of the scope; more than one is refused (OpenStack reference B5).
fn scope(cloud: &Cloud) -> Result<Scope> {
    let project = cloud
        .auth("project_id")
        .map(Project::Id)
        .or_else(|| Some(Project::Name(cloud.auth("project_name")?, domain(cloud, "project_domain"))));
    let system = match cloud.auth("system_scope").as_deref() {
        None => None,
        Some("all") => Some(Scope::System),
        Some(other) => {
            return Err(Error::new(
                ErrorKind::Config,
                format!("system_scope is {other:?}, it can only be \"all\""),
            ));
        }
    };
    let scopes = [
        project.map(Scope::Project),
        domain(cloud, "domain").map(Scope::Domain),
        system,
        cloud.auth("trust_id").map(Scope::Trust),
    ];
    let mut given = scopes.into_iter().flatten();
    match (given.next(), given.next()) {
        (None, _) => Ok(Scope::Unsaid),
        (Some(_), _) if cloud.auth_type() == "v3applicationcredential" => {
            // Other variables of the same shell; the credential has its own scope.
            Ok(Scope::Unsaid)
        }
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Error::new(
            ErrorKind::Config,
            "Authentication cannot be scoped to multiple targets. Pick one of: project, domain, trust, system or unscoped",
        )),
    }
}
