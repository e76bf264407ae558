//! Websockets by every way into the server.

use futures_util::{SinkExt, StreamExt};
use pentad_core::message::Args;
use pentad_core::socket::Frame;
use pentad_core::{Body, Limits, Op, Request, Target};
use pentad_server::{ListenOptions, Server, ServerOptions, holder};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::fixture::{listening, open, send};

pub(crate) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> WebSocketStream<S> {
    let (socket, answer) = tokio_tungstenite::client_async("ws://h/ams/socket", stream).await.unwrap();
    assert_eq!(answer.status(), 101);
    assert!(answer.headers().contains_key("x-request-id"));
    socket
}

pub(crate) async fn echoes<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) {
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
    socket.send(Message::binary(vec![0, 1])).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::binary(vec![0, 1]));
    socket.send(Message::Ping("p".into())).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::Pong("p".into()));
}

/// The code of the goodbye, if one came before the end.
async fn goodbye<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) -> Option<CloseCode> {
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Close(Some(frame)) = message {
            return Some(frame.code);
        }
    }
    None
}

#[tokio::test]
async fn a_websocket_over_tcp_carries_messages_until_either_side_says_goodbye() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let mut socket = connect(TcpStream::connect(addr).await.unwrap()).await;
    echoes(&mut socket).await;
    socket.send(Message::text("bye")).await.unwrap();
    assert_eq!(goodbye(&mut socket).await, Some(CloseCode::from(4000)));

    let mut socket = connect(TcpStream::connect(addr).await.unwrap()).await;
    socket.close(None).await.unwrap();
    assert!(goodbye(&mut socket).await.is_none());
}

#[tokio::test]
async fn a_websocket_over_the_unix_socket_works_alike() {
    let dir = tempfile::tempdir().unwrap();
    let _server = open(ServerOptions::dir(dir.path())).await;
    let stream = UnixStream::connect(holder::socket(dir.path())).await.unwrap();
    echoes(&mut connect(stream).await).await;
}

#[tokio::test]
async fn a_message_beyond_the_limit_ends_the_socket() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let mut socket = connect(TcpStream::connect(addr).await.unwrap()).await;
    socket.send(Message::text("x".repeat(1001))).await.unwrap();
    assert!(!matches!(socket.next().await, Some(Ok(Message::Text(_)))));
}

#[tokio::test]
async fn a_stopping_server_says_goodbye_and_waits_for_no_one() {
    let (server, addr) = listening(ServerOptions::memory()).await;
    let mut socket = connect(TcpStream::connect(addr).await.unwrap()).await;
    echoes(&mut socket).await;
    let (code, ()) = tokio::join!(goodbye(&mut socket), server.shutdown());
    assert_eq!(code, Some(CloseCode::Away));
}

#[tokio::test]
async fn what_is_no_handshake_is_refused() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let get = |more: &str| format!("GET /ams/socket HTTP/1.1\r\nhost: h\r\n{more}\r\n");
    let plain = send(addr, &get("connection: close\r\n")).await;
    assert_eq!(plain.status, 400);
    let upgrade = "connection: close, Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: a\r\n";
    let old = send(addr, &get(&format!("{upgrade}sec-websocket-version: 8\r\n"))).await;
    assert_eq!((old.status, old.header("sec-websocket-version")), (426, Some("13")));
}

static OPEN: Op = Op {
    id: "mirror.socket",
    routes: &[],
    idempotent: true,
    patience: std::time::Duration::ZERO,
    source: "the mirror",
};

fn request(path: &str) -> Request {
    Request {
        op: &OPEN,
        method: http::Method::GET,
        target: Target::parse("http://pentad.local").unwrap(),
        path: path.to_owned(),
        query: Vec::new(),
        raw_query: None,
        headers: http::HeaderMap::new(),
        body: Body::Empty,
        args: Args::default(),
        limits: Limits::default(),
    }
}

#[tokio::test]
async fn the_door_opens_websockets_too() {
    let server: Server = open(ServerOptions::memory()).await;
    let door = server.sockets();
    let (mut sink, mut frames) = door.open(request("/ams/socket")).await.unwrap();
    for frame in [Frame::Text("hello".to_owned()), Frame::Binary("b".into())] {
        sink.send(frame.clone()).await.unwrap();
        assert_eq!(frames.next().await.unwrap().unwrap(), frame);
    }
    let (rest, ()) = tokio::join!(frames.collect::<Vec<_>>(), server.shutdown());
    assert_eq!(rest.into_iter().next().unwrap().unwrap(), Frame::Close(Some(1001)));
}

#[tokio::test]
async fn the_door_tells_when_there_is_no_websocket() {
    let server = open(ServerOptions::memory()).await;
    server.listen(ListenOptions::any_port()).await.unwrap();
    let error = server.sockets().open(request("/ams/refuse")).await.map(drop).unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
}
