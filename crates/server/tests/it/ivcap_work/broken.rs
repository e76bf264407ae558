//! Uploads over connections that break.

use std::time::Duration;

use pentad_server::clock::{real_limit, real_sleep};
use pentad_server::{ListenOptions, Seed, Server, ServerOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::world::{ALICE, section};

struct Site {
    server: Server,
    addr: String,
}

impl Site {
    async fn new() -> Self {
        let mut options = ServerOptions::memory();
        options.seed = Some(Seed::from_value(json!({"ivcap": section(&[])})).unwrap());
        let server = Server::builder(options).open().await.unwrap();
        server.listen(ListenOptions::any_port()).await.unwrap();
        let addr = server.announcement()["endpoints"]["ivcap"].as_str().unwrap().replace("http://", "");
        Self { server, addr }
    }

    async fn create(&self, length: usize) -> String {
        let fields = format!("x-content-length: {length}");
        let answer = self.raw("POST /1/artifacts HTTP/1.1", &fields).await;
        let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        format!("/1/artifacts/{}/blob", body["id"].as_str().unwrap())
    }

    /// A request without a body.
    async fn raw(&self, line: &str, fields: &str) -> String {
        let mut stream = TcpStream::connect(&self.addr).await.unwrap();
        let text = format!(
            "{line}\r\nhost: {}\r\nauthorization: Bearer {ALICE}\r\ncontent-length: 0\r\nconnection: close\r\n{fields}\r\n\r\n",
            self.addr
        );
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        real_limit(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn offset(&self, blob: &str) -> usize {
        let answer = self.raw(&format!("HEAD {blob} HTTP/1.1"), "x-pad: 1").await;
        let line = answer.lines().find_map(|line| line.strip_prefix("upload-offset: ")).unwrap();
        line.trim().parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_breaks_anywhere_arrives_as_it_was() {
    let site = Site::new().await;
    let content: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(6 << 20).collect();
    let blob = site.create(content.len()).await;
    let mut offset = 0;
    while offset < content.len() {
        let rest = content.len() - offset;
        let cut = fastrand::usize(0..=rest.min(2 << 20));
        site.part(&blob, offset, rest, &content[offset..offset + cut]).await;
        let now = site.offset(&blob).await;
        assert!(now >= offset && now <= offset + cut, "{offset} + {cut}: {now}");
        if now == offset && cut == rest {
            real_sleep(Duration::from_millis(1)).await;
        }
        offset = now;
        if rest < 1 << 20 {
            site.part(&blob, offset, content.len() - offset, &content[offset..]).await;
            offset = site.offset(&blob).await;
        }
    }
    let mut stream = TcpStream::connect(&site.addr).await.unwrap();
    let text = format!(
        "GET {blob} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ALICE}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let start = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert!(answer[start..] == content, "{} bytes", answer.len() - start);
    site.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_before_a_break_is_kept() {
    let site = Site::new().await;
    let blob = site.create(1 << 20).await;
    site.part(&blob, 0, 1 << 20, &vec![7; 300_000]).await;
    assert_eq!(site.offset(&blob).await, 300_000);
    site.server.shutdown().await;
}

impl Site {
    /// Sends some of the bytes that a part promises.
    async fn part(&self, blob: &str, offset: usize, promised: usize, bytes: &[u8]) {
        let mut stream = TcpStream::connect(&self.addr).await.unwrap();
        let head = format!(
            "PATCH {blob} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ALICE}\r\ntus-resumable: 1.0.0\r\n\
             upload-offset: {offset}\r\ncontent-type: application/offset+octet-stream\r\n\
             content-length: {promised}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server may have said no already.
        let _ = stream.write_all(bytes).await;
        if bytes.len() < promised {
            let _ = stream.shutdown().await;
        }
        let mut answer = Vec::new();
        let _ = real_limit(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap();
    }
}
