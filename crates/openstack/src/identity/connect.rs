//! From a login to a client.

use std::sync::Arc;

use http::header::ACCEPT;
use pentad_core::Result;
use pentad_core::auth::{Token, TokenStore};
use pentad_transport::Wiring;

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
    wiring: Wiring,
}

impl ClientBuilder {
    pub(super) fn new(keystone: Keystone) -> Self {
        Self { keystone, token: None, store: None, wiring: Wiring::new() }
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

    pentad_transport::wiring_setters!(certificate);

    /// Finishes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`Config`](pentad_core::ErrorKind::Config) if there is no transport to be had.
    pub fn build(self) -> Result<Client> {
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
        let session = self
            .wiring
            .start(self.wiring.transport()?, target)
            .api(api)
            .details(error::details)
            .header(ACCEPT, ACCEPTED)
            .authorize(Arc::clone(&auth) as Arc<dyn pentad_core::Authorize>);
        Ok(Client { session: self.wiring.settle(session).build(), auth })
    }
}
