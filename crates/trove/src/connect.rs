//! From endpoint and credential to a client.

use std::sync::Arc;

use http::HeaderValue;
use http::header::ACCEPT;
use pentad_core::{Authorize, Error, ErrorKind, Result, Secret, Session, SessionBuilder, Target};
use pentad_openstack::auth::FixedEndpoint;
use pentad_openstack::{Cloud, CloudAuth, Keystone};
use pentad_transport::Wiring;

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
    cloud: Option<Cloud>,
    object_store: Option<String>,
    workflow: Option<String>,
    wiring: Wiring,
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
            cloud: None,
            object_store: None,
            workflow: None,
            wiring: Wiring::new(),
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

    /// Looks where the settings of a cloud say: region and interface, its own or those of each service. Login and
    /// transport are set apart.
    pub fn cloud(mut self, cloud: &Cloud) -> Self {
        self.cloud = Some(cloud.clone());
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

    pentad_transport::wiring_setters!(certificate);

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
        let host = host(&target);
        let mut session = settled(self.wiring.start(self.wiring.transport()?, target));
        if let Some(authorize) = self.authorize {
            session = session.authorize(authorize);
        }
        let session = self.wiring.settle(session).build();
        Ok(Client::from_inner(Inner { session, object_store, workflow, host }))
    }

    /// A service of the cloud: at this URL, else where the catalog says.
    fn place(&self, url: &str, service_type: &'static str) -> Result<Target> {
        match (url.trim().trim_end_matches('/'), &self.cloud) {
            ("", Some(cloud)) => Ok(cloud.target(service_type)),
            ("", None) => Ok(catalog(service_type, &self.interface, self.region.clone())),
            (url, _) => Target::parse(url),
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
pub(crate) fn host(target: &Target) -> Option<Target> {
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
