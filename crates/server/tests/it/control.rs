use pentad_server::{Seed, Server, ServerOptions};
use serde_json::json;

use crate::fixture::{call, get, listening, mirror, send};

#[tokio::test]
async fn reset_goes_back_to_the_seed_or_to_another_one() {
    let mut options = ServerOptions::memory();
    options.seed = Some(Seed::from_value(json!({"ams": {"step": 3}})).unwrap());
    let (_server, addr) = listening(options).await;
    assert_eq!(get(addr, "/ams/seeded").await.body, "3");
    call(addr, "POST", "/_pentad/seed", r#"{"ams": {"step": 10}}"#).await;
    assert_eq!(get(addr, "/ams/seeded").await.body, "13");
    assert_eq!(call(addr, "POST", "/_pentad/reset", "").await.status, 200);
    assert_eq!(get(addr, "/ams/seeded").await.body, "3");
    call(addr, "POST", "/_pentad/reset", r#"{"seed": {"ams": {"step": 5}}}"#).await;
    assert_eq!(get(addr, "/ams/seeded").await.body, "5");
    let wrong = call(addr, "POST", "/_pentad/reset", r#"{"seed": {"amz": {}}}"#).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("amz"), "{}", wrong.body);
    assert_eq!(get(addr, "/ams/seeded").await.body, "5", "a wrong seed resets nothing");
}

#[tokio::test]
async fn a_seed_with_a_section_of_nobody_does_not_start() {
    let mut options = ServerOptions::memory();
    options.seed = Some(Seed::from_value(json!({"zaqar": {}})).unwrap());
    let opened = Server::builder(options).service("ams", mirror).open().await;
    assert!(opened.is_err_and(|error| error.to_string().contains("zaqar")));
}

#[tokio::test]
async fn the_log_shows_requests_as_curl_without_their_secrets() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let head = "GET /ams/users:byToken/s3cret?key=s3cret HTTP/1.1\r\nhost: h:1\r\nx-api-key: s3cret";
    send(addr, &format!("{head}\r\nconnection: close\r\n\r\n")).await;
    let log = get(addr, "/_pentad/log").await;
    let entry = &log.json()["requests"][0];
    assert_eq!(entry["path"], "/ams/users:byToken/$TOKEN");
    assert_eq!(entry["status"], 200);
    assert!(entry["curl"].as_str().unwrap().contains("x-api-key: $X_API_KEY"));
    assert!(!log.body.contains("s3cret"), "{}", log.body);
}

#[tokio::test]
async fn faults_hit_what_they_match_and_use_themselves_up() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let add = |rule: &'static str| async move {
        let answer = call(addr, "POST", "/_pentad/faults", rule).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    add(r#"{"kind": "status", "status": 503, "path": "/a", "count": 1}"#).await;
    add(r#"{"kind": "reset", "path": "/b", "skip": 1}"#).await;
    add(r#"{"kind": "truncate", "path": "/length-of-c"}"#).await;
    assert_eq!(get(addr, "/ams/a").await.status, 503);
    assert_eq!(get(addr, "/ams/a").await.status, 200);
    assert_eq!(get(addr, "/ams/b").await.status, 200);
    assert_eq!(get(addr, "/ams/b").await.status, 0);
    let cut = get(addr, "/ams/length-of-c").await;
    let announced: usize = cut.header("content-length").unwrap().parse().unwrap();
    assert!(cut.body.len() < announced, "{cut:?}");
    call(addr, "DELETE", "/_pentad/faults", "").await;
    assert_eq!(get(addr, "/ams/b").await.status, 200);
    assert_eq!(call(addr, "POST", "/_pentad/faults", r#"{"kind": "status", "status": 7}"#).await.status, 400);
}

#[tokio::test]
async fn a_fault_with_a_member_that_nobody_knows_is_refused() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let rule = r#"{"kind": "status", "status": 503, "probabilty": 0.1}"#;
    let refused = call(addr, "POST", "/_pentad/faults", rule).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("probabilty"), "{}", refused.body);
    assert_eq!(get(addr, "/ams/x").await.status, 200, "no rule was made");
    let whole = r#"{"service": "ams", "method": "GET", "path": "/y", "kind": "latency", "ms": 0, "probability": 1,
        "seed": 1, "skip": 1, "count": 1}"#;
    assert_eq!(call(addr, "POST", "/_pentad/faults", whole).await.status, 200);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let (_server, addr) = listening(ServerOptions::memory()).await;
        let rule = r#"{"kind": "status", "status": 500, "probability": 0.5, "seed": 7}"#;
        call(addr, "POST", "/_pentad/faults", rule).await;
        let mut run = Vec::new();
        for _ in 0..16 {
            run.push(get(addr, "/ams/x").await.status);
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].contains(&500) && runs[0].contains(&200), "{:?}", runs[0]);
}

#[tokio::test]
async fn a_server_is_ready_while_every_store_answers() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    get(addr, "/ams/store").await;
    assert_eq!(get(addr, "/_pentad/readyz").await.status, 200);
    assert_eq!(get(addr, "/ams/store?lost").await.status, 200);
    let answer = get(addr, "/_pentad/readyz").await;
    assert_eq!((answer.status, answer.json()), (503, json!({"status": "unavailable", "stores": ["mirror"]})));
    assert_eq!(get(addr, "/_pentad/healthz").await.status, 200, "the process itself lives");
}

#[tokio::test]
async fn metrics_count_by_service_route_and_status() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    get(addr, "/ams/x").await;
    get(addr, "/ams/x").await;
    let text = get(addr, "/_pentad/metrics").await.body;
    let line = r#"pentad_requests_total{service="ams",route="mirror:show",status="200"} 2"#;
    assert!(text.contains(line), "{text}");
    assert!(text.contains(r#"pentad_request_seconds_count{service="ams"} 2"#), "{text}");
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_drive_the_control_api() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let request = |origin: &str| {
        format!(
            "POST /_pentad/reset HTTP/1.1\r\nhost: {addr}\r\norigin: {origin}\r\ncontent-length: 0\r\n\
             connection: close\r\n\r\n"
        )
    };
    assert_eq!(send(addr, &request("http://evil.example")).await.status, 403);
    let rebound = request("http://evil.example").replace(&format!("host: {addr}"), "host: evil.example");
    assert_eq!(send(addr, &rebound).await.status, 403);
    assert_eq!(send(addr, &request(&format!("http://{addr}"))).await.status, 200);
}
