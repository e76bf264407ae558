//! Who puts the credential into requests, how it is fetched, renewed and kept.
//!
//! An [`Authorize`] rewrites each attempt of a request. Ready made: [`Anonymous`], [`StaticHeader`] and, for tokens that
//! end, [`Renewing`] over a service's [`TokenSource`]. Tokens outlive the process in a [`TokenStore`].

mod file;
mod renewing;
mod store;
mod token;

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Instant;

use futures_core::future::BoxFuture;
use http::header::{HeaderName, HeaderValue};

pub use self::file::FileTokenStore;
pub use self::renewing::Renewing;
pub use self::store::{MemoryTokenStore, TokenStore};
pub use self::token::{Token, TokenSource};

use crate::clock::Clock;
use crate::draft::Draft;
use crate::error::{Error, ErrorKind, Result};
use crate::message::Request;
use crate::op::Op;
use crate::secret::Secret;
use crate::session::{Session, SessionBuilder};
use crate::target::Target;
use crate::transport::Transport;

/// Which credential a request carried: a generation that grows with each renewal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(pub u64);

/// Puts a credential into each attempt of a request.
pub trait Authorize: Debug + Send + Sync + 'static {
    /// Rewrites the request: headers, and where a catalog decides, its target.
    ///
    /// # Errors
    /// Those of fetching a credential; they end the call.
    fn authorize<'a>(&'a self, ex: &'a Exchange, request: &'a mut Request) -> BoxFuture<'a, Result<Stamp>>;

    /// Called once per call when the service rejects a credential with 401. `true` means that another credential is
    /// there and the request is worth sending again.
    ///
    /// # Errors
    /// Those of fetching a credential; they end the call.
    fn renew<'a>(&'a self, ex: &'a Exchange, rejected: Stamp) -> BoxFuture<'a, Result<bool>>;

    /// Rewrites a request that is only shown, without sending anything: the credential in hand or a stand-in, its
    /// header value marked sensitive.
    fn preview(&self, _request: &mut Request) {}
}

/// The pipeline of a session for what serves its calls, such as a login: retry, timings, log and limits are the same,
/// and its calls end with the call that they serve. Credential, default headers and reader of error bodies are left
/// out, because they belong to the served service; a login sets its own by [`with`](Self::with).
#[derive(Clone, Debug)]
pub struct Exchange {
    session: Session,
    deadline: Option<Instant>,
}

impl Exchange {
    pub(crate) fn new(session: Session, deadline: Option<Instant>) -> Self {
        Self { session, deadline }
    }

    /// Starts a call of an operation within the time that the served call has left.
    pub fn op(&self, op: &'static Op) -> Draft {
        Draft::new(self.session.clone(), op).deadline(self.deadline)
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.session.clock()
    }

    /// The session without credential.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The same pipeline with other settings: target, API version, headers, reader of error bodies, transport, retry.
    ///
    /// # Example
    /// ```
    /// # use pentad_core::{Api, Result, Target, auth::Exchange};
    /// # fn keystone(ex: &Exchange) -> Result<Exchange> {
    /// let identity = Target::parse("https://cloud.test:5000/v3")?;
    /// Ok(ex.with(|session| session.target(identity).api(Api("v3"))))
    /// # }
    /// ```
    pub fn with(&self, change: impl FnOnce(SessionBuilder) -> SessionBuilder) -> Self {
        Self { session: self.session.with(change), deadline: self.deadline }
    }

    /// The same pipeline over another transport, such as one with a TLS identity of its own.
    pub fn via(&self, transport: Arc<dyn Transport>) -> Self {
        self.with(|session| session.transport(transport))
    }

    /// The same pipeline towards another target.
    pub fn at(&self, target: Target) -> Self {
        self.with(|session| session.target(target))
    }
}

/// No credential.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anonymous;

impl Authorize for Anonymous {
    fn authorize<'a>(&'a self, _: &'a Exchange, _: &'a mut Request) -> BoxFuture<'a, Result<Stamp>> {
        Box::pin(std::future::ready(Ok(Stamp::default())))
    }

    fn renew<'a>(&'a self, _: &'a Exchange, _: Stamp) -> BoxFuture<'a, Result<bool>> {
        Box::pin(std::future::ready(Ok(false)))
    }
}

/// One header with a fixed secret, such as an API key. It cannot be renewed.
#[derive(Clone)]
pub struct StaticHeader {
    name: HeaderName,
    /// Built once; the error, if the secret cannot stand in a header, surfaces at the first call.
    value: Option<HeaderValue>,
}

impl StaticHeader {
    /// Sends `name: value` with each request.
    #[expect(clippy::needless_pass_by_value, reason = "the secret is handed over")]
    pub fn new(name: HeaderName, value: Secret) -> Self {
        Self { name, value: sensitive(value.expose()) }
    }

    fn place(&self, request: &mut Request) -> Result<()> {
        let value = self.value.clone().ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!("the value for header {} has characters that cannot be sent", self.name),
            )
        })?;
        request.headers.insert(self.name.clone(), value);
        Ok(())
    }
}

/// A header value that no log shows; `None` if the text cannot stand in a header.
pub fn sensitive(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl Debug for StaticHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticHeader").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Authorize for StaticHeader {
    fn authorize<'a>(&'a self, _: &'a Exchange, request: &'a mut Request) -> BoxFuture<'a, Result<Stamp>> {
        Box::pin(std::future::ready(self.place(request).map(|()| Stamp::default())))
    }

    fn renew<'a>(&'a self, _: &'a Exchange, _: Stamp) -> BoxFuture<'a, Result<bool>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    fn preview(&self, request: &mut Request) {
        // A value that cannot be sent is reported when the call is sent.
        let _ = self.place(request);
    }
}
