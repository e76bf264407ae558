//! The client for calls that users make the server send, against real receivers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use pentad_server::GuardedClient;
use pentad_server::guarded::GuardedError;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const PATIENCE: Duration = Duration::from_secs(10);

/// A receiver of pushes on loopback.
struct Receiver {
    port: u16,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    ca: tempfile::NamedTempFile,
}

/// A certificate for `localhost`, and the authority behind it.
fn certificate() -> (TlsAcceptor, tempfile::NamedTempFile) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca = authority.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(authority, ca_key);
    let key = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ca.pem()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), file)
}

/// Answers every request of a connection with the same text.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, text: &str, requests: &AtomicUsize) {
    let mut seen = Vec::new();
    let mut piece = [0; 4096];
    loop {
        while !seen.windows(4).any(|four| four == b"\r\n\r\n") {
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => return,
                Ok(n) => seen.extend_from_slice(&piece[..n]),
            }
        }
        seen.clear();
        requests.fetch_add(1, Ordering::SeqCst);
        if stream.write_all(text.as_bytes()).await.is_err() || text.contains("connection: close") {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

async fn receiver(tls: bool, text: String) -> Receiver {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (acceptor, ca) = certificate();
    let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, heard) = (Arc::clone(&connections), Arc::clone(&requests));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let (acceptor, text, heard) = (acceptor.clone(), text.clone(), Arc::clone(&heard));
            tokio::spawn(async move {
                if !tls {
                    answer(stream, &text, &heard).await;
                } else if let Ok(stream) = acceptor.accept(stream).await {
                    answer(stream, &text, &heard).await;
                }
            });
        }
    });
    Receiver { port, connections, requests, ca }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn client(ca: Vec<PathBuf>) -> GuardedClient {
    let client = GuardedClient::new(ca, 1024);
    client.allow_loopback(true);
    client
}

async fn send(client: &GuardedClient, url: &str) -> Result<StatusCode, GuardedError> {
    let request = Request::get(url).body(Bytes::new()).unwrap();
    client.send(request, PATIENCE).await.map(|answer| answer.status())
}

