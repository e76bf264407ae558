//! Servers, certificates and requests for the tests.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use pentad_core::{Api, Body, Limits, Op, Request, Target};
use pentad_transport::{HyperTransport, HyperTransportBuilder, Proxy};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub(crate) static OP: Op = Op {
    id: "test.op",
    routes: &[(Api("v1"), Method::GET, "/")],
    idempotent: true,
    patience: Duration::ZERO,
    source: "tests",
};

pub(crate) type Answer = http::Response<BoxBody<Bytes, std::io::Error>>;

/// An answer with a body of known length.
pub(crate) fn answer(body: impl Into<Bytes>) -> Answer {
    http::Response::new(Full::new(body.into()).map_err(|never| match never {}).boxed())
}

pub(crate) fn request(base: &str, path: &str) -> Request {
    Request {
        op: &OP,
        method: Method::GET,
        target: Target::parse(base).unwrap(),
        path: path.to_owned(),
        query: Vec::new(),
        raw_query: None,
        headers: HeaderMap::new(),
        body: Body::Empty,
        args: Default::default(),
        limits: Limits::default(),
    }
}

pub(crate) fn post(base: &str, path: &str, body: Body) -> Request {
    Request { method: Method::POST, body, ..request(base, path) }
}

/// A transport that no environment variable changes.
pub(crate) fn direct() -> HyperTransportBuilder {
    HyperTransport::builder().proxy(Proxy::None)
}

/// An HTTP server that counts its connections.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Plain HTTP/1.1 and HTTP/2 (prior knowledge).
    pub(crate) async fn start<F, R>(handler: F) -> Self
    where
        F: Fn(http::Request<Incoming>) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Answer> + Send + 'static,
    {
        Self::run(None, handler).await
    }

    pub(crate) async fn start_tls<F, R>(config: rustls::ServerConfig, handler: F) -> Self
    where
        F: Fn(http::Request<Incoming>) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Answer> + Send + 'static,
    {
        Self::run(Some(TlsAcceptor::from(Arc::new(config))), handler).await
    }

    async fn run<F, R>(tls: Option<TlsAcceptor>, handler: F) -> Self
    where
        F: Fn(http::Request<Incoming>) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Answer> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counter.fetch_add(1, Ordering::SeqCst);
                let (tls, handler) = (tls.clone(), handler.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, handler).await,
                        Some(tls) => {
                            // A handshake may fail: the client's side of it is under test.
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, handler).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, connections }
    }

    pub(crate) fn http(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The certificates of these tests are made for this name.
    pub(crate) fn https(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

pub(crate) async fn serve<S, F, R>(stream: S, handler: F)
where
    TokioIo<S>: Read + Write + Unpin + Send + 'static,
    F: Fn(http::Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    let service = service_fn(move |request| {
        let answer = handler(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// A server that handles its raw connections; `handler` also gets the connection's number, from 0.
pub(crate) async fn raw<F, R>(handler: F) -> SocketAddr
where
    F: Fn(TcpStream, usize) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(handler(stream, number));
        }
    });
    address
}

/// Reads the head of a message; what follows it is in the second part.
pub(crate) async fn head(stream: &mut TcpStream) -> (String, Vec<u8>) {
    use tokio::io::AsyncReadExt;
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = read.split_off(end + 4);
            return (String::from_utf8(read).unwrap(), rest);
        }
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "the head ended early");
    }
}
