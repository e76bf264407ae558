//! Logins through an OpenID Connect provider (OpenStack reference B16).

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use pentad_core::auth::sensitive;
use pentad_core::{Body, Draft, Error, ErrorKind, Op, Result, Secret, Target, auth::Exchange, decode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::answer::{self, Issued};
use super::device::{DeviceGrant, DevicePrompt};
use super::pkce::Pkce;
use crate::error::{details, missing};
use crate::ops;

/// Unreserved characters stand for themselves in a form.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A login through an OpenID Connect provider that Keystone trusts.
#[derive(Clone)]
pub struct Federation {
    pub(super) identity_provider: String,
    pub(super) protocol: String,
    pub(super) grant: Grant,
    pub(super) client_id: String,
    pub(super) client_secret: Option<Secret>,
    pub(super) scope: String,
    pub(super) discovery: Option<String>,
    pub(super) token_url: Option<String>,
    pub(super) device_url: Option<String>,
    pub(super) pkce: Option<Pkce>,
}

/// How the provider is convinced.
#[derive(Clone)]
#[non_exhaustive]
pub enum Grant {
    /// By the client's own secret.
    ClientCredentials,
    /// By a user's name and password at the provider.
    Password(String, Secret),
    /// It was already: here is its access token.
    AccessToken(Secret),
    /// By a person with a browser, who was sent to [`Federation::authorization_url`] and came back to `redirect_uri` with
    /// a code. It is good for one login.
    Code {
        /// Where the person was sent back to.
        redirect_uri: String,
        /// What came back with them.
        code: Secret,
    },
    /// By a person with a browser; the function is told where to send them. It must not block.
    Device(std::sync::Arc<dyn Fn(&DevicePrompt) + Send + Sync>),
}

impl Grant {
    const fn name(&self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::Password(..) => "password",
            Self::AccessToken(_) => "access_token",
            Self::Code { .. } => "authorization_code",
            Self::Device(_) => "device_code",
        }
    }
}

impl Federation {
    /// A login through a provider and protocol, by the names that Keystone has for them.
    pub fn new(identity_provider: &str, protocol: &str, grant: Grant) -> Self {
        Self {
            identity_provider: identity_provider.to_owned(),
            protocol: protocol.to_owned(),
            grant,
            client_id: String::new(),
            client_secret: None,
            scope: "openid profile".to_owned(),
            discovery: None,
            token_url: None,
            device_url: None,
            pkce: None,
        }
    }

    /// Sets the client that the provider knows us as.
    #[must_use]
    pub fn client(mut self, id: &str, secret: Option<Secret>) -> Self {
        id.clone_into(&mut self.client_id);
        self.client_secret = secret;
        self
    }

    /// Sets what is asked of the provider; `openid profile` by default.
    #[must_use]
    pub fn scope(mut self, scope: &str) -> Self {
        scope.clone_into(&mut self.scope);
        self
    }

    /// Finds the provider's endpoints in its `.well-known/openid-configuration`.
    #[must_use]
    pub fn discovery(mut self, url: &str) -> Self {
        self.discovery = Some(url.to_owned());
        self
    }

    /// Sets the provider's token endpoint.
    #[must_use]
    pub fn token_endpoint(mut self, url: &str) -> Self {
        self.token_url = Some(url.to_owned());
        self
    }

    /// Sets the provider's device authorization endpoint.
    #[must_use]
    pub fn device_endpoint(mut self, url: &str) -> Self {
        self.device_url = Some(url.to_owned());
        self
    }

    /// Proves to the provider that who began the login ends it, where a person is asked (RFC 7636).
    #[must_use]
    pub fn pkce(mut self, pkce: Pkce) -> Self {
        self.pkce = Some(pkce);
        self
    }