impl Receiver {
    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_receiver_of_an_unknown_authority_gets_no_request() {
    let receiver = receiver(true, OK.to_owned()).await;
    let error =
        send(&client(Vec::new()), &format!("https://localhost:{}/", receiver.port)).await.unwrap_err();
    assert!(matches!(error, GuardedError::Connect(..)), "{error:?}");
    assert_eq!((receiver.connections(), receiver.requests()), (1, 0));
}

#[tokio::test]
async fn a_receiver_of_an_authority_of_push_ca_is_called_by_its_name_alone() {
    let receiver = receiver(true, OK.to_owned()).await;
    let client = client(vec![receiver.ca.path().to_owned()]);
    assert_eq!(send(&client, &format!("https://localhost:{}/", receiver.port)).await.unwrap(), 200);
    let error = send(&client, &format!("https://127.0.0.1:{}/", receiver.port)).await.unwrap_err();
    assert!(matches!(error, GuardedError::Connect(..)), "{error:?}");
    assert_eq!(receiver.requests(), 1);
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_is_an_error_that_names_the_file() {
    let client = client(vec![PathBuf::from("/no/such/ca.pem")]);
    let receiver = receiver(true, OK.to_owned()).await;
    let error = send(&client, &format!("https://localhost:{}/", receiver.port)).await.unwrap_err();
    assert!(error.to_string().contains("/no/such/ca.pem"), "{error}");
}

#[tokio::test]
async fn a_redirect_to_another_host_is_an_answer_and_not_followed() {
    let other = receiver(false, OK.to_owned()).await;
    let location = format!(
        "HTTP/1.1 307 Moved\r\nlocation: http://localhost:{}/\r\ncontent-length: 0\r\n\r\n",
        other.port
    );
    let receiver = receiver(false, location).await;
    let status = send(&client(Vec::new()), &format!("http://127.0.0.1:{}/", receiver.port)).await.unwrap();
    assert_eq!(status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn link_local_and_metadata_addresses_are_refused_in_every_spelling() {
    let client = client(Vec::new());
    for host in [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "0.0.0.0",
        "[::]",
        "0xa9fea9fe",
        "2852039166",
    ] {
        let error = send(&client, &format!("http://{host}/latest/meta-data")).await.unwrap_err();
        assert!(
            matches!(error, GuardedError::Refused { .. } | GuardedError::Resolve(..)),
            "{host}: {error:?}"
        );
    }
}

fn names(
    host: String,
    port: u16,
) -> futures_util::future::BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
    Box::pin(async move {
        let ip: IpAddr = match host.as_str() {
            "metadata.test" => [169, 254, 169, 254].into(),
            _ => Ipv4Addr::LOCALHOST.into(),
        };
        Ok(vec![SocketAddr::new(ip, port)])
    })
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_or_to_metadata_is_refused_before_connecting() {
    let receiver = receiver(false, OK.to_owned()).await;
    let client = GuardedClient::new(Vec::new(), 1024).resolver(names);
    for host in ["inside.test", "metadata.test"] {
        let error = send(&client, &format!("http://{host}:{}/", receiver.port)).await.unwrap_err();
        assert!(matches!(error, GuardedError::Refused { .. }), "{host}: {error:?}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_connection_carries_the_next_request_to_the_same_receiver() {
    for tls in [false, true] {
        let receiver = receiver(tls, OK.to_owned()).await;
        let client = client(vec![receiver.ca.path().to_owned()]);
        let scheme = if tls { "https" } else { "http" };
        for _ in 0..5 {
            assert_eq!(
                send(&client, &format!("{scheme}://localhost:{}/", receiver.port)).await.unwrap(),
                200
            );
        }
        assert_eq!((receiver.connections(), receiver.requests()), (1, 5));
    }
}

#[tokio::test]
async fn a_connection_that_the_receiver_closes_is_not_used_again() {
    let text = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    let receiver = receiver(false, text.to_owned()).await;
    let client = client(Vec::new());
    for _ in 0..3 {
        assert_eq!(send(&client, &format!("http://localhost:{}/", receiver.port)).await.unwrap(), 200);
    }
    assert_eq!((receiver.connections(), receiver.requests()), (3, 3));
}

#[tokio::test]
async fn an_open_connection_to_an_address_that_became_forbidden_is_not_used() {
    let receiver = receiver(false, OK.to_owned()).await;
    let client = client(Vec::new());
    let url = format!("http://localhost:{}/", receiver.port);
    send(&client, &url).await.unwrap();
    client.allow_loopback(false);
    let error = send(&client, &url).await.unwrap_err();
    assert!(matches!(error, GuardedError::Refused { .. }), "{error:?}");
    assert_eq!(receiver.requests(), 1);
}

static PORT: AtomicUsize = AtomicUsize::new(0);

fn moving(_: String, _: u16) -> futures_util::future::BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
    Box::pin(async {
        let port = u16::try_from(PORT.load(Ordering::SeqCst)).unwrap();
        Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))])
    })
}

#[tokio::test]
async fn a_name_that_moved_is_called_at_its_new_address() {
    let (old, new) = (receiver(false, OK.to_owned()).await, receiver(false, OK.to_owned()).await);
    let client = GuardedClient::new(Vec::new(), 1024).resolver(moving);
    client.allow_loopback(true);
    for receiver in [&old, &new] {
        PORT.store(receiver.port.into(), Ordering::SeqCst);
        send(&client, "http://moving.test/").await.unwrap();
    }
    assert_eq!((old.requests(), new.requests()), (1, 1));
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read_to_its_end() {
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n{}", "x".repeat(2000));
    let receiver = receiver(false, long).await;
    let client = client(Vec::new());
    let url = format!("http://localhost:{}/", receiver.port);
    for _ in 0..2 {
        assert!(matches!(send(&client, &url).await.unwrap_err(), GuardedError::TooLarge(1024)));
    }
    assert_eq!(receiver.connections(), 2, "what is left of it is in nobody's way");
}
