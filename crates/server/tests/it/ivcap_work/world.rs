//! A service with two accounts, commands that run, and short ways to call it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use pentad_server::clock::{real_limit, real_sleep};
use pentad_server::http::{Inbound, ReplyBody};
use pentad_server::ivcap::Ivcap;
use pentad_server::{Context, Service, ServiceTime, Tasks};
use pentad_store::{Engine, StoreOptions};
use serde_json::{Value, json};

pub(crate) const ALICE: &str = "token-of-alice";
pub(crate) const BOB: &str = "token-of-bob";
/// Reads only.
pub(crate) const EVE: &str = "token-of-eve";
pub(crate) const ACCOUNT: &str = "urn:ivcap:account:00000000-0000-4000-8000-00000000000a";
pub(crate) const OTHER: &str = "urn:ivcap:account:00000000-0000-4000-8000-00000000000b";
/// Longer than anything may take.
const LONG: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) ivcap: Arc<Ivcap>,
    pub(crate) time: Arc<ServiceTime>,
    pub(crate) engine: Engine,
    tasks: Tasks,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    pub(crate) headers: HeaderMap,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", self.body))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body of an answer that must have this status.
    pub(crate) fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

/// A request on its way.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    token: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Ask {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        let (headers, body) = (HeaderMap::new(), Bytes::new());
        Self { method, path: path.to_owned(), token: ALICE.to_owned(), headers, body }
    }

    pub(crate) fn by(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers
            .append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header(CONTENT_TYPE.as_str(), "application/json").body(body.to_string())
    }

    pub(crate) async fn on(self, world: &World) -> Answer {
        self.inbound(world).await
    }

    async fn inbound(self, world: &World) -> Answer {
        let mut inbound = Inbound::local(self.method, &self.path, self.body);
        inbound.headers = self.headers;
        if !self.token.is_empty() {
            let value = HeaderValue::try_from(format!("Bearer {}", self.token)).unwrap();
            inbound.headers.insert(AUTHORIZATION, value);
        }
        let reply = world.ivcap.handle(inbound).await;
        let (status, headers) = (reply.status.as_u16(), reply.headers);
        let body = match reply.body {
            ReplyBody::Full(body) => body,
            ReplyBody::Stream(mut pieces) => {
                let mut body = Vec::new();
                while let Some(piece) = pieces.next().await {
                    body.extend_from_slice(&piece.unwrap());
                }
                body.into()
            }
        };
        Answer { status, body, headers }
    }
}

pub(crate) fn get(path: &str) -> Ask {
    Ask::new(Method::GET, path)
}

pub(crate) fn post(path: &str) -> Ask {
    Ask::new(Method::POST, path)
}

pub(crate) fn put(path: &str) -> Ask {
    Ask::new(Method::PUT, path)
}

pub(crate) fn patch(path: &str) -> Ask {
    Ask::new(Method::PATCH, path)
}

pub(crate) fn delete(path: &str) -> Ask {
    Ask::new(Method::DELETE, path)
}

pub(crate) fn head(path: &str) -> Ask {
    Ask::new(Method::HEAD, path)
}

/// Options with which orders run although a test is not `pentad`.
pub(crate) fn options(orders: Value) -> Value {
    let mut all = json!({"helper": env!("CARGO_BIN_EXE_pentad-confined")});
    let (Value::Object(all), Value::Object(orders)) = (&mut all, orders) else { unreachable!() };
    all.extend(orders);
    json!({"orders": all})
}

