//! What a failure means: how far the request got, and what to do next.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Scheme};
use pentad_core::{Error, ErrorKind, Sent};
use rustls::AlertDescription;

use crate::connect::{BoxError, Fault, Unresolved};
use crate::proxy::Refusal;

/// The server that a request was for: host and port, never more of its URL.
pub(crate) struct Place {
    authority: Option<Authority>,
    encrypted: bool,
}

impl Place {
    pub(crate) fn of(uri: &Uri) -> Self {
        Self { authority: uri.authority().cloned(), encrypted: uri.scheme() == Some(&Scheme::HTTPS) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(authority) = &self.authority else { return f.write_str("the server") };
        f.write_str(authority.host())?;
        match authority.port_u16() {
            Some(port) => write!(f, ":{port}"),
            None => f.write_str(if self.encrypted { ":443" } else { ":80" }),
        }
    }
}

/// The server kept silent for longer than the idle limit.
pub(crate) fn silence(idle: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("nothing came from the server for {idle:?}"))
        .with_sent(Sent::Maybe)
}

/// No connection within the connect limit.
pub(crate) fn no_connection(place: &dyn fmt::Display, limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("no connection to {place} within {limit:?}"))
}

/// The answer's body broke off.
pub(crate) fn in_body(error: BoxError) -> Error {
    let source = Cause(error);
    let garbled = source.find::<io::Error>().is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other
        )
    }) && source.find::<hyper::Error>().is_none();
    let error = if garbled {
        Error::new(ErrorKind::Decode, "the answer's compression is broken")
    } else {
        Error::new(ErrorKind::Connection, "the connection broke in the middle of the answer")
    };
    error.with_source(source).with_sent(Sent::Maybe)
}

/// There is no connection; nothing was sent.
pub(crate) fn unconnected(fault: Fault, place: &Place, connect: Duration) -> Error {
    let source = Cause(Box::new(fault));
    let error = match outermost(&source) {
        Some(fault) => not_connected(fault, &source, place, connect),
        None => Error::new(ErrorKind::Connection, format!("{place} cannot be reached")),
    };
    error.with_source(source)
}

/// The connection broke after something may have been sent over it.
pub(crate) fn cut(error: impl Into<BoxError>, place: &Place) -> Error {
    let source = Cause(error.into());
    broken(&source, place).with_source(source).with_sent(Sent::Maybe)
}

/// The fault as a whole: a proxy's own troubles have a fault within.
fn outermost(source: &Cause) -> Option<&Fault> {
    source.iter().find_map(|error| error.downcast_ref())
}

fn not_connected(fault: &Fault, source: &Cause, place: &dyn fmt::Display, connect: Duration) -> Error {
    match fault {
        Fault::Timeout => no_connection(place, connect),
        Fault::Dial(_) => not_reached(source, place),
        Fault::Trust(why) => Error::new(ErrorKind::Config, format!("trusted certificates: {why}"))
            .with_hint("install the system's CA certificates or name a CA file"),
        Fault::Tls(_) => handshake(source, place),
        Fault::Refused(refusal) => refusal.error(&place),
        Fault::Proxy(name, fault) => {
            let error = not_connected(fault, source, &format_args!("the proxy {name}"), connect);
            match error.hint() {
                Some(_) => error,
                None => error.with_hint("check the proxy's URL, or except the host with NO_PROXY"),
            }
        }
    }
}

/// A proxy that is given requests as they are answered instead of the server.
pub(crate) fn refused_by_proxy(refusal: &Refusal, place: &Place) -> Error {
    refusal.error(place)
}

fn not_reached(source: &Cause, place: &dyn fmt::Display) -> Error {
    if source.find::<Unresolved>().is_some() {
        return Error::new(ErrorKind::Connection, format!("{place}: the host name has no address"))
            .with_hint("check the endpoint's spelling and the name service");
    }
    match source.find::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => {
            Error::new(ErrorKind::Connection, format!("{place} refused the connection"))
                .with_hint("is the service running there?")
        }
        Some(io::ErrorKind::NotFound) => {
            Error::new(ErrorKind::Connection, format!("{place}: there is no such socket"))
        }
        Some(io::ErrorKind::PermissionDenied) => {
            Error::new(ErrorKind::Connection, format!("{place}: permission denied"))
        }
        _ => Error::new(ErrorKind::Connection, format!("{place} cannot be reached")),
    }
}

