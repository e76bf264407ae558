use http::StatusCode;
use pentad_server::{ListenOptions, ServerOptions};

use crate::fixture::{get, listening, open, plain, send};

#[tokio::test]
async fn a_service_sees_the_raw_path_without_its_prefix_and_the_base_of_its_urls() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let seen = get(addr, "/ams/v1/a%2Fb:c?x=1&y").await.json();
    assert_eq!(seen["path"], "/v1/a%2Fb:c");
    assert_eq!(seen["query"], "x=1&y");
    assert_eq!(seen["base"], format!("http://{addr}/ams"));
    assert_eq!(get(addr, "/ams").await.json()["path"], "/");
}

#[tokio::test]
async fn a_path_of_no_service_is_404_and_says_what_there_is() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    for path in ["/", "/amsx/v1", "/v1/topics", "//ams/v1"] {
        let answer = get(addr, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("/ams"), "{path}");
    }
}

#[tokio::test]
async fn a_listener_of_its_own_serves_ams_at_the_root() {
    let server = open(ServerOptions::memory()).await;
    let mut options = ListenOptions::any_port();
    options.own.insert("ams".to_owned(), options.plain.take().unwrap());
    server.listen(options).await.unwrap();
    let url = server.announcement()["endpoints"]["ams_plain"].as_str().unwrap().to_owned();
    let addr = url.trim_start_matches("http://").parse().unwrap();
    let seen = get(addr, "/v1/topics").await.json();
    assert_eq!(seen["path"], "/v1/topics");
    assert_eq!(seen["base"], url);
}

#[tokio::test]
async fn request_ids_come_back_or_are_made() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let given =
        send(addr, "GET /ams/x HTTP/1.1\r\nhost: h\r\nx-request-id: mine-7\r\nconnection: close\r\n\r\n")
            .await;
    assert_eq!(given.header("x-request-id"), Some("mine-7"));
    assert_eq!(given.json()["id"], "mine-7");
    let made = get(addr, "/ams/x").await;
    assert_eq!(made.header("x-request-id"), made.json()["id"].as_str());
    assert!(made.header("x-request-id").is_some_and(|id| id.starts_with("req-")));
}

#[tokio::test]
async fn a_panic_is_a_500_with_the_request_id_and_the_server_lives_on() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let answer = get(addr, "/ams/panic").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR.as_u16());
    assert!(answer.body.contains(answer.header("x-request-id").unwrap()));
    assert_eq!(get(addr, "/ams/x").await.status, 200);
    assert!(get(addr, "/_pentad/metrics").await.body.contains("pentad_panics_total 1"));
}

#[tokio::test]
async fn an_address_that_others_reach_needs_seeded_credentials_or_consent() {
    let mut exposed = ListenOptions::any_port();
    exposed.plain = Some("0.0.0.0:0".parse().unwrap());
    let server = open(ServerOptions::memory()).await;
    let error = server.listen(exposed.clone()).await.unwrap_err();
    assert!(error.to_string().contains("seed credentials"), "{error}");

    let mut options = ServerOptions::memory();
    options.insecure = true;
    let server = open(options).await;
    server.listen(exposed.clone()).await.unwrap();
    assert!(plain(&server).ip().is_loopback(), "the announced address must be one to connect to");

    let mut options = ServerOptions::memory();
    options.seed = Some(pentad_server::Seed::from_value(serde_json::json!({"ams": {"step": 3}})).unwrap());
    let server = open(options).await;
    server.listen(exposed).await.unwrap();
}
