//! Which proxy stands on the way to a server, and how to get through it.

mod refusal;

use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::{Ready, ready};
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{HeaderMap, StatusCode, header};
use hyper::client::conn::http1;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use pentad_core::{Error, ErrorKind, Result};
use tower_service::Service;

use crate::connect::Hop;
use crate::upload::Upload;

pub(crate) use refusal::{Refusal, Why};

/// Where the proxy settings come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` in either case, then the system's settings where
    /// the platform has them (macOS, Windows).
    #[default]
    Environment,
    /// No proxy, whatever the environment says.
    None,
    /// This proxy for every server: `http://`, `https://`, `socks4://`, `socks4a://`, `socks5://` or
    /// `socks5h://`, with `user:password@` if it asks for one. Names are always resolved by a SOCKS proxy.
    Url(String),
}

/// The settings of [`Proxy`], parsed.
#[derive(Debug)]
pub(crate) struct Proxies(Option<Matcher>);

impl Proxies {
    pub(crate) fn new(proxy: &Proxy) -> Result<Self> {
        let matcher = match proxy {
            Proxy::None => None,
            Proxy::Environment => Some(Matcher::from_system()),
            Proxy::Url(url) => {
                let matcher = Matcher::builder().all(url.as_str()).build();
                if matcher.intercept(&Uri::from_static("http://any.invalid/")).is_none() {
                    // The text may hold a password: it is not repeated.
                    return Err(Error::new(ErrorKind::Config, "proxy: not a proxy URL")
                        .with_hint("use http://host:port, https://host:port or socks5://host:port"));
                }
                Some(matcher)
            }
        };
        // Where nothing is set, nothing needs to be asked per request.
        let matcher = matcher.filter(|matcher| {
            ["http://any.invalid/", "https://any.invalid/"]
                .into_iter()
                .any(|probe| matcher.intercept(&Uri::from_static(probe)).is_some())
        });
        Ok(Self(matcher))
    }

    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// The proxy to use for `server`.
    pub(crate) fn on_the_way_to(&self, server: &Uri) -> Option<OnTheWay> {
        self.0.as_ref()?.intercept(server).map(OnTheWay)
    }

    /// The proxy that is given the requests for `server` as they are.
    pub(crate) fn forwarder_to(&self, server: &Uri) -> Option<OnTheWay> {
        if self.0.is_none() || server.scheme() != Some(&Scheme::HTTP) {
            return None;
        }
        self.on_the_way_to(server).filter(|proxy| proxy.forwards(false))
    }

    /// Adds the proxy's password to a plain request, which the proxy itself reads.
    pub(crate) fn authorize(&self, server: &Uri, headers: &mut HeaderMap) {
        let Some(proxy) = self.forwarder_to(server) else { return };
        if let Some(password) = proxy.0.basic_auth() {
            headers.entry(header::PROXY_AUTHORIZATION).or_insert_with(|| password.clone());
        }
    }
}

/// The proxy for one server.
#[derive(Debug)]
pub(crate) struct OnTheWay(Intercept);

impl OnTheWay {
    fn scheme(&self) -> &str {
        self.0.uri().scheme_str().unwrap_or("http")
    }

    /// An HTTP proxy takes plain requests as they are; everything else needs a tunnel.
    pub(crate) fn forwards(&self, encrypted: bool) -> bool {
        !encrypted && matches!(self.scheme(), "http" | "https")
    }

