//! A receiver of push deliveries behind real TLS, with an authority of its own.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Hit {
    /// A header field, if it was sent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// Positions of the messages in the body, which is that of one message or of several.
    pub(crate) fn ids(&self) -> Vec<String> {
        let one = |entry: &Value| entry["message"]["messageId"].as_str().unwrap().to_owned();
        match self.body["messages"].as_array() {
            Some(list) => list.iter().map(one).collect(),
            None => vec![one(&self.body)],
        }
    }
}

#[derive(Debug, Default)]
struct State {
    hits: Vec<Hit>,
    /// Statuses of the next deliveries; 200 when there is none.
    script: VecDeque<u16>,
    /// What the verification path shows, with its status.
    hash: (u16, String),
}

/// The receiver; stops listening with the runtime of its test.
#[derive(Debug)]
pub(crate) struct Receiver {
    state: Arc<Mutex<State>>,
    port: u16,
    dir: tempfile::TempDir,
}

impl Receiver {
    /// Listens on a free port of this machine under the name `localhost`.
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let acceptor = acceptor(&dir.path().join("ca.pem"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(acceptor.clone(), stream, Arc::clone(&shared)));
            }
        });
        Self { state, port, dir }
    }

    /// The file with the authority that signed the receiver's certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// Sets the statuses of the next deliveries.
    pub(crate) fn script(&self, statuses: &[u16]) {
        self.state.lock().unwrap().script.extend(statuses);
    }

    /// Sets what the verification path shows.
    pub(crate) fn show(&self, status: u16, hash: &str) {
        self.state.lock().unwrap().hash = (status, hash.to_owned());
    }

    /// Takes what arrived since the last time.
    pub(crate) fn take(&self) -> Vec<Hit> {
        std::mem::take(&mut self.state.lock().unwrap().hits)
    }
}

/// A certificate for `localhost` by an authority that is written to `ca`.
fn acceptor(ca: &Path) -> TlsAcceptor {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    std::fs::write(ca, params.self_signed(&ca_key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, ca_key);
    let mut leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().unwrap();
    let cert = leaf.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Reads one request and answers it; a handshake that fails is the caller's affair.
async fn answer(acceptor: TlsAcceptor, stream: TcpStream, state: Arc<Mutex<State>>) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    let (head, body) = loop {
        let n = stream.read(&mut chunk).await.unwrap_or(0);
        if n == 0 {
            return;
        }
        all.extend_from_slice(&chunk[..n]);
        let text = String::from_utf8_lossy(&all).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let (status, text) = {
        let mut state = state.lock().unwrap();
        if head.starts_with("GET /ams_verification_hash ") {
            state.hash.clone()
        } else {
            let line = head.lines().next().unwrap_or_default().to_owned();
            let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
            state.hits.push(Hit { line, head, body });
            (state.script.pop_front().unwrap_or(200), String::new())
        }
    };
    let length = text.len();
    let answer =
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}");
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}
