//! The client: where all handles come from.

use std::sync::Arc;

use bytes::Bytes;
use http::response::Parts;
use pentad_core::auth::{Exchange, Stamp};
use pentad_core::{Authorize, BoxFuture, Context, Draft, List, Op, Request, Result, Session, Target};

use crate::backup::Backup;
use crate::cluster::Cluster;
use crate::configuration::Configuration;
use crate::connect::{ClientBuilder, host};
use crate::datastore::Datastore;
use crate::instance::Instance;
use crate::mgmt::Mgmt;
use crate::model::ServiceVersion;
use crate::module::Module;
use crate::old::Old;
use crate::{list, ops, wire};

/// A client of one database service for one project. A clone is one reference count.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug, Clone)]
pub(crate) struct Inner {
    pub(crate) session: Session,
    pub(crate) object_store: Target,
    pub(crate) workflow: Target,
    pub(crate) host: Option<Target>,
}

impl Client {
    /// Starts a client for the endpoint `url`, version and project included, as a catalog has it:
    /// `http://db.example.com:8779/v1.0/9f2c…`. An empty text leaves it to the catalog of the login.
    #[expect(clippy::new_ret_no_self, reason = "credential and options come first: the builder takes them")]
    pub fn new(url: &str) -> ClientBuilder {
        ClientBuilder::new(url)
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// What all calls share: transport, retry policy, limits, clock, timings.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// A client with changed settings; it shares connections, credential and retry budget unless they are replaced.
    #[must_use]
    pub fn with(
        &self,
        change: impl FnOnce(pentad_core::SessionBuilder) -> pentad_core::SessionBuilder,
    ) -> Self {
        let inner = Inner { session: self.0.session.with(change), ..Inner::clone(&self.0) };
        Self(Arc::new(inner))
    }

    /// An instance by id; nothing is sent.
    pub fn instance(&self, id: impl Into<String>) -> Instance {
        Instance::new(self.clone(), id.into())
    }

    /// A backup by id; nothing is sent.
    pub fn backup(&self, id: impl Into<String>) -> Backup {
        Backup::new(self.clone(), id.into())
    }

    /// A configuration group by id; nothing is sent.
    pub fn configuration(&self, id: impl Into<String>) -> Configuration {
        Configuration::new(self.clone(), id.into())
    }

    /// A datastore by id or name; nothing is sent.
    pub fn datastore(&self, id_or_name: impl Into<String>) -> Datastore {
        Datastore::new(self.clone(), id_or_name.into())
    }

    /// A module by id; nothing is sent.
    pub fn module(&self, id: impl Into<String>) -> Module {
        Module::new(self.clone(), id.into())
    }

    /// A cluster by id; nothing is sent.
    pub fn cluster(&self, id: impl Into<String>) -> Cluster {
        Cluster::new(self.clone(), id.into())
    }

    /// What administrators do.
    pub fn mgmt(&self) -> Mgmt {
        Mgmt::new(self.clone())
    }

    /// What only old services have; current ones answer 404.
    pub fn old(&self) -> Old {
        Old::new(self.clone())
    }

    /// The versions that the service knows, asked at its host: the given one, else that of the catalog's endpoint.
    ///
    /// # Source
    /// OpenStack reference C6.
    pub fn versions(&self) -> List<ServiceVersion> {
        list::of(self.op(&ops::VERSIONS))
    }

    pub(crate) fn op(&self, op: &'static Op) -> Draft {
        match op.routes[0].0 {
            ops::OBJECT_STORE => self.elsewhere(op, &self.0.object_store),
            ops::WORKFLOW => self.elsewhere(op, &self.0.workflow),
            ops::HOST => self.at_host(op),
            _ => self.0.session.op(op),
        }
    }

    /// A call to another service of the same cloud, with the same token.
    fn elsewhere(&self, op: &'static Op, target: &Target) -> Draft {
        let api = op.routes[0].0;
        self.0.session.with(|session| session.api(api).target(target.clone())).op(op)
    }

    fn at_host(&self, op: &'static Op) -> Draft {
        match &self.0.host {
            Some(host) => self.elsewhere(op, host),
            // Only the catalog knows it.
            None => {
                let session = self.0.session.with(|session| session.api(op.routes[0].0));
                let Some(authorize) = session.authorizer().cloned() else { return session.op(op) };
                session.with(|session| session.authorize(Arc::new(AtHost(authorize)))).op(op)
            }
        }
    }
}

/// Sends calls to the host of the endpoint that another authorizer finds.
#[derive(Debug)]
struct AtHost(Arc<dyn Authorize>);

impl AtHost {
    fn shorten(request: &mut Request) {
        if let Some(host) = host(&request.target) {
            request.target = host;
        }
    }
}

impl Authorize for AtHost {
    fn authorize<'a>(&'a self, ex: &'a Exchange, request: &'a mut Request) -> BoxFuture<'a, Result<Stamp>> {
        Box::pin(async move {
            let stamp = self.0.authorize(ex, request).await?;
            Self::shorten(request);
            Ok(stamp)
        })
    }

    fn renew<'a>(&'a self, ex: &'a Exchange, rejected: Stamp) -> BoxFuture<'a, Result<bool>> {
        self.0.renew(ex, rejected)
    }

    fn preview(&self, request: &mut Request) {
        self.0.preview(request);
        Self::shorten(request);
    }
}

impl pentad_openstack::Service for Client {
    const SERVICE_TYPE: &'static str = crate::SERVICE_TYPE;

    fn from_session(session: Session) -> Self {
        ClientBuilder::over(&session)
    }
}

/// One thing of an answer that may be empty.
pub(crate) fn maybe<T: serde::de::DeserializeOwned>(
    context: &Context,
    parts: Parts,
    body: Bytes,
) -> Result<Option<T>> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    wire::one(context, parts, body).map(Some)
}
