//! What a started server says of itself: where it listens, whom to trust, what to log in with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::server::Bound;
use crate::service::Service;

/// Where one service can be reached, as far as the server listens.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Places {
    /// The plain listener of all services.
    pub plain: Option<SocketAddr>,
    /// The TLS listener of all services.
    pub tls: Option<SocketAddr>,
    /// The listener of the service alone; it speaks TLS if TLS is on.
    pub own: Option<SocketAddr>,
    /// A certificate that clients may log in with.
    pub client: Option<ClientFiles>,
}

/// Where the services of a server can be reached, as of now; empty until it listens. A cheap handle.
#[derive(Debug, Clone, Default)]
pub struct Listening(Arc<Mutex<Bound>>);

impl Listening {
    /// The places of a service, at addresses that a client on this machine can connect to.
    pub fn places(&self, service: &str) -> Places {
        self.bound().places(service)
    }

    pub(crate) fn bound(&self) -> MutexGuard<'_, Bound> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The files of a client certificate.
#[derive(Debug, Clone)]
pub struct ClientFiles {
    /// The certificate, PEM.
    pub cert: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

impl Places {
    /// Whether TLS is on.
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// The root of the plain listener, else of the TLS listener; no trailing slash.
    pub fn root_url(&self) -> Option<String> {
        let plain = self.plain.map(|addr| format!("http://{addr}"));
        plain.or_else(|| self.tls.map(|addr| format!("https://{addr}")))
    }

    /// The prefix of a service below [`root_url`](Self::root_url).
    pub fn prefix_url(&self, name: &str) -> Option<String> {
        self.root_url().map(|root| format!("{root}/{name}"))
    }

    /// The root of the service's own listener; no trailing slash.
    pub fn own_url(&self) -> Option<String> {
        let scheme = if self.is_tls() { "https" } else { "http" };
        self.own.map(|addr| format!("{scheme}://{addr}"))
    }
}

impl Bound {
    /// The places of one service, at addresses that a client on this machine can connect to.
    pub(crate) fn places(&self, service: &str) -> Places {
        let client = self.ca.as_ref().map(|ca| {
            let (cert, key) = ca.client();
            ClientFiles { cert, key }
        });
        Places {
            plain: self.plain.map(reachable),
            tls: self.tls.map(reachable),
            own: self.own.get(service).copied().map(reachable),
            client,
        }
    }
}

/// The announcement as one object.
pub(crate) fn announce(
    bound: &Bound,
    services: &[Arc<dyn Service>],
    data: Option<&Path>,
    credentials: Value,
) -> Value {
    let mut all = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "data": data.map_or_else(|| "memory".to_owned(), |dir| dir.display().to_string()),
        "endpoints": endpoints(bound, services),
    });
    if let Some(tls) = bound.tls {
        let base = format!("https://{}", reachable(tls));
        let mut endpoints = Map::new();
        for service in services {
            endpoints.insert(service.name().to_owned(), json!(format!("{base}/{}", service.name())));
        }
        if bound.control.is_none() {
            endpoints.insert("control".to_owned(), json!(format!("{base}/_pentad")));
        }
        let ca_file = bound.ca.as_ref().map(|ca| ca.ca_file().display().to_string());
        all["tls"] = json!({"ca_file": ca_file, "endpoints": endpoints});
    }
    all["credentials"] = credentials;
    all
}

fn endpoints(bound: &Bound, services: &[Arc<dyn Service>]) -> Map<String, Value> {
    let mut endpoints = Map::new();
    for service in services {
        for (key, url) in service.endpoints(&bound.places(service.name())) {
            endpoints.insert(key.to_owned(), json!(url));
        }
    }
    let control = bound.control.or(bound.plain).map(|addr| format!("http://{}/_pentad", reachable(addr)));
    let control = control.or_else(|| bound.tls.map(|addr| format!("https://{}/_pentad", reachable(addr))));
    if let Some(url) = control {
        endpoints.insert("control".to_owned(), json!(url));
    }
    endpoints
}

/// The credentials, completed by each service with what depends on where it listens.
pub(crate) fn credentials(
    bound: &Bound,
    services: &[Arc<dyn Service>],
    sections: &Map<String, Value>,
) -> Value {
    let mut all = sections.clone();
    for service in services {
        if let Some(Value::Object(section)) = all.get_mut(service.credentials_name()) {
            service.complete(section, &bound.places(service.name()));
        }
    }
    Value::Object(all)
}

/// An address that a client on this machine can connect to.
pub(crate) fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    SocketAddr::new(ip, addr.port())
}