    /// Whether the proxy itself is spoken to over TLS.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.scheme() == "https"
    }

    fn port(&self) -> u16 {
        self.0.uri().port_u16().unwrap_or(match self.scheme() {
            "http" => 80,
            "https" => 443,
            _ => 1080,
        })
    }

    /// Host and port, never user and password.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.0.uri().host().unwrap_or_default(), self.port())
    }

    /// The address to connect to.
    pub(crate) fn dial(&self) -> Result<Uri, http::Error> {
        with_port(self.0.uri(), self.port())
    }

    /// The refusal that an answer of the proxy amounts to.
    pub(crate) fn refusal(&self, status: StatusCode) -> Refusal {
        Refusal::new(self.name(), Why::Status(status))
    }

    /// Asks the proxy at the other end of `hop` for a tunnel to `server`.
    pub(crate) async fn through(&self, hop: Hop, server: &Uri) -> Result<Hop, Refusal> {
        let refused = |why| Refusal::new(self.name(), why);
        let server = with_port(server, default_port(server)).map_err(|error| refused(Why::broken(error)))?;
        let proxy = self.0.uri().clone();
        match self.scheme() {
            "socks4" | "socks4a" => {
                let connected = SocksV4::new(proxy, Handed::new(hop)).call(server).await;
                connected.map_err(|error| refused(Why::socks(error)))
            }
            "socks5" | "socks5h" => {
                let mut socks = SocksV5::new(proxy, Handed::new(hop));
                if let Some((user, password)) = self.0.raw_auth() {
                    socks = socks.with_auth(user.to_owned(), password.to_owned());
                }
                socks.call(server).await.map_err(|error| refused(Why::socks(error)))
            }
            _ => self.tunnel(hop, &server).await.map_err(refused),
        }
    }

    /// CONNECT, spoken by hyper: its status tells a proxy that may not from one that cannot.
    async fn tunnel(&self, hop: Hop, server: &Uri) -> Result<Hop, Why> {
        let place = server.authority().map_or_else(String::new, ToString::to_string);
        let mut asked = http::Request::connect(&place).header(header::HOST, &place);
        if let Some(password) = self.0.basic_auth() {
            let mut password = password.clone();
            password.set_sensitive(true);
            asked = asked.header(header::PROXY_AUTHORIZATION, password);
        }
        let asked = asked.body(Upload::Whole(Bytes::new())).map_err(Why::broken)?;
        let mut speaking = http1::Builder::new();
        let (mut sender, connection) =
            speaking.title_case_headers(true).handshake(hop).await.map_err(Why::broken)?;
        // Ends with the sender or, once there is a tunnel, by handing over the stream.
        let driver = tokio::spawn(connection.with_upgrades());
        let answer = sender.send_request(asked).await.map_err(Why::broken)?;
        if !answer.status().is_success() {
            return Err(Why::Status(answer.status()));
        }
        let tunnel = hyper::upgrade::on(answer).await.map_err(Why::broken)?;
        drop(driver);
        match tunnel.downcast::<Hop>() {
            // A server speaks only when spoken to, so nothing can have come through the tunnel yet.
            Ok(parts) if parts.read_buf.is_empty() => Ok(parts.io),
            _ => Err(Why::Garbled),
        }
    }
}

fn default_port(server: &Uri) -> u16 {
    let encrypted = server.scheme() == Some(&Scheme::HTTPS);
    server.port_u16().unwrap_or(if encrypted { 443 } else { 80 })
}

fn with_port(uri: &Uri, port: u16) -> Result<Uri, http::Error> {
    let host = uri.host().unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(Authority::try_from(format!("{host}:{port}"))?);
    parts.path_and_query.get_or_insert(PathAndQuery::from_static("/"));
    Ok(Uri::from_parts(parts)?)
}

/// A stream that is already there, in the shape that the tunnel and TLS connectors want.
///
/// The stream is made outside of them so that a failure to reach the proxy and a refusal by it can be told apart.
pub(crate) struct Handed<T>(Option<T>);

impl<T> Handed<T> {
    pub(crate) const fn new(stream: T) -> Self {
        Self(Some(stream))
    }
}

impl<T> Service<Uri> for Handed<T> {
    type Response = T;
    type Error = io::Error;
    type Future = Ready<io::Result<T>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::Error::other("the stream was already taken")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_no_proxy_is_refused_without_repeating_it() {
        let fault = Proxies::new(&Proxy::Url("gopher://user:canary@host".to_owned())).unwrap_err();
        assert_eq!(fault.kind(), ErrorKind::Config);
        assert!(!format!("{fault:?} {fault}").contains("canary"));
    }

    #[test]
    fn password_goes_to_a_forwarding_proxy_only() {
        let proxies = Proxies::new(&Proxy::Url("http://user:word@proxy:3128".to_owned())).unwrap();
        let mut headers = HeaderMap::new();
        proxies.authorize(&Uri::from_static("https://server/"), &mut headers);
        assert!(headers.is_empty());
        proxies.authorize(&Uri::from_static("http://server/"), &mut headers);
        assert!(headers[header::PROXY_AUTHORIZATION].is_sensitive());
    }

    #[test]
    fn socks_proxy_without_port_is_dialled_at_1080() {
        let proxies = Proxies::new(&Proxy::Url("socks5h://proxy".to_owned())).unwrap();
        let proxy = proxies.on_the_way_to(&Uri::from_static("http://server/")).unwrap();
        assert_eq!(proxy.dial().unwrap().port_u16(), Some(1080));
        assert!(!proxy.forwards(false));
    }

    proptest::proptest! {
        #[test]
        fn no_text_in_the_environments_variables_is_a_panic(
            url in ".{0,40}",
            user in ".{0,10}",
            except in "[a-z0-9.:/*, \\[\\]-]{0,40}|.{0,30}",
        ) {
            for url in [url.clone(), format!("http://{user}@proxy:3128"), format!("socks5h://{user}@{url}")] {
                let proxies = Proxies(Some(Matcher::builder().all(url).no(except.clone()).build()));
                for server in ["http://far.example/", "https://[::1]:8443/", "http://127.0.0.1/"] {
                    let server = Uri::from_static(server);
                    proxies.authorize(&server, &mut HeaderMap::new());
                    if let Some(proxy) = proxies.on_the_way_to(&server) {
                        proptest::prop_assert!(!proxy.name().contains('@'));
                        proptest::prop_assert!(proxy.dial().is_ok_and(|place| place.port_u16().is_some()));
                    }
                }
            }
        }
    }
}