fn handshake(source: &Cause, place: &dyn fmt::Display) -> Error {
    let Some(error) = source.find::<rustls::Error>() else {
        return Error::new(ErrorKind::Connection, format!("{place} broke off the TLS handshake"));
    };
    certificate(error, place)
        .unwrap_or_else(|| Error::new(ErrorKind::Connection, format!("no TLS connection to {place}")))
}

/// A fault of certificates or settings: the same again would fail the same way.
fn certificate(error: &rustls::Error, place: &dyn fmt::Display) -> Option<Error> {
    use AlertDescription as Alert;
    use rustls::Error as Tls;
    let (message, hint) = match error {
        Tls::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => (
            format!("the certificate of {place} comes from an unknown authority"),
            "name the file of its CA, or fix the server's certificate chain",
        ),
        Tls::InvalidCertificate(why) => {
            (format!("the certificate of {place} is not valid: {}", reason(why)), "check host name and dates")
        }
        Tls::AlertReceived(alert) if is_about_our_certificate(&format!("{alert:?}")) => {
            return Some(our_certificate(place));
        }
        Tls::AlertReceived(
            Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::NoApplicationProtocol,
        )
        | Tls::PeerIncompatible(_)
        | Tls::NoApplicationProtocol => {
            (format!("{place} speaks no TLS that we speak"), "TLS 1.2 or 1.3 is needed")
        }
        Tls::InvalidMessage(_) => (format!("{place} does not speak TLS"), "is this an http:// address?"),
        _ => return None,
    };
    Some(Error::new(ErrorKind::Config, message).with_hint(hint))
}

/// By the alert's name, which is all that the HTTP/2 layer keeps of it.
fn is_about_our_certificate(alert: &str) -> bool {
    matches!(
        alert,
        "CertificateRequired"
            | "BadCertificate"
            | "UnsupportedCertificate"
            | "CertificateRevoked"
            | "CertificateExpired"
            | "CertificateUnknown"
            | "UnknownCA"
            | "AccessDenied"
    )
}

fn our_certificate(place: &dyn fmt::Display) -> Error {
    Error::new(ErrorKind::Config, format!("{place} did not accept our certificate"))
        .with_hint("give a client certificate that it trusts")
}

fn reason(why: &rustls::CertificateError) -> &'static str {
    use rustls::CertificateError as Why;
    match why {
        Why::Expired | Why::ExpiredContext { .. } => "expired",
        Why::NotValidYet | Why::NotValidYetContext { .. } => "not valid yet",
        Why::Revoked => "revoked",
        Why::NotValidForName | Why::NotValidForNameContext { .. } => "made for another host name",
        Why::BadSignature => "bad signature",
        _ => "refused",
    }
}

fn broken(source: &Cause, place: &dyn fmt::Display) -> Error {
    if let Some(fault) = source.find::<rustls::Error>().and_then(|error| certificate(error, place)) {
        return fault;
    }
    // In TLS 1.3 a server judges our certificate after the handshake, when HTTP/2 already reads.
    let alert = source.iter().find_map(|error| {
        error
            .downcast_ref::<io::Error>()?
            .to_string()
            .strip_prefix("received fatal alert: ")
            .map(str::to_owned)
    });
    if alert.is_some_and(|alert| is_about_our_certificate(&alert)) {
        return our_certificate(place);
    }
    match source.find::<hyper::Error>() {
        Some(error) if error.is_parse() => {
            Error::new(ErrorKind::Decode, format!("{place} did not answer in HTTP"))
                .with_hint("check the port")
        }
        Some(error) if error.is_incomplete_message() => {
            Error::new(ErrorKind::Connection, format!("{place} closed the connection before it answered"))
        }
        Some(error) if error.is_timeout() => {
            Error::new(ErrorKind::Connection, format!("the connection to {place} is dead"))
        }
        _ => Error::new(ErrorKind::Connection, format!("the connection to {place} broke")),
    }
}

/// A foreign error as the source of ours.
#[derive(Debug)]
struct Cause(BoxError);

impl Cause {
    /// The chain of causes, with what is wrapped in input/output errors (whose `source` skips it).
    fn iter(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let first: &(dyn StdError + 'static) = &*self.0;
        std::iter::successors(Some(first), |error| {
            let error = *error;
            match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(inner) => Some(inner as &(dyn StdError + 'static)),
                None => error.source(),
            }
        })
    }

    /// The last (innermost) error of type `E`.
    fn find<E: StdError + 'static>(&self) -> Option<&E> {
        self.iter().filter_map(|error| error.downcast_ref()).last()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
