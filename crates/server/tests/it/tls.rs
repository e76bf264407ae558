use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use pentad_server::{ListenOptions, Server, ServerOptions, Tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::fixture::{exchange, open};

async fn secure(options: ServerOptions) -> (Server, SocketAddr, Value) {
    let server = open(options).await;
    let mut listen = ListenOptions::any_port();
    listen.tls = Tls::Auto;
    server.listen(listen).await.unwrap();
    let announced = server.announcement();
    let addr = announced["endpoints"]["ams"].as_str().unwrap().parse().unwrap();
    (server, addr, announced)
}

fn path(value: &Value) -> PathBuf {
    PathBuf::from(value.as_str().unwrap())
}

fn config(ca: &Path, identity: Option<(&Path, &Path)>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    match identity {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => {
            let chain = vec![CertificateDer::from_pem_file(cert).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap()).unwrap()
        }
    }
}

async fn connect(
    addr: SocketAddr,
    name: &str,
    config: ClientConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(addr).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name.to_owned()).unwrap(), stream).await
}

const SHOW: &str = "GET /v1/topics HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn who_trusts_the_local_authority_reaches_ams_at_the_root_by_every_local_name() {
    let (_server, addr, announced) = secure(ServerOptions::memory()).await;
    let ca = path(&announced["tls"]["ca_file"]);
    for name in ["127.0.0.1", "localhost", "::1"] {
        let stream = connect(addr, name, config(&ca, None)).await.unwrap();
        let seen = exchange(stream, SHOW).await.json();
        assert_eq!(seen["path"], "/v1/topics");
        assert_eq!(seen["base"], "https://127.0.0.1");
        assert_eq!(seen["secure"], true);
        assert_eq!(seen["certificate"], Value::Null, "none was sent, none is required");
    }
    assert!(connect(addr, "example.org", config(&ca, None)).await.is_err());
}

