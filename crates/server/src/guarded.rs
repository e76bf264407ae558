//! The one client for calls that users make the server send: push deliveries and webhooks.
//!
//! Such a call must not reach what its author cannot: names are resolved first, every address is checked and the
//! connection goes to the checked address. Redirects are not followed; the answer is small and in time. A connection is
//! used again only for a name that leads to its address at that moment too.

mod idle;

use std::fs;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::header::{HOST, VIA};
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use self::idle::{Idle, Place};
use crate::clock::real_limit;

/// Finds the addresses of a host name.
pub type Resolver = fn(String, u16) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>>;

/// Addresses at which clouds serve machine credentials, beside the link-local range.
const METADATA: [IpAddr; 3] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(std::net::Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 0, 192)),
];

/// What such requests carry in `Via`, whatever else is in them (RFC 9110 7.6.3).
const ON_BEHALF: &str = "1.1 pentad";

/// Whether a server sent a request because a user of its asked for it: it must not pass for one of this machine's own.
pub(crate) fn is_on_behalf(headers: &HeaderMap) -> bool {
    let all = headers.get_all(VIA).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).any(|step| step.trim().starts_with(ON_BEHALF))
}

/// Sends requests whose destination a user chose.
#[derive(Debug)]
pub struct GuardedClient {
    extra_ca: Vec<PathBuf>,
    max_answer: usize,
    loopback: AtomicBool,
    tls: OnceLock<Arc<rustls::ClientConfig>>,
    resolver: Resolver,
    idle: Idle,
}

/// Why a guarded call gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardedError {
    /// The URL is no absolute `http` or `https` URL.
    #[error("not an absolute http or https URL: {0}")]
    Url(String),
    /// The address is one that the server never calls for others.
    #[error("{host} is at {addr}, which this server does not call")]
    Refused {
        /// The name as given.
        host: String,
        /// What it resolved to.
        addr: IpAddr,
    },
    /// The name does not resolve.
    #[error("cannot resolve {0}")]
    Resolve(String, #[source] std::io::Error),
    /// No connection came about.
    #[error("cannot connect to {0}")]
    Connect(String, #[source] std::io::Error),
    /// A certificate authority could not be read, or TLS could not be set up.
    #[error("TLS: {0}")]
    Tls(String),
    /// The exchange failed.
    #[error("the exchange with {0} failed")]
    Exchange(String, #[source] hyper::Error),
    /// The time was over.
    #[error("no answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// The answer was longer than allowed.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
}

impl GuardedClient {
    /// A client that also trusts the authorities in the PEM files `extra_ca` and reads at most `max_answer` bytes.
    /// Loopback is refused until [`allow_loopback`](Self::allow_loopback).
    pub fn new(extra_ca: Vec<PathBuf>, max_answer: usize) -> Self {
        Self {
            extra_ca,
            max_answer,
            loopback: AtomicBool::new(false),
            tls: OnceLock::new(),
            resolver: system,
            idle: Idle::default(),
        }
    }

    /// Finds addresses in another way than by the system's resolver.
    #[must_use]
    pub fn resolver(mut self, resolver: Resolver) -> Self {
        self.resolver = resolver;
        self
    }

    /// Says whether loopback addresses may be called: only while the server itself listens on nothing else.
    pub fn allow_loopback(&self, allowed: bool) {
        self.loopback.store(allowed, Ordering::Relaxed);
    }

    /// Sends one request and reads the whole answer, within `limit` of real time. Redirects are answers.
    ///
    /// # Errors
    /// [`GuardedError`]; after `Exchange`, `Timeout` and `TooLarge` the receiver may have acted.
    pub async fn send(
        &self,
        request: Request<Bytes>,
        limit: Duration,
    ) -> Result<Response<Bytes>, GuardedError> {
        real_limit(limit, self.exchange(request)).await.unwrap_or(Err(GuardedError::Timeout(limit)))
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, GuardedError> {
        let (host, port, secure) = destination(request.uri())?;
        let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let addrs = self.resolve(&host, port).await?;
        let mut request = origin_form(request);
        while let Some((place, mut sender)) = self.idle.take(&host, secure, &addrs) {
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(request).await {
                Ok(answer) => return self.read(answer, &authority, place, sender).await,
                // The receiver had closed it before this request: nothing was sent.
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(GuardedError::Exchange(authority, error.into_error())),
                },
            }
        }
        let (addr, mut sender) = self.open(&host, secure, &addrs, &authority).await?;
        let answer = sender.send_request(request).await;
        let answer = answer.map_err(|error| GuardedError::Exchange(authority.clone(), error))?;
        self.read(answer, &authority, Place { host, secure, addr }, sender).await
    }

    async fn open(
        &self,
        host: &str,
        secure: bool,
        addrs: &[SocketAddr],
        authority: &str,
    ) -> Result<(SocketAddr, Sender), GuardedError> {
        let (addr, stream) = connect(host, addrs).await?;
        if !secure {
            return Ok((addr, speak(stream, authority).await?));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|e| GuardedError::Tls(e.to_string()))?;
        let stream = TlsConnector::from(self.tls()?)
            .connect(name, stream)
            .await
            .map_err(|error| GuardedError::Connect(host.to_owned(), error))?;
        Ok((addr, speak(stream, authority).await?))
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, GuardedError> {
        let found = (self.resolver)(host.to_owned(), port)
            .await
            .map_err(|error| GuardedError::Resolve(host.to_owned(), error))?;
        let loopback = self.loopback.load(Ordering::Relaxed);
        let mut refused = None;
        let mut good = Vec::new();
        for addr in found {
            if is_open(addr.ip(), loopback) {
                good.push(addr);
            } else {
                refused = Some(addr.ip());
            }
        }
        match refused {
            Some(addr) if good.is_empty() => Err(GuardedError::Refused { host: host.to_owned(), addr }),
            _ => Ok(good),
        }
    }

    /// Reads an answer to its end; the connection is kept if it can carry another request.
    async fn read(
        &self,
        answer: Response<hyper::body::Incoming>,
        authority: &str,
        place: Place,
        sender: Sender,
    ) -> Result<Response<Bytes>, GuardedError> {
        let (parts, mut body) = answer.into_parts();
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| GuardedError::Exchange(authority.to_owned(), error))?;
            let Ok(data) = frame.into_data() else { continue };
            if whole.len() + data.len() > self.max_answer {
                return Err(GuardedError::TooLarge(self.max_answer));
            }
            whole.extend_from_slice(&data);
        }
        self.idle.keep(place, sender);
        Ok(Response::from_parts(parts, whole.freeze()))
    }

    fn tls(&self) -> Result<Arc<rustls::ClientConfig>, GuardedError> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(self.build_tls()?);
        Ok(Arc::clone(self.tls.get_or_init(|| config)))
    }

    fn build_tls(&self) -> Result<rustls::ClientConfig, GuardedError> {
        let fault = |error: &dyn std::fmt::Display| GuardedError::Tls(error.to_string());
        let mut extra = Vec::new();
        for file in &self.extra_ca {
            let named =
                |error: &dyn std::fmt::Display| GuardedError::Tls(format!("{}: {error}", file.display()));
            let pem = fs::read(file).map_err(|e| named(&e))?;
            for cert in CertificateDer::pem_slice_iter(&pem) {
                extra.push(cert.map_err(|e| named(&e))?);
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
            .map_err(|e| fault(&e))?;
        Ok(rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| fault(&e))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth())
    }
}

/// One connection, as far as requests go.
type Sender = SendRequest<Full<Bytes>>;

fn system(host: String, port: u16) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
    Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
}

