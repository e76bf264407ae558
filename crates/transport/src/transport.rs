//! HTTP over TCP and TLS.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_core::future::BoxFuture;
use pentad_core::{Request, Response, Result, Transport};

use crate::connect::{Connector, PlainRoute};
use crate::exchange::Exchange;
use crate::proxy::{Proxies, Proxy};
use crate::tls::{self, Tls, TlsOptions};

/// HTTP/1.1 and HTTP/2 over TCP, with or without TLS; connections are kept and used again.
///
/// The protocol is agreed on during the TLS handshake (ALPN); plain connections speak HTTP/1.1 unless
/// [`http2_only`](HyperTransportBuilder::http2_only) is set. Cloning is cheap and shares the connections.
///
/// # Limits
/// `Request::limits.connect` bounds the way from the name to the end of the TLS handshake, proxy included.
/// `Request::limits.idle` bounds the silence before the head of the answer and between two pieces of its body;
/// while a long body is uploaded, silence means that the connection takes nothing more of it. The limits on an
/// attempt and on a whole call are kept by the session.
///
/// # Errors
/// [`Sent::No`](pentad_core::Sent::No) for all that fails before the request's first byte: name, connection, proxy,
/// TLS. [`Sent::Maybe`](pentad_core::Sent::Maybe) after that, until the answer is there.
/// [`Config`](pentad_core::ErrorKind::Config) for what would fail again in the same way, above all certificates.
///
/// # Compression
/// Answers in gzip or zstd are asked for and decoded, unless the request has an `Accept-Encoding` or `Range` of its own.
///
/// # Cancellation
/// Dropping the future gives up the exchange; the request may have been sent.
///
/// # Example
/// ```
/// use pentad_transport::{HyperTransport, Proxy};
///
/// let transport = HyperTransport::builder().proxy(Proxy::None).build()?;
/// # Ok::<(), pentad_core::Error>(())
/// ```
#[derive(Clone)]
pub struct HyperTransport(Arc<Exchange<Connector>>);

impl HyperTransport {
    /// Starts with the platform's trust, the environment's proxies and a pool of idle connections.
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder::default()
    }
}

impl Transport for HyperTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        self.0.send(request)
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HyperTransport")
    }
}

/// How connections are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolOptions {
    pub(crate) idle: Duration,
    pub(crate) per_host: usize,
    pub(crate) http2_only: bool,
}

impl Default for PoolOptions {
    fn default() -> Self {
        // Below the 60 s and more after which common servers and balancers close idle connections.
        Self { idle: Duration::from_secs(50), per_host: usize::MAX, http2_only: false }
    }
}

/// Settings of a [`HyperTransport`].
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct HyperTransportBuilder {
    tls: TlsOptions,
    proxy: Proxy,
    pool: PoolOptions,
    connect_ceiling: Option<Duration>,
}

impl HyperTransportBuilder {
    /// Whom to trust, and which certificate to show.
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.tls = options;
        self
    }

    /// Which proxy to go through; by default what the environment says.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// How long an unused connection is kept; 50 s by default.
    pub const fn pool_idle(mut self, idle: Duration) -> Self {
        self.pool.idle = idle;
        self
    }

    /// How many unused connections to one server are kept; by default all.
    pub const fn pool_idle_per_host(mut self, connections: usize) -> Self {
        self.pool.per_host = connections;
        self
    }

    /// Speaks HTTP/2 without asking, on plain connections too (prior knowledge).
    pub const fn http2_only(mut self, only: bool) -> Self {
        self.pool.http2_only = only;
        self
    }

    /// Bounds the connect limit of every request.
    pub const fn connect_ceiling(mut self, limit: Duration) -> Self {
        self.connect_ceiling = Some(limit);
        self
    }

    /// Reads the certificate files and prepares the pool; nothing is connected yet.
    ///
    /// # Errors
    /// [`Config`](pentad_core::ErrorKind::Config) if a file cannot be read or holds no certificate or key, if
    /// certificate and key do not fit, or if the proxy's URL is none.
    pub fn build(self) -> Result<HyperTransport> {
        #[cfg(feature = "blocking")]
        crate::blocking::install();
        let proxies = Arc::new(Proxies::new(&self.proxy)?);
        let protocols = if self.pool.http2_only { tls::HTTP2 } else { tls::HTTP1_AND_2 };
        let tls = Tls::new(&self.tls, protocols)?;
        let route = PlainRoute::Forwarded;
        let connector = Connector::new(tls, Arc::clone(&proxies), route, self.connect_ceiling);
        Ok(HyperTransport(Arc::new(Exchange::new(connector, proxies, self.pool))))
    }
}

/// The default transport of this process: the platform's trust, the environment's proxies, one pool for all clients.
///
/// # Errors
/// As [`HyperTransportBuilder::build`]; with the default settings there is nothing that can fail.
pub fn shared() -> Result<Arc<dyn Transport>> {
    static SHARED: OnceLock<HyperTransport> = OnceLock::new();
    let transport = match SHARED.get() {
        Some(transport) => transport.clone(),
        None => {
            let built = HyperTransport::builder().build()?;
            SHARED.get_or_init(|| built).clone()
        }
    };
    Ok(Arc::new(transport))
}
