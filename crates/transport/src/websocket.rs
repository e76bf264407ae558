//! Websocket connections over the same TLS, proxies and limits as HTTP.

mod handshake;
mod pump;

use std::fmt;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[cfg(unix)]
use crate::connect::{self, Connect, Connector, PlainRoute};
use crate::failure::{self, Place};
use crate::proxy::{Proxies, Proxy};
use crate::tls::{self, Tls, TlsOptions};
use futures_core::future::BoxFuture;
use http::Uri;
use http::uri::Scheme;
use hyper_util::rt::TokioIo;
use pentad_core::socket::{FrameSink, FrameStream};
use pentad_core::{Error, ErrorKind, Request, Result, Socket};
use tokio::io::{AsyncRead, AsyncWrite};

/// Longest message that is accepted unless the builder says otherwise.
const LONGEST: usize = 16 * 1024 * 1024;

/// Opens websocket connections: over TCP, with or without TLS, through proxies, or over a unix socket.
///
/// Targets may be written `ws://` and `wss://` or `http://` and `https://`, which mean the same. The handshake carries
/// the request's headers, so credentials and `Sec-WebSocket-Protocol` are given there. HTTP proxies are asked for a tunnel,
/// for unencrypted connections too.
///
/// Each connection is run by a task of its own: pings are answered, and silence is noticed, whether or not somebody
/// waits for a message. Messages wait in a short queue; a reader that is slower than the sender holds it up.
///
/// # Limits
/// `Request::limits.connect` bounds the way to the server as for HTTP. `Request::limits.idle` bounds the wait for the answer
/// to the handshake and for each message to be taken. A connection over which nothing came for so long is pinged,
/// and ends as a timeout if nothing comes for as long again. The limits on an attempt and on a whole call do not hold here:
/// a socket stays open.
///
/// # Errors
/// [`Sent::No`](pentad_core::Sent::No) for all that fails before the handshake is written.
/// [`Sent::Answered`](pentad_core::Sent::Answered), with the status, if the server answered it with anything but the upgrade.
/// Afterwards [`Sent::Maybe`](pentad_core::Sent::Maybe): [`Connection`](ErrorKind::Connection) if the connection breaks without
/// a word, [`Timeout`](ErrorKind::Timeout) for silence, [`TooLarge`](ErrorKind::TooLarge) for a message over the limit,
/// [`Decode`](ErrorKind::Decode) for what is no websocket. A close by the other side is a
/// [`Frame::Close`](pentad_core::socket::Frame::Close) and then the end, no error.
///
/// # Cancellation
/// Dropping the future gives up the connection. Dropping both halves closes it.
///
/// # Example
/// ```no_run
/// // Needs a server to talk to.
/// # async fn example(request: pentad_core::Request) -> pentad_core::Result<()> {
/// use futures_util::StreamExt;
/// use pentad_core::{Socket, socket::Frame};
/// use pentad_transport::WebSocket;
///
/// let socket = WebSocket::builder().max_message(1024 * 1024).build()?;
/// let (mut sink, mut frames) = socket.open(request).await?;
/// sink.send(Frame::Text("hello".to_owned())).await?;
/// while let Some(frame) = frames.next().await {
///     println!("{:?}", frame?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct WebSocket {
    dial: Dial,
    longest: usize,
}

impl WebSocket {
    /// Starts with the platform's trust and the environment's proxies.
    pub fn builder() -> WebSocketBuilder {
        WebSocketBuilder::default()
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("dial", &self.dial).field("longest", &self.longest).finish()
    }
}

impl Socket for WebSocket {
    fn open(&self, request: Request) -> BoxFuture<'_, Result<(Box<dyn FrameSink>, FrameStream)>> {
        let op = request.op.id;
        Box::pin(async move { self.connect(request).await.map_err(|error| error.with_op(op)) })
    }
}

