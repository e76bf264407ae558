//! Tokens from Keystone: the login, step by step.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use futures_core::future::BoxFuture;
use http::header::ACCEPT;
use http::{HeaderName, HeaderValue, StatusCode};
use pentad_core::auth::{Exchange, Token, TokenSource};
use pentad_core::{Error, ErrorKind, Request, Result, Secret, Target};
use sha2::{Digest, Sha256};

use super::access::Access;
use super::answer::{self, Issued};
use super::federation::Federation;
use super::method::Method;
use super::name::{Domain, User};
use super::placed::Placed;
use super::request;
use super::scope::Scope;
use super::version::{IdentityVersion, base_of, base_text};
use crate::discovery::identity;
use crate::error::{self, RECEIPT, missing};
use crate::ops::{self, V2, V3};

/// Logs in at Keystone: a [`TokenSource`] for [`Renewing`](pentad_core::auth::Renewing) or [`CloudAuth`](super::CloudAuth).
///
/// The version of the identity API is what the URL's path says, else what the service's discovery document offers.
/// Requests always go to the host that was configured, whatever links the service gives.
///
/// # Example
/// ```
/// use pentad_openstack::auth::{CloudAuth, Domain, Keystone, Scope, User};
/// # fn main() -> pentad_core::Result<()> {
/// let user = User::name("demo").of(Domain::name("Default"));
/// let keystone = Keystone::password("https://cloud.test:5000/v3", user, "secret")?
///     .scope(Scope::project("shop", Domain::name("Default")));
/// let auth = CloudAuth::new(keystone);
/// # let _ = auth;
/// # Ok(())
/// # }
/// ```
pub struct Keystone {
    auth_url: String,
    base: Target,
    path_version: Option<IdentityVersion>,
    version: Option<IdentityVersion>,
    methods: Vec<Method>,
    /// Sent only when a receipt asks for them.
    later: Vec<Method>,
    scope: Scope,
    default_domain: Option<Domain>,
    receipt: Option<Secret>,
    overrides: BTreeMap<String, String>,
    /// What services must be called, by type.
    names: BTreeMap<String, String>,
    placed: RwLock<Option<Arc<Placed>>>,
}

impl Keystone {
    /// A login at `auth_url` by a method.
    ///
    /// `auth_url` may be the service's root or one of its versions: `https://cloud.test/identity`, `http://h:5000/v3`.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if it is no URL.
    pub fn new(auth_url: &str, method: Method) -> Result<Self> {
        let (base, path_version) = base_of(auth_url);
        Ok(Self {
            auth_url: auth_url.trim().trim_end_matches('/').to_owned(),
            base: Target::parse(&base)?,
            path_version,
            version: None,
            methods: vec![method],
            later: Vec::new(),
            scope: Scope::default(),
            default_domain: None,
            receipt: None,
            overrides: BTreeMap::new(),
            names: BTreeMap::new(),
            placed: RwLock::new(None),
        })
    }

