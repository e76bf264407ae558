//! A service on a store in memory, a frozen clock, and short ways to call it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::SignedDuration;
use pentad_server::database::Trove;
use pentad_server::http::{Inbound, Reply, ReplyBody};
use pentad_server::identity::{IdentityCheck, Rejected, TokenInfo};
use pentad_server::{Context, Mode, Service, ServiceTime, Tasks};
use pentad_store::{Engine, StoreOptions};
use serde_json::{Value, json};

/// A member of the project `shop`, an administrator there, a member elsewhere.
pub(crate) const ANN: &str = "shop:member";
pub(crate) const ROOT: &str = "shop:admin";
pub(crate) const BOB: &str = "bank:member";

pub(crate) struct World {
    pub(crate) trove: Arc<Trove>,
    pub(crate) time: Arc<ServiceTime>,
    pub(crate) tasks: Tasks,
    /// Stores do not keep it open.
    pub(crate) engine: Engine,
    /// Its data directory, if that is its own.
    pub(crate) folder: Option<tempfile::TempDir>,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {:?}", self.text))
    }

    /// The body of a call that succeeded.
    pub(crate) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// Status, key and message of a fault.
    pub(crate) fn fault(&self) -> (u16, String, String) {
        let json = self.json();
        let (key, inner) = json.as_object().unwrap().iter().next().unwrap();
        assert_eq!(inner["code"], json!(self.status), "{json}");
        (self.status, key.clone(), inner["message"].as_str().unwrap().to_owned())
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Debug)]
struct Tokens;

impl IdentityCheck for Tokens {
    fn validate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<TokenInfo, Rejected>> {
        Box::pin(async move {
            let Some((project, role)) = token.split_once(':') else { return Err(Rejected::Invalid) };
            let mut info = TokenInfo::new(format!("{project}-{role}"));
            info.project_id = Some(project.to_owned()).filter(|project| !project.is_empty());
            info.roles = vec![role.to_owned()];
            Ok(info)
        })
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(json!({}), Value::Null).await
    }

    pub(crate) async fn with(options: Value, section: Value) -> Self {
        Self::of(options, section, Mode::Relaxed).await
    }

    pub(crate) async fn of(options: Value, section: Value, mode: Mode) -> Self {
        let time = Arc::new(ServiceTime::new());
        time.freeze(Some("2030-01-01T12:00:00Z".parse().unwrap()));
        let engine = Engine::open(StoreOptions::memory(), Arc::clone(&time) as _).unwrap();
        Self::on(engine, time, options, section, mode).await
    }

    pub(crate) async fn on(
        engine: Engine,
        time: Arc<ServiceTime>,
        options: Value,
        section: Value,
        mode: Mode,
    ) -> Self {
        let mut context = Context::new(engine.clone(), Arc::clone(&time));
        context.options = options;
        context.mode = mode;
        context.identity.offer(Arc::new(Tokens));
        let trove = Trove::open(&context).unwrap();
        trove.seed(section).await.unwrap();
        let tasks = Tasks::new();
        Arc::clone(&trove).background(&tasks);
        Self { trove, time, tasks, engine, folder: None }
    }

    pub(crate) async fn advance(&self, seconds: i64) {
        self.time.settle().await;
        self.time.advance(SignedDuration::from_secs(seconds));
        self.time.settle().await;
    }

    /// A request with exactly these headers.
    pub(crate) async fn bare(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut inbound = Inbound::local(method, path, body.to_owned());
        inbound.base = "http://db.example:8779".to_owned();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            inbound.headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        read(self.trove.handle(inbound).await)
    }

    /// A call of the token's own project; `path` is below it.
    pub(crate) async fn call(&self, token: &str, method: Method, path: &str, body: Value) -> Answer {
        let project = token.split(':').next().unwrap();
        let path = format!("/v1.0/{project}{path}");
        if body.is_null() {
            return self.bare(method, &path, &[("x-auth-token", token)], "").await;
        }
        let headers = [("x-auth-token", token), ("content-type", "application/json")];
        self.bare(method, &path, &headers, &body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(ANN, Method::GET, path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(ANN, Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(ANN, Method::PUT, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(ANN, Method::DELETE, path, Value::Null).await
    }

    /// The id of a new instance, which is still built.
    pub(crate) async fn begun(&self, name: &str) -> String {
        let got = self.post("/instances", json!({"instance": small(name)})).await.ok();
        got["instance"]["id"].as_str().unwrap().to_owned()
    }

    /// The id of a new instance that is ready.
    pub(crate) async fn instance(&self, name: &str) -> String {
        let id = self.begun(name).await;
        self.advance(1).await;
        id
    }

    /// The id of a new replica that is ready.
    pub(crate) async fn replica(&self, name: &str, source: &str) -> String {
        let got =
            self.post("/instances", json!({"instance": {"name": name, "replica_of": source}})).await.ok();
        self.advance(1).await;
        got["instance"]["id"].as_str().unwrap().to_owned()
    }

    /// Both states of an instance.
    pub(crate) async fn states(&self, id: &str) -> (String, String) {
        let got = self.get(&format!("/instances/{id}")).await.ok();
        let text = |name: &str| got["instance"][name].as_str().unwrap().to_owned();
        (text("status"), text("operating_status"))
    }
}

pub(crate) fn states(status: &str, operating: &str) -> (String, String) {
    (status.to_owned(), operating.to_owned())
}

pub(crate) fn fault(status: u16, key: &str, message: &str) -> (u16, String, String) {
    (status, key.to_owned(), message.to_owned())
}

/// What a small instance needs.
pub(crate) fn small(name: &str) -> Value {
    json!({"name": name, "flavorRef": "1", "volume": {"size": 1}})
}

fn read(reply: Reply) -> Answer {
    let ReplyBody::Full(bytes) = reply.body else { panic!("Trove answers in full") };
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    Answer { status: reply.status.as_u16(), headers: reply.headers, text }
}
