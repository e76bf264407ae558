//! The platform as a running order sees it, asked over its own listener.

use std::time::Duration;

use pentad_server::clock::{real_limit, real_sleep};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::world::{World, get, post};

/// A service that shows where it is called from and waits until it is told.
const WAITING: (&str, &str) =
    ("waiting", "echo \"$IVCAP_BASE_URL\"; while [ ! -e done ]; do sleep 0.05; done");

/// Sends one request to a base URL; gives the status and the body.
async fn ask(base: &str, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let (authority, prefix) = base.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} /{prefix}{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    real_limit(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn begin(world: &World) -> (String, String, String) {
    let jobs = format!("/1/services2/{}/jobs", world.service("waiting").await);
    let placed = post(&jobs).json(&json!({"question": 6})).on(world).await.is(202);
    let id = placed["job-id"].as_str().unwrap().to_owned();
    let base = loop {
        let log = world.logs(&id).await;
        if log.ends_with('\n') {
            break log.trim().to_owned();
        }
        real_sleep(Duration::from_millis(10)).await;
    };
    (format!("{jobs}/{id}"), id, base)
}

#[tokio::test]
async fn a_service_gets_its_work_tells_of_it_and_hands_in_its_result() {
    let world = World::running(&[WAITING], json!({})).await;
    let (path, id, base) = begin(&world).await;
    let (status, work) = ask(&base, "GET", "/next_job", "", "").await;
    let work: Value = serde_json::from_str(&work).unwrap();
    assert_eq!((status, &work["id"], &work["in-content"]), (200, &json!(id), &json!({"question": 6})));
    let (_, none) = ask(&base, "GET", "/next_job", "", "").await;
    assert!(none.contains("urn:ivcap:schema.service.batch.done"), "{none}");

    assert_eq!(ask(&base, "POST", &format!("/events/{id}"), "", r#"{"step": 1}"#).await.0, 204);
    let json = "content-type: application/json\r\nis-error: False\r\n";
    assert_eq!(ask(&base, "POST", &format!("/results/{id}"), json, r#"{"answer": 42}"#).await.0, 204);
    assert_eq!(ask(&base, "POST", "/results/urn:ivcap:job:other", json, "{}").await.0, 404);

    let (status, list) = ask(&base, "GET", "/1/services2", "", "").await;
    assert!(status == 200 && list.contains("waiting"), "{list}");
    let form = "x-content-length: 3\r\nx-content-type: text/plain\r\n";
    let (status, artifact) = ask(&base, "POST", "/1/artifacts", form, "").await;
    let artifact: Value = serde_json::from_str(&artifact).unwrap();
    assert_eq!(status, 201, "{artifact}");
    // As clients do it: their base URL, then the path of the link.
    let href = artifact["data-href"].as_str().unwrap();
    let link = &href[href.find("://").unwrap() + 3..];
    let link = &link[link.find('/').unwrap()..];
    let part =
        "content-type: application/offset+octet-stream\r\nupload-offset: 0\r\ntus-resumable: 1.0.0\r\n";
    assert_eq!(ask(&base, "PATCH", link, part, "abc").await.0, 204);

    let job = get(&path).on(&world).await.is(200);
    assert_eq!(job["products"]["items"][0]["id"], artifact["id"], "what it uploads is its product");
    world.stop().await;
}

#[tokio::test]
async fn what_a_service_says_of_itself_counts_more_than_its_code() {
    let script =
        "echo \"$IVCAP_BASE_URL\"; while [ ! -e ../../stop ] && [ $((i=i+1)) -lt 40 ]; do sleep 0.05; done";
    let world = World::running(&[("waiting", script)], json!({})).await;
    let (path, id, base) = begin(&world).await;
    let head = "content-type: text/plain\r\nis-error: True\r\n";
    assert_eq!(ask(&base, "POST", &format!("/results/{id}"), head, "there is no answer").await.0, 204);
    let ended = world.until(&path, &["succeeded", "failed", "error"]).await;
    assert_eq!((&ended["status"], &ended["error-message"]), (&json!("failed"), &json!("there is no answer")));
    assert!(ended.get("result-content").is_none());
    // The way back is closed with the order.
    assert_eq!(ask(&base, "GET", "/1/services2", "", "").await.0, 401);
}

#[tokio::test]
async fn nobody_gets_in_without_the_secret() {
    let world = World::running(&[WAITING], json!({})).await;
    let (_, _, base) = begin(&world).await;
    let secret = base.rsplit('/').next().unwrap();
    let wrong = base.replace(secret, &"0".repeat(secret.len()));
    assert_eq!(ask(&wrong, "GET", "/next_job", "", "").await.0, 401);
    assert_eq!(ask(&wrong, "GET", "/1/services2", "", "").await.0, 401);
    assert_eq!(ask(&base, "GET", "/_pentad/", "", "").await.0, 404);
    world.stop().await;
}
