//! From endpoint and credential to a client.

use std::path::PathBuf;
use std::sync::Arc;

use http::header::ACCEPT;
use http::{HeaderName, HeaderValue};
use pentad_core::{
    Authorize, Clock, Error, ErrorKind, Limits, Observer, Result, RetryPolicy, Secret, Session,
    SessionBuilder, Target, Transport,
};
use pentad_openstack::auth::FixedEndpoint;
use pentad_openstack::{CloudAuth, Keystone};
use pentad_transport::{HyperTransport, SystemClock, TlsOptions};

use crate::client::{Client, Inner};
use crate::{error, ops};

/// Type of the service in a catalog.
pub const SERVICE_TYPE: &str = "database";
const OBJECT_STORE: &str = "object-store";
const WORKFLOW: &str = "workflow";

/// A client in the making; see [`Client::new`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    url: String,
    authorize: Option<Arc<dyn Authorize>>,
    has_catalog: bool,
    region: Option<String>,
    interface: String,
    object_store: Option<String>,
    workflow: Option<String>,
    tls: TlsOptions,
    plain_tls: bool,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    retry: Option<RetryPolicy>,
    limits: Option<Limits>,
    headers: Vec<(HeaderName, HeaderValue)>,
    observers: Vec<Arc<dyn Observer>>,
    fault: Option<Arc<Error>>,
}

impl ClientBuilder {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            authorize: None,
            has_catalog: false,
            region: None,
            interface: "public".to_owned(),
            object_store: None,
            workflow: None,
            tls: TlsOptions::new(),
            plain_tls: true,
            transport: None,
            clock: None,
            retry: None,
            limits: None,
            headers: Vec::new(),
            observers: Vec::new(),
            fault: None,
        }
    }

    /// The client over a session that knows where the service is.
    pub(crate) fn over(session: &Session) -> Client {
        let session = session.with(settled);
        let target = session.target().clone();
        let beside = |service_type: &'static str| match &target {
            Target::Service { interface, region, .. } => Target::Service {
                service_type: service_type.into(),
                interface: interface.clone(),
                region: region.clone(),
                version: None,
            },
            _ => catalog(service_type, "public", None),
        };
        let (object_store, workflow) = (beside(OBJECT_STORE), beside(WORKFLOW));
        Client::from_inner(Inner { host: host(&target), session, object_store, workflow })
    }

    /// Speaks with a token that is there already. It cannot be renewed.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        match FixedEndpoint::token(&token.into()) {
            Ok(fixed) => Self { has_catalog: false, ..self.authorize(Arc::new(fixed)) },
            Err(error) => {
                self.fault.get_or_insert_with(|| Arc::new(error));
                self
            }
        }
    }

    /// Lets another authorizer put the credential into requests, such as a [`CloudAuth`] that clients of several services
    /// share. It also finds the endpoint when the client was made without a URL.
    pub fn authorize(mut self, authorize: Arc<dyn Authorize>) -> Self {
        self.authorize = Some(authorize);
        self.has_catalog = true;
        self
    }

    /// Logs in at Keystone, and finds the service in its catalog when the client was made without a URL.
    pub fn keystone(self, keystone: Keystone) -> Self {
        self.authorize(Arc::new(CloudAuth::new(keystone)))
    }

    /// Looks in this region of the catalog.
    pub fn region(mut self, name: impl Into<String>) -> Self {
        self.region = Some(name.into());
        self
    }

    /// Looks for this interface in the catalog. Default `public`.
    pub fn interface(mut self, name: impl Into<String>) -> Self {
        self.interface = name.into();
        self
    }

    /// Where the object store is that holds published logs, account included. Default: what the catalog says.
    pub fn object_store(mut self, url: impl Into<String>) -> Self {
        self.object_store = Some(url.into());
        self
    }

    /// Where the workflow service is that holds schedules of backups, version included. Default: what the catalog says.
    pub fn workflow(mut self, url: impl Into<String>) -> Self {
        self.workflow = Some(url.into());
        self
    }

    /// Also trusts the certificate authorities of a PEM file.
    pub fn ca(mut self, pem_file: impl Into<PathBuf>) -> Self {
        self.tls = self.tls.ca_file(pem_file);
        self.plain_tls = false;
        self
    }

    /// Accepts any server certificate: anyone on the way can read and change what is sent.
    pub fn insecure(mut self, insecure: bool) -> Self {
        self.tls = self.tls.insecure(insecure);
        self.plain_tls &= !insecure;
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

    /// Sets when calls are sent again. The Python client sends once: [`RetryPolicy::none`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets the time limits of calls.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Sets a header that every request carries.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds an observer of calls.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.push(observer);
        self
    }

    /// Finishes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for a URL that is none, no URL without a login that has a catalog, a token that cannot
    /// be sent, TLS files that cannot be read.
    pub fn build(self) -> Result<Client> {
        if let Some(fault) = &self.fault {
            return Err(Error::new(fault.kind(), fault.message().to_owned()));
        }
        let target = self.place(&self.url, SERVICE_TYPE)?;
        if let (Target::Service { .. }, false) = (&target, self.has_catalog) {
            return Err(Error::new(ErrorKind::Config, "no URL was given and no catalog can tell one")
                .with_hint("give the endpoint of the service, or a login with a catalog"));
        }
        let object_store = self.place(self.object_store.as_deref().unwrap_or_default(), OBJECT_STORE)?;
        let workflow = self.place(self.workflow.as_deref().unwrap_or_default(), WORKFLOW)?;
        let transport = match self.transport {
            Some(transport) => transport,
            None if self.plain_tls => pentad_transport::shared()?,
            None => Arc::new(HyperTransport::builder().tls(self.tls.clone()).build()?),
        };
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let host = host(&target);
        let mut session = settled(Session::builder(transport, clock, target));
        if let Some(authorize) = self.authorize {
            session = session.authorize(authorize);
        }
        if let Some(policy) = self.retry {
            session = session.retry(policy);
        }
        if let Some(limits) = self.limits {
            session = session.limits(limits);
        }
        for (name, value) in self.headers {
            session = session.header(name, value);
        }
        let session = self.observers.into_iter().fold(session, SessionBuilder::observer).build();
        Ok(Client::from_inner(Inner { session, object_store, workflow, host }))
    }

    /// A service of the cloud: at this URL, else where the catalog says.
    fn place(&self, url: &str, service_type: &'static str) -> Result<Target> {
        match url.trim().trim_end_matches('/') {
            "" => Ok(catalog(service_type, &self.interface, self.region.clone())),
            url => Target::parse(url),
        }
    }
}

