//! A canned service in a process of its own, so that its work is not counted as the client's.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use pentad_benches::{Result, say};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio_rustls::TlsAcceptor;

/// What every request is answered: the answer to a publish of one message.
const ANSWER: &[u8] = b"{\n   \"messageIds\": [\n      \"0\"\n   ]\n}";

/// Resources of the canned collection, and those of one page of it.
pub(crate) const RESOURCES: u64 = 100_000;
pub(crate) const PAGE: u64 = 100;

/// A resource of a bit more than 550 bytes.
const RESOURCE: &str = r#"{"id":"PRD-276-377-545","name":"Cloud storage for offices of every size","status":"published","version":7,"icon":"/media/VA-276-377/PRD-276-377-545/media/icon.png","short_description":"Keeps what an office needs, everywhere.","owner":{"id":"VA-276-377","name":"Vendor of the month","icon":"/media/VA-276-377/media/icon.png"},"category":{"id":"CAT-00012","name":"Storage"},"customer_ui_settings":{"provisioning_message":"Wait a little.","languages":["en","de"]},"stats":{"listings":4,"agreements":{"distribution":2,"sourcing":0},"contracts":{"distribution":1}}}"#;

/// A page of the collection.
static CANNED: std::sync::LazyLock<Bytes> = std::sync::LazyLock::new(|| {
    let page = vec![RESOURCE; usize::try_from(PAGE).unwrap_or_default()];
    Bytes::from(format!("[{}]", page.join(",")))
});

/// A running stub.
pub(crate) struct Stub {
    _child: Child,
    /// `127.0.0.1:PORT` without TLS.
    pub(crate) plain: String,
    /// `127.0.0.1:PORT` with TLS.
    pub(crate) secure: String,
    /// The certificate that a client has to trust.
    pub(crate) certificate: PathBuf,
}

impl Stub {
    /// Starts this program again as the stub.
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let certificate = folder.join("stub.pem");
        let mut child = Command::new(std::env::current_exe()?)
            .arg("stub")
            .arg(&certificate)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no standard output")?).read_line(&mut line).await?;
        let (plain, secure) = line.trim().split_once(' ').ok_or("the stub did not start")?;
        let (plain, secure) = (plain.to_owned(), secure.to_owned());
        Ok(Self { _child: child, plain, secure, certificate })
    }
}

/// Serves canned answers until killed; prints where.
pub(crate) async fn serve() -> Result<()> {
    let path = std::env::args().nth(2).ok_or("the stub needs a file for its certificate")?;
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    std::fs::write(path, made.cert.pem())?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let plain = TcpListener::bind("127.0.0.1:0").await?;
    let secure = TcpListener::bind("127.0.0.1:0").await?;
    say(&format!("{} {}", plain.local_addr()?, secure.local_addr()?));
    loop {
        tokio::select! {
            accepted = plain.accept() => {
                let (stream, _) = accepted?;
                stream.set_nodelay(true)?;
                tokio::spawn(talk(stream));
            }
            accepted = secure.accept() => {
                let (stream, _) = accepted?;
                stream.set_nodelay(true)?;
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        talk(stream).await;
                    }
                });
            }
        }
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    // A client that leaves is none of the stub's business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}

async fn answer(request: Request<Incoming>) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    let canned = canned(request.uri());
    // The body is read, so that the connection can carry the next request.
    let _ = request.into_body().collect().await;
    let (body, range) = canned.unwrap_or((Bytes::from_static(ANSWER), None));
    let mut response = Response::new(Full::new(body));
    if let Some(range) = range.and_then(|range| http::HeaderValue::try_from(range).ok()) {
        response.headers_mut().insert(http::header::CONTENT_RANGE, range);
    }
    let json = http::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    Ok(response)
}

/// What stands for the Connect API: one collection and its resources; with the range of a page.
fn canned(uri: &http::Uri) -> Option<(Bytes, Option<String>)> {
    let below = uri.path().strip_prefix("/public/v1/products")?;
    if !below.is_empty() {
        return Some((Bytes::from_static(RESOURCE.as_bytes()), None));
    }
    let offset = uri.query()?.split('&').find_map(|part| part.strip_prefix("offset="))?;
    let first: u64 = offset.parse().ok()?;
    Some((CANNED.clone(), Some(format!("items {first}-{}/{RESOURCES}", first + PAGE - 1))))
}
