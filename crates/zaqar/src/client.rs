//! The client: where all handles come from.

use std::sync::Arc;

use pentad_core::{Draft, Op, Session};

use crate::connect::ClientBuilder;
use crate::flavor::Flavor;
use crate::limit::ServiceLimits;
use crate::name::{ClientId, QueueName};
use crate::pool::Pool;
use crate::queue::Queue;
use crate::subscription::Subscription;
use crate::version::Version;
use crate::ws::Websocket;

/// A client of one messaging service, speaking one version of its API for one project. A clone is one reference count.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug, Clone)]
pub(crate) struct Inner {
    pub(crate) session: Session,
    pub(crate) client_id: ClientId,
    pub(crate) project: Option<String>,
    pub(crate) limits: ServiceLimits,
    pub(crate) websocket: Option<Websocket>,
}

impl Client {
    /// Starts a client for the service at `url`, without version in it: `http://zaqar.example.com:8888`, or
    /// `ws://zaqar.example.com:9000` for the websocket transport.
    #[expect(clippy::new_ret_no_self, reason = "credential and options come first: the builder takes them")]
    pub fn new(url: &str, version: Version) -> ClientBuilder {
        ClientBuilder::new(url, version)
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The version of the API that this client speaks.
    pub fn version(&self) -> Version {
        Version::of(self.0.session.api())
    }

    /// Who this client is to the service: lists leave out what it posted itself, unless asked to echo it.
    pub fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// The project that the client names in its requests; `None` if the service takes it from the credential.
    pub fn project(&self) -> Option<&str> {
        self.0.project.as_deref()
    }

    /// What all calls share: transport, retry policy, limits, clock, timings.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// The limits that are checked before sending.
    pub fn service_limits(&self) -> &ServiceLimits {
        &self.0.limits
    }

    /// How requests are carried: HTTP, or the websocket connection.
    pub fn transport(&self) -> &Arc<dyn pentad_core::Transport> {
        self.0.session.transport()
    }

    /// The websocket connection, if that is how requests are carried.
    pub fn websocket(&self) -> Option<&Websocket> {
        self.0.websocket.as_ref()
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

    /// The same client speaking another version.
    #[must_use]
    pub fn in_version(&self, version: Version) -> Self {
        self.with(|session| session.api(version.api()))
    }

    /// A queue; nothing is sent. From v1.1 on it comes into being with its first message.
    pub fn queue(&self, name: impl Into<String>) -> Queue {
        Queue::new(self.clone(), name.into())
    }

    /// A subscription of a queue by id; nothing is sent.
    pub fn subscription(&self, queue: impl Into<String>, id: impl Into<String>) -> Subscription {
        self.queue(queue).subscription(id)
    }

    /// A storage pool; nothing is sent.
    pub fn pool(&self, name: impl Into<String>) -> Pool {
        Pool::new(self.clone(), name.into())
    }

    /// A flavor; nothing is sent.
    pub fn flavor(&self, name: impl Into<String>) -> Flavor {
        Flavor::new(self.clone(), name.into())
    }

    pub(crate) fn op(&self, op: &'static Op) -> Draft {
        self.0.session.op(op)
    }

    /// A call about a queue, its name checked.
    pub(crate) fn queue_op(&self, op: &'static Op, queue: &str) -> Draft {
        self.op(op).check(QueueName::try_from(queue).map(|_| ())).arg("queue_name", queue)
    }
}