fn catalog(service_type: &'static str, interface: &str, region: Option<String>) -> Target {
    Target::Service {
        service_type: service_type.into(),
        interface: interface.to_owned().into(),
        region,
        version: None,
    }
}

/// What every session of this service has.
fn settled(session: SessionBuilder) -> SessionBuilder {
    session.api(ops::V1).details(error::details).header(ACCEPT, HeaderValue::from_static("application/json"))
}

/// The service without version and project: what stands before `/v1.0`, commonly the host alone.
fn host(target: &Target) -> Option<Target> {
    let Target::Url(uri) = target else { return None };
    let before = uri.path().find("/v1.0").map_or("", |at| &uri.path()[..at]);
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    Target::parse(&format!("{scheme}://{authority}{before}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_bad_urls_and_bad_tokens_are_said_when_building() {
        let kind = |builder: ClientBuilder| builder.build().unwrap_err().kind();
        assert_eq!(kind(Client::new("")), ErrorKind::Config);
        assert_eq!(kind(Client::new("").token("t")), ErrorKind::Config);
        assert_eq!(kind(Client::new("trove")), ErrorKind::Config);
        assert_eq!(kind(Client::new("http://db.test:8779/v1.0/p").token("a\nb")), ErrorKind::Config);
        let login = Keystone::token("http://id.test/v3", Secret::new("t")).unwrap();
        assert!(Client::new("").keystone(login).build().is_ok());
    }

    #[test]
    fn the_host_is_what_stands_before_the_version() {
        for (url, there) in [
            ("http://db.test:8779/v1.0/p", "http://db.test:8779/"),
            ("https://api.test/database/v1.0/p", "https://api.test/database"),
        ] {
            let Some(Target::Url(uri)) = host(&Target::parse(url).unwrap()) else { panic!("{url}") };
            assert_eq!(uri.to_string(), there);
        }
    }
}
