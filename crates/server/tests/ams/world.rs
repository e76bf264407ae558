//! A service on a store in memory, a frozen clock, and short ways to call it.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method};
use jiff::SignedDuration;
use pentad_server::ams::Ams;
use pentad_server::http::{Inbound, Reply, ReplyBody};
use pentad_server::{Context, GuardedClient, Mode, Service, ServiceTime};
use pentad_store::{Engine, StoreOptions};
use serde_json::{Value, json};

/// The service token of seeded worlds.
pub(crate) const SVC: &str = "svc";

pub(crate) struct World {
    pub(crate) ams: Arc<Ams>,
    pub(crate) time: Arc<ServiceTime>,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {:?}", self.text))
    }

    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and text of an error.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status, self.message())
    }

    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }
}

impl World {
    /// A world whose seed says only this; the service token is [`SVC`].
    pub(crate) async fn new(mode: Mode) -> Self {
        Self::seeded(mode, json!({ "service_token": SVC })).await
    }

    pub(crate) async fn seeded(mode: Mode, section: Value) -> Self {
        let w = Self::empty(mode, Vec::new());
        w.ams.seed(section).await.unwrap();
        w
    }

    /// A world before its seed; its push client also trusts the authorities in these files.
    pub(crate) fn empty(mode: Mode, push_ca: Vec<PathBuf>) -> Self {
        let time = Arc::new(ServiceTime::new());
        time.freeze(Some("2024-05-06T07:08:09.123456Z".parse().unwrap()));
        let clock: Arc<dyn pentad_store::ServiceClock> = time.clone();
        let engine = Engine::open(StoreOptions::memory(), clock).unwrap();
        let mut context = Context::new(engine, Arc::clone(&time));
        context.mode = mode;
        context.push = Arc::new(guarded(push_ca));
        context.client_subject = Some("CN=demo,O=pentad".to_owned());
        let ams = Ams::open(&context).unwrap();
        Self { ams, time }
    }

    /// Project DEMO with topic `alerts`, subscription `alerts-sub` at its start, and three users with fixed tokens.
    pub(crate) async fn demo() -> Self {
        Self::demo_in(Mode::Relaxed).await
    }

    pub(crate) async fn demo_in(mode: Mode) -> Self {
        Self::seeded(mode, demo_section()).await
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.time.advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) async fn call(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Answer {
        read(self.ams.handle(inbound(token, method, path, body.into())).await)
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.call(token, Method::GET, path, Bytes::new()).await
    }

    pub(crate) async fn post(&self, token: &str, path: &str, body: Value) -> Answer {
        self.call(token, Method::POST, path, body.to_string()).await
    }

    pub(crate) async fn put(&self, token: &str, path: &str, body: Value) -> Answer {
        self.call(token, Method::PUT, path, body.to_string()).await
    }

    pub(crate) async fn delete(&self, token: &str, path: &str) -> Answer {
        self.call(token, Method::DELETE, path, Bytes::new()).await
    }

    /// Publishes `count` messages to `alerts` as the administrator.
    pub(crate) async fn publish(&self, count: usize) {
        let messages: Vec<Value> = (0..count).map(|_| json!({"data": "aGVsbG8="})).collect();
        self.post("tA", "/v1/projects/DEMO/topics/alerts:publish", json!({ "messages": messages }))
            .await
            .ok();
    }

    /// Pulls as the consumer and gives the message ids.
    pub(crate) async fn pull(&self, most: &str) -> Vec<String> {
        let path = "/v1/projects/DEMO/subscriptions/alerts-sub:pull";
        let answer = self.post("tC", path, json!({ "maxMessages": most })).await.ok();
        let list = answer["receivedMessages"].as_array().unwrap();
        list.iter().map(|m| m["message"]["messageId"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn ack(&self, offset: i64) -> Answer {
        let id = format!("projects/DEMO/subscriptions/alerts-sub:{offset}");
        self.post("tC", "/v1/projects/DEMO/subscriptions/alerts-sub:acknowledge", json!({ "ackIds": [id] }))
            .await
    }

    pub(crate) async fn current(&self) -> i64 {
        let offsets = self.get("tA", "/v1/projects/DEMO/subscriptions/alerts-sub:offsets").await.ok();
        offsets["current"].as_i64().unwrap()
    }
}

/// What [`World::demo`] starts with.
pub(crate) fn demo_section() -> Value {
    let user = |name: &str, token: &str, role: &str| json!({"name": name, "token": token, "projects": [{"project": "DEMO", "roles": [role]}]});
    json!({
        "service_token": SVC,
        "projects": [{"name": "DEMO"}],
        "users": [user("admin", "tA", "project_admin"), user("pub", "tP", "publisher"), user("con", "tC", "consumer"),
            {"name": "viewer", "token": "tV", "service_roles": ["admin_viewer"]},
            {"name": "worker", "token": "tW", "service_roles": ["push_worker"]},
            {"name": "root", "token": "tS", "service_roles": ["service_admin"]}],
        "topics": [{"project": "DEMO", "name": "alerts", "acl": ["pub"]}],
        "subscriptions": [{"project": "DEMO", "name": "alerts-sub", "topic": "alerts", "acl": ["con"]}],
    })
}

pub(crate) fn inbound(token: &str, method: Method, path: &str, body: Bytes) -> Inbound {
    let mut inbound = Inbound::local(method, path, body);
    if !token.is_empty() {
        inbound.headers.insert("x-api-key", HeaderValue::from_str(token).unwrap());
    }
    inbound.base = "http://127.0.0.1:7700/ams".to_owned();
    inbound
}

pub(crate) fn read(reply: Reply) -> Answer {
    let ReplyBody::Full(body) = reply.body else { panic!("AMS never streams") };
    let kind = reply.headers.get("content-type").map_or("", |v| v.to_str().unwrap()).to_owned();
    Answer { status: reply.status.as_u16(), kind, text: String::from_utf8(body.to_vec()).unwrap() }
}

fn guarded(push_ca: Vec<PathBuf>) -> GuardedClient {
    let client = GuardedClient::new(push_ca, 65_536);
    client.allow_loopback(true);
    client
}
