//! Websocket connections against real servers.

use std::error::Error as _;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use pentad_core::socket::Frame;
use pentad_core::{Error, ErrorKind, Request, Sent, Socket};
use pentad_transport::{Identity, Proxy, TlsOptions, WebSocket, WebSocketBuilder};
use rcgen::ExtendedKeyUsagePurpose;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::support::{OP, head, raw, request};
use crate::{proxy, tls};

fn direct() -> WebSocketBuilder {
    WebSocket::builder().proxy(Proxy::None)
}

fn ws(address: SocketAddr) -> String {
    format!("ws://{address}")
}

/// A websocket server; `handler` gets each connection after its handshake.
async fn serve<F, R>(handler: F) -> SocketAddr
where
    F: Fn(WebSocketStream<TcpStream>) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let handler = Arc::new(handler);
    raw(move |stream, _| {
        let handler = Arc::clone(&handler);
        async move { handler(tokio_tungstenite::accept_async(stream).await.unwrap()).await }
    })
    .await
}

/// Sends every message back until the other side closes.
async fn echo<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>) {
    while let Some(Ok(message)) = socket.next().await {
        if matches!(message, Message::Text(_) | Message::Binary(_)) {
            socket.send(message).await.unwrap();
        }
    }
}

/// Sends a text over a new connection and returns what came back.
async fn exchanged(socket: &WebSocket, request: Request) -> Frame {
    let (mut sink, mut frames) = socket.open(request).await.unwrap();
    sink.send(Frame::Text("hello".to_owned())).await.unwrap();
    let frame = frames.next().await.unwrap().unwrap();
    sink.close().await.unwrap();
    frame
}

fn hello() -> Frame {
    Frame::Text("hello".to_owned())
}

/// Everything that is printed of an error and its causes.
fn printed(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text} {cause} {cause:?}");
        source = cause.source();
    }
    text
}

#[tokio::test]
async fn messages_go_both_ways_and_keep_their_kind() {
    let address = serve(echo).await;
    let (mut sink, mut frames) = direct().build().unwrap().open(request(&ws(address), "/")).await.unwrap();
    for frame in [hello(), Frame::Binary(Bytes::from_static(b"\x00\xff")), Frame::Text(String::new())] {
        sink.send(frame.clone()).await.unwrap();
        assert_eq!(frames.next().await.unwrap().unwrap(), frame);
    }
}

#[tokio::test]
async fn http_and_ws_targets_mean_the_same() {
    let address = serve(echo).await;
    for base in [format!("http://{address}"), ws(address)] {
        assert_eq!(exchanged(&direct().build().unwrap(), request(&base, "/")).await, hello());
    }
}

#[tokio::test]
async fn handshake_carries_path_query_and_headers_and_says_who_asks() {
    let (seen, mut was_seen) = mpsc::unbounded_channel();
    let address = raw(move |stream, _| {
        let seen = seen.clone();
        async move {
            #[expect(clippy::result_large_err, reason = "the callback's type is given")]
            let callback = |asked: &server::Request, answer: server::Response| {
                seen.send(asked.clone()).unwrap();
                Ok(answer)
            };
            echo(tokio_tungstenite::accept_hdr_async(stream, callback).await.unwrap()).await;
        }
    })
    .await;
    let mut sent = request(&format!("{}/zaqar", ws(address)), "/ws");
    sent.push_query("a", "1 2");
    sent.headers.insert("x-auth-token", "canary".parse().unwrap());
    exchanged(&direct().build().unwrap(), sent).await;
    let asked = was_seen.recv().await.unwrap();
    assert_eq!(asked.uri(), "/zaqar/ws?a=1%202");
    assert_eq!(asked.headers()["x-auth-token"], "canary");
    assert_eq!(asked.headers()["host"], address.to_string());
    assert!(asked.headers()["user-agent"].to_str().unwrap().starts_with("pentad/"));
}

#[tokio::test]
async fn wss_goes_over_tls_with_our_authority_and_our_certificate() {
    let ca = tls::ca();
    let mut config = tls::server(&ca, "localhost", Some(&ca));
    // A server of both protocols would choose HTTP/2, over which this handshake cannot be spoken.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let address = raw(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            // The client that shows no certificate is refused here.
            let Ok(stream) = acceptor.accept(stream).await else { return };
            echo(tokio_tungstenite::accept_async(stream).await.unwrap()).await;
        }
    })
    .await;
    let (certificate, key) = tls::leaf(&ca, "me", ExtendedKeyUsagePurpose::ClientAuth);
    let trusted = TlsOptions::new().ca_pem(ca.pem());
    let known = trusted.clone().identity(Identity::pem(certificate.pem(), key.serialize_pem()));
    let base = format!("wss://localhost:{}", address.port());
    assert_eq!(exchanged(&direct().tls(known).build().unwrap(), request(&base, "/")).await, hello());

    let error = direct().tls(trusted).build().unwrap().open(request(&base, "/")).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
    assert!(error.message().contains("our certificate"), "{error}");

    let stranger = TlsOptions::new().ca_pem(tls::ca().pem());
    let error = direct().tls(stranger).build().unwrap().open(request(&base, "/")).await.err().unwrap();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Config, Sent::No), "{error:?}");
    assert!(error.message().contains("unknown authority"), "{error}");
}

