//! HTTP over a unix socket.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;
use http::Uri;
use http::uri::Scheme;

use hyper_util::rt::TokioIo;
use pentad_core::unix::SocketPath;
use pentad_core::{Error, ErrorKind, Request, Response, Result, Target, Transport};
use tokio::net::UnixStream;

use crate::PoolOptions;
use crate::connect::{Connect, Fault, within_limit};
use crate::exchange::Exchange;
use crate::proxy::Proxies;

/// HTTP/1.1 to the server that listens on the unix socket at `path`, whatever host a request names.
///
/// By custom requests name `http://pentad.local`. Limits, errors and compression are those of
/// [`HyperTransport`](crate::HyperTransport). Each request has a connection of its own.
#[must_use]
pub fn unix(path: PathBuf) -> Arc<dyn Transport> {
    #[cfg(feature = "blocking")]
    crate::blocking::install();
    let connector = SocketFile(Arc::from(path));
    // Connections are not kept: a server that leaves while one is idle could not tell whether a request is already on
    // its way, and a new one costs next to nothing here.
    let pool = PoolOptions { per_host: 0, ..PoolOptions::default() };
    Arc::new(UnixTransport {
        path: Arc::clone(&connector.0),
        exchange: Exchange::new(connector, Arc::new(Proxies::none()), pool),
    })
}

struct UnixTransport {
    path: Arc<Path>,
    exchange: Exchange<SocketFile>,
}

impl Transport for UnixTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        if matches!(&request.target, Target::Url(base) if base.scheme() == Some(&Scheme::HTTPS)) {
            let error =
                Error::new(ErrorKind::Config, "there is no TLS on a unix socket").with_op(request.op.id);
            return Box::pin(std::future::ready(Err(error)));
        }
        self.exchange.send(request)
    }
}

impl fmt::Debug for UnixTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnixTransport").field(&self.path).finish()
    }
}

/// Connects to one socket file.
struct SocketFile(Arc<Path>);

impl Connect for SocketFile {
    type Stream = Stream;

    async fn connect(&self, _: Uri, limit: Duration) -> Result<Stream, Fault> {
        let connecting = async {
            let stream = connect(&self.0).await.map_err(|error| Fault::Dial(Box::new(error)))?;
            Ok(TokioIo::new(stream))
        };
        within_limit(limit, connecting).await
    }
}

/// Connects to a socket, however long its path is.
pub(crate) async fn connect(path: &Path) -> std::io::Result<UnixStream> {
    let path = SocketPath::new(path)?;
    UnixStream::connect(&path).await
}

type Stream = TokioIo<UnixStream>;
