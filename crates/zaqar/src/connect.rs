//! From URL and credential to a client.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use pentad_core::auth::StaticHeader;
use pentad_core::{Authorize, Error, ErrorKind, Result, Secret, SessionBuilder, Socket, Target, Transport};
use pentad_openstack::{CloudAuth, Keystone};
use pentad_transport::{WebSocket, Wired, Wiring};

use crate::client::{Client, Inner};
use crate::error;
use crate::limit::ServiceLimits;
use crate::name::{ClientId, ProjectId};
use crate::signed::{SignedAuth, SignedUrl};
use crate::version::Version;
use crate::ws::Websocket;

/// Header of the token.
pub const TOKEN_HEADER: &str = "x-auth-token";
/// Header of the project.
pub const PROJECT_HEADER: &str = "x-project-id";
/// Header of the client.
pub(crate) const CLIENT_HEADER: &str = "client-id";
/// Header of the roles, which services without authentication believe.
pub(crate) const ROLES_HEADER: &str = "x-roles";

/// The project of a client without authentication that names none, as in the Python client (Zaqar reference 14.2).
pub const NOAUTH_PROJECT: &str = "fake_project_id_for_noauth";

/// Type of the service in a catalog.
pub const SERVICE_TYPE: &str = "messaging";

/// A client in the making; see [`Client::new`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    pub(crate) url: String,
    version: Version,
    pub(crate) credential: Credential,
    pub(crate) project: Project,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) region: Option<String>,
    interface: String,
    wiring: Wiring,
    socket: Option<Arc<dyn Socket>>,
    message_pack: bool,
    service_limits: ServiceLimits,
    fault: Option<Arc<Error>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Credential {
    /// Nothing: the service believes the project header.
    NoAuth,
    Token(Secret),
    Signed(Arc<SignedUrl>),
    Other(Arc<dyn Authorize>),
}

#[derive(Debug, Clone)]
pub(crate) enum Project {
    /// What the kind of credential makes of it.
    Unsaid,
    /// None is sent.
    None,
    Id(String),
}

impl Wired for ClientBuilder {
    fn wiring(&mut self) -> &mut Wiring {
        &mut self.wiring
    }
}

impl ClientBuilder {
    pub(crate) fn new(url: &str, version: Version) -> Self {
        Self {
            url: url.to_owned(),
            version,
            credential: Credential::NoAuth,
            project: Project::Unsaid,
            client_id: None,
            region: None,
            interface: "public".to_owned(),
            wiring: Wiring::new(),
            socket: None,
            message_pack: false,
            service_limits: ServiceLimits::default(),
            fault: None,
        }
    }

    /// Works in this project. Without authentication the default is [`NOAUTH_PROJECT`]; with a token the service knows.
    pub fn project(mut self, id: impl Into<String>) -> Self {
        self.project = Project::Id(id.into());
        self
    }

    /// Names no project: v1 has queues outside of any project.
    pub fn no_project(mut self) -> Self {
        self.project = Project::None;
        self
    }

    /// Who posts. The default is random, one per client.
    pub fn client_id(mut self, id: ClientId) -> Self {
        self.client_id = Some(id);
        self
    }

    /// Speaks without a credential (the default): for services that run without authentication.
    pub fn no_auth(mut self) -> Self {
        self.credential = Credential::NoAuth;
        self
    }

