//! From API key and options to a client.

use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use pentad_core::auth::{Anonymous, StaticHeader};
use pentad_core::{
    Authorize, Error, ErrorKind, Limits, Redirect, Result, Secret, SessionBuilder, Target, Transport,
};
use pentad_openapi::Document;
use pentad_transport::{Wired, Wiring};

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

/// As good as no limit: some 136 years.
const NEVER: Duration = Duration::from_secs(u32::MAX as u64);

/// A client in the making; see [`Client::new`].
///
/// | original | here |
/// | --- | --- |
/// | `api_key` | [`Client::new`] |
/// | `endpoint` | [`endpoint`](Self::endpoint) |
/// | `use_specs`, `specs_location` | [`specs`](Self::specs), then [`open`](Self::open) for a URL |
/// | `validate_using_specs` | [`validate`](Self::validate) |
/// | `default_headers` | [`header`](Self::header); a credential among them is refused |
/// | `default_limit` | [`page_size`](Self::page_size) |
/// | `max_retries` | [`max_retries`](Self::max_retries), or any policy with [`retry`](Self::retry); default: what is safe to repeat, up to 4 attempts |
/// | `logger` | [`log`](Self::log), [`observer`](Self::observer) |
/// | `timeout` | [`timeout`](Self::timeout), [`limits`](Self::limits) |
/// | `resourceset_append` | nothing is kept: [`collect`](crate::ResourceSet::collect) keeps all, [`items`](crate::ResourceSet::items) nothing |
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    credential: Credential,
    endpoint: String,
    wiring: Wiring,
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

impl Wired for ClientBuilder {
    fn wiring(&mut self) -> &mut Wiring {
        &mut self.wiring
    }
}

impl ClientBuilder {
    pub(crate) fn new(api_key: Secret) -> Self {
        let mut wiring = Wiring::new();
        wiring.set_redirect(Redirect::AnyWithoutCredentials);
        wiring.set_limits(Limits {
            connect: Duration::from_secs(15),
            idle: Duration::from_secs(180),
            attempt: None,
            total: Duration::from_secs(600),
        });
        Self {
            credential: Credential::Key(api_key),
            endpoint: String::new(),
            wiring,
            log: None,
            page_size: PAGE_SIZE,
            specs: None,
            validate: None,
        }
    }

    pentad_transport::wiring_setters!();

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

    /// Sets the size of pages where a resource set says nothing. Default, also for 0: [`PAGE_SIZE`].
    pub const fn page_size(mut self, size: u32) -> Self {
        self.page_size = if size == 0 { PAGE_SIZE } else { size };
        self
    }

    /// Repeats as the original does, at most so many times: [`retry::original`].
    pub fn max_retries(self, retries: u32) -> Self {
        self.retry(retry::original(retries))
    }

    /// Sets how long connecting and how long the service's silence may take. Default 15 s and 180 s, as in the original; one
    /// number of the original is both. For its `None`, no limit, give [`Duration::MAX`] twice; the limit of a whole call, 10
    /// minutes unless [`limits`](Self::limits) says otherwise, stays.
    pub fn timeout(mut self, connect: Duration, silence: Duration) -> Self {
        // Clocks cannot add what a duration can hold.
        let (connect, idle) = (connect.min(NEVER), silence.min(NEVER));
        let limits = self.wiring.limits();
        self.wiring.set_limits(Limits { connect, idle, ..limits });
        self
    }

    /// Sets what happens with redirects. Default: followed anywhere, to another origin without the credential. Some
    /// documents of the service lie elsewhere.
    pub fn redirect(mut self, redirect: Redirect) -> Self {
        self.wiring.set_redirect(redirect);
        self
    }

    /// Writes requests and answers to a log, secrets hidden.
    pub fn log(mut self, log: RequestLog) -> Self {
        self.log = Some(log);
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

    /// Finishes the client and fetches its document if that lies at a URL; without credential. The document is parsed
    /// aside: no task of the runtime waits for that.
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
        let session = self.settle(self.wiring.start(self.way()?, target))?.build();
        let validate = self.validate.unwrap_or(Validate::Paths);
        Ok(Client::from_inner(Inner { session, page_size: self.page_size, document, validate }))
    }

    fn way(&self) -> Result<Arc<dyn Transport>> {
        let transport = self.wiring.transport()?;
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
        if self.wiring.headers().iter().any(|(name, _)| *name == AUTHORIZATION) {
            return Err(Error::new(ErrorKind::Config, "the default headers must not contain Authorization")
                .with_hint("the API key is sent there"));
        }
        Ok(self.wiring.settle(session.api(ops::V1).details(error::details).authorize(authorize)))
    }
}
