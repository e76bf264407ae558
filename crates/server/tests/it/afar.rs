//! The control API for those who are not on this machine.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use pentad_server::{ListenOptions, Server, ServerOptions};

use crate::fixture::{open, send};

/// An address of this machine that is not loopback, if it has one. Nothing is sent to find it.
fn outside() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

async fn exposed() -> Option<(Server, SocketAddr, String)> {
    let Some(ip) = outside() else {
        eprintln!("skipped: this machine has no address but loopback");
        return None;
    };
    let mut options = ServerOptions::memory();
    options.insecure = true;
    let server = open(options).await;
    let mut listen = ListenOptions::any_port();
    listen.plain = Some(SocketAddr::new(ip, 0));
    server.listen(listen).await.unwrap();
    let control = server.announcement()["endpoints"]["control"].as_str().unwrap().to_owned();
    let addr = control.trim_start_matches("http://").trim_end_matches("/_pentad").parse().unwrap();
    let token = server.credentials()["control"]["admin_token"].as_str().unwrap().to_owned();
    Some((server, addr, token))
}

fn request(addr: SocketAddr, method: &str, path: &str, more: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: {addr}\r\n{more}content-length: 0\r\nconnection: close\r\n\r\n"
    )
}

#[tokio::test]
async fn from_elsewhere_everything_but_health_needs_the_admin_token() {
    let Some((_server, addr, token)) = exposed().await else { return };
    for (method, path) in [
        ("GET", "/_pentad"),
        ("GET", "/_pentad/log"),
        ("GET", "/_pentad/metrics"),
        ("GET", "/_pentad/config"),
        ("POST", "/_pentad/reset"),
        ("POST", "/_pentad/snapshots/x"),
        ("POST", "/_pentad/clock/freeze"),
    ] {
        assert_eq!(send(addr, &request(addr, method, path, "")).await.status, 401, "{path}");
        let wrong = "authorization: Bearer 0000\r\n";
        assert_eq!(send(addr, &request(addr, method, path, wrong)).await.status, 401, "{path}");
        let right = format!("authorization: Bearer {token}\r\n");
        assert_eq!(send(addr, &request(addr, method, path, &right)).await.status, 200, "{path}");
    }
    for path in ["/_pentad/healthz", "/_pentad/readyz"] {
        assert_eq!(send(addr, &request(addr, "GET", path, "")).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn what_a_caller_from_elsewhere_says_of_itself_makes_it_no_local_one() {
    let Some((_server, addr, _)) = exposed().await else { return };
    let lies = "x-forwarded-for: 127.0.0.1\r\nforwarded: for=127.0.0.1\r\nx-real-ip: 127.0.0.1\r\n";
    assert_eq!(send(addr, &request(addr, "GET", "/_pentad/log", lies)).await.status, 401);
    let named = request(addr, "GET", "/_pentad/log", "").replace(&format!("host: {addr}"), "host: localhost");
    assert_eq!(send(addr, &named).await.status, 401);
}

#[tokio::test]
async fn an_outside_address_without_a_seed_is_refused_with_the_way_to_allow_it() {
    let server = open(ServerOptions::memory()).await;
    let mut listen = ListenOptions::any_port();
    listen.plain = Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    let error = server.listen(listen).await.unwrap_err().to_string();
    assert!(error.contains("--seed") && error.contains("--insecure-no-auth"), "{error}");
}
