use std::time::Duration;

use pentad_server::ServerOptions;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::fixture::{exchange, finish, get, listening};

/// Sends a request and returns once the server handles it.
async fn begun(addr: std::net::SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    // Answered on a later connection: the earlier request has been read by then.
    for _ in 0..3 {
        assert_eq!(get(addr, "/ams/x").await.status, 200);
    }
    stream
}

#[tokio::test]
async fn a_waiting_request_is_answered_when_the_server_stops() {
    let (server, addr) = listening(ServerOptions::memory()).await;
    let waiting = begun(addr, "/ams/wait").await;
    let ((), answer) = tokio::join!(server.shutdown(), finish(waiting));
    assert_eq!((answer.status, answer.body.as_str()), (200, "held"));
    assert!(TcpStream::connect(addr).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_request_that_does_not_end_is_broken_off_after_the_drain_time() {
    let mut options = ServerOptions::memory();
    options.drain = Duration::from_millis(1);
    let (server, addr) = listening(options).await;
    let stuck = begun(addr, "/ams/never").await;
    server.shutdown().await;
    assert_eq!(finish(stuck).await.status, 0);
}

#[tokio::test]
async fn an_idle_connection_does_not_delay_the_stop() {
    let mut options = ServerOptions::memory();
    options.drain = Duration::from_secs(3600);
    let (server, addr) = listening(options).await;
    let mut idle = TcpStream::connect(addr).await.unwrap();
    idle.write_all(b"GET /ams/x HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    let ((), answer) = tokio::join!(server.shutdown(), finish(idle));
    assert!(answer.status == 200 || answer.status == 0, "{answer:?}");
}

#[tokio::test]
async fn stopping_twice_is_no_error() {
    let (server, _) = listening(ServerOptions::memory()).await;
    server.shutdown().await;
    server.shutdown().await;
}

#[tokio::test]
async fn readiness_ends_with_the_stop_but_liveness_does_not_hang() {
    let (server, addr) = listening(ServerOptions::memory()).await;
    assert_eq!(get(addr, "/_pentad/readyz").await.status, 200);
    let stream = TcpStream::connect(addr).await.unwrap();
    let request = "GET /_pentad/readyz HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let (answer, ()) = tokio::join!(exchange(stream, request), server.shutdown());
    assert!([0, 200, 503].contains(&answer.status), "{answer:?}");
}
