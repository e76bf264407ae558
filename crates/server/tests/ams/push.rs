//! Push delivery to a receiver on this machine.

use std::sync::Arc;

use pentad_server::{Service, Tasks};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::World;

const SUB: &str = "/v1/projects/DEMO/subscriptions/hook";

/// Answers one request with `status` and gives what was sent.
async fn receive(listener: &TcpListener, status: u16) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    while !all.ends_with(b"}") {
        let n = stream.read(&mut chunk).await.unwrap();
        assert!(n > 0);
        all.extend_from_slice(&chunk[..n]);
    }
    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn a_refused_delivery_comes_again_and_the_next_message_follows() {
    let w = World::demo().await;
    w.time.release();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let push = json!({"type": "mattermost", "mattermostUrl": url, "mattermostChannel": "c", "base64Decode": true,
        "retryPolicy": {"type": "linear", "period": 10}});
    let body = json!({"topic": "projects/DEMO/topics/alerts", "pushConfig": push});
    w.put("tA", SUB, body).await.ok();
    let tasks = Tasks::new();
    Arc::clone(&w.ams).background(&tasks);
    let messages = json!({"messages": [{"data": "b25l"}, {"data": "dHdv"}]});
    w.post("tA", "/v1/projects/DEMO/topics/alerts:publish", messages).await.ok();
    for (status, text) in [(500, "one"), (200, "one"), (200, "two")] {
        let sent = receive(&listener, status).await;
        let body = sent.split("\r\n\r\n").nth(1).unwrap();
        assert_eq!(body, format!("{{\"text\":\"{text}\",\"username\":\"\",\"channel\":\"c\"}}"));
    }
    tasks.shutdown().await;
}
