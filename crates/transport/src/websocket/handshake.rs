//! The request that turns a connection into a websocket.

use std::time::Duration;

use http::header::{
    CONNECTION, HOST, HeaderName, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE, USER_AGENT,
};
use http::uri::Scheme;
use http::{HeaderValue, StatusCode, Uri};
use pentad_core::{Error, ErrorKind, Request, Result, Sent};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error as WireError;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::{Stream, as_http, with_scheme};
use crate::exchange::PRODUCT;
use crate::failure::{self, Place};

/// What the handshake itself says; the caller's own words for it would break it.
const OURS: [HeaderName; 5] =
    [CONNECTION, UPGRADE, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, SEC_WEBSOCKET_EXTENSIONS];

/// The handshake made ready.
pub(super) struct Hello {
    /// Where to connect, as an `http` or `https` URL.
    pub(super) server: Uri,
    request: http::Request<()>,
}

impl Hello {
    pub(super) fn new(request: Request) -> Result<Self> {
        let server = as_http(request.uri()?)?;
        if !request.body.is_empty() {
            return Err(Error::invalid("body", "a websocket handshake has none"));
        }
        let encrypted = server.scheme() == Some(&Scheme::HTTPS);
        let place = server.authority().map(|authority| authority.as_str()).unwrap_or_default();
        let host = HeaderValue::from_str(place)
            .map_err(|error| Error::new(ErrorKind::Config, "the endpoint has no host").with_source(error))?;
        let key = HeaderValue::from_str(&generate_key())
            .map_err(|error| Error::new(ErrorKind::Unexpected, "no websocket key").with_source(error))?;
        let mut hello = http::Request::new(());
        *hello.uri_mut() = with_scheme(server.clone(), if encrypted { "wss" } else { "ws" })?;
        let headers = hello.headers_mut();
        *headers = request.headers;
        for name in &OURS {
            headers.remove(name);
        }
        headers.entry(HOST).or_insert(host);
        headers.entry(USER_AGENT).or_insert(PRODUCT);
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(SEC_WEBSOCKET_KEY, key);
        Ok(Self { server, request: hello })
    }

    /// Speaks it over a connected stream.
    pub(super) async fn shake(
        self,
        stream: Stream,
        longest: usize,
        silence: Duration,
        place: &Place,
    ) -> Result<WebSocketStream<Stream>> {
        let config = WebSocketConfig::default().max_message_size(Some(longest)).max_frame_size(Some(longest));
        let shaking = tokio_tungstenite::client_async_with_config(self.request, stream, Some(config));
        #[expect(clippy::disallowed_methods, reason = "a limit on real network input and output")]
        let shaken = tokio::time::timeout(silence, shaking).await;
        match shaken {
            Err(_) => Err(failure::silence(silence)),
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(error)) => Err(refused(error, place)),
        }
    }
}

/// Why there is no websocket. The answer itself is not kept: its headers may hold cookies and tokens.
fn refused(error: WireError, place: &Place) -> Error {
    match error {
        WireError::Http(answer) => by_status(answer.status(), place),
        WireError::Io(error) => failure::cut(error, place),
        WireError::ConnectionClosed
        | WireError::AlreadyClosed
        | WireError::Protocol(ProtocolError::HandshakeIncomplete) => {
            Error::new(ErrorKind::Connection, format!("{place} closed the connection before it answered"))
                .with_sent(Sent::Maybe)
        }
        WireError::Protocol(error) => {
            Error::new(ErrorKind::Decode, format!("{place} does not speak websocket"))
                .with_source(error)
                .with_sent(Sent::Answered)
                .with_hint("check port and path of the endpoint")
        }
        WireError::HttpFormat(_) | WireError::Url(_) => {
            Error::new(ErrorKind::Config, "the endpoint is no URL for a websocket")
        }
        _ => Error::new(ErrorKind::Decode, format!("{place} did not answer in HTTP")).with_sent(Sent::Maybe),
    }
}

fn by_status(status: StatusCode, place: &Place) -> Error {
    let (kind, hint) = match status.as_u16() {
        401 | 407 => (ErrorKind::Unauthenticated, None),
        403 => (ErrorKind::Forbidden, None),
        404 | 410 => (ErrorKind::NotFound, Some("check the path of the endpoint")),
        408 | 504 => (ErrorKind::Timeout, None),
        429 => (ErrorKind::RateLimited, None),
        500..=599 => (ErrorKind::Unavailable, None),
        300..=399 => (ErrorKind::Unexpected, Some("give the endpoint that it redirects to")),
        _ => (ErrorKind::Unsupported, Some("is this the websocket endpoint?")),
    };
    let message = format!("{place} answered {} instead of opening a websocket", status.as_u16());
    let error = Error::new(kind, message).with_status(status).with_sent(Sent::Answered);
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}
