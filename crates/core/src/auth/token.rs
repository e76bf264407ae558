//! A token, and where tokens come from.

use std::fmt::{self, Debug};
use std::time::Duration;

use futures_core::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Exchange;
use crate::error::Result;
use crate::message::Request;
use crate::secret::Secret;

/// A credential that a service hands out for a while.
#[derive(Clone)]
#[non_exhaustive]
pub struct Token {
    /// The token itself.
    pub secret: Secret,
    /// When it ends, if known. As the service's clock says until [`Renewing`](super::Renewing) has taken the token over,
    /// then by our own clock.
    pub expires: Option<Timestamp>,
    /// When it was fetched, by our own clock.
    pub obtained: Timestamp,
    /// What came with it and is needed to use or renew it: a catalog, discovered endpoints, a refresh token.
    pub data: Value,
    /// Whether `expires` is a time of our own clock.
    pub(super) local: bool,
}

impl Token {
    /// A token without a known end.
    pub fn new(secret: Secret, obtained: Timestamp) -> Self {
        Self { secret, expires: None, obtained, data: Value::Null, local: true }
    }

    /// Sets when it ends by the service's clock, as in `expires_at`. Corrected by the difference of the clocks, which
    /// the `Date` of the login's answer tells.
    pub const fn expires(mut self, at: Timestamp) -> Self {
        self.expires = Some(at);
        self.local = false;
        self
    }

    /// Sets how long it lasts from when it was fetched, as in `expires_in`. Nothing to correct.
    pub fn lasts(mut self, life: Duration) -> Self {
        self.expires = Some(self.obtained.checked_add(life).unwrap_or(Timestamp::MAX));
        self.local = true;
        self
    }

    /// The token as a document for a [`TokenStore`](super::TokenStore) of one's own. It holds the secret.
    pub fn to_document(&self, key: &str) -> Value {
        json!({
            "key": key, "secret": self.secret.expose(), "obtained": self.obtained.to_string(),
            "expires": self.expires.map(|expires| expires.to_string()), "data": self.data,
        })
    }

    /// The token of a document that was made for this key; `None` for anything else.
    pub fn from_document(document: &Value, key: &str) -> Option<Self> {
        let text = |name: &str| document.get(name)?.as_str();
        let time = |name: &str| text(name)?.parse::<Timestamp>().ok();
        if text("key") != Some(key) {
            return None;
        }
        let mut token = Self::new(Secret::new(text("secret")?), time("obtained")?);
        token.expires = match document.get("expires") {
            None | Some(Value::Null) => None,
            Some(_) => Some(time("expires")?),
        };
        Some(token.data(document.get("data").cloned().unwrap_or_default()))
    }

    /// Keeps what came with it.
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    /// What is left of it at a time of our own clock.
    pub(super) fn left(&self, now: Timestamp) -> Duration {
        let Some(expires) = self.expires else { return Duration::MAX };
        Duration::try_from(expires.duration_since(now)).unwrap_or(Duration::ZERO)
    }

    /// The same token, its end by our clock, which is `ahead` behind the service's.
    pub(super) fn corrected(mut self, ahead: SignedDuration) -> Self {
        if let (Some(expires), false) = (self.expires, self.local) {
            self.expires = Some(expires.checked_sub(ahead).unwrap_or(expires));
        }
        self.local = true;
        self
    }
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

/// How a kind of token is fetched and where it goes in a request.
pub trait TokenSource: Debug + Send + Sync + 'static {
    /// Logs in, in as many steps as it takes. Whatever [`place`](Self::place) needs to know beside the token (catalog,
    /// discovered versions of the endpoints) is found out here too and kept in [`Token::data`].
    ///
    /// `stale` is the token that this one replaces, because it ends or because the service rejected it; it may come
    /// from an earlier process. What came with it may serve to renew it.
    ///
    /// # Errors
    /// Those of the login.
    fn fetch<'a>(&'a self, ex: &'a Exchange, stale: Option<&'a Token>) -> BoxFuture<'a, Result<Token>>;

    /// Puts the token into a request; may also resolve the request's target, without sending anything.
    ///
    /// # Errors
    /// If the token cannot serve this request, for example because its catalog lacks the service.
    fn place(&self, token: &Token, request: &mut Request) -> Result<()>;

    /// Whether a call that was rejected with the `old` token may fare better with the `new` one. A source whose tokens
    /// say where services are compares that, too.
    fn is_other(&self, new: &Token, old: &Token) -> bool {
        new.secret != old.secret
    }
}
