//! From API key and options to a client.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use pentad_core::auth::{Anonymous, StaticHeader};
use pentad_core::{
    Authorize, Clock, Error, ErrorKind, Limits, Observer, Redirect, Result, RetryPolicy, Secret, Session,
    SessionBuilder, Target, Transport,
};
use pentad_openapi::Document;
use pentad_transport::{HyperTransport, SystemClock, TlsOptions};

use crate::client::{Client, Inner};
use crate::log::{Logged, RequestLog};
use crate::specs::{Specs, Validate};
use crate::{error, ops, retry};

/// The service's own endpoint.
pub const ENDPOINT: &str = "https://api.connect.cloudblue.com/public/v1";
/// Where the service's OpenAPI document is published.
pub const SPECS: &str = "https://apispec.connect.cloudblue.com/connect-openapi30.yml";
/// The size of pages unless another is set.
pub const PAGE_SIZE: u32 = 100;

/// A client in the making; see [`Client::new`].
///
/// | original | here |
/// | --- | --- |
/// | `api_key` | [`Client::new`] |
/// | `endpoint` | [`endpoint`](Self::endpoint) |
/// | `use_specs`, `specs_location` | [`specs`](Self::specs), then [`open`](Self::open) for a URL |
/// | `validate_using_specs` | [`validate`](Self::validate) |
/// | `default_headers` | [`header`](Self::header) |
/// | `default_limit` | [`page_size`](Self::page_size) |
/// | `max_retries` | [`max_retries`](Self::max_retries), or any policy with [`retry`](Self::retry) |
/// | `logger` | [`log`](Self::log), [`observer`](Self::observer) |
/// | `timeout` | [`timeout`](Self::timeout), [`limits`](Self::limits) |
/// | `resourceset_append` | nothing is kept: [`collect`](crate::ResourceSet::collect) keeps all, [`items`](crate::ResourceSet::items) nothing |
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    credential: Credential,
    endpoint: String,
    tls: Option<TlsOptions>,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    retry: Option<RetryPolicy>,
    limits: Limits,
    redirect: Redirect,
    headers: Vec<(HeaderName, HeaderValue)>,
    observers: Vec<Arc<dyn Observer>>,
    log: Option<RequestLog>,
    page_size: u32,
    specs: Option<Specs>,
    validate: Option<Validate>,
}

#[derive(Debug, Clone)]
enum Credential {
    Key(Secret),
    Other(Arc<dyn Authorize>),
}

impl ClientBuilder {
    pub(crate) fn new(api_key: Secret) -> Self {
        Self {
            credential: Credential::Key(api_key),
            endpoint: String::new(),
            tls: None,
            transport: None,
            clock: None,
            retry: None,
            limits: Limits {
                connect: Duration::from_secs(15),
                idle: Duration::from_secs(180),
                attempt: None,
                total: Duration::from_secs(600),
            },
            redirect: Redirect::AnyWithoutCredentials,
            headers: Vec::new(),
            observers: Vec::new(),
            log: None,
            page_size: PAGE_SIZE,
            specs: None,
            validate: None,
        }
    }

