//! From a login to a client.

use std::sync::Arc;

use http::header::ACCEPT;
use pentad_core::auth::{Token, TokenStore};
use pentad_core::{Clock, Observer, Result, RetryPolicy, Session, Transport};
use pentad_transport::SystemClock;

use super::{ACCEPTED, Client};
use crate::auth::{CloudAuth, IdentityVersion, Keystone};
use crate::error;

/// A client in the making; see [`Client::new`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    keystone: Keystone,
    token: Option<Token>,
    store: Option<Arc<dyn TokenStore>>,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    retry: Option<RetryPolicy>,
    observers: Vec<Arc<dyn Observer>>,
}

impl ClientBuilder {
    pub(super) fn new(keystone: Keystone) -> Self {
        Self {
            keystone,
            token: None,
            store: None,
            transport: None,
            clock: None,
            retry: None,
            observers: Vec::new(),
        }
    }

    /// Begins with a token in hand.
    pub fn token(mut self, token: Token) -> Self {
        self.token = Some(token);
        self
    }

    /// Keeps tokens here.
    pub fn store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sends over this transport.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Takes time and chance from this clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Sets when calls are sent again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
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
    /// [`Config`](pentad_core::ErrorKind::Config) if there is no transport to be had.
    pub fn build(self) -> Result<Client> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => pentad_transport::shared()?,
        };
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let target = self.keystone.base().clone();
        // Without a hint in the URL it is v3: no service with the old version alone is left.
        let api = self.keystone.said_version().unwrap_or(IdentityVersion::V3).api();
        let mut auth = CloudAuth::new(self.keystone);
        if let Some(store) = self.store {
            auth = auth.store(store);
        }
        if let Some(token) = self.token {
            auth = auth.token(token);
        }
        let auth = Arc::new(auth);
        let mut session = Session::builder(transport, clock, target)
            .api(api)
            .details(error::details)
            .header(ACCEPT, ACCEPTED)
            .authorize(Arc::clone(&auth) as Arc<dyn pentad_core::Authorize>);
        if let Some(retry) = self.retry {
            session = session.retry(retry);
        }
        for observer in self.observers {
            session = session.observer(observer);
        }
        Ok(Client { session: session.build(), auth })
    }
}
