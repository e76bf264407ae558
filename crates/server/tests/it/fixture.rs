//! A service that shows what it was given, and the smallest HTTP client that can misbehave.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http::{Method, StatusCode};
use jiff::SignedDuration;
use pentad_server::http::{Frame, Inbound, Reply};
use pentad_server::route::RouteInfo;
use pentad_server::websocket::WebSocket;
use pentad_server::{Context, ListenOptions, Places, Root, SeedError, Server, ServerOptions, Service, Tasks};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// Stands in for AMS, so that it also owns the root of TLS listeners.
#[derive(Debug)]
pub(crate) struct Mirror {
    context: Context,
    seeded: AtomicU64,
    ticks: Arc<AtomicU64>,
    token: String,
}

const TABLES: &[pentad_store::Migration] =
    &[pentad_store::Migration { version: 1, sql: "CREATE TABLE seen (id BIGINT NOT NULL PRIMARY KEY)" }];

/// Serves [`Mirror`] as `ams`.
pub(crate) fn mirror(context: &Context) -> Result<Arc<dyn Service>, SeedError> {
    let known = context.known.as_ref().and_then(|known| known["publisher"].as_str().map(str::to_owned));
    Ok(Arc::new(Mirror {
        context: context.clone(),
        seeded: AtomicU64::new(0),
        ticks: Arc::default(),
        token: known.unwrap_or_else(|| format!("{:x}", fastrand::u64(..))),
    }))
}

impl Mirror {
    async fn answer(&self, mut inbound: Inbound) -> Reply {
        match inbound.path.as_str() {
            "/panic" => panic!("as asked"),
            "/wait" => {
                inbound.gone.cancelled().await;
                Reply::text(StatusCode::OK, "held")
            }
            "/never" => std::future::pending().await,
            "/ticks" => Reply::text(StatusCode::OK, self.ticks.load(Ordering::SeqCst).to_string()),
            "/places" => {
                let plain = self.context.listening.places("ams").plain;
                Reply::text(StatusCode::OK, plain.map(|addr| addr.to_string()).unwrap_or_default())
            }
            "/seeded" => Reply::text(StatusCode::OK, self.seeded.load(Ordering::SeqCst).to_string()),
            "/store" => self.store(inbound.query.as_deref() == Some("lost")).await,
            "/refuse" => Reply::text(StatusCode::UNAUTHORIZED, "not you"),
            "/length" => match inbound.body.bytes().await {
                Ok(body) => Reply::text(StatusCode::OK, body.len().to_string()),
                Err(fault) => fault.reply(),
            },
            "/stream" => {
                let pieces = inbound.body.stream().filter_map(|piece| async { piece.ok() });
                let length: usize = pieces.fold(0, |sum, piece| async move { sum + piece.len() }).await;
                Reply::text(StatusCode::OK, length.to_string())
            }
            "/socket" => WebSocket::accept(&mut inbound, 1000, echo),
            _ => self.show(inbound).await,
        }
    }

    /// Opens a store, or breaks it.
    async fn store(&self, lost: bool) -> Reply {
        let store = self.context.engine.service("mirror", TABLES).unwrap();
        if lost {
            store.write(|tx| tx.execute("DROP TABLE pentad_meta", &[]).map(drop)).await.unwrap();
        }
        Reply::text(StatusCode::OK, "")
    }

    async fn show(&self, mut inbound: Inbound) -> Reply {
        let body = match inbound.body.bytes().await {
            Ok(body) => body,
            Err(fault) => return fault.reply(),
        };
        Reply::json(
            StatusCode::OK,
            &json!({
                "path": inbound.path, "base": inbound.base, "query": inbound.query, "id": inbound.request_id,
                "secure": inbound.peer.secure, "local": inbound.peer.is_local(),
                "certificate": inbound.peer.certificate.map(|der| der.len()),
                "body": String::from_utf8_lossy(&body), "mount": format!("{:?}", inbound.mount),
            }),
        )
        .route("mirror:show")
    }
}

/// Gives every message back; says goodbye to `bye`.
async fn echo(mut socket: WebSocket) {
    while let Some(Ok(frame)) = socket.next().await {
        if frame == Frame::Text("bye".to_owned()) {
            return socket.close(4000, "as asked").await;
        }
        if socket.send(frame).await.is_err() {
            return;
        }
    }
}