    /// A login with a password.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn password(auth_url: &str, user: User, password: impl Into<Secret>) -> Result<Self> {
        Self::new(auth_url, Method::Password(user, password.into()))
    }

    /// A login with a token that is there already, to get one for another scope.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn token(auth_url: &str, token: impl Into<Secret>) -> Result<Self> {
        Self::new(auth_url, Method::Token(token.into()))
    }

    /// A login with an application credential.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn application_credential(auth_url: &str, id: &str, secret: impl Into<Secret>) -> Result<Self> {
        Self::new(auth_url, Method::ApplicationCredential(id.to_owned(), secret.into()))
    }

    /// A login through an OpenID Connect provider; the scope is chosen with the token that Keystone gives for it.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn federated(auth_url: &str, federation: Federation) -> Result<Self> {
        Self::new(auth_url, Method::OpenId(Box::new(federation)))
    }

    /// Sends a further method with the first: all of them must succeed.
    #[must_use]
    pub fn and(mut self, method: Method) -> Self {
        self.methods.push(method);
        self
    }

    /// Keeps a method for the case that the service asks for more than was sent.
    #[must_use]
    pub fn if_required(mut self, method: Method) -> Self {
        self.later.push(method);
        self
    }

    /// Sets what the token is to be good for.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets the domain of users and projects that are named without one.
    #[must_use]
    pub fn default_domain(mut self, domain: Domain) -> Self {
        self.default_domain = Some(domain);
        self
    }

    /// Speaks this version of the identity API, whatever the URL says; nothing is discovered.
    #[must_use]
    pub const fn version(mut self, version: IdentityVersion) -> Self {
        self.version = Some(version);
        self
    }

    /// Goes on where an earlier login got a receipt.
    #[must_use]
    pub fn receipt(mut self, receipt: Secret) -> Self {
        self.receipt = Some(receipt);
        self
    }

    /// Uses this URL for a service type, whatever the catalog says. `%(project_id)s` and `$(project_id)s` are filled in,
    /// and `tenant_id` and `user_id` alike.
    #[must_use]
    pub fn endpoint_override(mut self, service_type: &str, url: &str) -> Self {
        self.overrides.insert(service_type.to_owned(), url.to_owned());
        self
    }

    /// Takes only services of this name for a service type; those without a name match every name.
    #[must_use]
    pub fn service_name(mut self, service_type: &str, name: &str) -> Self {
        self.names.insert(service_type.to_owned(), name.to_owned());
        self
    }

    /// The identity service without the version of its API.
    pub const fn base(&self) -> &Target {
        &self.base
    }

    /// The key under which a [`TokenStore`](pentad_core::auth::TokenStore) keeps tokens of this login: a digest of all
    /// that makes it what it is, the secrets included, so that another password finds no token (OpenStack reference B15).
    pub fn key(&self) -> String {
        let mut parts: Vec<(String, String)> = self.methods.iter().flat_map(Method::identity).collect();
        parts.extend(self.later.iter().flat_map(Method::identity));
        parts.push(("auth_url".to_owned(), self.auth_url.clone()));
        let text = |name: &str, value: String| (name.to_owned(), value);
        parts.push(text("scope", self.scope.key()));
        parts.push(text("default_domain", self.default_domain.as_ref().map(Domain::key).unwrap_or_default()));
        parts.push(text(
            "version",
            self.version.map(|version| version.api().0.to_owned()).unwrap_or_default(),
        ));
        let receipt = self.receipt.as_ref().map_or("", Secret::expose);
        parts.push(text("receipt", receipt.to_owned()));
        parts.sort();
        let mut digest = Sha256::new();
        for (name, value) in &parts {
            digest.update(name.as_bytes());
            digest.update([0]);
            digest.update(value.as_bytes());
            digest.update([0]);
        }
        let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("keystone-{hex}")
    }

    /// The version that was set, or that the URL says.
    pub(crate) fn said_version(&self) -> Option<IdentityVersion> {
        self.version.or(self.path_version)
    }

    /// The request of the login, as far as it is known without asking anyone.
    pub(crate) fn request(&self, ex: &Exchange) -> Result<Request> {
        self.check()?;
        if let [Method::OpenId(federation)] = &self.methods[..] {
            let ex = ex.with(|session| session.target(self.base.clone()).api(V3));
            return federation.draft(&ex).request();
        }
        let version = self.said_version().unwrap_or(IdentityVersion::V3);
        let methods: Vec<&Method> = self.methods.iter().collect();
        let body = match version {
            IdentityVersion::V2 => request::v2(&methods, &self.scope)?,
            IdentityVersion::V3 => {
                request::v3(&methods, &self.scope, self.default_domain.as_ref(), ex.clock().wall())?
            }
        };
        let ex = ex.with(|session| session.target(self.base.clone()).api(version.api()));
        ex.op(&ops::TOKEN_ISSUE).json(&body).request()
    }

    /// What can be said without asking anyone; called before the first request.
    fn check(&self) -> Result<()> {
        for method in self.methods.iter().chain(&self.later) {
            let empty = match method {
                Method::Password(User::Id(id) | User::Name(id, _), secret) => {
                    [("username", id.is_empty()), ("password", secret.is_empty())]
                }
                Method::Token(token) => [("token", token.is_empty()), ("", false)],
                Method::ApplicationCredential(id, secret) => [
                    ("application_credential_id", id.is_empty()),
                    ("application_credential_secret", secret.is_empty()),
                ],
                Method::NamedApplicationCredential(name, _, secret) => [
                    ("application_credential_name", name.is_empty()),
                    ("application_credential_secret", secret.is_empty()),
                ],
                Method::OpenId(federation) => [
                    ("identity_provider", federation.identity_provider.is_empty()),
                    ("protocol", federation.protocol.is_empty()),
                ],
                Method::Totp(User::Id(id) | User::Name(id, _), _) => {
                    [("username", id.is_empty()), ("", false)]
                }
            };
            let names: Vec<&str> = empty.iter().filter(|(_, empty)| *empty).map(|(name, _)| *name).collect();
            if !names.is_empty() {
                return Err(missing(&names));
            }
        }
        Ok(())
    }

    /// All domains that the login names.
    fn domains(&self) -> impl Iterator<Item = &Domain> {
        let scope = match &self.scope {
            Scope::Project(project) => project.domain(),
            Scope::Domain(domain) => Some(domain),
            _ => None,
        };
        self.methods.iter().filter_map(|method| method.user()?.domain()).chain(scope)
    }

    async fn speaks(&self, ex: &Exchange, stale: Option<&Token>) -> Result<IdentityVersion> {
        if let Some(version) = self.version.or(self.path_version) {
            return Ok(version);
        }
        let known = stale.and_then(|token| token.data["api"].as_str());
        if let Some(known) = known {
            return Ok(if known == V2.0 { IdentityVersion::V2 } else { IdentityVersion::V3 });
        }
        let domains: Vec<&Domain> = self.domains().collect();
        let only_default = self.default_domain.is_some() && domains.is_empty();
        // Only v3 has the other methods at all.
        let plain = matches!(self.methods[..], [Method::Password(..) | Method::Token(_)])
            && self.later.is_empty()
            && !matches!(self.scope, Scope::Domain(_) | Scope::System | Scope::Unscoped);
        identity::version(ex, &self.base, plain && domains.is_empty(), only_default).await
    }

    async fn login(&self, ex: &Exchange, stale: Option<&Token>) -> Result<Token> {
        self.check()?;
        let version = self.speaks(ex, stale).await?;
        let ex = ex.with(|session| {
            session
                .target(self.base.clone())
                .api(version.api())
                .details(error::details)
                .header(ACCEPT, HeaderValue::from_static("application/json"))
        });
        let methods: Vec<&Method> = self.methods.iter().collect();
        let issued = match version {
            IdentityVersion::V2 => self.v2(&ex, &methods).await?,
            IdentityVersion::V3 if matches!(methods[..], [Method::OpenId(_)]) => self.openid(&ex).await?,
            IdentityVersion::V3 => match self.v3(&ex, &methods, self.receipt.as_ref()).await? {
                Issued::Receipt(receipt, asked) => {
                    let missing = self.missing_methods(*asked)?;
                    self.v3(&ex, &missing, Some(&receipt)).await?
                }
                token @ Issued::Token(..) => token,
            },
        };
        match issued {
            Issued::Token(secret, body) => {
                let identity = base_text(&self.base);
                Ok(answer::token(secret, &body, &identity, version.api().0, ex.clock().wall()))
            }
            Issued::Receipt(_, asked) => Err(*asked),
        }
    }

    /// The provider's word, then the scope.
    async fn openid(&self, ex: &Exchange) -> Result<Issued> {
        let [Method::OpenId(federation)] = &self.methods[..] else {
            return Err(missing(&["identity_provider"]));
        };
        match (federation.login(ex).await?, &self.scope) {
            (issued, Scope::Unsaid | Scope::Unscoped) => Ok(issued),
            (Issued::Token(secret, _), _) => self.v3(ex, &[&Method::Token(secret)], None).await,
            (receipt, _) => Ok(receipt),
        }
    }

    async fn v2(&self, ex: &Exchange, methods: &[&Method]) -> Result<Issued> {
        if let Some(domain) = self.domains().find(|domain| !domain.is_default()) {
            let message = format!("identity v2.0 knows only the default domain, not {domain:?}");
            return Err(Error::new(ErrorKind::Unsupported, message).with_hint("use the URL of v3"));
        }
        let mut draft = ex.op(&ops::TOKEN_ISSUE).json(&request::v2(methods, &self.scope)?);
        if let [Method::Token(token)] = methods {
            draft = draft.header_text(HeaderName::from_static(TOKEN), token.expose());
        }
        draft.call(answer::v2).await
    }

    async fn v3(&self, ex: &Exchange, methods: &[&Method], receipt: Option<&Secret>) -> Result<Issued> {
        let body = request::v3(methods, &self.scope, self.default_domain.as_ref(), ex.clock().wall())?;
        let mut draft = ex.op(&ops::TOKEN_ISSUE).json(&body).accept(answer::is_step);
        if let Some(receipt) = receipt {
            draft = draft.header_text(HeaderName::from_static(RECEIPT), receipt.expose());
        }
        let token = matches!(methods, [Method::Token(_)]);
        draft.call(answer::v3).await.map_err(|error| if token { cannot_renew(error) } else { error })
    }

    /// The methods that were kept back and satisfy one of the rules.
    fn missing_methods(&self, asked: Error) -> Result<Vec<&Method>> {
        use crate::error::ErrorExt;
        let done: Vec<String> = asked
            .api()
            .and_then(|api| api.raw.as_ref())
            .and_then(|raw| serde_json::from_value(raw["receipt"]["methods"].clone()).ok())
            .unwrap_or_else(|| self.methods.iter().map(|method| method.wire_name().to_owned()).collect());
        let rules = asked.required_methods();
        for rule in &rules {
            let wanted: Vec<&String> = rule.iter().filter(|method| !done.contains(method)).collect();
            let held: Vec<&Method> = wanted
                .iter()
                .filter_map(|name| self.later.iter().find(|method| method.wire_name() == name.as_str()))
                .collect();
            if !held.is_empty() && held.len() == wanted.len() {
                return Ok(held);
            }
        }
        let shown: Vec<String> = rules.iter().map(|rule| rule.join(" + ")).collect();
        Err(asked.with_hint(format!("the service accepts: {}", shown.join(", or "))))
    }

    /// Headers, catalog and resolved endpoints of a token, kept until another one comes.
    pub(crate) fn placed(&self, token: &Token) -> Result<Arc<Placed>> {
        let held = self.placed.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(placed) = held.filter(|placed| placed.is_of(token)) {
            return Ok(placed);
        }
        let placed = Arc::new(Placed::new(token, &self.overrides, &self.names)?);
        *self.placed.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&placed));
        Ok(placed)
    }
}

