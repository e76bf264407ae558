//! Memory stays bounded while many large bodies arrive at once. One test in a process of its own, whose peak it reads.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;

use pentad_server::{ListenOptions, Server, ServerOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CLIENTS: usize = 8;

/// A field of `/proc/self/status` in bytes.
fn memory(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// Publishes about `size` bytes of tiny messages, writing them as they are made, and gives the status and the length
/// of the answer.
async fn publish(addr: SocketAddr, token: &str, message: &str, size: usize) -> (String, usize) {
    let block = format!("{message},").repeat(4096);
    let blocks = size / block.len();
    let (start, end) = (r#"{"messages":["#, format!("{message}]}}"));
    let length = start.len() + blocks * block.len() + end.len();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "POST /ams/v1/projects/demo/topics/many:publish HTTP/1.1\r\nhost: {addr}\r\nx-api-key: {token}\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{start}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..blocks {
        stream.write_all(block.as_bytes()).await.unwrap();
    }
    stream.write_all(end.as_bytes()).await.unwrap();
    let mut buffer = vec![0; 64 * 1024];
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        if count == 0 {
            return (head, length);
        }
        if head.is_empty() {
            head = String::from_utf8_lossy(&buffer[..count]).lines().next().unwrap().to_owned();
        }
        length += count;
    }
}

async fn create_topic(addr: SocketAddr, token: &str) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "PUT /ams/v1/projects/demo/topics/many HTTP/1.1\r\nhost: {addr}\r\nx-api-key: {token}\r\n\
         content-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Eight bodies of 32 MiB by default: much smaller ones would measure the database's page cache instead.
/// `PENTAD_TEST_BODY_MIB` and `PENTAD_TEST_MESSAGE` set another size and another message.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_large_bodies_of_tiny_messages_take_less_than_four_times_one() {
    let mib: usize = std::env::var("PENTAD_TEST_BODY_MIB").map_or(32, |text| text.parse().unwrap());
    let size = mib << 20;
    let message = std::env::var("PENTAD_TEST_MESSAGE").unwrap_or_else(|_| r#"{"data":"YQ=="}"#.to_owned());
    let mut options = ServerOptions::memory();
    options.max_body = (size + (size >> 2)) as u64;
    let server = Server::builder(options).open().await.unwrap();
    server.listen(ListenOptions::any_port()).await.unwrap();
    let announced = server.announcement();
    let plain = announced["endpoints"]["ams_plain"].as_str().unwrap();
    let addr: SocketAddr = plain.trim_start_matches("http://").trim_end_matches("/ams").parse().unwrap();
    let token = announced["credentials"]["ams"]["project_admin"].as_str().unwrap().to_owned();
    create_topic(addr, &token).await;

    let before = memory("VmRSS");
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (token, message) = (token.clone(), message.clone());
            tokio::spawn(async move { publish(addr, &token, &message, size).await })
        })
        .collect();
    for client in clients {
        let (head, length) = client.await.unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(length > size / 2, "every message has an id: {length}");
    }
    let peak = memory("VmHWM");
    let ratio = peak.saturating_sub(before) as f64 / size as f64;
    println!(
        "{CLIENTS} bodies of {mib} MiB: peak {} MiB, {} MiB before: {ratio:.2} bodies; {:.2} with what was there",
        peak >> 20,
        before >> 20,
        peak as f64 / size as f64,
    );
    assert!(ratio < 4.0, "{ratio} bodies were in memory at once");
    server.shutdown().await;
}
