//! Where a token or an endpoint is given and nobody is to be asked.

use std::fmt;

use futures_core::future::BoxFuture;
use http::{HeaderName, HeaderValue};
use pentad_core::auth::{Stamp, sensitive};
use pentad_core::{Authorize, Error, ErrorKind, Request, Result, Secret, Target, auth::Exchange};

use super::keystone::TOKEN;

/// A token that is sent as it is, an endpoint that serves every service type, or both; nothing is ever renewed
/// (`admin_token`, `token_endpoint` and `none` of the original).
#[derive(Clone)]
pub struct FixedEndpoint {
    header: Option<HeaderValue>,
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
        if let Some(header) = &self.header {
            request.headers.insert(HeaderName::from_static(TOKEN), header.clone());
        }
        if let (Target::Service { .. }, Some(endpoint)) = (&request.target, &self.endpoint) {
            request.target = endpoint.clone();
        }
    }
}

fn header(token: &Secret) -> Result<HeaderValue> {
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
