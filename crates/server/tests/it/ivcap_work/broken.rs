//! Uploads over connections that break.

use std::time::Duration;

use pentad_server::clock::{real_limit, real_sleep};
use pentad_server::{ListenOptions, Seed, Server, ServerOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::world::{ALICE, EVE, section};

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

/// A body of unknown length whose connection ends before it does.
const CUT: &str = "transfer-encoding: chunked\r\ncontent-type: application/octet-stream";
const TUS: &str =
    "transfer-encoding: chunked\r\ncontent-type: application/offset+octet-stream\r\nupload-offset: 0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_content_that_breaks_off_is_not_taken_for_complete_and_can_be_sent_again() {
    let site = Site::new().await;
    let blob = site.unknown().await;
    site.broken(&format!("PUT {blob} HTTP/1.1\r\n{CUT}"), b"5\r\nabcde\r\n").await;
    let record = site.get(blob.trim_end_matches("/blob")).await;
    assert!(record.contains("\"status\":\"partial\"") && !record.contains("\"etag\""), "{record}");
    assert_eq!(site.offset(&blob).await, 5, "what came is kept");
    assert!(site.get(&blob).await.starts_with("HTTP/1.1 404"));
    site.whole(&format!("PUT {blob} HTTP/1.1"), "abc").await;
    assert!(site.get(&blob).await.ends_with("\r\n\r\nabc"));
    let blob = site.unknown().await;
    site.broken(&format!("PATCH {blob} HTTP/1.1\r\n{TUS}"), b"5\r\nabcde\r\n").await;
    assert!(site.get(&blob).await.starts_with("HTTP/1.1 404"));
    let rest = format!("PATCH {blob} HTTP/1.1\r\n{}", TUS.replace("offset: 0", "offset: 5"));
    let answer = site.send(&rest, b"3\r\nfgh\r\n0\r\n\r\n", false).await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert!(site.get(&blob).await.ends_with("\r\n\r\nabcdefgh"));
    site.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_artifact_whose_first_content_breaks_off_is_partial_and_a_whole_one_is_sealed() {
    let site = Site::new().await;
    let create = format!("POST /1/artifacts HTTP/1.1\r\nx-name: {}\r\n{CUT}", "YnJva2Vu");
    site.broken(&create, b"5\r\nabcde\r\n").await;
    let list = site.get("/1/artifacts").await;
    assert!(list.contains("\"status\":\"partial\"") && !list.contains("ready"), "{list}");
    let answer = site.send(&create, b"5\r\nabcde\r\n0\r\n\r\n", false).await;
    assert!(answer.starts_with("HTTP/1.1 201") && answer.contains("\"status\":\"ready\""), "{answer}");
    let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let more = format!("PATCH /1/artifacts/{}/blob HTTP/1.1\r\n{}", body["id"].as_str().unwrap(), TUS);
    let refused = site.send(&more.replace("offset: 0", "offset: 5"), b"1\r\nf\r\n0\r\n\r\n", false).await;
    assert!(refused.starts_with("HTTP/1.1 4"), "nothing follows a content that is complete: {refused}");
    site.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_reads_stops_no_upload_by_asking_how_far_it_is() {
    let site = Site::new().await;
    let blob = site.create(6).await;
    let mut upload = TcpStream::connect(&site.addr).await.unwrap();
    let head = format!(
        "PATCH {blob} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ALICE}\r\nupload-offset: 0\r\n\
         content-type: application/offset+octet-stream\r\ncontent-length: 6\r\nconnection: close\r\n\r\nabc"
    );
    upload.write_all(head.as_bytes()).await.unwrap();
    let asked = format!(
        "HEAD {blob} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {EVE}\r\nconnection: close\r\n\r\n"
    );
    for _ in 0..3 {
        let mut stream = TcpStream::connect(&site.addr).await.unwrap();
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        real_limit(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
    upload.write_all(b"def").await.unwrap();
    let mut answer = Vec::new();
    real_limit(Duration::from_secs(20), upload.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 204"), "{}", String::from_utf8_lossy(&answer));
    site.server.shutdown().await;
}

impl Site {
    /// An artifact whose length nobody says.
    async fn unknown(&self) -> String {
        let answer = self.raw("POST /1/artifacts HTTP/1.1", "x-content-length: -1").await;
        let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        format!("/1/artifacts/{}/blob", body["id"].as_str().unwrap())
    }

    async fn get(&self, path: &str) -> String {
        self.raw(&format!("GET {path} HTTP/1.1"), "x-pad: 1").await
    }

    /// Sends a body of which the end is missing, and waits until the server has seen that.
    async fn broken(&self, request: &str, bytes: &[u8]) {
        self.send(request, bytes, true).await;
    }

    async fn whole(&self, line: &str, body: &str) {
        let request = format!("{line}\r\ncontent-length: {}", body.len());
        let answer = self.send(&request, body.as_bytes(), false).await;
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }

    async fn send(&self, request: &str, bytes: &[u8], breaks: bool) -> String {
        let mut stream = TcpStream::connect(&self.addr).await.unwrap();
        let head =
            format!("{request}\r\nhost: x\r\nauthorization: Bearer {ALICE}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        if breaks {
            stream.shutdown().await.unwrap();
        }
        let mut answer = Vec::new();
        let _ = real_limit(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

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
