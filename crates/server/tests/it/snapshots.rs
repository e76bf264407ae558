//! Snapshots, configuration, resets in part, the clock's limits and the page, through the control API.

use std::os::unix::fs::PermissionsExt;

use pentad_server::{Seed, Server, ServerOptions};
use serde_json::{Value, json};

use crate::fixture::{call, get, listening, plain, send};

/// A server with the real services on free ports.
async fn real(options: ServerOptions) -> (Server, std::net::SocketAddr, String) {
    let server = Server::builder(options).open().await.unwrap();
    server.listen(pentad_server::ListenOptions::any_port()).await.unwrap();
    let addr = plain(&server);
    let token = server.credentials()["ams"]["project_admin"].as_str().unwrap().to_owned();
    (server, addr, token)
}

async fn topics(addr: std::net::SocketAddr, token: &str) -> usize {
    let answer = get(addr, &format!("/ams/v1/projects/demo/topics?key={token}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["topics"].as_array().map_or(0, Vec::len)
}

async fn create(addr: std::net::SocketAddr, token: &str, topic: &str) {
    let path = format!("/ams/v1/projects/demo/topics/{topic}?key={token}");
    assert_eq!(call(addr, "PUT", &path, "").await.status, 200);
}

async fn snapshots_come_back(options: ServerOptions) {
    let (server, addr, token) = real(options).await;
    create(addr, &token, "one").await;
    let made = call(addr, "POST", "/_pentad/snapshots/before", "").await;
    assert_eq!(made.status, 200, "{}", made.body);
    create(addr, &token, "two").await;
    assert_eq!(topics(addr, &token).await, 2);
    assert_eq!(get(addr, "/_pentad/snapshots").await.json(), json!({"snapshots": ["before"]}));
    assert_eq!(call(addr, "POST", "/_pentad/snapshots/before", "").await.status, 409);
    let back = call(addr, "POST", "/_pentad/snapshots/before/restore", "").await;
    assert_eq!(back.status, 200, "{}", back.body);
    assert_eq!(topics(addr, &token).await, 1);
    create(addr, &token, "three").await;
    call(addr, "POST", "/_pentad/reset", "").await;
    assert_eq!(topics(addr, &token).await, 0);
    call(addr, "POST", "/_pentad/snapshots/before/restore", "").await;
    assert_eq!(topics(addr, &token).await, 1, "a reset keeps the snapshots");
    assert_eq!(call(addr, "DELETE", "/_pentad/snapshots/before", "").await.status, 200);
    assert_eq!(call(addr, "POST", "/_pentad/snapshots/before/restore", "").await.status, 404);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_in_memory_comes_back() {
    snapshots_come_back(ServerOptions::memory()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_on_disk_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    snapshots_come_back(ServerOptions::dir(dir.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_can_be_served_as_a_data_directory() {
    let dir = tempfile::tempdir().unwrap();
    let (server, addr, token) = real(ServerOptions::dir(dir.path())).await;
    create(addr, &token, "one").await;
    let made = call(addr, "POST", "/_pentad/snapshots/s", "").await.json();
    server.shutdown().await;
    let copy = std::path::PathBuf::from(made["dir"].as_str().unwrap());
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o700);
    let (server, addr, same) = real(ServerOptions::dir(copy)).await;
    assert_eq!(token, same);
    assert_eq!(topics(addr, &same).await, 1);
    server.shutdown().await;
}

#[tokio::test]
async fn a_snapshot_has_a_plain_name() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    for name in ["..", ".x", "a%2Fb", "%2e%2e%2fx", "a b"] {
        let status =
            call(addr, "POST", &format!("/_pentad/snapshots/{}", name.replace(' ', "%20")), "").await.status;
        assert!(status == 400 || status == 404, "{name}: {status}");
    }
}

#[tokio::test]
async fn the_configuration_is_told_without_its_secrets() {
    let mut options = ServerOptions::memory();
    options.seed = Some(
        Seed::from_value(json!({"ams": {"options": {"push": true, "api_token": "canary"}, "step": 1}}))
            .unwrap(),
    );
    let (_server, addr) = listening(options).await;
    let answer = get(addr, "/_pentad/config").await;
    let config = answer.json();
    assert_eq!(config["data"], "memory");
    assert_eq!(config["max_body"], 64 << 20);
    assert_eq!(config["services"]["ams"]["options"]["push"], true);
    assert!(!answer.body.contains("canary"), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_service_is_reset_alone_and_a_tenant_only_where_the_service_can() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let reset = |body: Value| async move { call(addr, "POST", "/_pentad/reset", &body.to_string()).await };
    call(addr, "POST", "/_pentad/seed", r#"{"ams": {"step": 10}}"#).await;
    assert_eq!(reset(json!({"service": "ams"})).await.status, 200);
    assert_eq!(get(addr, "/ams/seeded").await.body, "1");
    let unknown = reset(json!({"service": "amz"})).await;
    assert_eq!(unknown.status, 400);
    assert!(unknown.body.contains("there are: ams"), "{}", unknown.body);
    assert_eq!(reset(json!({"tenant": "demo"})).await.status, 400);
    assert_eq!(reset(json!({"service": "ams", "tenant": "demo"})).await.status, 501);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_to_a_seed_that_turns_out_to_be_wrong_deletes_nothing() {
    let (server, addr, token) = real(ServerOptions::memory()).await;
    create(addr, &token, "one").await;
    for ams in [
        json!({"projects": [{"name": 1}]}),
        json!({"projects": [{"name": "p"}, {"name": "p q"}]}),
        json!({"projects": [{"name": "p"}], "topics": [{"name": "t", "project": "demo"}]}),
        json!({"users": [{"name": "u", "token": "t"}, {"name": "v", "token": "t"}]}),
    ] {
        for body in [json!({"seed": {"ams": ams}}), json!({"service": "ams", "seed": {"ams": ams}})] {
            let refused = call(addr, "POST", "/_pentad/reset", &body.to_string()).await;
            assert_eq!(refused.status, 400, "{body}: {}", refused.body);
            assert_eq!(topics(addr, &token).await, 1, "{body}");
        }
    }
    let other = json!({"seed": {"ams": {"projects": [{"name": "p"}]}}});
    assert_eq!(call(addr, "POST", "/_pentad/reset", &other.to_string()).await.status, 200);
    assert_eq!(get(addr, &format!("/ams/v1/projects/demo/topics?key={token}")).await.status, 404);
    server.shutdown().await;
}

#[tokio::test]
async fn time_goes_forward_and_not_out_of_sight() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let before = get(addr, "/_pentad/clock").await.json()["now"].to_string();
    for body in [
        r#"{"seconds": -1}"#,
        r#"{"seconds": 1e30}"#,
        r#"{"seconds": 4e9}"#,
        r#"{"by": "-PT1S"}"#,
        r#"{"by": "PT1000000H"}"#,
        r#"{"seconds": "12"}"#,
        r#"{}"#,
    ] {
        let answer = call(addr, "POST", "/_pentad/clock/advance", body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
    }
    let frozen = call(addr, "POST", "/_pentad/clock/freeze", r#"{"at": "9998-01-01T00:00:00Z"}"#).await;
    assert_eq!(frozen.status, 400, "{}", frozen.body);
    assert_eq!(call(addr, "POST", "/_pentad/clock/settle", r#"{"limit": 1e9}"#).await.status, 400);
    let after = get(addr, "/_pentad/clock").await.json()["now"].to_string();
    assert_eq!(before[..8], after[..8], "nothing moved");
    let moved = call(addr, "POST", "/_pentad/clock/advance", r#"{"seconds": 86400}"#).await;
    assert_eq!(moved.status, 200, "{}", moved.body);
}

#[tokio::test]
async fn a_browser_gets_a_page_and_a_program_a_document() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let head =
        "GET /ams/x?key=canary-in-a-query HTTP/1.1\r\nhost: h\r\nx-note: <b>&\r\nconnection: close\r\n\r\n";
    send(addr, head).await;
    let browser = format!(
        "GET /_pentad/ HTTP/1.1\r\nhost: {addr}\r\naccept: text/html,application/xhtml+xml\r\nconnection: close\r\n\r\n"
    );
    let page = send(addr, &browser).await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    for part in ["/_pentad/metrics", "Service time", "curl -X GET", "&lt;b&gt;&amp;", "<td>ams</td>"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(!page.body.contains("<script") && !page.body.contains("canary"), "{}", page.body);
    assert!(get(addr, "/_pentad/").await.json()["links"].is_array());
}
