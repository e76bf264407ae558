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
async fn a_root_of_a_service_is_served_whole_and_the_longest_one_wins() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    for (path, mount) in [
        ("/v3", r#"Root("/v3")"#),
        ("/v3/auth/tokens", r#"Root("/v3")"#),
        ("/v3/inner", r#"Root("/v3/inner/")"#),
        ("/v3/inner/x", r#"Root("/v3/inner/")"#),
    ] {
        let seen = get(addr, path).await.json();
        assert_eq!((&seen["path"], &seen["mount"]), (&path.into(), &mount.into()));
        assert_eq!(seen["base"], format!("http://{addr}"));
    }
    assert_eq!(get(addr, "/ams/v3").await.json()["mount"], "Prefix");
    assert_eq!(get(addr, "/v33").await.status, 404);
}

#[tokio::test]
async fn a_listener_for_a_service_that_is_not_there_is_an_error() {
    let server = open(ServerOptions::memory()).await;
    let mut options = ListenOptions::any_port();
    options.own.insert("nobody".to_owned(), options.tls_listen);
    let error = server.listen(options).await.unwrap_err();
    assert!(error.to_string().contains("nobody"), "{error}");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_one_to_end_and_a_websocket_counts() {
    let mut options = ServerOptions::memory();
    options.max_connections = 2;
    let (_server, addr) = listening(options).await;
    let idle = tokio::net::TcpStream::connect(addr).await.unwrap();
    let mut socket = crate::upgrade::connect(tokio::net::TcpStream::connect(addr).await.unwrap()).await;
    crate::upgrade::echoes(&mut socket).await;
    let mut third = Box::pin(get(addr, "/ams/x"));
    let answered = futures_util::future::select(
        &mut third,
        Box::pin(async {
            // As many turns as an answer would need, many times over.
            for _ in 0..20 {
                crate::upgrade::echoes(&mut socket).await;
            }
        }),
    );
    assert!(matches!(answered.await, futures_util::future::Either::Right(_)), "there was no place for it");
    drop(idle);
    assert_eq!(third.await.status, 200);
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
    let id = made.header("x-request-id").unwrap().strip_prefix("req-").unwrap();
    assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 4);
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
