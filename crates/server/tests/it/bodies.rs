//! When bodies are read, and what becomes of those that are not.

use pentad_server::{ListenOptions, Server, ServerOptions};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::fixture::{finish, listening, send};

fn head(path: &str, length: usize, more: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: h\r\ncontent-length: {length}\r\n{more}\r\n")
}

/// Reads up to the blank line after the fields of one answer.
async fn fields(stream: &mut BufReader<TcpStream>) -> String {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") && stream.read_line(&mut text).await.unwrap() > 0 {}
    text
}

#[tokio::test]
async fn a_refusal_needs_no_body() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let mut stream = BufReader::new(TcpStream::connect(addr).await.unwrap());
    stream.write_all(head("/ams/refuse", 1_000_000, "").as_bytes()).await.unwrap();
    let answer = fields(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[tokio::test]
async fn ams_refuses_route_verb_token_and_role_before_it_reads_a_body() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    server.listen(ListenOptions::any_port()).await.unwrap();
    let addr = crate::fixture::plain(&server);
    let consumer = server.credentials()["ams"]["consumer"].as_str().unwrap().to_owned();
    let publish = "/ams/v1/projects/demo/topics/t:publish";
    for (path, token, status, route) in [
        ("/ams/v1/nothing", "", 404, "ams:notFound"),
        ("/ams/v1/status", "", 405, "ams:wrongMethod"),
        ("/ams/v1//status", "", 301, "ams:moved"),
        (publish, "", 401, "topics:publish"),
        (publish, "unknown", 401, "topics:publish"),
        (publish, consumer.as_str(), 403, "topics:publish"),
    ] {
        let mut stream = BufReader::new(TcpStream::connect(addr).await.unwrap());
        let token = format!("x-api-key: {token}\r\n");
        stream.write_all(head(path, 1_000_000, &token).as_bytes()).await.unwrap();
        let answer = fields(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
        let log = crate::fixture::get(addr, "/_pentad/log?limit=1").await.json();
        assert_eq!(log["requests"][0]["route"], route);
    }
}

#[tokio::test]
async fn after_a_refused_body_was_sent_the_connection_goes_on() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let body = vec![b'x'; 300_000];
    stream.write_all(head("/ams/refuse", body.len(), "").as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    stream.write_all(head("/ams/length", 2, "connection: close\r\n").as_bytes()).await.unwrap();
    stream.write_all(b"ab").await.unwrap();
    let both = finish(stream).await;
    assert_eq!(both.status, 401);
    assert!(both.body.contains("HTTP/1.1 200"), "{}", both.body);
}

#[tokio::test]
async fn a_refused_body_that_goes_on_for_ever_is_cut_off() {
    let mut options = ServerOptions::memory();
    options.max_body = 100_000;
    let (_server, addr) = listening(options).await;
    let stream = TcpStream::connect(addr).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    writing
        .write_all(b"POST /ams/refuse HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    // Ends only because the server closes.
    while writing.write_all(chunk.as_bytes()).await.is_ok() {}
    let mut answer = Vec::new();
    let _ = reading.read_to_end(&mut answer).await;
}

#[tokio::test]
async fn who_asks_before_sending_is_asked_for_the_body_only_when_it_is_wanted() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let expecting = "expect: 100-continue\r\n";
    let refused = send(addr, &head("/ams/refuse", 5, expecting)).await;
    assert_eq!(refused.status, 401, "no 100 before it: {}", refused.head);
    assert_eq!(refused.header("connection"), Some("close"));

    let mut stream = BufReader::new(TcpStream::connect(addr).await.unwrap());
    stream.write_all(head("/ams/length", 5, expecting).as_bytes()).await.unwrap();
    assert!(fields(&mut stream).await.starts_with("HTTP/1.1 100"));
    stream.write_all(b"hello").await.unwrap();
    assert!(fields(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn while_a_large_body_arrives_small_ones_pass_and_the_next_large_one_waits() {
    const LARGE: usize = 3 << 20;
    let mut options = ServerOptions::memory();
    options.max_body = 4 << 20;
    let (_server, addr) = listening(options).await;
    let mut first = BufReader::new(TcpStream::connect(addr).await.unwrap());
    // Once it is asked for its body, it has its place.
    first.write_all(head("/ams/length", LARGE, "expect: 100-continue\r\n").as_bytes()).await.unwrap();
    assert!(fields(&mut first).await.starts_with("HTTP/1.1 100"));
    let text = head("/ams/length", LARGE, "connection: close\r\n") + &"x".repeat(LARGE);
    let second = tokio::spawn(async move { send(addr, &text).await });
    for _ in 0..50 {
        let small = head("/ams/length", 2, "connection: close\r\n") + "ab";
        assert_eq!(send(addr, &small).await.body, "2");
    }
    assert!(!second.is_finished(), "there is no room for two");
    drop(first);
    assert_eq!(second.await.unwrap().body, LARGE.to_string());
}

#[tokio::test]
async fn an_upload_that_is_read_as_it_comes_has_no_limit() {
    let mut options = ServerOptions::memory();
    options.max_body = 1000;
    let (_server, addr) = listening(options).await;
    let text = head("/ams/stream", 50_000, "connection: close\r\n") + &"x".repeat(50_000);
    assert_eq!(send(addr, &text).await.body, "50000");
}

#[tokio::test]
async fn a_body_that_breaks_off_breaks_the_exchange_off() {
    let (server, addr) = listening(ServerOptions::memory()).await;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all((head("/ams/length", 50, "") + "only this").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(finish(stream).await.status, 0, "no answer for half a request");
    server.listen(ListenOptions::any_port()).await.unwrap();
}

#[tokio::test]
async fn the_log_tells_how_much_was_read_and_shows_short_bodies() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    send(addr, &(head("/ams/length", 7, "connection: close\r\n") + r#"{"a":1}"#)).await;
    send(addr, &head("/ams/refuse", 7, "connection: close\r\nexpect: 100-continue\r\n")).await;
    let log = crate::fixture::get(addr, "/_pentad/log").await.json();
    let entries = log["requests"].as_array().unwrap();
    assert_eq!((&entries[0]["bytes"], &entries[1]["bytes"]), (&7.into(), &0.into()));
    assert!(entries[0]["curl"].as_str().unwrap().contains(r#"{"a":1}"#));
}