/// Begins HTTP on a stream. The connection ends when the sender is dropped.
async fn speak<S>(stream: S, authority: &str) -> Result<Sender, GuardedError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let begun = http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = begun.map_err(|error| GuardedError::Exchange(authority.to_owned(), error))?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn connect(host: &str, addrs: &[SocketAddr]) -> Result<(SocketAddr, TcpStream), GuardedError> {
    let mut last = std::io::Error::from(std::io::ErrorKind::NotFound);
    for addr in addrs {
        match TcpStream::connect(addr).await {
            Ok(stream) => return Ok((*addr, stream)),
            Err(error) => last = error,
        }
    }
    Err(GuardedError::Connect(host.to_owned(), last))
}

fn destination(uri: &Uri) -> Result<(String, u16, bool), GuardedError> {
    let secure = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(GuardedError::Url(uri.to_string())),
    };
    let host = uri.host().map(|host| host.trim_matches(['[', ']'])).filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| GuardedError::Url(uri.to_string()))?.to_owned();
    Ok((host, uri.port_u16().unwrap_or(if secure { 443 } else { 80 }), secure))
}

fn origin_form(request: Request<Bytes>) -> Request<Full<Bytes>> {
    let (mut parts, body) = request.into_parts();
    let host = parts.uri.authority().and_then(|a| HeaderValue::from_str(a.as_str()).ok());
    if let Some(host) = host {
        parts.headers.insert(HOST, host);
    }
    parts.headers.append(VIA, HeaderValue::from_static(ON_BEHALF));
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = path.parse().unwrap_or_default();
    Request::from_parts(parts, Full::new(body))
}

/// Whether the server calls this address for others.
fn is_open(addr: IpAddr, loopback: bool) -> bool {
    let addr = embedded(addr.to_canonical());
    if addr.is_loopback() {
        return loopback;
    }
    let closed = match addr {
        IpAddr::V4(v4) => v4.octets()[0] == 0 || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_unicast_link_local() || v6.is_multicast(),
    };
    !closed && !METADATA.contains(&addr)
}

/// The IPv4 address inside a translated (NAT64, 6to4) one, which a gateway would call instead.
fn embedded(addr: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = addr else { return addr };
    let s = v6.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::from([a, b, c, d])
    };
    match s {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        _ => addr,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(addr: &str) -> bool {
        is_open(addr.parse().unwrap(), false)
    }

    #[test]
    fn machine_local_and_metadata_addresses_are_closed() {
        for addr in [
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "::",
            "169.254.169.254",
            "fe80::1",
            "::ffff:127.0.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "fd00:ec2::254",
            "100.100.100.200",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
        ] {
            assert!(!open(addr), "{addr} must be closed");
        }
    }

    #[test]
    fn public_and_private_addresses_are_open() {
        for addr in ["93.184.216.34", "10.1.2.3", "192.168.0.7", "2606:4700::1111", "fd12:3456::1"] {
            assert!(open(addr), "{addr} must be open");
        }
    }

    #[test]
    fn loopback_opens_on_request_only() {
        assert!(is_open("127.0.0.1".parse().unwrap(), true));
        assert!(is_open("::1".parse().unwrap(), true));
        assert!(!is_open("169.254.169.254".parse().unwrap(), true));
    }

    #[tokio::test]
    async fn a_name_that_leads_to_loopback_is_refused_before_connecting() {
        let client = GuardedClient::new(Vec::new(), 1024);
        let request = Request::post("http://localhost:1/hook").body(Bytes::new()).unwrap();
        let error = client.send(request, Duration::from_secs(5)).await.unwrap_err();
        assert!(matches!(error, GuardedError::Refused { .. }), "{error:?}");
    }
}