#[tokio::test]
async fn http_proxy_is_asked_for_a_tunnel_for_plain_connections_too() {
    let (proxy, seen) = proxy::tunnel(serve(echo).await).await;
    let through = Proxy::Url(format!("http://user:word@{proxy}"));
    let socket = WebSocket::builder().proxy(through).build().unwrap();
    assert_eq!(exchanged(&socket, request("ws://far.example", "/")).await, hello());
    assert!(seen.lock().unwrap()[0].starts_with("CONNECT far.example:80 HTTP/1.1\r\n"));
}

#[cfg(unix)]
#[tokio::test]
async fn server_behind_a_unix_socket_is_spoken_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        echo(tokio_tungstenite::accept_async(stream).await.unwrap()).await;
    });
    let socket = WebSocket::builder().unix(&path).build().unwrap();
    assert_eq!(exchanged(&socket, request("http://pentad.local", "/zaqar/ws")).await, hello());
    let error = socket.open(request("wss://pentad.local", "/")).await.err().unwrap();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Config, Sent::No), "{error:?}");
    let nowhere = WebSocket::builder().unix(folder.path().join("none")).build().unwrap();
    let error = nowhere.open(request("ws://pentad.local", "/")).await.err().unwrap();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::No), "{error:?}");
}

#[tokio::test]
async fn pings_are_answered_while_nobody_reads() {
    let (answered, mut was_answered) = mpsc::unbounded_channel();
    let address = serve(move |mut socket| {
        let answered = answered.clone();
        async move {
            socket.send(Message::Ping(Bytes::from_static(b"there?"))).await.unwrap();
            answered.send(socket.next().await.unwrap().unwrap()).unwrap();
        }
    })
    .await;
    let _halves = direct().build().unwrap().open(request(&ws(address), "/")).await.unwrap();
    assert_eq!(was_answered.recv().await.unwrap(), Message::Pong(Bytes::from_static(b"there?")));
}

#[tokio::test]
async fn close_by_the_server_is_told_with_its_code_and_ends_the_stream() {
    let address = serve(|mut socket| async move {
        let going = tungstenite::protocol::CloseFrame { code: 1001.into(), reason: "bye".into() };
        socket.close(Some(going)).await.unwrap();
        while socket.next().await.is_some() {}
    })
    .await;
    let (mut sink, mut frames) = direct().build().unwrap().open(request(&ws(address), "/")).await.unwrap();
    assert_eq!(frames.next().await.unwrap().unwrap(), Frame::Close(Some(1001)));
    assert!(frames.next().await.is_none());
    let error = sink.send(hello()).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::No), "{error:?}");
    sink.close().await.unwrap();
}

#[tokio::test]
async fn closing_tells_the_server_and_so_does_dropping_both_halves() {
    let (closed, mut was_closed) = mpsc::unbounded_channel();
    let address = serve(move |mut socket| {
        let closed = closed.clone();
        async move { closed.send(socket.next().await.unwrap().unwrap()).unwrap() }
    })
    .await;
    let socket = direct().build().unwrap();
    let (mut sink, frames) = socket.open(request(&ws(address), "/")).await.unwrap();
    sink.close().await.unwrap();
    assert!(
        matches!(was_closed.recv().await.unwrap(), Message::Close(Some(frame)) if frame.code == 1000.into())
    );
    drop(frames);
    drop(socket.open(request(&ws(address), "/")).await.unwrap());
    assert!(
        matches!(was_closed.recv().await.unwrap(), Message::Close(Some(frame)) if frame.code == 1000.into())
    );
}

#[tokio::test]
async fn connection_that_breaks_without_a_close_is_an_error() {
    let address = serve(|socket| async move { drop(socket) }).await;
    let (_sink, mut frames) = direct().build().unwrap().open(request(&ws(address), "/")).await.unwrap();
    let error = frames.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::Maybe), "{error:?}");
    assert!(frames.next().await.is_none());
}

