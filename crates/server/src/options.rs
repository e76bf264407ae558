//! What can be chosen when a server is opened and when it listens.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

pub use pentad_store::Durability;

use crate::seed::Seed;
use crate::service::Mode;

/// How to open a [`Server`](crate::Server).
#[derive(Clone)]
#[non_exhaustive]
pub struct ServerOptions {
    /// The data directory; `None` keeps everything in memory.
    pub data: Option<PathBuf>,
    /// What an answered write survives; by default `durable` with a data directory, `memory` without.
    pub durability: Option<Durability>,
    /// A `postgres://` URL to keep tables in, instead of files in the data directory.
    pub store: Option<String>,
    /// What exists from the start.
    pub seed: Option<Seed>,
    /// How closely the real services' oddities are kept.
    pub mode: Mode,
    /// The largest request body in bytes; default 64 MiB.
    pub max_body: u64,
    /// How many connections are served at once; further ones wait to be accepted. Default 4096.
    pub max_connections: usize,
    /// How long running requests may take to end at shutdown; default 10 s of real time.
    pub drain: Duration,
    /// PEM files of authorities that push receivers may be certified by.
    pub push_ca: Vec<PathBuf>,
    /// Allows addresses other than loopback although nothing but generated credentials protects the data.
    pub insecure: bool,
}

impl fmt::Debug for ServerOptions {
    /// The store's URL may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("data", &self.data)
            .field("durability", &self.durability)
            .field("store", &self.store.as_deref().map(pentad_core::redact::url))
            .field("seed", &self.seed)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            data: None,
            durability: None,
            store: None,
            seed: None,
            mode: Mode::default(),
            max_body: 64 << 20,
            max_connections: 4096,
            drain: Duration::from_secs(10),
            push_ca: Vec::new(),
            insecure: false,
        }
    }
}

impl ServerOptions {
    /// Everything in memory.
    pub fn memory() -> Self {
        Self::default()
    }

    /// Everything in a directory.
    pub fn dir(data: impl Into<PathBuf>) -> Self {
        Self { data: Some(data.into()), ..Self::default() }
    }
}

/// Where a server listens. Port 0 takes a free port.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ListenOptions {
    /// The plain listener; default `127.0.0.1:7700`.
    pub plain: Option<SocketAddr>,
    /// The certificate of the TLS listeners; off by default.
    pub tls: Tls,
    /// The TLS listener, if TLS is on; default `127.0.0.1:7743`.
    pub tls_listen: SocketAddr,
    /// A PEM file of authorities for client certificates; default the local authority.
    pub tls_client_ca: Option<PathBuf>,
    /// Listeners with one service at their root, by its name; TLS if TLS is on.
    pub own: BTreeMap<String, SocketAddr>,
    /// Moves the control API to a listener of its own.
    pub control: Option<SocketAddr>,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self {
            plain: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 7700))),
            tls: Tls::Off,
            tls_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7743)),
            tls_client_ca: None,
            own: BTreeMap::new(),
            control: None,
        }
    }
}

impl ListenOptions {
    /// Free ports on `127.0.0.1`.
    pub fn any_port() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { plain: Some(any), tls_listen: any, ..Self::default() }
    }

    pub(crate) fn addrs(&self) -> Vec<SocketAddr> {
        let mut addrs: Vec<SocketAddr> = [self.plain, self.control].into_iter().flatten().collect();
        addrs.extend(self.own.values());
        if self.tls != Tls::Off {
            addrs.push(self.tls_listen);
        }
        addrs
    }
}

/// Where the certificate of the TLS listeners comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Tls {
    /// No TLS.
    #[default]
    Off,
    /// A local authority in `DIR/tls`, made on first use, certifies `localhost` and the addresses listened on.
    Auto,
    /// PEM files.
    Files {
        /// The chain, leaf first.
        cert: PathBuf,
        /// The private key.
        key: PathBuf,
    },
}
