//! A token that is fetched when needed and renewed when rejected.

use std::fmt::{self, Debug};
use std::future::ready;
use std::sync::{Arc, Mutex as Plain, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
use futures_util::lock::Mutex;
use http::header::DATE;
use http::{HeaderMap, StatusCode};
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};

use super::{Authorize, Exchange, Stamp, Token, TokenSource, TokenStore};
use crate::clock::Clock;
use crate::error::Result;
use crate::message::Request;
use crate::op::Op;
use crate::secret::Secret;
use crate::timing::Observer;

/// Keeps a token from a [`TokenSource`] and renews it: one login at a time however many calls wait for it.
///
/// With a [`TokenStore`] a token outlives the client: it is looked for there before the first login, and again before
/// each renewal, because another process may have renewed it meanwhile.
pub struct Renewing<S> {
    source: S,
    store: Option<(Arc<dyn TokenStore>, String)>,
    held: RwLock<Option<Held>>,
    login: Mutex<()>,
}

#[derive(Clone)]
struct Held {
    token: Arc<Token>,
    stamp: Stamp,
    /// When this client fetched it itself; a token from earlier has stood the test of time.
    fetched: Option<Instant>,
}

/// A token this close to its end is renewed before it is used.
const MARGIN: Duration = Duration::from_secs(30);
/// The 401 of a younger token is the service's answer: some say 401 for "not permitted".
const YOUNG: Duration = Duration::from_secs(5);
/// `Date` has whole seconds and takes a while to arrive: a smaller difference of the clocks is none.
const NOISE: SignedDuration = SignedDuration::from_secs(2);

impl<S: TokenSource> Renewing<S> {
    /// Fetches the first token when the first call needs it.
    pub fn new(source: S) -> Self {
        Self { source, store: None, held: RwLock::new(None), login: Mutex::new(()) }
    }

    /// Keeps tokens in a store under this key, and begins with the one that is there.
    pub fn store(mut self, store: Arc<dyn TokenStore>, key: impl Into<String>) -> Self {
        self.store = Some((store, key.into()));
        self
    }

    /// Begins with a token in hand.
    pub fn token(self, token: Token) -> Self {
        self.hold(token, None);
        self
    }

    /// The source.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// The token in hand.
    pub fn current(&self) -> Option<Arc<Token>> {
        self.held().map(|held| held.token)
    }

    /// Places the token in hand, if it is good for now: the way of almost every call, which waits for nothing.
    pub fn place_held(&self, ex: &Exchange, request: &mut Request) -> Option<Result<Stamp>> {
        let held = self.held().filter(|held| is_good(&held.token, ex.clock().wall()))?;
        Some(self.source.place(&held.token, request).map(|()| held.stamp))
    }

    /// Logs in now, whatever is in hand, and keeps the token.
    ///
    /// # Errors
    /// Those of the login.
    pub async fn login(&self, ex: &Exchange) -> Result<Arc<Token>> {
        let _turn = self.login.lock().await;
        let stale = self.held();
        Ok(self.fetch(ex, stale.as_ref()).await?.token)
    }

    /// Forgets the token, in the store too; the next call logs in.
    ///
    /// # Errors
    /// Those of the store; the token in hand is forgotten all the same.
    pub async fn forget(&self) -> Result<()> {
        let _turn = self.login.lock().await;
        if let Some(held) = &mut *self.held.write().unwrap_or_else(PoisonError::into_inner) {
            held.token = Arc::new(Token { expires: Some(Timestamp::MIN), ..(*held.token).clone() });
        }
        match &self.store {
            Some((store, key)) => store.forget(key).await,
            None => Ok(()),
        }
    }

