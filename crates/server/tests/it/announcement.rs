use std::os::unix::fs::PermissionsExt;

use pentad_server::{ListenOptions, ServerOptions, Tls};
use serde_json::Value;

use crate::fixture::{get, open, plain};

#[tokio::test]
async fn the_announcement_names_what_listens_and_nothing_else() {
    let server = open(ServerOptions::memory()).await;
    server.listen(ListenOptions::any_port()).await.unwrap();
    let announced = server.announcement();
    let addr = plain(&server);
    assert_eq!(announced["data"], "memory");
    assert_eq!(announced["pid"], std::process::id());
    assert_eq!(announced["endpoints"]["control"], format!("http://{addr}/_pentad"));
    assert_eq!(announced["endpoints"]["ams"], Value::Null, "the ams key is for a TLS listener");
    assert_eq!(announced["tls"], Value::Null);
    assert_eq!(announced["credentials"]["ams"]["client_cert"], Value::Null);
    assert!(!announced.to_string().contains('\n'), "one line");
}

#[tokio::test]
async fn with_tls_the_announcement_has_the_keys_that_scripts_rely_on() {
    let server = open(ServerOptions::memory()).await;
    let mut listen = ListenOptions::any_port();
    listen.tls = Tls::Auto;
    server.listen(listen).await.unwrap();
    let announced = server.announcement();
    let ams = announced["endpoints"]["ams"].as_str().unwrap();
    assert!(ams.parse::<std::net::SocketAddr>().is_ok(), "{ams} must be host:port");
    assert_eq!(announced["tls"]["endpoints"]["ams"], format!("https://{ams}/ams"));
    for file in [&announced["tls"]["ca_file"], &announced["credentials"]["ams"]["client_key"]] {
        assert!(std::fs::metadata(file.as_str().unwrap()).is_ok());
    }
}

#[tokio::test]
async fn credentials_are_written_once_for_the_owner_and_announced_again_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let server = open(ServerOptions::dir(dir.path())).await;
    let first = server.credentials();
    assert!(first["ams"]["publisher"].is_string());
    server.shutdown().await;
    drop(server);
    let file = dir.path().join("credentials.json");
    let written = std::fs::metadata(&file).unwrap();
    assert_eq!(written.permissions().mode() & 0o777, 0o600);

    let server = open(ServerOptions::dir(dir.path())).await;
    assert_eq!(server.credentials(), first);
    assert_eq!(std::fs::metadata(&file).unwrap().modified().unwrap(), written.modified().unwrap());
}

#[tokio::test]
async fn a_moved_control_api_is_gone_from_the_plain_listener() {
    let server = open(ServerOptions::memory()).await;
    let mut listen = ListenOptions::any_port();
    listen.control = listen.plain;
    server.listen(listen).await.unwrap();
    assert_eq!(get(plain(&server), "/_pentad/healthz").await.status, 404);
    let control = server.announcement()["endpoints"]["control"].as_str().unwrap().to_owned();
    let addr = control.trim_start_matches("http://").trim_end_matches("/_pentad").parse().unwrap();
    assert_eq!(get(addr, "/_pentad/healthz").await.status, 200);
    assert_eq!(get(addr, "/healthz").await.status, 200);
}

#[tokio::test]
async fn a_service_learns_where_it_and_others_listen() {
    let server = open(ServerOptions::memory()).await;
    server.listen(ListenOptions::any_port()).await.unwrap();
    let addr = plain(&server);
    assert_eq!(get(addr, "/ams/places").await.body, addr.to_string());
}