impl Service for Mirror {
    fn name(&self) -> &'static str {
        "ams"
    }

    fn roots(&self) -> Vec<Root> {
        vec![Root::tls("/"), Root::new("/v3"), Root::new("/v3/inner/")]
    }

    fn endpoints(&self, places: &Places) -> Vec<(&'static str, String)> {
        let ams = places.tls.map(|tls| ("ams", places.own.unwrap_or(tls).to_string()));
        let plain = places.prefix_url("ams").or(places.own_url()).map(|url| ("ams_plain", url));
        ams.into_iter().chain(plain).collect()
    }

    fn complete(&self, credentials: &mut Map<String, Value>, places: &Places) {
        if let Some(client) = &places.client {
            credentials.insert("client_cert".to_owned(), json!(client.cert));
            credentials.insert("client_key".to_owned(), json!(client.key));
            let port = places.own.or(places.tls).map(|addr| addr.port());
            credentials.insert("authn_port".to_owned(), json!(port));
        }
    }

    fn handle(&self, inbound: Inbound) -> BoxFuture<'_, Reply> {
        Box::pin(self.answer(inbound))
    }

    fn too_large(&self, limit: u64) -> Reply {
        Reply::text(StatusCode::PAYLOAD_TOO_LARGE, format!("mirror takes {limit}"))
    }

    fn seed(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(async move {
            let step = section["step"].as_u64().unwrap_or(1);
            self.seeded.fetch_add(step, Ordering::SeqCst);
            Ok(())
        })
    }

    fn reset(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        self.seeded.store(0, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Value, SeedError>> {
        Box::pin(async { Ok(json!({"publisher": self.token})) })
    }

    fn background(self: Arc<Self>, tasks: &Tasks) {
        let (time, ticks) = (Arc::clone(&self.context.time), Arc::clone(&self.ticks));
        tasks.spawn("mirror.tick", |stop| async move {
            let mut next = time.now();
            loop {
                next += SignedDuration::from_hours(1);
                tokio::select! {
                    _busy = time.sleep_until(next) => {
                        // Work that takes several turns of the runtime, all of it before time counts as settled.
                        for _ in 0..50 {
                            tokio::task::yield_now().await;
                        }
                        ticks.fetch_add(1, Ordering::SeqCst);
                    }
                    () = stop.cancelled() => return,
                }
            }
        });
    }

    fn routes(&self) -> Vec<RouteInfo> {
        vec![RouteInfo { method: Method::GET, template: "/users:byToken/{token}", name: "mirror:show" }]
    }
}

/// Opens a server around [`Mirror`].
pub(crate) async fn open(options: ServerOptions) -> Server {
    Server::builder(options).service("ams", mirror).open().await.unwrap()
}

/// A server in memory on free ports, and the address of its plain listener.
pub(crate) async fn listening(options: ServerOptions) -> (Server, SocketAddr) {
    let server = open(options).await;
    server.listen(ListenOptions::any_port()).await.unwrap();
    let addr = plain(&server);
    (server, addr)
}

/// The address of the plain listener.
pub(crate) fn plain(server: &Server) -> SocketAddr {
    let announced = server.announcement();
    let url = announced["endpoints"]["ams_plain"].as_str().unwrap().to_owned();
    url.trim_start_matches("http://").trim_end_matches("/ams").parse().unwrap()
}

/// One answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let field =
            |line: &'_ str| line.split_once(": ").is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        self.head
            .lines()
            .find(|line| field(line))
            .and_then(|line| line.split_once(": "))
            .map(|(_, value)| value)
    }
}

/// Sends text and reads until the server closes.
pub(crate) async fn send(addr: SocketAddr, text: &str) -> Answer {
    exchange(TcpStream::connect(addr).await.unwrap(), text).await
}

/// The same over any stream.
pub(crate) async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, text: &str) -> Answer {
    stream.write_all(text.as_bytes()).await.unwrap();
    finish(stream).await
}

/// Reads an answer until the server closes.
pub(crate) async fn finish<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> Answer {
    let mut bytes = Vec::new();
    // A connection that is broken off leaves what came before.
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.as_str(), ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// `GET`, without keeping the connection.
pub(crate) async fn get(addr: SocketAddr, path: &str) -> Answer {
    send(addr, &format!("GET {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n\r\n")).await
}

/// A request with a body, without keeping the connection.
pub(crate) async fn call(addr: SocketAddr, method: &str, path: &str, body: &str) -> Answer {
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\ncontent-length: {length}");
    send(addr, &format!("{head}\r\n\r\n{body}")).await
}