    /// Speaks with a token that is there already. It cannot be renewed.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.credential = Credential::Token(token.into());
        self
    }

    /// Lets another authorizer put the credential into requests, such as Keystone's. It also finds the endpoint when the
    /// client was made without a URL.
    pub fn authorize(mut self, authorize: Arc<dyn Authorize>) -> Self {
        self.credential = Credential::Other(authorize);
        self
    }

    /// Logs in at Keystone, and finds the service in its catalog when the client was made without a URL. Share one login
    /// between the clients of all services by [`authorize`](Self::authorize).
    pub fn keystone(self, keystone: Keystone) -> Self {
        self.authorize(Arc::new(CloudAuth::new(keystone)))
    }

    /// Speaks with the rights of a signed URL, for its project.
    pub fn signed_url(mut self, signed: SignedUrl) -> Self {
        self.project = Project::Id(signed.project.clone());
        self.credential = Credential::Signed(Arc::new(signed));
        self
    }

    /// Claims these roles, as services without authentication believe: `admin` for pools, flavors and health.
    pub fn roles(self, roles: &str) -> Self {
        match HeaderValue::from_str(roles) {
            Ok(value) => self.header(HeaderName::from_static(ROLES_HEADER), value),
            Err(error) => self.fault(Error::invalid("roles", "cannot stand in a header").with_source(error)),
        }
    }

    /// Looks in this region of the catalog, for clients without a URL.
    pub fn region(mut self, name: impl Into<String>) -> Self {
        self.region = Some(name.into());
        self
    }

    /// Looks for this interface in the catalog, for clients without a URL. Default `public`.
    pub fn interface(mut self, name: impl Into<String>) -> Self {
        self.interface = name.into();
        self
    }

    pentad_transport::wiring_setters!(session);

    /// Opens websocket connections by this, for URLs that begin with `ws`.
    pub fn socket(mut self, socket: Arc<dyn Socket>) -> Self {
        self.socket = Some(socket);
        self
    }

    /// Speaks MessagePack in binary frames over websocket, instead of JSON in text.
    pub fn message_pack(mut self, on: bool) -> Self {
        self.message_pack = on;
        self
    }

    /// Sets what is checked before sending, for services with other limits than the usual ones.
    pub fn service_limits(mut self, limits: ServiceLimits) -> Self {
        self.service_limits = limits;
        self
    }

    /// Keeps the first fault for [`build`](Self::build).
    pub(crate) fn fault(mut self, error: Error) -> Self {
        self.fault.get_or_insert_with(|| Arc::new(error));
        self
    }

    /// Finishes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for a URL that is none, no URL without a catalog, TLS files that cannot be read;
    /// [`Invalid`](ErrorKind::Invalid) for a bad project or client id; [`Unsupported`](ErrorKind::Unsupported) for websocket
    /// with another version than v2.
    pub fn build(self) -> Result<Client> {
        if let Some(fault) = &self.fault {
            return Err(Error::new(fault.kind(), fault.message().to_owned()));
        }
        let target = self.target()?;
        let websocket = match &target {
            Some(target) if is_websocket(target) => Some(self.websocket(target)?),
            _ => None,
        };
        let base = match (self.wiring.session(), target) {
            (Some(session), None) => session.clone(),
            (Some(session), Some(target)) => session.with(|session| session.target(target)),
            (None, target) => {
                let transport: Arc<dyn Transport> = match &websocket {
                    Some(websocket) => Arc::new(websocket.clone()),
                    None => self.wiring.transport()?,
                };
                let target = target.ok_or_else(no_url)?;
                self.wiring.start(transport, target).build()
            }
        };
        let project = self.project_id()?;
        let client_id = self.client_id.clone().unwrap_or_else(ClientId::random);
        let mut names = vec![(CLIENT_HEADER, header("client id", client_id.as_str())?)];
        if let Some(project) = &project {
            names.push((PROJECT_HEADER, header("project", project)?));
        }
        let session = base.with(|session| self.settle(session, names));
        let session = match &websocket {
            Some(websocket) => session.with(|session| session.transport(Arc::new(websocket.clone()))),
            None => session,
        };
        let limits = self.service_limits;
        Ok(Client::from_inner(Inner { session, client_id, project, limits, websocket }))
    }

    /// Where calls go; `None` leaves it to the session.
    fn target(&self) -> Result<Option<Target>> {
        let url = self.url.trim().trim_end_matches('/');
        if !url.is_empty() {
            return Target::parse(url).map(Some);
        }
        match (self.wiring.session(), &self.credential) {
            (Some(_), _) => Ok(None),
            (None, Credential::Other(_)) => Ok(Some(Target::Service {
                service_type: SERVICE_TYPE.into(),
                interface: self.interface.clone().into(),
                region: self.region.clone(),
                version: None,
            })),
            (None, _) => Err(no_url()),
        }
    }

    fn project_id(&self) -> Result<Option<String>> {
        let id = match (&self.project, &self.credential) {
            (Project::Id(id), _) => id.clone(),
            (Project::Unsaid, Credential::NoAuth) if self.wiring.session().is_none() => {
                NOAUTH_PROJECT.to_owned()
            }
            _ => return Ok(None),
        };
        ProjectId::try_from(id.as_str())?;
        Ok(Some(id))
    }

    fn websocket(&self, target: &Target) -> Result<Websocket> {
        if self.version != Version::V2 {
            return Err(error::unsupported("zaqar.websocket", self.version, &[Version::V2]));
        }
        let socket = match &self.socket {
            Some(socket) => Arc::clone(socket),
            None => Arc::new(WebSocket::builder().tls(self.wiring.tls()).build()?),
        };
        let make = if self.message_pack { Websocket::binary } else { Websocket::new };
        Ok(make(socket, target.clone()))
    }

    fn settle(&self, mut session: SessionBuilder, names: Vec<(&'static str, HeaderValue)>) -> SessionBuilder {
        session = session.api(self.version.api()).details(error::details);
        for (name, value) in names {
            session = session.header(HeaderName::from_static(name), value);
        }
        match &self.credential {
            Credential::NoAuth => {}
            Credential::Token(token) => {
                let name = HeaderName::from_static(TOKEN_HEADER);
                session = session.authorize(Arc::new(StaticHeader::new(name, token.clone())));
            }
            Credential::Signed(signed) => {
                session = session.authorize(Arc::new(SignedAuth(Arc::clone(signed))));
            }
            Credential::Other(authorize) => session = session.authorize(Arc::clone(authorize)),
        }
        self.wiring.settle(session)
    }
}

