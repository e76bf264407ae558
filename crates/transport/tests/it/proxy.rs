//! Proxies stand on the way where they should.

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use pentad_core::{Error, ErrorKind, Sent, Transport};
use pentad_transport::{HyperTransport, Proxy, TlsOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::support::{Server, answer, head, raw, request};
use crate::tls;

pub(crate) type Seen = Arc<Mutex<Vec<String>>>;

fn through(proxy: String, tls: TlsOptions) -> HyperTransport {
    HyperTransport::builder().proxy(Proxy::Url(proxy)).tls(tls).build().unwrap()
}

/// Accepts CONNECT and leads to `server`, whatever name was asked for.
pub(crate) async fn tunnel(server: SocketAddr) -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let record = Arc::clone(&seen);
    let address = raw(move |mut stream, _| {
        let record = Arc::clone(&record);
        async move {
            let (asked, _) = head(&mut stream).await;
            record.lock().unwrap().push(asked);
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let mut onward = TcpStream::connect(server).await.unwrap();
            let _ = copy_bidirectional(&mut stream, &mut onward).await;
        }
    })
    .await;
    (address, seen)
}

#[tokio::test]
async fn https_goes_through_a_tunnel_with_the_proxys_password_and_ends_at_the_server() {
    let ca = tls::ca();
    let config = tls::server(&ca, "far.example", None);
    let server = Server::start_tls(config, |request| async move {
        answer(format!("{:?}", request.headers().get("proxy-authorization")))
    })
    .await;
    let (proxy, seen) = tunnel(server.address).await;
    let transport = through(format!("http://user:word@{proxy}"), TlsOptions::new().ca_pem(ca.pem()));
    let response = transport.send(request("https://far.example", "/")).await.unwrap();
    assert_eq!(response.bytes(100).await.unwrap(), "None");
    let seen = seen.lock().unwrap();
    assert!(seen[0].starts_with("CONNECT far.example:443 HTTP/1.1\r\n"), "{seen:?}");
    assert!(seen[0].contains("Proxy-Authorization: Basic dXNlcjp3b3Jk\r\n"), "{seen:?}");
}

#[tokio::test]
async fn plain_request_is_given_to_the_proxy_with_its_whole_address() {
    let proxy = Server::start(|request| async move {
        let password = request.headers()["proxy-authorization"].to_str().unwrap();
        answer(format!("{} {password}", request.uri()))
    })
    .await;
    let transport = through(format!("http://user:word@{}", proxy.address), TlsOptions::new());
    let response = transport.send(request("http://far.example", "/a?b=1")).await.unwrap();
    let wanted = "http://far.example/a?b=1 Basic dXNlcjp3b3Jk";
    assert_eq!(response.bytes(100).await.unwrap(), wanted);
}

#[tokio::test]
async fn socks_proxy_is_given_the_name_of_the_server() {
    let server = Server::start(|_| async { answer("hello") }).await;
    let target = server.address;
    let proxy = raw(move |mut stream, _| async move {
        let mut greeting = [0; 3];
        stream.read_exact(&mut greeting).await.unwrap();
        stream.write_all(&[5, 0]).await.unwrap();
        let mut asked = [0; 5 + "far.example".len() + 2];
        stream.read_exact(&mut asked).await.unwrap();
        assert_eq!(&asked[5..], b"far.example\x00\x50");
        stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]).await.unwrap();
        let mut onward = TcpStream::connect(target).await.unwrap();
        let _ = copy_bidirectional(&mut stream, &mut onward).await;
    })
    .await;
    let transport = through(format!("socks5h://{proxy}"), TlsOptions::new());
    let response = transport.send(request("http://far.example", "/")).await.unwrap();
    assert_eq!(response.bytes(100).await.unwrap(), "hello");
}

/// A proxy that answers CONNECT with this status line.
async fn refusing(status: &'static str) -> SocketAddr {
    raw(move |mut stream, _| async move {
        head(&mut stream).await;
        let answer = format!("HTTP/1.1 {status}\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes()).await;
    })
    .await
}

/// That the proxy refused, as it is told: by name, without its password, and with a way on.
fn assert_refused(error: &Error, kind: ErrorKind, proxy: SocketAddr) {
    assert_eq!((error.kind(), error.sent()), (kind, Sent::No), "{error:?}");
    assert!(error.message().contains(&format!("proxy {proxy}")), "{error}");
    assert!(error.message().contains("far.example:443"), "{error}");
    assert!(error.hint().is_some(), "{error}");
    assert!(!format!("{error} {error:?} {:?}", error.source()).contains("canary"), "{error:?}");
}

#[tokio::test]
async fn proxy_that_refuses_a_tunnel_is_named_with_its_reason() {
    for (status, kind) in [
        ("407 Proxy Authentication Required", ErrorKind::Config),
        ("403 Forbidden", ErrorKind::Config),
        ("405 Method Not Allowed", ErrorKind::Config),
        ("502 Bad Gateway", ErrorKind::Connection),
        ("503 Service Unavailable", ErrorKind::Connection),
    ] {
        let proxy = refusing(status).await;
        let transport = through(format!("http://user:canary@{proxy}"), TlsOptions::new());
        let error = transport.send(request("https://far.example", "/")).await.unwrap_err();
        assert_refused(&error, kind, proxy);
        let code = status.split(' ').next().unwrap();
        assert!(error.message().contains(code) || error.message().contains("credentials"), "{error}");
    }
}

#[tokio::test]
async fn proxy_that_hangs_up_is_named() {
    let proxy = raw(|mut stream, _| async move {
        head(&mut stream).await;
    })
    .await;
    let error = through(format!("http://{proxy}"), TlsOptions::new())
        .send(request("https://far.example", "/"))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::No), "{error:?}");
    assert!(error.message().contains(&format!("proxy {proxy} broke off")), "{error}");
}

