//! From a URL to a connected, perhaps encrypted stream.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::TryFutureExt;
use futures_util::future::MapErr;
use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiFuture, GaiResolver, Name};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::proxy::{Handed, OnTheWay, Proxies, Refusal};
use crate::tls::Tls;

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// Makes connections to servers.
pub(crate) trait Connect: Send + Sync + 'static {
    /// What comes of it, before the first byte of HTTP.
    type Stream: Read + Write + Connection + Unpin + Send + 'static;

    /// Connects to the server of a URL within `limit`.
    fn connect(
        &self,
        server: Uri,
        limit: Duration,
    ) -> impl Future<Output = Result<Self::Stream, Fault>> + Send;
}

/// Ends what takes longer than a connect limit.
pub(crate) async fn within_limit<T>(
    limit: Duration,
    connecting: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    #[expect(clippy::disallowed_methods, reason = "a limit on real network input and output")]
    let connected = tokio::time::timeout(limit, connecting).await;
    connected.unwrap_or(Err(Fault::Timeout))
}

/// Why there is no connection. Nothing of the request was sent.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The address could not be found or reached.
    Dial(BoxError),
    /// The connect limit ran out.
    Timeout,
    /// The proxy itself could not be reached, for the reason within.
    Proxy(String, Box<Self>),
    /// The proxy was reached and did not go on.
    Refused(Refusal),
    /// The TLS handshake failed.
    Tls(BoxError),
    /// The trust store of the platform cannot be used.
    Trust(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial(_) => f.write_str("no connection"),
            Self::Timeout => f.write_str("no connection in time"),
            Self::Proxy(..) => f.write_str("no connection to the proxy"),
            Self::Refused(_) => f.write_str("no connection through the proxy"),
            Self::Tls(_) => f.write_str("TLS handshake failed"),
            Self::Trust(why) => write!(f, "trust store: {why}"),
        }
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Dial(error) | Self::Tls(error) => Some(&**error),
            Self::Proxy(_, fault) => Some(fault),
            Self::Refused(refusal) => Some(refusal),
            Self::Timeout | Self::Trust(_) => None,
        }
    }
}

/// The name of the host has no address.
#[derive(Debug)]
pub(crate) struct Unresolved(io::Error);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host name has no address")
    }
}

impl StdError for Unresolved {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

/// The system's resolver, with failures that can be told from those of the connection.
#[derive(Clone, Debug)]
pub(crate) struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = Unresolved;
    type Future = MapErr<GaiFuture, fn(io::Error) -> Unresolved>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        self.0.poll_ready(cx).map_err(Unresolved)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        self.0.call(name).map_err(Unresolved)
    }
}

/// A stream to the server or to a proxy, the latter perhaps over TLS.
pub(crate) type Hop = MaybeHttpsStream<TokioIo<TcpStream>>;

/// A stream on which the server can be spoken to, before its own TLS.
pub(crate) struct Leg {
    hop: Hop,
    /// A plain request is given to the proxy with its whole URL.
    forwarded: bool,
}

impl Connection for Leg {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.forwarded)
    }
}

impl Read for Leg {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.hop).poll_read(cx, buf)
    }
}

impl Write for Leg {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.hop).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.hop).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.hop).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.hop.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.hop).poll_write_vectored(cx, bufs)
    }
}

/// Connects to servers over TCP: name → address → proxy → TLS.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Inner>);

struct Inner {
    tcp: HttpConnector<Resolver>,
    tls: Tls,
    proxies: Arc<Proxies>,
    route: PlainRoute,
    ceiling: Option<Duration>,
}

/// How unencrypted connections pass an HTTP proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlainRoute {
    /// The proxy is given the requests and sends its own.
    Forwarded,
    /// Through a tunnel, as encrypted ones do.
    Tunnelled,
}

impl Connector {
    /// `ceiling` bounds the connect limit of every request.
    pub(crate) fn new(tls: Tls, proxies: Arc<Proxies>, route: PlainRoute, ceiling: Option<Duration>) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // A silent peer of a long poll is noticed even if no limit runs out.
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        Self(Arc::new(Inner { tcp, tls, proxies, route, ceiling }))
    }
}

impl Connect for Connector {
    type Stream = MaybeHttpsStream<Leg>;

    async fn connect(&self, server: Uri, limit: Duration) -> Result<Self::Stream, Fault> {
        let limit = self.0.ceiling.map_or(limit, |ceiling| limit.min(ceiling));
        within_limit(limit, self.0.connect(server)).await
    }
}

impl Inner {
    async fn connect(&self, server: Uri) -> Result<MaybeHttpsStream<Leg>, Fault> {
        let encrypted = server.scheme() == Some(&Scheme::HTTPS);
        let leg = match self.proxies.on_the_way_to(&server) {
            None => Leg { hop: self.plain(server.clone()).await?, forwarded: false },
            Some(proxy) => {
                let hop = self.reach(&proxy).await?;
                if self.route == PlainRoute::Forwarded && proxy.forwards(encrypted) {
                    Leg { hop, forwarded: true }
                } else {
                    let hop = proxy.through(hop, &server).await.map_err(Fault::Refused)?;
                    Leg { hop, forwarded: false }
                }
            }
        };
        if !encrypted {
            return Ok(MaybeHttpsStream::Http(leg));
        }
        let config = self.tls.config().map_err(Fault::Trust)?;
        HttpsConnector::from((Handed::new(leg), config)).call(server).await.map_err(Fault::Tls)
    }

    async fn plain(&self, place: Uri) -> Result<Hop, Fault> {
        let stream = self.tcp.clone().call(place).await.map_err(|error| Fault::Dial(Box::new(error)))?;
        Ok(MaybeHttpsStream::Http(stream))
    }

    async fn reach(&self, proxy: &OnTheWay) -> Result<Hop, Fault> {
        let reached = async {
            let place = proxy.dial().map_err(|error| Fault::Dial(error.into()))?;
            let hop = match self.plain(place.clone()).await? {
                MaybeHttpsStream::Http(stream) if proxy.is_encrypted() => stream,
                hop => return Ok(hop),
            };
            let config = self.tls.proxy_config().map_err(Fault::Trust)?;
            HttpsConnector::from((Handed::new(hop), config)).call(place).await.map_err(Fault::Tls)
        };
        reached.await.map_err(|fault| Fault::Proxy(proxy.name(), Box::new(fault)))
    }
}