/// Who or where, as a header; never left out in silence, because the service would work somewhere else.
fn header(field: &str, text: &str) -> Result<HeaderValue> {
    HeaderValue::from_bytes(text.as_bytes())
        .map_err(|error| Error::invalid(field, "cannot stand in a header").with_source(error))
}

fn no_url() -> Error {
    Error::new(ErrorKind::Config, "no URL was given and no catalog can tell one")
        .with_hint("give the URL of the service, or an authorizer with a catalog")
}

fn is_websocket(target: &Target) -> bool {
    matches!(target, Target::Url(uri) if uri.scheme_str().is_some_and(|scheme| scheme.starts_with("ws")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_urls_bad_projects_and_websocket_before_v2_are_said_when_building() {
        let kind = |builder: ClientBuilder| builder.build().unwrap_err().kind();
        assert_eq!(kind(Client::new("", Version::V2)), ErrorKind::Config);
        assert_eq!(kind(Client::new("zaqar", Version::V2)), ErrorKind::Config);
        assert_eq!(kind(Client::new("http://zaqar.test", Version::V2).project("")), ErrorKind::Invalid);
        let long = "p".repeat(257);
        assert_eq!(kind(Client::new("http://zaqar.test", Version::V2).project(long)), ErrorKind::Invalid);
        assert_eq!(kind(Client::new("ws://zaqar.test:9000", Version::V1_1)), ErrorKind::Unsupported);
    }

    #[test]
    fn without_authentication_a_project_is_made_up_and_a_client_id_is_random() {
        let client = Client::new("http://zaqar.test:8888/", Version::V2).build().unwrap();
        assert_eq!(client.project(), Some(NOAUTH_PROJECT));
        let other =
            Client::new("http://zaqar.test:8888/", Version::V2).token("t".to_owned()).build().unwrap();
        assert_eq!(other.project(), None);
        assert_ne!(client.client_id(), other.client_id());
    }
}
