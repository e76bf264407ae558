//! From URL and credential to a client.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use pentad_core::auth::StaticHeader;
use pentad_core::{Authorize, Error, ErrorKind, Result, Secret, SessionBuilder, Target};
use pentad_transport::{Wired, Wiring, wiring_setters};

use crate::client::{Client, Inner};
use crate::dialect::Dialect;
use crate::error;

/// A client in the making; see [`Client::new`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    url: String,
    dialect: Dialect,
    credential: Credential,
    account: Option<String>,
    wiring: Wiring,
}

#[derive(Clone, Debug)]
enum Credential {
    /// Nothing: inside the platform.
    None,
    Token(Secret),
    Other(Arc<dyn Authorize>),
}

impl Wired for ClientBuilder {
    fn wiring(&mut self) -> &mut Wiring {
        &mut self.wiring
    }
}

impl ClientBuilder {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            dialect: Dialect::default(),
            credential: Credential::None,
            account: None,
            wiring: Wiring::new(),
        }
    }

    wiring_setters!();

    /// Speaks this dialect. Default [`Modern`](Dialect::Modern); [`Client::detect`] finds it out.
    pub const fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Speaks with a token that is there already. It cannot be renewed; see [`authorize`](Self::authorize).
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.credential = Credential::Token(token.into());
        self
    }

    /// Speaks without a credential (the default): inside the platform.
    pub fn no_token(mut self) -> Self {
        self.credential = Credential::None;
        self
    }

    /// Lets another authorizer put the credential into requests, such as a [`Login`](crate::login::Login) that renews it.
    pub fn authorize(mut self, authorize: Arc<dyn Authorize>) -> Self {
        self.credential = Credential::Other(authorize);
        self
    }

    /// The account that orders of the old dialects are placed for, such as `urn:ivcap:account:…`.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into()).filter(|account| !account.is_empty());
        self
    }

    /// Finishes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for a URL that is none, or TLS files that cannot be read;
    /// [`Invalid`](ErrorKind::Invalid) for a bad account.
    pub fn build(self) -> Result<Client> {
        let url = self.url.trim_end_matches('/');
        if url.is_empty() {
            return Err(Error::new(ErrorKind::Config, "no URL of the platform was given")
                .with_hint("give one, or set IVCAP_URL"));
        }
        if let Some(account) = &self.account {
            crate::urn::check("account", account)?;
        }
        let session = self.wiring.start(self.wiring.transport()?, Target::parse(url)?);
        let session = self.credential(session.api(self.dialect.api()).details(error::details));
        let session = self.wiring.settle(session).build();
        Ok(Client::from_inner(Inner { session, account: self.account }))
    }

    fn credential(&self, session: SessionBuilder) -> SessionBuilder {
        match &self.credential {
            Credential::None => session,
            Credential::Token(token) => {
                let value = Secret::new(format!("Bearer {}", token.expose()));
                session.authorize(Arc::new(StaticHeader::new(AUTHORIZATION, value)))
            }
            Credential::Other(authorize) => session.authorize(Arc::clone(authorize)),
        }
    }
}
