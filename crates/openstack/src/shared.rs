//! One identity for the clients of several services (OpenStack reference A1 to A12).

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT, FORWARDED, USER_AGENT};
use http::{HeaderName, HeaderValue};
use pentad_core::auth::TokenStore;
use pentad_core::{
    Api, Authorize, Error, ErrorKind, Result, Session, SessionBuilder, Target, timing::Timing,
};
use pentad_transport::Wiring;

use crate::config::Cloud;
use crate::error;
use crate::raw::RawService;

/// A service's client that can stand on an [`HttpClient`].
pub trait Service: Clone + Send + Sync + 'static {
    /// Type in the catalog, such as `database`.
    const SERVICE_TYPE: &'static str;

    /// The client over a session that finds the service by the catalog.
    fn from_session(session: Session) -> Self;
}

/// One identity for the clients of several services: they share token, connections, timings and settings. A clone is
/// one reference count.
///
/// # Example
/// ```
/// use pentad_openstack::{CloudAuth, HttpClient, Keystone, auth::User};
/// # fn main() -> pentad_core::Result<()> {
/// let keystone = Keystone::password("https://cloud.test:5000/v3", User::id("ee4d"), "secret")?;
/// let http = HttpClient::builder(CloudAuth::new(keystone)).region("RegionOne").build()?;
/// let call = http.raw("image").get("/v2/images?limit=5");
/// assert_eq!(call.request().unwrap().path, "/v2/images");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

struct Inner {
    session: Session,
    region: Option<String>,
    interface: Cow<'static, str>,
    cloud: Option<Cloud>,
    interfaces: BTreeMap<String, String>,
    services: Mutex<HashMap<TypeId, Box<dyn Any + Send>>>,
}

/// An [`HttpClient`] in the making.
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct HttpClientBuilder {
    authorize: Arc<dyn Authorize>,
    region: Option<String>,
    interface: Cow<'static, str>,
    original_ip: Option<String>,
    user_agent: Option<String>,
    wiring: Wiring,
    timeout: Option<Duration>,
    timings: Option<usize>,
    cloud: Option<Cloud>,
    interfaces: BTreeMap<String, String>,
    store: Option<Arc<dyn TokenStore>>,
}

impl HttpClient {
    /// Starts a client whose calls carry what `authorize` gives, commonly a [`CloudAuth`](crate::CloudAuth).
    pub fn builder(authorize: impl Authorize) -> HttpClientBuilder {
        HttpClientBuilder::new(Arc::new(authorize))
    }

    /// Starts a client whose calls carry what a shared authorizer gives, such as the one that
    /// [`Plugins::choose`](crate::auth::plugin::Plugins::choose) chose.
    pub fn authorized_by(authorize: Arc<dyn Authorize>) -> HttpClientBuilder {
        HttpClientBuilder::new(authorize)
    }

    /// Starts a client from a configured cloud: login, region, interface, TLS and the services' own settings. Tokens are
    /// kept where [`Cloud::token_store`] says, if it does.
    ///
    /// # Errors
    /// Those of [`Cloud::authorizer`] and [`Cloud::transport`].
    pub fn from_cloud(cloud: &Cloud) -> Result<HttpClientBuilder> {
        let mut builder =
            HttpClientBuilder::new(cloud.authorizer(cloud.token_store())?).transport(cloud.transport()?);
        builder.region = cloud.region();
        builder.interface = cloud.interface().into();
        builder.cloud = Some(cloud.clone());
        Ok(builder)
    }

    /// The client of a service: the same one each time.
    pub fn service<S: Service>(&self) -> S {
        let mut services = self.0.services.lock().unwrap_or_else(PoisonError::into_inner);
        let held = services.get(&TypeId::of::<S>()).and_then(|held| held.downcast_ref::<S>());
        if let Some(held) = held {
            return held.clone();
        }
        let made = S::from_session(self.session_for(S::SERVICE_TYPE));
        services.insert(TypeId::of::<S>(), Box::new(made.clone()));
        made
    }

    /// Any service of the catalog, by paths below its endpoint.
    pub fn raw(&self, service_type: impl Into<Cow<'static, str>>) -> RawService {
        RawService::new(self.session_for(service_type))
    }

    /// A session whose calls go to a service of the catalog.
    pub fn session_for(&self, service_type: impl Into<Cow<'static, str>>) -> Session {
        let service_type = service_type.into();
        let own = self.0.interfaces.get(service_type.as_ref());
        let mut target = match &self.0.cloud {
            Some(cloud) => cloud.target(service_type),
            None => Target::Service {
                service_type,
                interface: self.0.interface.clone(),
                region: self.0.region.clone(),
                version: None,
            },
        };
        if let (Target::Service { interface, .. }, Some(own)) = (&mut target, own) {
            *interface = own.clone().into();
        }
        self.0.session.with(|session| session.target(target))
    }

    /// The session that all services' sessions come from.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// The last calls of all services, oldest first; logins included.
    pub fn timings(&self) -> Vec<Timing> {
        self.0.session.timings()
    }

    /// Forgets the timings.
    pub fn reset_timings(&self) {
        self.0.session.reset_timings();
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("session", &self.0.session).finish_non_exhaustive()
    }
}

impl HttpClientBuilder {
    fn new(authorize: Arc<dyn Authorize>) -> Self {
        Self {
            authorize,
            region: None,
            interface: "public".into(),
            original_ip: None,
            user_agent: None,
            wiring: Wiring::new(),
            timeout: None,
            timings: None,
            cloud: None,
            interfaces: BTreeMap::new(),
            store: None,
        }
    }