    /// Where to send a person for a login by [`Grant::Code`]. `endpoint` is the provider's authorization endpoint; `state`
    /// is to come back unchanged.
    pub fn authorization_url(&self, endpoint: &str, redirect_uri: &str, state: &str) -> String {
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", redirect_uri),
            ("scope", self.scope.as_str()),
            ("state", state),
        ];
        if let Some(pkce) = &self.pkce {
            pairs.extend([("code_challenge", pkce.challenge()), ("code_challenge_method", "S256")]);
        }
        let mark = if endpoint.contains('?') { '&' } else { '?' };
        format!("{endpoint}{mark}{}", encoded(&pairs))
    }

    pub(super) fn identity(&self) -> Vec<(String, String)> {
        let part = |what: &str, value: &str| (format!("openid.{what}"), value.to_owned());
        let mut parts = vec![
            part("identity_provider", &self.identity_provider),
            part("protocol", &self.protocol),
            part("client_id", &self.client_id),
            part("client_secret", self.client_secret.as_ref().map_or("", Secret::expose)),
            part("scope", &self.scope),
            part("grant", self.grant.name()),
            part("discovery", self.discovery.as_deref().unwrap_or_default()),
            part("token_url", self.token_url.as_deref().unwrap_or_default()),
            part("device_url", self.device_url.as_deref().unwrap_or_default()),
        ];
        match &self.grant {
            Grant::Password(user, password) => {
                parts.push(part("username", user));
                parts.push(part("password", password.expose()));
            }
            Grant::AccessToken(token) => parts.push(part("access_token", token.expose())),
            // A code is another one each time.
            Grant::ClientCredentials | Grant::Device(_) | Grant::Code { .. } => {}
        }
        parts
    }

    /// A token without scope. `ex` goes to Keystone.
    pub(super) async fn login(&self, ex: &Exchange) -> Result<Issued> {
        let access = self.access_token(ex).await?;
        let bearer = sensitive(&format!("Bearer {}", access.expose())).ok_or_else(|| {
            Error::new(ErrorKind::Decode, "the provider's token has characters that cannot be sent")
        })?;
        self.draft(ex).header(AUTHORIZATION, bearer).call(answer::v3).await
    }

    /// What is asked of Keystone, but for the provider's word.
    pub(super) fn draft(&self, ex: &Exchange) -> Draft {
        ex.op(&ops::FEDERATION_AUTH).arg("provider", &self.identity_provider).arg("protocol", &self.protocol)
    }

    async fn access_token(&self, ex: &Exchange) -> Result<Secret> {
        let answer = match &self.grant {
            Grant::AccessToken(token) => return Ok(token.clone()),
            Grant::ClientCredentials => {
                let url = self.endpoint(ex, "token_endpoint", self.token_url.as_ref()).await?;
                let form = [("grant_type", "client_credentials"), ("scope", self.scope.as_str())];
                self.post(ex, &ops::OIDC_TOKEN, &url, &form).await?
            }
            Grant::Password(user, password) => {
                let url = self.endpoint(ex, "token_endpoint", self.token_url.as_ref()).await?;
                let form = [
                    ("grant_type", "password"),
                    ("username", user.as_str()),
                    ("password", password.expose()),
                    ("scope", self.scope.as_str()),
                ];
                self.post(ex, &ops::OIDC_TOKEN, &url, &form).await?
            }
            Grant::Code { redirect_uri, code } => {
                let url = self.endpoint(ex, "token_endpoint", self.token_url.as_ref()).await?;
                let mut form = vec![
                    ("grant_type", "authorization_code"),
                    ("redirect_uri", redirect_uri.as_str()),
                    ("code", code.expose()),
                ];
                form.extend(self.verifier());
                if self.client_secret.is_none() {
                    form.push(("client_id", &self.client_id));
                }
                self.post(ex, &ops::OIDC_TOKEN, &url, &form).await?
            }
            Grant::Device(show) => self.by_device(ex, show.as_ref()).await?,
        };
        answer["access_token"].as_str().map(Secret::new).ok_or_else(|| refused(&answer))
    }

    async fn by_device(&self, ex: &Exchange, show: &(dyn Fn(&DevicePrompt) + Send + Sync)) -> Result<Value> {
        let start = self.endpoint(ex, "device_authorization_endpoint", self.device_url.as_ref()).await?;
        let url = self.endpoint(ex, "token_endpoint", self.token_url.as_ref()).await?;
        let mut form = vec![("client_id", self.client_id.as_str()), ("scope", self.scope.as_str())];
        if let Some(pkce) = &self.pkce {
            form.extend([("code_challenge", pkce.challenge()), ("code_challenge_method", "S256")]);
        }
        let begun = self.post(ex, &ops::OIDC_DEVICE, &start, &form).await?;
        let mut grant = DeviceGrant::read(&begun).ok_or_else(|| refused(&begun))?;
        show(&grant.prompt);
        loop {
            let pause = grant.pause().ok_or_else(|| {
                Error::new(ErrorKind::Timeout, "nobody confirmed the login in time")
                    .with_op(ops::OIDC_DEVICE.id)
            })?;
            ex.clock().sleep(pause).await;
            let mut form = vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                ("device_code", grant.code.expose()),
                ("client_id", self.client_id.as_str()),
            ];
            form.extend(self.verifier());
            let answer = self.post(ex, &ops::OIDC_TOKEN, &url, &form).await?;
            match answer["error"].as_str() {
                Some("authorization_pending") => {}
                Some("slow_down") => grant.slow_down(),
                _ => return Ok(answer),
            }
        }
    }

    fn verifier(&self) -> Option<(&str, &str)> {
        self.pkce.as_ref().map(|pkce| ("code_verifier", pkce.verifier().expose()))
    }

    async fn endpoint(&self, ex: &Exchange, name: &'static str, known: Option<&String>) -> Result<String> {
        if let Some(url) = known {
            return Ok(url.clone());
        }
        let Some(discovery) = &self.discovery else { return Err(missing(&["discovery_endpoint"])) };
        let ex = at(ex, discovery)?;
        let document: Value = ex.op(&ops::OIDC_DISCOVERY).call(decode::json).await?;
        document[name].as_str().map(str::to_owned).ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("the provider's discovery document has no {name}"))
        })
    }

    /// Sends a form as the client. A 400 is an answer too: its `error` says what to do.
    async fn post(&self, ex: &Exchange, op: &'static Op, url: &str, form: &[(&str, &str)]) -> Result<Value> {
        let text = encoded(form);
        let mut draft = at(ex, url)?
            .op(op)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .body(Body::Bytes(text.into()))
            .accept(|status, _| status == StatusCode::BAD_REQUEST);
        if let Some(secret) = &self.client_secret {
            let encoded = |text: &str| utf8_percent_encode(text, FORM).to_string();
            let pair = format!("{}:{}", encoded(&self.client_id), encoded(secret.expose()));
            if let Some(basic) = sensitive(&format!("Basic {}", STANDARD.encode(pair))) {
                draft = draft.header(AUTHORIZATION, basic);
            }
        }
        draft.call(decode::json).await
    }
}

/// A form.
fn encoded(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, FORM));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The pipeline towards exactly a URL.
fn at(ex: &Exchange, url: &str) -> Result<Exchange> {
    let target = Target::parse(url.trim_end_matches('/'))?;
    let api = if url.ends_with('/') { ops::FOLDER } else { ops::EXACT };
    let json = HeaderValue::from_static("application/json");
    Ok(ex.with(|session| session.target(target).api(api).details(details).header(ACCEPT, json)))
}

/// What the provider says against it; never what it was told.
fn refused(answer: &Value) -> Error {
    let text = |name: &str| answer[name].as_str();
    let why =
        text("error_description").or_else(|| text("error")).unwrap_or("there is no token in its answer");
    Error::new(ErrorKind::Unauthenticated, format!("the identity provider refused: {why}"))
        .with_op(ops::OIDC_TOKEN.id)
}

impl fmt::Debug for Federation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Federation")
            .field("identity_provider", &self.identity_provider)
            .field("protocol", &self.protocol)
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The shortest pause between questions about a device.
pub(super) const POLL: Duration = Duration::from_secs(5);
