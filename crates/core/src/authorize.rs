//! Who puts the credential into requests, and how it is renewed.

use std::fmt::{self, Debug};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
use futures_util::lock::Mutex;
use http::header::{HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::Value;

use crate::clock::Clock;
use crate::draft::Draft;
use crate::error::{Error, ErrorKind, Result};
use crate::message::Request;
use crate::op::Op;
use crate::secret::Secret;
use crate::session::Session;
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

/// The pipeline of a session without its credential: retry, timings, log and limits of the call that is served.
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

    /// The same pipeline over another transport, such as one with a TLS identity of its own.
    pub fn via(&self, transport: Arc<dyn Transport>) -> Self {
        Self { session: self.session.with(|session| session.transport(transport)), deadline: self.deadline }
    }

    /// The same pipeline towards another target.
    pub fn at(&self, target: Target) -> Self {
        Self { session: self.session.with(|session| session.target(target)), deadline: self.deadline }
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

/// A credential that a service hands out for a while.
#[derive(Clone)]
pub struct Token {
    /// The token itself.
    pub secret: Secret,
    /// When it ends, if known.
    pub expires: Option<Timestamp>,
    /// When it was fetched.
    pub obtained: Timestamp,
    /// What came with it, such as a catalog.
    pub data: Value,
}

impl Debug for Token {
    /// Times only: what came with a token may hold another one that renews it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires", &self.expires)
            .field("obtained", &self.obtained)
            .finish_non_exhaustive()
    }
}

impl Token {
    /// A token without a known end.
    pub fn new(secret: Secret, obtained: Timestamp) -> Self {
        Self { secret, expires: None, obtained, data: Value::Null }
    }

    /// Sets when it ends.
    pub fn expires(mut self, at: Timestamp) -> Self {
        self.expires = Some(at);
        self
    }

    /// Keeps what came with it.
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }
}

/// How a kind of token is fetched and where it goes in a request.
pub trait TokenSource: Debug + Send + Sync + 'static {
    /// Logs in.
    ///
    /// # Errors
    /// Those of the login.
    fn fetch<'a>(&'a self, ex: &'a Exchange) -> BoxFuture<'a, Result<Token>>;

    /// Puts the token into a request; may also resolve the request's target.
    ///
    /// # Errors
    /// If the token cannot serve this request, for example because its catalog lacks the service.
    fn place(&self, token: &Token, request: &mut Request) -> Result<()>;
}

/// Keeps a token from a [`TokenSource`] and renews it: one login at a time however many calls wait for it.
pub struct Renewing<S> {
    source: S,
    held: RwLock<Option<Held>>,
    login: Mutex<()>,
}

#[derive(Clone)]
struct Held {
    token: Arc<Token>,
    stamp: Stamp,
}

/// A token this close to its end is renewed before it is used.
const MARGIN: Duration = Duration::from_secs(30);
/// The 401 of a younger token is the service's answer: some say 401 for "not permitted".
const YOUNG: Duration = Duration::from_secs(5);

impl<S: TokenSource> Renewing<S> {
    /// Fetches the first token when the first call needs it.
    pub fn new(source: S) -> Self {
        Self { source, held: RwLock::new(None), login: Mutex::new(()) }
    }

    /// Begins with a token from earlier, for example from a token store.
    pub fn starting_with(source: S, token: Token) -> Self {
        let held = Held { token: Arc::new(token), stamp: Stamp(1) };
        Self { source, held: RwLock::new(Some(held)), login: Mutex::new(()) }
    }

    /// The source.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// The token in hand.
    pub fn token(&self) -> Option<Arc<Token>> {
        self.held().map(|held| held.token)
    }

    /// Forgets the token; the next call logs in.
    pub fn forget(&self) {
        if let Some(held) = &mut *self.held.write().unwrap_or_else(PoisonError::into_inner) {
            held.token = Arc::new(Token { expires: Some(Timestamp::MIN), ..(*held.token).clone() });
        }
    }

    fn held(&self) -> Option<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn store(&self, token: Token) -> Held {
        let mut slot = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let stamp = Stamp(slot.as_ref().map_or(1, |held| held.stamp.0 + 1));
        let held = Held { token: Arc::new(token), stamp };
        *slot = Some(held.clone());
        held
    }

    /// A token that is good for now.
    async fn current(&self, ex: &Exchange) -> Result<Held> {
        let left = |held: &Held| {
            let Some(expires) = held.token.expires else { return Duration::MAX };
            Duration::try_from(expires.duration_since(ex.clock().wall())).unwrap_or(Duration::ZERO)
        };
        if let Some(held) = self.held().filter(|held| left(held) > margin(&held.token)) {
            return Ok(held);
        }
        let _turn = self.login.lock().await;
        // Whoever had the turn before may have logged in for us.
        let held = self.held();
        if let Some(held) = held.clone().filter(|held| left(held) > margin(&held.token)) {
            return Ok(held);
        }
        match (self.source.fetch(ex).await, held) {
            (Ok(token), _) => Ok(self.store(token)),
            // An early renewal that fails is no failure while the old token still serves.
            (Err(_), Some(held)) if !left(&held).is_zero() => Ok(held),
            (Err(error), _) => Err(error),
        }
    }

    async fn renewed(&self, ex: &Exchange, rejected: Stamp) -> Result<bool> {
        let _turn = self.login.lock().await;
        let Some(held) = self.held() else {
            self.store(self.source.fetch(ex).await?);
            return Ok(true);
        };
        if held.stamp > rejected {
            return Ok(true);
        }
        let age = ex.clock().wall().duration_since(held.token.obtained);
        if Duration::try_from(age).unwrap_or(Duration::ZERO) < YOUNG {
            return Ok(false);
        }
        let token = self.source.fetch(ex).await?;
        let other = token.secret != held.token.secret;
        self.store(token);
        Ok(other)
    }
}

/// Short-lived tokens are not renewed all the time.
fn margin(token: &Token) -> Duration {
    let Some(expires) = token.expires else { return Duration::ZERO };
    let life = Duration::try_from(expires.duration_since(token.obtained)).unwrap_or(Duration::ZERO);
    MARGIN.min(life / 10)
}

impl<S: TokenSource> Authorize for Renewing<S> {
    fn authorize<'a>(&'a self, ex: &'a Exchange, request: &'a mut Request) -> BoxFuture<'a, Result<Stamp>> {
        Box::pin(async move {
            let held = self.current(ex).await?;
            self.source.place(&held.token, request)?;
            Ok(held.stamp)
        })
    }

    fn renew<'a>(&'a self, ex: &'a Exchange, rejected: Stamp) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.renewed(ex, rejected))
    }

    fn preview(&self, request: &mut Request) {
        let token = self.token().map_or_else(
            || Token::new(Secret::new("TOKEN"), Timestamp::UNIX_EPOCH),
            |token| (*token).clone(),
        );
        // A stand-in without a catalog cannot resolve a target; the request is then shown unresolved.
        let _ = self.source.place(&token, request);
    }
}

impl<S: Debug> Debug for Renewing<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewing").field("source", &self.source).finish_non_exhaustive()
    }
}
