//! Websockets for services: the handshake, whole messages, and an end in order.

use std::fmt;
use std::future::Future;
use std::io;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::header::{SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION};
use http::{HeaderValue, Method, StatusCode};
use pentad_core::socket::Frame;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

use crate::clock::real_limit;
use crate::http::{Inbound, Reply};
use crate::upgrade::{Link, Stream};

/// How long the other side may take to answer a goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// The server's end of a websocket.
///
/// One task reads and writes it; [`next`](Self::next) may be dropped at any time, so that it can stand in a `select!`
/// beside what the service wants to send.
pub struct WebSocket {
    inner: WebSocketStream<Box<dyn Stream>>,
    stop: CancellationToken,
    ended: bool,
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl WebSocket {
    /// Answers the handshake: 101, and `serve` runs with the socket until it returns; 400 or 426 for a request that is
    /// no handshake. `most` is the longest message in bytes.
    ///
    /// # Example
    /// ```
    /// use pentad_server::http::{Frame, Inbound, Reply};
    /// use pentad_server::websocket::WebSocket;
    /// fn echo(inbound: &mut Inbound) -> Reply {
    ///     WebSocket::accept(inbound, 1 << 20, |mut socket| async move {
    ///         while let Some(Ok(frame)) = socket.next().await {
    ///             if socket.send(frame).await.is_err() {
    ///                 return;
    ///             }
    ///         }
    ///     })
    /// }
    /// ```
    pub fn accept<F>(
        inbound: &mut Inbound,
        most: usize,
        serve: impl FnOnce(Self) -> F + Send + 'static,
    ) -> Reply
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let key = match handshake(inbound) {
            Ok(key) => key,
            Err(refusal) => return *refusal,
        };
        let Some(upgrade) = inbound.upgrade.take() else { return *unwanted() };
        let config = WebSocketConfig::default().max_message_size(Some(most)).max_frame_size(Some(most));
        let reply = upgrade.accept(move |Link { stream, stop }| async move {
            let inner = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
            serve(Self { inner, stop, ended: false }).await;
        });
        reply.header(SEC_WEBSOCKET_ACCEPT, key)
    }

    /// The next text or binary message; `None` when the other side closed or the server stops, which has then been
    /// said goodbye to. Pings are answered. Cancel safe.
    ///
    /// # Errors
    /// The connection broke off, a message was too long ([`io::ErrorKind::InvalidData`]) or no websocket frame; the
    /// socket is of no use then, but [`close`](Self::close) may still say why.
    pub async fn next(&mut self) -> Option<io::Result<Frame>> {
        while !self.ended {
            let message = tokio::select! {
                message = self.inner.next() => message,
                () = self.stop.cancelled() => {
                    self.close(CloseCode::Away.into(), "the server stops").await;
                    return None;
                }
            };
            match message {
                Some(Ok(Message::Text(text))) => return Some(Ok(Frame::Text(text.as_str().to_owned()))),
                Some(Ok(Message::Binary(bytes))) => return Some(Ok(Frame::Binary(bytes))),
                // The answers to pings and to a goodbye are sent by reading on.
                Some(Ok(_)) => {}
                None | Some(Err(Error::ConnectionClosed | Error::AlreadyClosed)) => self.ended = true,
                Some(Err(error)) => {
                    self.ended = true;
                    return Some(Err(fault(error)));
                }
            }
        }
        None
    }

    /// Sends one message; [`Frame::Close`] says goodbye.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send(&mut self, frame: Frame) -> io::Result<()> {
        let message = match frame {
            Frame::Text(text) => Message::text(text),
            Frame::Binary(bytes) => Message::binary(bytes),
            Frame::Close(code) => {
                self.close(code.unwrap_or(CloseCode::Normal.into()), "").await;
                return Ok(());
            }
            other => return Err(io::Error::new(io::ErrorKind::Unsupported, format!("{other:?}"))),
        };
        self.inner.send(message).await.map_err(fault)
    }

    /// Says goodbye and waits a moment for the other side to do so too. `code` as in RFC 6455 7.4.
    pub async fn close(&mut self, code: u16, reason: &'static str) {
        self.ended = true;
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        let goodbye = async {
            if self.inner.close(Some(frame)).await.is_ok() {
                while let Some(Ok(_)) = self.inner.next().await {}
            }
        };
        real_limit(GOODBYE, goodbye).await;
    }
}

fn fault(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_) => {
            io::Error::new(io::ErrorKind::InvalidData, error)
        }
        other => io::Error::other(other),
    }
}

/// The answer to the client's key.
fn handshake(inbound: &Inbound) -> Result<HeaderValue, Box<Reply>> {
    let websocket = |upgrade: &crate::upgrade::Upgrade| {
        upgrade.protocol().to_str().is_ok_and(|protocol| protocol.eq_ignore_ascii_case("websocket"))
    };
    if inbound.method != Method::GET || !inbound.upgrade.as_ref().is_some_and(websocket) {
        return Err(unwanted());
    }
    if inbound.header(SEC_WEBSOCKET_VERSION.as_str()) != Some("13") {
        let refusal = Reply::text(StatusCode::UPGRADE_REQUIRED, "only websocket version 13 is spoken");
        return Err(Box::new(refusal.header(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))));
    }
    let key = inbound.headers.get(SEC_WEBSOCKET_KEY).ok_or_else(unwanted)?;
    HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(|_| unwanted())
}

fn unwanted() -> Box<Reply> {
    Box::new(Reply::text(StatusCode::BAD_REQUEST, "a websocket handshake was expected"))
}