/// The header of a token.
pub(crate) const TOKEN: &str = "x-auth-token";

/// A token cannot renew itself: its successor would end with it.
fn cannot_renew(error: Error) -> Error {
    match error.status() {
        Some(StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED) => error.with_hint(
            "the token has ended or was revoked, and a login by token cannot be renewed: log in again",
        ),
        _ => error,
    }
}

impl TokenSource for Keystone {
    fn fetch<'a>(&'a self, ex: &'a Exchange, stale: Option<&'a Token>) -> BoxFuture<'a, Result<Token>> {
        Box::pin(self.login(ex, stale))
    }

    fn place(&self, token: &Token, request: &mut Request) -> Result<()> {
        let placed = self.placed(token)?;
        request.headers.insert(const { HeaderName::from_static(TOKEN) }, placed.header());
        if let Target::Service { .. } = &request.target
            && let Some(url) = placed.resolve(&request.target)?
        {
            request.target = Target::Url(url);
        }
        Ok(())
    }

    /// The same token may have come with another catalog (OpenStack reference A7, row 9).
    fn is_other(&self, new: &Token, old: &Token) -> bool {
        new.secret != old.secret || Access::of(new).catalog() != Access::of(old).catalog()
    }
}

impl fmt::Debug for Keystone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keystone")
            .field("auth_url", &self.auth_url)
            .field("methods", &self.methods)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_user_scope_or_secret_is_another_key_and_the_key_shows_none_of_them() {
        let login =
            |user: &str, password: &str| Keystone::password("http://h/v3", User::id(user), password).unwrap();
        let key = login("u", "canary").key();
        assert_eq!(key, login("u", "canary").key());
        assert_ne!(key, login("v", "canary").key());
        assert_ne!(key, login("u", "other").key());
        assert_ne!(key, login("u", "canary").scope(Scope::System).key());
        assert!(!key.contains("canary") && !format!("{:?}", login("u", "canary")).contains("canary"));
    }
}