/// A section with two accounts and these services, each a shell script by its name.
pub(crate) fn section(scripts: &[(&str, &str)]) -> Value {
    let service = |(name, script): &(&str, &str)| {
        json!({
            "name": name, "description": name, "account": ACCOUNT, "command": ["/bin/sh", "-c", script],
            "parameters": [
                {"name": "msg", "type": "string", "optional": true},
                {"name": "max-count", "type": "int", "optional": true},
            ],
        })
    };
    json!({
        "accounts": [{"id": ACCOUNT}, {"id": OTHER}],
        "users": [
            {"name": "alice", "account": ACCOUNT, "token": ALICE},
            {"name": "bob", "account": OTHER, "token": BOB},
            {"name": "eve", "account": ACCOUNT, "token": EVE, "scopes": ["consumer:read"]},
        ],
        "services": scripts.iter().map(service).collect::<Vec<_>>(),
    })
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::running(&[], json!({})).await
    }

    /// With services that run.
    pub(crate) async fn running(scripts: &[(&str, &str)], orders: Value) -> Self {
        Self::with(section(scripts), options(orders)).await
    }

    pub(crate) async fn with(section: Value, options: Value) -> Self {
        Self::opened(StoreOptions::memory(), section, options).await
    }

    /// With services that run, on another store.
    pub(crate) async fn stored(store: StoreOptions, scripts: &[(&str, &str)]) -> Self {
        Self::opened(store, section(scripts), options(json!({}))).await
    }

    async fn opened(store: StoreOptions, section: Value, options: Value) -> Self {
        let time = Arc::new(ServiceTime::new());
        let clock: Arc<dyn pentad_store::ServiceClock> = time.clone();
        let engine = Engine::open(store, clock).unwrap();
        Self::on(engine, time, section, options).await
    }

    pub(crate) async fn on(engine: Engine, time: Arc<ServiceTime>, section: Value, options: Value) -> Self {
        let mut context = Context::new(engine.clone(), Arc::clone(&time));
        context.options = options;
        let ivcap = Ivcap::open(&context).unwrap();
        ivcap.seed(section).await.unwrap();
        let tasks = Tasks::new();
        let service: Arc<Ivcap> = Arc::clone(&ivcap);
        service.background(&tasks);
        Self { ivcap, time, engine, tasks }
    }

    /// Ends as a server does that is asked to.
    pub(crate) async fn stop(self) {
        real_limit(LONG, self.tasks.shutdown()).await.unwrap();
    }

    /// The URN of a service by its name.
    pub(crate) async fn service(&self, name: &str) -> String {
        let path = format!("/1/services2?filter=name%3D%27{name}%27");
        let found = get(&path).on(self).await.is(200);
        found["items"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Places an order; gives its URN.
    pub(crate) async fn order(&self, service: &str, parameters: Value) -> String {
        let service = self.service(service).await;
        let body = json!({"service": service, "parameters": parameters});
        let placed = post("/1/orders").json(&body).on(self).await.is(200);
        placed["id"].as_str().unwrap().to_owned()
    }

    /// The order once it has one of these states.
    pub(crate) async fn until(&self, path: &str, states: &[&str]) -> Value {
        let look = async {
            loop {
                let body = get(path).on(self).await.is(200);
                if states.iter().any(|state| body["status"] == *state) {
                    return body;
                }
                real_sleep(Duration::from_millis(10)).await;
            }
        };
        real_limit(LONG, look).await.unwrap_or_else(|| panic!("{path} became none of {states:?}"))
    }

    /// The order once it has ended.
    pub(crate) async fn ended(&self, order: &str) -> Value {
        self.until(&format!("/1/orders/{order}"), &["succeeded", "failed", "error"]).await
    }

    /// Places an order and waits for its end.
    pub(crate) async fn run(&self, service: &str, parameters: Value) -> Value {
        let order = self.order(service, parameters).await;
        self.ended(&order).await
    }

    pub(crate) async fn logs(&self, order: &str) -> String {
        let answer = get(&format!("/1/orders/{order}/logs")).on(self).await;
        assert_eq!(answer.status, 200);
        answer.text()
    }

    /// Creates an artifact of this declared length; gives the path of its content.
    pub(crate) async fn artifact(&self, length: i64) -> String {
        let created = post("/1/artifacts")
            .header("x-content-type", "application/x-test")
            .header("x-content-length", &length.to_string())
            .header("tus-resumable", "1.0.0")
            .on(self)
            .await;
        let id = created.is(201)["id"].as_str().unwrap().to_owned();
        format!("/1/artifacts/{id}/blob")
    }
}

/// A part of an upload.
pub(crate) fn part(path: &str, offset: u64, bytes: impl Into<Bytes>) -> Ask {
    patch(path)
        .header("tus-resumable", "1.0.0")
        .header("content-type", "application/offset+octet-stream")
        .header("upload-offset", &offset.to_string())
        .body(bytes)
}

/// The path of the record of a content.
pub(crate) fn record(blob: &str) -> &str {
    blob.strip_suffix("/blob").unwrap()
}
