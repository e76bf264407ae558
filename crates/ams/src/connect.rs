//! From endpoint and credential to a client.

use std::sync::Arc;

use http::{HeaderName, Uri};
use pentad_core::auth::{Anonymous, Renewing, StaticHeader};
use pentad_core::{Authorize, Error, ErrorKind, Result, Secret, Session, SessionBuilder, Target, Transport};
use pentad_transport::{HyperTransport, Identity, Wired, Wiring};

use crate::client::Client;
use crate::credential::{API_KEY, CertificateLogin};
use crate::message::RECORD_LIMIT;
use crate::{error, name, ops};

/// The port of the authentication service unless another is given (AMS reference 2.3).
pub const AUTHN_PORT: u16 = 8443;

/// A client in the making; see [`Client::new`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    endpoint: String,
    project: String,
    credential: Credential,
    wiring: Wiring,
    authn_transport: Option<Arc<dyn Transport>>,
    record_limit: Option<usize>,
}

#[derive(Debug, Clone)]
enum Credential {
    None,
    Token(Secret),
    Certificate(Identity, u16),
    Other(Arc<dyn Authorize>),
}

impl Wired for ClientBuilder {
    fn wiring(&mut self) -> &mut Wiring {
        &mut self.wiring
    }
}

impl ClientBuilder {
    pub(crate) fn new(endpoint: &str, project: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            project: project.to_owned(),
            credential: Credential::None,
            wiring: Wiring::new(),
            authn_transport: None,
            record_limit: Some(RECORD_LIMIT),
        }
    }

    /// Speaks with this token. It takes precedence over a certificate.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.credential = Credential::Token(token.into());
        self
    }

    /// Exchanges a client certificate for a token at the authentication service on the endpoint's host.
    ///
    /// The exchange happens before the first call, and again when the service rejects the token. The port is
    /// [`AUTHN_PORT`] at most installations.
    pub fn certificate(mut self, identity: Identity, authn_port: u16) -> Self {
        if !matches!(self.credential, Credential::Token(_)) {
            self.credential = Credential::Certificate(identity, authn_port);
        }
        self
    }

    /// Speaks without a credential; only health and build can be asked.
    pub fn anonymous(mut self) -> Self {
        self.credential = Credential::Other(Arc::new(Anonymous));
        self
    }

    /// Lets another authorizer put the credential into requests.
    pub fn authorize(mut self, authorize: Arc<dyn Authorize>) -> Self {
        self.credential = Credential::Other(authorize);
        self
    }

    pentad_transport::wiring_setters!(session);

    /// Exchanges the certificate over this transport, which shows the certificate itself.
    pub fn authn_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.authn_transport = Some(transport);
        self
    }

    /// Sets the largest stored record that is sent, in bytes; `None` leaves it to the service. The default is
    /// [`RECORD_LIMIT`]; older services have [`RECORD_LIMIT_BEFORE_1_7`](crate::RECORD_LIMIT_BEFORE_1_7).
    pub fn record_limit(mut self, bytes: Option<usize>) -> Self {
        self.record_limit = bytes;
        self
    }

    /// Finishes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for an endpoint that is none, a missing credential, or TLS files that cannot be read;
    /// [`Invalid`](ErrorKind::Invalid) for a bad project name.
    pub fn build(self) -> Result<Client> {
        name::check("project", &self.project)?;
        let base = match self.wiring.session() {
            Some(session) => session.clone(),
            None => {
                let target = Target::parse(&base_url(&self.endpoint)?)?;
                let session = self.wiring.start(self.wiring.transport()?, target);
                session.api(ops::V1).details(error::details).build()
            }
        };
        let authorize = self.authorizer(&base)?;
        let session = base.with(|session| self.settle(session, authorize));
        Ok(Client::from_session(session, self.project, self.record_limit))
    }

    fn authorizer(&self, base: &Session) -> Result<Option<Arc<dyn Authorize>>> {
        Ok(Some(match &self.credential {
            Credential::Token(token) if token.is_empty() => {
                return Err(Error::new(ErrorKind::Config, "the token is empty"));
            }
            Credential::Token(token) => {
                Arc::new(StaticHeader::new(HeaderName::from_static(API_KEY), token.clone()))
            }
            Credential::Certificate(identity, port) => {
                let transport = match (&self.authn_transport, self.wiring.given_transport()) {
                    (Some(transport), _) => Arc::clone(transport),
                    (None, _) => {
                        let tls = self.wiring.tls().identity(identity.clone());
                        Arc::new(HyperTransport::builder().tls(tls).build()?)
                    }
                };
                let Target::Url(endpoint) = base.target() else {
                    return Err(Error::new(
                        ErrorKind::Config,
                        "the certificate exchange needs an endpoint with a host",
                    ));
                };
                Arc::new(Renewing::new(CertificateLogin::new(endpoint, *port, transport)?))
            }
            Credential::Other(authorize) => Arc::clone(authorize),
            Credential::None if self.wiring.session().is_some() => return Ok(None),
            Credential::None => {
                return Err(Error::new(ErrorKind::Config, "neither a token nor a certificate was given")
                    .with_hint("use token(..) or certificate(..), or anonymous() for health and build"));
            }
        }))
    }

    fn settle(&self, mut session: SessionBuilder, authorize: Option<Arc<dyn Authorize>>) -> SessionBuilder {
        session = session.api(ops::V1).details(error::details);
        if let Some(authorize) = authorize {
            session = session.authorize(authorize);
        }
        self.wiring.settle(session)
    }
}

/// The base of all calls: see [`Client::new`].
fn base_url(endpoint: &str) -> Result<String> {
    let endpoint = endpoint.trim().trim_end_matches('/');
    if endpoint.is_empty() {
        return Err(Error::new(ErrorKind::Config, "the endpoint is empty"));
    }
    let mut url = if endpoint.contains("://") { endpoint.to_owned() } else { format!("https://{endpoint}") };
    let path_is_versioned =
        url.parse::<Uri>().is_ok_and(|uri| uri.path().trim_end_matches('/').ends_with("/v1"));
    if !path_is_versioned {
        url.push_str("/v1");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_hosts_as_in_the_python_client_or_urls() {
        for (given, base) in [
            ("ams.example.org", "https://ams.example.org/v1"),
            ("ams.example.org:8080", "https://ams.example.org:8080/v1"),
            ("127.0.0.1:7743", "https://127.0.0.1:7743/v1"),
            ("http://127.0.0.1:7700/ams", "http://127.0.0.1:7700/ams/v1"),
            ("http://127.0.0.1:7700/ams/", "http://127.0.0.1:7700/ams/v1"),
            ("https://ams.example.org/v1", "https://ams.example.org/v1"),
        ] {
            assert_eq!(base_url(given).unwrap(), base);
        }
        assert_eq!(base_url(" ").unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn missing_credential_and_bad_project_are_said_when_building() {
        let error = Client::new("ams.example.org", "DEMO").build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.hint().is_some());
        let error = Client::new("ams.example.org", "DE.MO").token("t".to_owned()).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}
