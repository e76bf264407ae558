//! A mock on a local port, for any HTTP client.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming as HyperBody;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use pentad_core::{Error, ErrorKind, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::Mock;
use super::answer::Reply;
use super::compare::{Incoming, below};

/// A mock that listens. It ends when this value is dropped.
#[derive(Debug)]
pub struct MockServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl MockServer {
    /// The endpoint for clients: `http://127.0.0.1:PORT/public/v1`.
    pub fn endpoint(&self) -> String {
        format!("http://{}/public/v1", self.address)
    }

    /// Address and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Mock {
    /// Listens on a free port of this machine. Requests that nobody expected are answered with 501 and an error that says
    /// what was expected, and stand in the report.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if no port can be had.
    pub async fn serve(&self) -> Result<MockServer> {
        let closed = |error| Error::new(ErrorKind::Config, "the mock cannot listen").with_source(error);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(closed)?;
        let address = listener.local_addr().map_err(closed)?;
        let task = tokio::spawn(accept(listener, self.clone()));
        Ok(MockServer { address, task })
    }
}

async fn accept(listener: TcpListener, mock: Mock) {
    // Connections end with the listener.
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    open.spawn(serve(stream, mock.clone()));
                }
                // Such as no file handle left: the end of a connection may free one.
                Err(error) => {
                    tracing::debug!(%error, "the mock cannot accept a connection");
                    match open.join_next().await {
                        Some(_) => {}
                        None => tokio::task::yield_now().await,
                    }
                }
            },
            Some(_) = open.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, mock: Mock) {
    let service = service_fn(move |request| {
        let mock = mock.clone();
        async move { answer(&mock, request).await }
    });
    let served =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the mock ended");
    }
}

/// A broken connection on purpose.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the mock broke the connection")
    }
}

impl std::error::Error for Broken {}

async fn answer(mock: &Mock, request: http::Request<HyperBody>) -> Result<Response<Full<Bytes>>, Broken> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
    let incoming = Incoming::new(head.method, below(head.uri.path()), head.uri.query(), head.headers, body);
    respond(mock.answer(&incoming))
}

fn respond(reply: Reply) -> Result<Response<Full<Bytes>>, Broken> {
    if reply.broken {
        return Err(Broken);
    }
    let empty = matches!(reply.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let mut response = Response::new(Full::new(if empty { Bytes::new() } else { reply.body }));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    Ok(response)
}