impl WebSocket {
    async fn connect(&self, request: Request) -> Result<(Box<dyn FrameSink>, FrameStream)> {
        let limits = request.limits;
        let hello = handshake::Hello::new(request)?;
        if !self.dial.speaks_tls() && hello.server.scheme() == Some(&Scheme::HTTPS) {
            return Err(Error::new(ErrorKind::Config, "there is no TLS on a unix socket"));
        }
        let place = Place::of(&hello.server);
        let dialled = self.dial.call(hello.server.clone(), limits.connect).await;
        let stream = dialled.map_err(|fault| failure::unconnected(fault, &place, limits.connect))?;
        let socket = hello.shake(stream, self.longest, limits.idle, &place).await?;
        Ok(pump::start(socket, limits, place))
    }
}

/// Settings of a [`WebSocket`].
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct WebSocketBuilder {
    tls: TlsOptions,
    proxy: Proxy,
    connect_ceiling: Option<Duration>,
    longest: Option<usize>,
    #[cfg(unix)]
    path: Option<PathBuf>,
}

impl WebSocketBuilder {
    /// Whom to trust, and which certificate to show.
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.tls = options;
        self
    }

    /// Which proxy to go through; by default what the environment says for `http` and `https`.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Bounds the connect limit of every request.
    pub const fn connect_ceiling(mut self, limit: Duration) -> Self {
        self.connect_ceiling = Some(limit);
        self
    }

    /// Longest message that is accepted, in bytes; 16 MiB by default. A longer one closes the connection (code 1009).
    pub const fn max_message(mut self, bytes: usize) -> Self {
        self.longest = Some(bytes);
        self
    }

    /// Connects to the server that listens on the unix socket at `path`, whatever host a request names. There is no TLS.
    #[cfg(unix)]
    pub fn unix(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Reads the certificate files; nothing is connected yet.
    ///
    /// # Errors
    /// As [`HyperTransportBuilder::build`](crate::HyperTransportBuilder::build).
    pub fn build(self) -> Result<WebSocket> {
        #[cfg(feature = "blocking")]
        crate::blocking::install();
        let longest = self.longest.unwrap_or(LONGEST);
        #[cfg(unix)]
        if let Some(path) = self.path {
            return Ok(WebSocket { dial: Dial::File(Arc::from(path)), longest });
        }
        let proxies = Arc::new(Proxies::new(&self.proxy)?);
        let tls = Tls::new(&self.tls, tls::HTTP1)?;
        let connector = Connector::new(tls, proxies, PlainRoute::Tunnelled, self.connect_ceiling);
        Ok(WebSocket { dial: Dial::Net(connector), longest })
    }
}

/// A connected stream of whatever kind.
type Stream = Box<dyn Duplex>;

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// How the server is reached.
#[derive(Clone)]
enum Dial {
    Net(Connector),
    #[cfg(unix)]
    File(Arc<std::path::Path>),
}

impl Dial {
    async fn call(&self, server: Uri, limit: Duration) -> Result<Stream, connect::Fault> {
        match self {
            Self::Net(connector) => {
                let stream = connector.connect(server, limit).await?;
                Ok(Box::new(TokioIo::new(stream)))
            }
            #[cfg(unix)]
            Self::File(path) => {
                let connecting = async {
                    crate::unix::connect(path).await.map_err(|error| connect::Fault::Dial(Box::new(error)))
                };
                let stream = connect::within_limit(limit, connecting).await?;
                Ok(Box::new(stream))
            }
        }
    }
}

impl Dial {
    const fn speaks_tls(&self) -> bool {
        matches!(self, Self::Net(_))
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net(_) => f.write_str("Net"),
            #[cfg(unix)]
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// The `http` or `https` form of a URL, which connectors and proxies understand.
fn as_http(uri: Uri) -> Result<Uri> {
    match uri.scheme_str() {
        Some("http" | "https") => Ok(uri),
        Some("ws") => with_scheme(uri, "http"),
        Some("wss") => with_scheme(uri, "https"),
        _ => Err(Error::new(ErrorKind::Config, "a websocket needs a ws:// or wss:// URL")),
    }
}

fn with_scheme(uri: Uri, scheme: &str) -> Result<Uri> {
    let changed = scheme.parse::<Scheme>().map_err(http::Error::from).and_then(|scheme| {
        let mut parts = uri.into_parts();
        parts.scheme = Some(scheme);
        Uri::from_parts(parts).map_err(http::Error::from)
    });
    changed.map_err(|error| Error::new(ErrorKind::Config, "the endpoint is not a URL").with_source(error))
}