#[tokio::test]
async fn the_announced_client_certificate_reaches_the_service() {
    let (_server, addr, announced) = secure(ServerOptions::memory()).await;
    let ca = path(&announced["tls"]["ca_file"]);
    let ams = &announced["credentials"]["ams"];
    let (cert, key) = (path(&ams["client_cert"]), path(&ams["client_key"]));
    assert_eq!(ams["authn_port"], addr.port());
    let stream = connect(addr, "127.0.0.1", config(&ca, Some((&cert, &key)))).await.unwrap();
    let length = CertificateDer::from_pem_file(&cert).unwrap().len();
    assert_eq!(exchange(stream, SHOW).await.json()["certificate"], length);
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_not_believed() {
    let (_server, addr, announced) = secure(ServerOptions::memory()).await;
    let (_other, _, foreign) = secure(ServerOptions::memory()).await;
    let ca = path(&announced["tls"]["ca_file"]);
    let ams = &foreign["credentials"]["ams"];
    let (cert, key) = (path(&ams["client_cert"]), path(&ams["client_key"]));
    // With TLS 1.3 the client learns of the refusal when it reads.
    let answered = match connect(addr, "127.0.0.1", config(&ca, Some((&cert, &key)))).await {
        Ok(stream) => exchange(stream, SHOW).await.status,
        Err(_) => 0,
    };
    assert_eq!(answered, 0);
}

#[tokio::test]
async fn authorities_of_ones_own_choosing_replace_the_local_one_for_clients() {
    let (_other, _, foreign) = secure(ServerOptions::memory()).await;
    let server = open(ServerOptions::memory()).await;
    let mut listen = ListenOptions::any_port();
    listen.tls = Tls::Auto;
    listen.tls_client_ca = Some(path(&foreign["tls"]["ca_file"]));
    server.listen(listen).await.unwrap();
    let announced = server.announcement();
    let addr: SocketAddr = announced["endpoints"]["ams"].as_str().unwrap().parse().unwrap();
    let ca = path(&announced["tls"]["ca_file"]);
    let files = |of: &Value| {
        let ams = &of["credentials"]["ams"];
        (path(&ams["client_cert"]), path(&ams["client_key"]))
    };
    let (cert, key) = files(&foreign);
    let stream = connect(addr, "127.0.0.1", config(&ca, Some((&cert, &key)))).await.unwrap();
    assert!(exchange(stream, SHOW).await.json()["certificate"].is_number());
    let (cert, key) = files(&announced);
    let local = match connect(addr, "127.0.0.1", config(&ca, Some((&cert, &key)))).await {
        Ok(stream) => exchange(stream, SHOW).await.status,
        Err(_) => 0,
    };
    assert_eq!(local, 0, "the local authority counts no longer");
}

#[tokio::test]
async fn a_listener_of_its_own_speaks_tls_where_tls_is_on() {
    let server = open(ServerOptions::memory()).await;
    let mut listen = ListenOptions::any_port();
    listen.tls = Tls::Auto;
    listen.own.insert("ams".to_owned(), listen.tls_listen);
    server.listen(listen).await.unwrap();
    let announced = server.announcement();
    let addr: SocketAddr = announced["endpoints"]["ams"].as_str().unwrap().parse().unwrap();
    let shared = announced["tls"]["endpoints"]["ams"].as_str().unwrap();
    assert!(!shared.contains(&addr.to_string()), "{shared} is the listener of all");
    let stream = connect(addr, "127.0.0.1", config(&path(&announced["tls"]["ca_file"]), None)).await.unwrap();
    let seen = exchange(stream, SHOW).await.json();
    assert_eq!((&seen["path"], &seen["mount"]), (&"/v1/topics".into(), &"Own".into()));
}

#[tokio::test]
async fn a_websocket_over_tls_works_as_over_tcp() {
    let (_server, addr, announced) = secure(ServerOptions::memory()).await;
    let config = config(&path(&announced["tls"]["ca_file"]), None);
    let stream = connect(addr, "127.0.0.1", config).await.unwrap();
    crate::upgrade::echoes(&mut crate::upgrade::connect(stream).await).await;
}

#[tokio::test]
async fn http2_is_spoken_where_the_client_offers_it() {
    let (_server, addr, announced) = secure(ServerOptions::memory()).await;
    let mut config = config(&path(&announced["tls"]["ca_file"]), None);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = connect(addr, "127.0.0.1", config).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let io = TokioIo::new(stream);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get(format!("https://{addr}/ams/v1/x")).body(Empty::<Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let seen: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(seen["base"], format!("https://{addr}/ams"));
}

#[tokio::test]
async fn over_http2_a_refusal_needs_no_body_either_and_other_requests_go_on() {
    let (_server, addr, announced) = secure(ServerOptions::memory()).await;
    let mut config = config(&path(&announced["tls"]["ca_file"]), None);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let io = TokioIo::new(connect(addr, "127.0.0.1", config).await.unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let post = |path: &str, length: usize| {
        let body = Full::new(Bytes::from(vec![b'x'; length]));
        http::Request::post(format!("https://{addr}/ams{path}")).body(body).unwrap()
    };
    for _ in 0..3 {
        let refused = sender.send_request(post("/refuse", 5_000_000)).await.unwrap();
        assert_eq!(refused.status(), 401);
        let taken = sender.send_request(post("/length", 3_000_000)).await.unwrap();
        assert_eq!(taken.into_body().collect().await.unwrap().to_bytes(), "3000000");
    }
}

#[tokio::test]
async fn a_client_that_trusted_the_authority_before_a_restart_still_does() {
    let dir = tempfile::tempdir().unwrap();
    let (server, _, announced) = secure(ServerOptions::dir(dir.path())).await;
    let trusted = config(&path(&announced["tls"]["ca_file"]), None);
    server.shutdown().await;
    drop(server);
    let (_server, addr, _) = secure(ServerOptions::dir(dir.path())).await;
    assert!(connect(addr, "localhost", trusted).await.is_ok());
}