    /// Keeps the tokens of a [cloud's](HttpClient::from_cloud) login here. An authorizer that is given has its own store.
    pub fn store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets the region of all services.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets the interface: `public` (default), `internal`, `admin`, or the same with `URL` at the end.
    pub fn interface(mut self, interface: impl Into<String>) -> Self {
        self.interface = interface.into().into();
        self
    }

    /// Sets the interface of one service, by its type.
    pub fn service_interface(mut self, service_type: &str, interface: &str) -> Self {
        self.interfaces.insert(service_type.to_owned(), interface.to_owned());
        self
    }

    pentad_transport::wiring_setters!(certificate);

    /// Limits each call, attempts and pauses included; a call may say otherwise.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Says for whom the calls are made, in the header `Forwarded`.
    pub fn original_ip(mut self, ip: impl Into<String>) -> Self {
        self.original_ip = Some(ip.into());
        self
    }

    /// Sets the header `User-Agent` of all calls.
    pub fn user_agent(mut self, agent: impl Into<String>) -> Self {
        self.user_agent = Some(agent.into());
        self
    }

    /// Sets how many timings are kept.
    pub fn timings(mut self, kept: usize) -> Self {
        self.timings = Some(kept);
        self
    }

    /// Finishes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if there is no transport to be had, or a header's value cannot be sent.
    pub fn build(self) -> Result<HttpClient> {
        let authorize = match (&self.cloud, self.store) {
            (Some(cloud), store @ Some(_)) => cloud.authorizer(store)?,
            _ => self.authorize,
        };
        let transport = self.wiring.transport()?;
        let nowhere = Target::Service {
            service_type: "identity".into(),
            interface: self.interface.clone(),
            region: self.region.clone(),
            version: None,
        };
        let session = self
            .wiring
            .start(transport, nowhere)
            .authorize(authorize)
            .api(Api("v1"))
            .details(error::details)
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        let mut session = self.wiring.settle(session);
        if let Some(agent) = &self.user_agent {
            session = header(session, USER_AGENT, agent)?;
        }
        if let Some(ip) = &self.original_ip {
            let agent = self.user_agent.as_deref().unwrap_or("pentad");
            session = header(session, FORWARDED, &format!("for={ip};by={agent}"))?;
        }
        let mut limits = self.wiring.limits();
        limits.total = self.timeout.unwrap_or(limits.total);
        session = session.limits(limits);
        if let Some(kept) = self.timings {
            session = session.timings(kept);
        }
        Ok(HttpClient(Arc::new(Inner {
            session: session.build(),
            region: self.region,
            interface: self.interface,
            cloud: self.cloud,
            interfaces: self.interfaces,
            services: Mutex::default(),
        })))
    }
}

fn header(session: SessionBuilder, name: HeaderName, value: &str) -> Result<SessionBuilder> {
    let value = HeaderValue::from_str(value).map_err(|error| {
        Error::new(ErrorKind::Config, format!("the value for header {name} cannot be sent"))
            .with_source(error)
    })?;
    Ok(session.header(name, value))
}

/// Joins an endpoint and a path as the original does: one slash between them, none at the end.
///
/// For programs that come from the original and join URLs themselves. Our own clients never do: they fill path templates, and
/// an argument cannot leave its segment there.
pub fn concat_url(endpoint: &str, url: &str) -> String {
    format!("{}/{}", endpoint.trim_end_matches('/'), url.trim_matches('/'))
}

/// Chooses by version, as in `select_version("database", "1.0", &[("1.0", one), ("2.0", two)])`.
///
/// For programs with clients of their own by version, as the original's `get_class`. Ours have one client for a service and ask
/// for a version with [`Target`].
///
/// # Errors
/// [`Unsupported`](ErrorKind::Unsupported), naming the versions that there are.
pub fn select_version<T: Copy>(api: &str, version: impl fmt::Display, versions: &[(&str, T)]) -> Result<T> {
    let version = version.to_string();
    versions.iter().find(|(name, _)| *name == version).map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<&str> = versions.iter().map(|(name, _)| *name).collect();
        let message =
            format!("Invalid {api} client version '{version}'. Must be one of: {}", names.join(", "));
        Error::new(ErrorKind::Unsupported, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_joined_as_in_the_reference() {
        for (endpoint, url, joined) in [
            ("http://keystone/v2.0/", "/tokens", "http://keystone/v2.0/tokens"),
            ("/a", "/b", "/a/b"),
            ("/a", "b", "/a/b"),
            ("/a/", "/b", "/a/b"),
            ("http://k//", "//x/y//", "http://k/x/y"),
            ("http://k", "", "http://k/"),
            ("http://k/", "/a?b=/c/", "http://k/a?b=/c"),
            ("", "x", "/x"),
            ("http://k", "http://other/x", "http://k/http://other/x"),
        ] {
            assert_eq!(concat_url(endpoint, url), joined);
        }
    }

    #[test]
    fn a_version_is_chosen_by_its_text_and_an_unknown_one_names_the_others() {
        let map = [("1", "P"), ("2.0", "Q")];
        assert_eq!(select_version("compute", 1, &map).unwrap(), "P");
        assert_eq!(select_version("compute", "2.0", &map).unwrap(), "Q");
        let error = select_version("compute", 3, &map).unwrap_err();
        assert_eq!(error.message(), "Invalid compute client version '3'. Must be one of: 1, 2.0");
    }
}