    fn held(&self) -> Option<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, token: Token, fetched: Option<Instant>) -> Held {
        let mut slot = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let stamp = Stamp(slot.as_ref().map_or(1, |held| held.stamp.0 + 1));
        let held = Held { token: Arc::new(token), stamp, fetched };
        *slot = Some(held.clone());
        held
    }

    /// Logs in. The caller has the turn.
    async fn fetch(&self, ex: &Exchange, stale: Option<&Held>) -> Result<Held> {
        let dates = Arc::new(Dates { clock: Arc::clone(ex.clock()), ahead: Plain::default() });
        let seen = ex.with(|session| session.observer(Arc::clone(&dates) as Arc<dyn Observer>));
        let token = self.source.fetch(&seen, stale.map(|held| &*held.token)).await?;
        let held = self.hold(token.corrected(dates.ahead()), Some(ex.clock().now()));
        if let Some((store, key)) = &self.store
            && let Err(error) = store.save(key, &held.token).await
        {
            tracing::warn!(%error, "the token is not kept for later");
        }
        Ok(held)
    }

    /// Another token than the one in hand, if the store has one that is good for now. The caller has the turn.
    async fn stored(&self, ex: &Exchange, stale: Option<&Held>) -> Option<Held> {
        let (store, key) = self.store.as_ref()?;
        let token = match store.load(key).await {
            Ok(token) => token?,
            Err(error) => {
                tracing::warn!(%error, "the token from earlier is not used");
                return None;
            }
        };
        let known = stale.is_some_and(|held| held.token.secret == token.secret);
        (!known && is_good(&token, ex.clock().wall())).then(|| self.hold(token, None))
    }

    /// A token that is good for now.
    async fn ready(&self, ex: &Exchange) -> Result<Held> {
        let good = |held: &Held| is_good(&held.token, ex.clock().wall());
        if let Some(held) = self.held().filter(good) {
            return Ok(held);
        }
        let _turn = self.login.lock().await;
        // Whoever had the turn before may have logged in for us.
        let held = self.held();
        if let Some(held) = held.clone().filter(good) {
            return Ok(held);
        }
        if let Some(held) = self.stored(ex, held.as_ref()).await {
            return Ok(held);
        }
        match (self.fetch(ex, held.as_ref()).await, held) {
            (Ok(held), _) => Ok(held),
            // An early renewal that fails is no failure while the old token still serves.
            (Err(_), Some(held)) if !held.token.left(ex.clock().wall()).is_zero() => Ok(held),
            (Err(error), _) => Err(error),
        }
    }

    async fn renewed(&self, ex: &Exchange, rejected: Stamp) -> Result<bool> {
        let _turn = self.login.lock().await;
        let Some(held) = self.held() else {
            self.fetch(ex, None).await?;
            return Ok(true);
        };
        if held.stamp > rejected {
            return Ok(true);
        }
        let now = ex.clock().now();
        if held.fetched.is_some_and(|fetched| now.saturating_duration_since(fetched) < YOUNG) {
            return Ok(false);
        }
        if self.stored(ex, Some(&held)).await.is_some() {
            return Ok(true);
        }
        let other = self.fetch(ex, Some(&held)).await?;
        Ok(self.source.is_other(&other.token, &held.token))
    }
}

fn is_good(token: &Token, now: Timestamp) -> bool {
    token.left(now) > margin(token)
}

/// Short-lived tokens are not renewed all the time.
fn margin(token: &Token) -> Duration {
    let Some(expires) = token.expires else { return Duration::ZERO };
    let life = Duration::try_from(expires.duration_since(token.obtained)).unwrap_or(Duration::ZERO);
    MARGIN.min(life / 10)
}

impl<S: TokenSource> Authorize for Renewing<S> {
    fn authorize<'a>(&'a self, ex: &'a Exchange, request: &'a mut Request) -> BoxFuture<'a, Result<Stamp>> {
        if let Some(placed) = self.place_held(ex, request) {
            return Box::pin(ready(placed));
        }
        Box::pin(async move {
            let held = self.ready(ex).await?;
            self.source.place(&held.token, request)?;
            Ok(held.stamp)
        })
    }

    fn renew<'a>(&'a self, ex: &'a Exchange, rejected: Stamp) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.renewed(ex, rejected))
    }

    fn preview(&self, request: &mut Request) {
        let token = self.current().map_or_else(
            || Token::new(Secret::new("TOKEN"), Timestamp::UNIX_EPOCH),
            |token| (*token).clone(),
        );
        // A stand-in without a catalog cannot resolve a target; the request is then shown unresolved.
        let _ = self.source.place(&token, request);
    }
}

impl<S: Debug> Debug for Renewing<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewing")
            .field("source", &self.source)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// Learns from the answers to a login how far the service's clock is ahead of ours.
#[derive(Debug)]
struct Dates {
    clock: Arc<dyn Clock>,
    ahead: Plain<SignedDuration>,
}

impl Dates {
    fn ahead(&self) -> SignedDuration {
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if ahead.abs() < NOISE { SignedDuration::ZERO } else { ahead }
    }
}

impl Observer for Dates {
    fn answered(&self, _op: &Op, _status: StatusCode, headers: &HeaderMap, _attempt: u32) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        if let Some(date) = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok()) {
            let ahead = date.duration_since(self.clock.wall());
            *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = ahead;
        }
    }
}
