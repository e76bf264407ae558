//! Where a token or an endpoint is given and nobody is to be asked.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_core::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use pentad_core::auth::{Stamp, sensitive};
use pentad_core::{Authorize, Error, ErrorKind, Request, Result, Secret, Target, auth::Exchange};

use super::keystone::TOKEN;

/// A credential that is sent as it is, an endpoint that serves every service type, or both; nothing is ever renewed
/// (`admin_token`, `token_endpoint`, `http_basic` and `none` of the original).
#[derive(Clone)]
pub struct FixedEndpoint {
    header: Option<(HeaderName, HeaderValue)>,
    endpoint: Option<Target>,
}

impl FixedEndpoint {
    /// Sends this token to this endpoint.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the endpoint is no URL or the token cannot be sent.
    pub fn new(token: &Secret, endpoint: &str) -> Result<Self> {
        Ok(Self { header: Some(header(token)?), endpoint: Some(Target::parse(endpoint)?) })
    }

    /// Sends a name and a password with each request, to this endpoint or wherever the calls go.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the endpoint is no URL.
    pub fn basic(username: &str, password: &Secret, endpoint: Option<&str>) -> Result<Self> {
        let pair = Secret::new(format!("{username}:{}", password.expose()));
        let value = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
        let endpoint = endpoint.map(Target::parse).transpose()?;
        Ok(Self { header: Some((AUTHORIZATION, sendable(&value)?)), endpoint })
    }

    /// Sends no token.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the endpoint is no URL.
    pub fn anonymous(endpoint: &str) -> Result<Self> {
        Ok(Self { header: None, endpoint: Some(Target::parse(endpoint)?) })
    }

    /// Sends this token wherever the calls go.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the token cannot be sent.
    pub fn token(token: &Secret) -> Result<Self> {
        Ok(Self { header: Some(header(token)?), endpoint: None })
    }

    fn place(&self, request: &mut Request) {
        if let Some((name, value)) = &self.header {
            request.headers.insert(name.clone(), value.clone());
        }
        if let (Target::Service { .. }, Some(endpoint)) = (&request.target, &self.endpoint) {
            request.target = endpoint.clone();
        }
    }
}

fn header(token: &Secret) -> Result<(HeaderName, HeaderValue)> {
    Ok((HeaderName::from_static(TOKEN), sendable(token)?))
}

fn sendable(token: &Secret) -> Result<HeaderValue> {
    sensitive(token.expose()).filter(|_| !token.is_empty()).ok_or_else(|| {
        Error::new(ErrorKind::Config, "the token is empty or has characters that cannot be sent")
    })
}

impl Authorize for FixedEndpoint {
    fn authorize<'a>(&'a self, _: &'a Exchange, request: &'a mut Request) -> BoxFuture<'a, Result<Stamp>> {
        self.place(request);
        Box::pin(std::future::ready(Ok(Stamp::default())))
    }

    fn renew<'a>(&'a self, _: &'a Exchange, _: Stamp) -> BoxFuture<'a, Result<bool>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    fn preview(&self, request: &mut Request) {
        self.place(request);
    }
}

impl fmt::Debug for FixedEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedEndpoint").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