    /// Sets the base URL. Default, also for an empty text: [`ENDPOINT`]. A slash at its end does not count.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = url.into();
        self
    }

    /// Speaks without a credential, or with one that something else puts into requests.
    pub fn authorize(mut self, authorize: Arc<dyn Authorize>) -> Self {
        self.credential = Credential::Other(authorize);
        self
    }

    /// Speaks without a credential.
    pub fn anonymous(self) -> Self {
        self.authorize(Arc::new(Anonymous))
    }

    /// Uses an OpenAPI document, for help and for checks before sending.
    pub fn specs(mut self, specs: impl Into<Specs>) -> Self {
        self.specs = Some(specs.into());
        self
    }

    /// Sets what is checked against the document. Default with a document: that method and path exist.
    pub const fn validate(mut self, validate: Validate) -> Self {
        self.validate = Some(validate);
        self
    }

    /// Sets a header that every request carries. A credential among them is refused by [`build`](Self::build).
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sets the size of pages where a resource set says nothing. Default, also for 0: [`PAGE_SIZE`].
    pub const fn page_size(mut self, size: u32) -> Self {
        self.page_size = if size == 0 { PAGE_SIZE } else { size };
        self
    }

    /// Repeats as the original does, at most so many times: [`retry::original`].
    pub fn max_retries(self, retries: u32) -> Self {
        self.retry(retry::original(retries))
    }

    /// Sets when calls are sent again. Default: what is safe to repeat, up to 4 attempts.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets how long connecting and how long the service's silence may take. Default 15 s and 180 s, as in the original.
    pub const fn timeout(mut self, connect: Duration, silence: Duration) -> Self {
        self.limits.connect = connect;
        self.limits.idle = silence;
        self
    }

    /// Sets all time limits.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets what happens with redirects. Default: followed anywhere, to another origin without the credential. Some
    /// documents of the service lie elsewhere.
    pub const fn redirect(mut self, redirect: Redirect) -> Self {
        self.redirect = redirect;
        self
    }

    /// Writes requests and answers to a log, secrets hidden.
    pub fn log(mut self, log: RequestLog) -> Self {
        self.log = Some(log);
        self
    }

    /// Adds an observer of calls.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.push(observer);
        self
    }

    /// Also trusts the certificate authorities of a PEM file.
    pub fn ca(mut self, pem_file: impl Into<PathBuf>) -> Self {
        self.tls = Some(self.tls.unwrap_or_default().ca_file(pem_file));
        self
    }

    /// Accepts any server certificate: anyone on the way can read and change what is sent.
    pub fn insecure(mut self, insecure: bool) -> Self {
        if insecure || self.tls.is_some() {
            self.tls = Some(self.tls.unwrap_or_default().insecure(insecure));
        }
        self
    }

    /// Sends over this transport; [`ca`](Self::ca) and [`insecure`](Self::insecure) have no effect on it.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Takes time and chance from this clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Finishes the client. Nothing is sent; a document in a file is read.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for an endpoint that is none, an empty key, a credential among the default headers,
    /// TLS files that cannot be read, or a document that cannot be used or has to be fetched (that does
    /// [`open`](Self::open)).
    pub fn build(self) -> Result<Client> {
        let document = self.specs.as_ref().map(Specs::here).transpose()?;
        self.finish(document)
    }

    /// Finishes the client and fetches its document if that lies at a URL; without credential.
    ///
    /// # Errors
    /// As [`build`](Self::build), and those of the fetch.
    pub async fn open(mut self) -> Result<Client> {
        let Some(specs) = self.specs.take() else { return self.build() };
        let bare = self.clone().finish(None)?;
        let document = specs.load(bare.session()).await?;
        self.finish(Some(document))
    }

    fn finish(self, document: Option<Document>) -> Result<Client> {
        let endpoint = self.endpoint.trim().trim_end_matches('/');
        let target = Target::parse(if endpoint.is_empty() { ENDPOINT } else { endpoint })?;
        let clock = self.clock.clone().unwrap_or_else(|| Arc::new(SystemClock));
        let session = self.settle(Session::builder(self.way()?, clock, target))?.build();
        let validate = self.validate.unwrap_or(Validate::Paths);
        Ok(Client::from_inner(Inner { session, page_size: self.page_size, document, validate }))
    }

    fn way(&self) -> Result<Arc<dyn Transport>> {
        let transport: Arc<dyn Transport> = match (&self.transport, &self.tls) {
            (Some(transport), _) => Arc::clone(transport),
            (None, None) => pentad_transport::shared()?,
            (None, Some(tls)) => Arc::new(HyperTransport::builder().tls(tls.clone()).build()?),
        };
        Ok(match &self.log {
            Some(log) => Arc::new(Logged::new(transport, log.clone())),
            None => transport,
        })
    }

    fn settle(&self, session: SessionBuilder) -> Result<SessionBuilder> {
        let authorize: Arc<dyn Authorize> = match &self.credential {
            Credential::Key(key) if key.is_empty() => {
                return Err(Error::new(ErrorKind::Config, "the API key is empty"));
            }
            Credential::Key(key) => Arc::new(StaticHeader::new(AUTHORIZATION, key.clone())),
            Credential::Other(authorize) => Arc::clone(authorize),
        };
        if self.headers.iter().any(|(name, _)| *name == AUTHORIZATION) {
            return Err(Error::new(ErrorKind::Config, "the default headers must not contain Authorization")
                .with_hint("the API key is sent there"));
        }
        let session = session.api(ops::V1).details(error::details).authorize(authorize).limits(self.limits);
        let session = session.redirect(self.redirect);
        let session = match &self.retry {
            Some(policy) => session.retry(policy.clone()),
            None => session,
        };
        let headers = self.headers.iter().cloned();
        let session = headers.fold(session, |session, (name, value)| session.header(name, value));
        let observers = self.observers.iter().cloned();
        Ok(observers.fold(session, SessionBuilder::observer))
    }
}
