//! A proxy that was reached and did not let us through.

use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;
use pentad_core::{Error, ErrorKind};

use crate::connect::BoxError;

/// Which proxy refused, and why. Nothing of the request reached the server.
#[derive(Debug)]
pub(crate) struct Refusal {
    proxy: String,
    why: Why,
}

/// What a proxy did instead of leading on.
#[derive(Debug)]
pub(crate) enum Why {
    /// It answered with this status.
    Status(StatusCode),
    /// A SOCKS proxy said this.
    Socks(String),
    /// It said more or other things than a proxy may.
    Garbled,
    /// The conversation with it broke.
    Broken(BoxError),
}

impl Why {
    pub(crate) fn broken(error: impl Into<BoxError>) -> Self {
        Self::Broken(error.into())
    }

    /// The errors of hyper-util's SOCKS connectors have no public type; their words are stable.
    pub(crate) fn socks(error: impl fmt::Display) -> Self {
        let said = error.to_string();
        Self::Socks(said.strip_prefix("SOCKS error: ").unwrap_or(&said).to_owned())
    }
}

impl Refusal {
    pub(crate) const fn new(proxy: String, why: Why) -> Self {
        Self { proxy, why }
    }

    /// The error for a request to `place`.
    pub(crate) fn error(&self, place: &impl fmt::Display) -> Error {
        let proxy = &self.proxy;
        match &self.why {
            Why::Status(status) => by_status(*status, proxy, place),
            Why::Socks(said) => by_words(said, proxy, place),
            Why::Garbled => not_a_proxy(proxy),
            Why::Broken(error) => match error.downcast_ref::<hyper::Error>() {
                Some(error) if error.is_parse() => not_a_proxy(proxy),
                _ => Error::new(
                    ErrorKind::Connection,
                    format!("the proxy {proxy} broke off before it connected to {place}"),
                ),
            },
        }
    }
}

fn by_status(status: StatusCode, proxy: &str, place: &impl fmt::Display) -> Error {
    let code = status.as_u16();
    match code {
        407 => wants_password(proxy, place),
        401 | 403 | 451 => forbids(proxy, place, &format!(" ({code})")),
        400 | 404 | 405 | 411 | 501 => {
            Error::new(ErrorKind::Config, format!("the proxy {proxy} makes no tunnel to {place} ({code})"))
                .with_hint("is this an HTTP proxy that allows CONNECT to that port?")
        }
        _ => unreached(proxy, place, &format!(" ({code})")),
    }
}

fn by_words(said: &str, proxy: &str, place: &impl fmt::Display) -> Error {
    match said {
        "credentials not accepted"
        | "server does not support user/pass authentication"
        | "server implements authentication incorrectly"
        | "server ident service failed"
        | "server ident service did not recognise client identifier" => wants_password(proxy, place),
        "connection not allowed" => forbids(proxy, place, ""),
        "failed parsing server response" => not_a_proxy(proxy),
        "io error during SOCKS handshake" => Error::new(
            ErrorKind::Connection,
            format!("the proxy {proxy} broke off before it connected to {place}"),
        ),
        said => unreached(proxy, place, &format!(" ({said})")),
    }
}

fn wants_password(proxy: &str, place: &impl fmt::Display) -> Error {
    Error::new(ErrorKind::Config, format!("the proxy {proxy} wants other credentials to reach {place}"))
        .with_hint("give user and password in the proxy's URL")
}

fn forbids(proxy: &str, place: &impl fmt::Display, said: &str) -> Error {
    Error::new(ErrorKind::Config, format!("the proxy {proxy} does not allow connections to {place}{said}"))
        .with_hint("ask for it at the proxy, or except the host with NO_PROXY")
}

fn unreached(proxy: &str, place: &impl fmt::Display, said: &str) -> Error {
    Error::new(ErrorKind::Connection, format!("the proxy {proxy} did not connect to {place}{said}"))
        .with_hint("the fault is the proxy's or behind it; except the host with NO_PROXY to go without")
}

fn not_a_proxy(proxy: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{proxy} does not answer like a proxy"))
        .with_hint("check the kind and the port in the proxy's URL")
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Status(status) => write!(f, "the proxy {} answered {status}", self.proxy),
            Why::Socks(said) => write!(f, "the proxy {} said: {said}", self.proxy),
            Why::Garbled => write!(f, "{} is no proxy", self.proxy),
            Why::Broken(_) => write!(f, "the connection to the proxy {} broke", self.proxy),
        }
    }
}

impl StdError for Refusal {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.why {
            Why::Broken(error) => Some(&**error),
            Why::Status(_) | Why::Socks(_) | Why::Garbled => None,
        }
    }
}