#[tokio::test]
async fn forwarding_proxy_that_wants_a_password_refused_and_sent_nothing_on() {
    let proxy = refusing("407 Proxy Authentication Required").await;
    let transport = through(format!("http://user:canary@{proxy}"), TlsOptions::new());
    let error = transport.send(request("http://far.example:443", "/")).await.unwrap_err();
    assert_refused(&error, ErrorKind::Config, proxy);
}

#[tokio::test]
async fn socks_proxy_that_refuses_is_named_with_its_reason() {
    for (code, kind, said) in [
        (2, ErrorKind::Config, "does not allow"),
        (3, ErrorKind::Connection, "network unreachable"),
        (4, ErrorKind::Connection, "host unreachable"),
        (5, ErrorKind::Connection, "connection refused"),
    ] {
        let proxy = raw(move |mut stream, _| async move {
            stream.read_exact(&mut [0; 3]).await.unwrap();
            stream.write_all(&[5, 0]).await.unwrap();
            stream.read_exact(&mut [0; 5 + "far.example".len() + 2]).await.unwrap();
            stream.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
        })
        .await;
        let transport = through(format!("socks5h://{proxy}"), TlsOptions::new());
        let error = transport.send(request("https://far.example", "/")).await.unwrap_err();
        assert_refused(&error, kind, proxy);
        assert!(error.message().contains(said), "{error}");
    }
}

#[tokio::test]
async fn socks_proxy_that_rejects_the_password_wants_other_credentials() {
    let proxy = raw(|mut stream, _| async move {
        let mut greeting = [0; 2];
        stream.read_exact(&mut greeting).await.unwrap();
        stream.read_exact(&mut vec![0; greeting[1].into()]).await.unwrap();
        stream.write_all(&[5, 2]).await.unwrap();
        stream.read_exact(&mut [0; 3 + "user".len() + "canary".len()]).await.unwrap();
        stream.write_all(&[1, 1]).await.unwrap();
    })
    .await;
    let transport = through(format!("socks5h://user:canary@{proxy}"), TlsOptions::new());
    let error = transport.send(request("https://far.example", "/")).await.unwrap_err();
    assert_refused(&error, ErrorKind::Config, proxy);
}

#[tokio::test]
async fn proxy_that_is_not_there_is_the_one_that_refuses_the_connection() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for scheme in ["http", "https", "socks5h"] {
        let transport = through(format!("{scheme}://user:canary@{gone}"), TlsOptions::new());
        let error = transport.send(request("https://far.example", "/")).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::No), "{error:?}");
        assert!(error.message().contains(&format!("the proxy {gone} refused")), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_come_from_the_environment_in_either_case_and_no_proxy_excepts() {
    let proxy = Server::start(|_| async { answer("by proxy") }).await;
    let server = Server::start(|_| async { answer("direct") }).await;
    for upper in [true, false] {
        let name = |name: &str| if upper { name.to_uppercase() } else { name.to_owned() };
        // The variables of this process cannot be changed safely: the part that reads them runs in a child.
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "proxy::in_a_changed_environment", "--ignored", "--nocapture"])
            .env_clear()
            .env(name("http_proxy"), proxy.http())
            .env(name("no_proxy"), "127.0.0.1")
            .env("TEST_SERVER", server.http())
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    }
}

#[tokio::test]
#[ignore = "started by proxies_come_from_the_environment_in_either_case_and_no_proxy_excepts"]
async fn in_a_changed_environment() {
    let transport = HyperTransport::builder().build().unwrap();
    let far = transport.send(request("http://far.example", "/")).await.unwrap();
    assert_eq!(far.bytes(100).await.unwrap(), "by proxy");
    let near = transport.send(request(&std::env::var("TEST_SERVER").unwrap(), "/")).await.unwrap();
    assert_eq!(near.bytes(100).await.unwrap(), "direct");
}