#[tokio::test]
async fn message_over_the_limit_closes_the_connection_with_a_reason() {
    let (closed, mut was_closed) = mpsc::unbounded_channel();
    let address = serve(move |mut socket| {
        let closed = closed.clone();
        async move {
            socket.send(Message::text("x".repeat(1001))).await.unwrap();
            closed.send(socket.next().await.unwrap().unwrap()).unwrap();
        }
    })
    .await;
    let socket = direct().max_message(1000).build().unwrap();
    let (_sink, mut frames) = socket.open(request(&ws(address), "/")).await.unwrap();
    let error = frames.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:?}");
    assert!(frames.next().await.is_none());
    assert!(
        matches!(was_closed.recv().await.unwrap(), Message::Close(Some(frame)) if frame.code == 1009.into())
    );
}

#[tokio::test]
async fn server_that_does_not_even_answer_pings_is_a_timeout() {
    let address = serve(|socket| async move {
        // Held open and never read.
        std::future::pending::<()>().await;
        drop(socket);
    })
    .await;
    let mut sent = request(&ws(address), "/");
    sent.limits.idle = Duration::from_millis(30);
    let (_sink, mut frames) = direct().build().unwrap().open(sent).await.unwrap();
    let error = frames.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::Maybe), "{error:?}");
}

#[tokio::test]
async fn quiet_server_that_answers_pings_stays_connected() {
    let (pinged, mut was_pinged) = mpsc::unbounded_channel();
    let address = serve(move |mut socket| {
        let pinged = pinged.clone();
        async move {
            for _ in 0..3 {
                assert!(socket.next().await.unwrap().unwrap().is_ping());
            }
            socket.send(Message::text("still here")).await.unwrap();
            pinged.send(()).unwrap();
            echo(socket).await;
        }
    })
    .await;
    let mut sent = request(&ws(address), "/");
    sent.limits.idle = Duration::from_millis(30);
    let (_sink, mut frames) = direct().build().unwrap().open(sent).await.unwrap();
    was_pinged.recv().await.unwrap();
    assert_eq!(frames.next().await.unwrap().unwrap(), Frame::Text("still here".to_owned()));
}

#[tokio::test]
async fn refused_handshake_says_the_status_and_never_what_came_with_it() {
    for (status, kind) in [
        ("401 Unauthorized", ErrorKind::Unauthenticated),
        ("404 Not Found", ErrorKind::NotFound),
        ("503 Service Unavailable", ErrorKind::Unavailable),
        ("200 OK", ErrorKind::Unsupported),
    ] {
        let address = raw(move |mut stream, _| async move {
            head(&mut stream).await;
            let answer =
                format!("HTTP/1.1 {status}\r\nset-cookie: canary\r\ncontent-length: 6\r\n\r\ncanary");
            let _ = stream.write_all(answer.as_bytes()).await;
        })
        .await;
        let mut sent = request(&ws(address), "/secret-path");
        sent.headers.insert("x-auth-token", "canary".parse().unwrap());
        let error = direct().build().unwrap().open(sent).await.err().unwrap();
        assert_eq!((error.kind(), error.sent()), (kind, Sent::Answered), "{error:?}");
        assert!(status.starts_with(error.status().unwrap().as_str()));
        assert_eq!(error.op(), Some(OP.id));
        let printed = printed(&error);
        assert!(!printed.contains("canary") && !printed.contains("secret-path"), "{printed}");
    }
}

#[tokio::test]
async fn failures_say_how_far_the_handshake_got() {
    let gone = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let error = direct().build().unwrap().open(request(&ws(gone), "/")).await.err().unwrap();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::No), "{error:?}");
    assert!(error.message().contains(&gone.to_string()), "{error}");

    let closing = raw(|mut stream, _| async move {
        head(&mut stream).await;
    })
    .await;
    let error = direct().build().unwrap().open(request(&ws(closing), "/")).await.err().unwrap();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::Maybe), "{error:?}");

    let silent = raw(|mut stream, _| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let mut sent = request(&ws(silent), "/");
    sent.limits.idle = Duration::from_millis(30);
    let error = direct().build().unwrap().open(sent).await.err().unwrap();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::Maybe), "{error:?}");

    let mut sent = request(&format!("wss://{silent}"), "/");
    sent.limits.connect = Duration::from_millis(30);
    let error = direct().build().unwrap().open(sent).await.err().unwrap();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No), "{error:?}");
}

#[tokio::test]
async fn server_that_speaks_something_else_is_a_decode_error() {
    let address = raw(|mut stream, _| async move {
        head(&mut stream).await;
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n\r\n").await;
    })
    .await;
    let error = direct().build().unwrap().open(request(&ws(address), "/")).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error:?}");
}

#[tokio::test]
async fn http_requests_to_a_websocket_url_are_refused_before_they_are_sent() {
    use pentad_core::Transport;
    let error =
        crate::support::direct().build().unwrap().send(request("wss://far.example", "/")).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Config, Sent::No), "{error:?}");
}
