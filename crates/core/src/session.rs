//! What all calls of a client share.

use std::fmt;
use std::sync::{Arc, OnceLock};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::auth::{Authorize, Exchange};
use crate::clock::Clock;
use crate::draft::{Draft, Redirect};
use crate::error::Details;
use crate::op::{Api, Op};
use crate::retry::RetryPolicy;
use crate::target::{Limits, Target};
use crate::timing::{Observer, Timing, Timings};
use crate::transport::Transport;

/// Transport, credential, retry policy, clock, timings and observers of a client. A clone is one reference count.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

/// A session in the making; see [`Session::builder`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct SessionBuilder(Shared);

#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) target: Target,
    pub(crate) api: Api,
    pub(crate) authorize: Option<Arc<dyn Authorize>>,
    pub(crate) retry: RetryPolicy,
    pub(crate) limits: Limits,
    pub(crate) details: Option<Details>,
    pub(crate) headers: HeaderMap,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    pub(crate) timings: Arc<Timings>,
    pub(crate) redirect: Redirect,
    pub(crate) max_answer: usize,
}

struct Inner {
    shared: Shared,
    /// The session for logins, made when an authorizer first needs it.
    bare: OnceLock<Session>,
}

/// Answers beyond this are refused unless streamed.
const MAX_ANSWER: usize = 256 * 1024 * 1024;
const TIMINGS: usize = 1000;

impl Session {
    /// Starts a session: no credential, default policy and limits.
    pub fn builder(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, target: Target) -> SessionBuilder {
        SessionBuilder(Shared {
            transport,
            clock,
            target,
            api: Api("v1"),
            authorize: None,
            retry: RetryPolicy::default(),
            limits: Limits::default(),
            details: None,
            headers: HeaderMap::new(),
            observers: Vec::new(),
            timings: Arc::new(Timings::new(TIMINGS)),
            redirect: Redirect::default(),
            max_answer: MAX_ANSWER,
        })
    }

    /// Starts a call of an operation.
    pub fn op(&self, op: &'static Op) -> Draft {
        Draft::new(self.clone(), op)
    }

    /// A changed copy. It shares the retry budget, timings and token cache unless the change replaces them.
    pub fn with(&self, change: impl FnOnce(SessionBuilder) -> SessionBuilder) -> Self {
        change(SessionBuilder(self.0.shared.clone())).build()
    }

    /// The API version or dialect that calls use.
    pub fn api(&self) -> Api {
        self.0.shared.api
    }

    /// Where calls go unless they say otherwise.
    pub fn target(&self) -> &Target {
        &self.0.shared.target
    }

    /// Who puts the credential into its calls, if anybody does.
    pub fn authorizer(&self) -> Option<&Arc<dyn Authorize>> {
        self.shared().authorize.as_ref()
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.shared.clock
    }

    /// The transport.
    pub fn transport(&self) -> &Arc<dyn Transport> {
        &self.0.shared.transport
    }

    /// The limits of a call before its operation's patience is added.
    pub fn limits(&self) -> Limits {
        self.0.shared.limits
    }

    /// The retry policy.
    pub fn retry(&self) -> &RetryPolicy {
        &self.0.shared.retry
    }

    /// The last calls of this session and its clones, oldest first; authentication requests included.
    pub fn timings(&self) -> Vec<Timing> {
        self.0.shared.timings.all()
    }

    /// Forgets the timings.
    pub fn reset_timings(&self) {
        self.0.shared.timings.reset();
    }

    /// The same pipeline without credential, default headers and reader of error bodies, for a login outside of a call.
    pub fn exchange(&self) -> Exchange {
        Exchange::new(self.bare().clone(), None)
    }

    pub(crate) fn bare(&self) -> &Self {
        self.0.bare.get_or_init(|| {
            // Headers and error bodies are the served service's own.
            let shared =
                Shared { authorize: None, headers: HeaderMap::new(), details: None, ..self.0.shared.clone() };
            Self(Arc::new(Inner { shared, bare: OnceLock::new() }))
        })
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = &self.0.shared;
        f.debug_struct("Session")
            .field("target", &shared.target)
            .field("api", &shared.api)
            .field("authorize", &shared.authorize)
            .field("transport", &shared.transport)
            .finish_non_exhaustive()
    }
}

impl SessionBuilder {
    /// Sets the API version or dialect. Default `v1`.
    pub const fn api(mut self, api: Api) -> Self {
        self.0.api = api;
        self
    }

    /// Replaces the target.
    pub fn target(mut self, target: Target) -> Self {
        self.0.target = target;
        self
    }

    /// Replaces the transport.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.0.transport = transport;
        self
    }

    /// Replaces the clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.0.clock = clock;
        self
    }

    /// Sets who puts the credential into requests.
    pub fn authorize(mut self, authorize: Arc<dyn Authorize>) -> Self {
        self.0.authorize = Some(authorize);
        self
    }

    /// Sets the retry policy.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.0.retry = retry;
        self
    }

    /// Sets the time limits.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = limits;
        self
    }

    /// Sets the reader of the service's error bodies.
    pub fn details(mut self, details: Details) -> Self {
        self.0.details = Some(details);
        self
    }

    /// Sets a header that every request carries.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Adds an observer.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.0.observers.push(observer);
        self
    }

    /// Sets what happens with redirects. Default: followed on the same origin, for GET and HEAD.
    pub const fn redirect(mut self, redirect: Redirect) -> Self {
        self.0.redirect = redirect;
        self
    }

    /// Sets how many bytes an answer may have when it is read as a whole. Default 256 MiB.
    pub const fn max_answer(mut self, bytes: usize) -> Self {
        self.0.max_answer = bytes;
        self
    }

    /// Gives the session timings of its own that keep the last `kept` calls. Default 1000; 0 keeps none.
    pub fn timings(mut self, kept: usize) -> Self {
        self.0.timings = Arc::new(Timings::new(kept));
        self
    }

    /// Finishes the session.
    pub fn build(self) -> Session {
        Session(Arc::new(Inner { shared: self.0, bare: OnceLock::new() }))
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder").field("target", &self.0.target).finish_non_exhaustive()
    }
}
