//! A service on a store in memory, a frozen clock, and short ways to call it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_LENGTH, HeaderName, LOCATION};
use http::{HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use pentad_server::http::{Inbound, Reply, ReplyBody};
use pentad_server::identity::{IdentityCheck, Rejected, TokenInfo};
use pentad_server::zaqar::Zaqar;
use pentad_server::{Context, Mode, Service, ServiceTime, Tasks};
use pentad_store::{Engine, StoreOptions};
use serde_json::{Value, json};

pub(crate) const ALICE: &str = "5b0f6c1e-4f0a-4d0e-9a55-0c1d2e3f4a5b";
pub(crate) const BOB: &str = "c0ffee00-0000-4000-8000-000000000001";

pub(crate) struct World {
    pub(crate) zaqar: Arc<Zaqar>,
    pub(crate) time: Arc<ServiceTime>,
    tasks: Tasks,
    engine: Engine,
    is_strict: bool,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) reply: http::HeaderMap,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {:?}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.reply.get(name)?.to_str().ok()
    }

    pub(crate) fn location(&self) -> &str {
        self.header(LOCATION.as_str()).unwrap_or_default()
    }

    /// Status, title and description of an error.
    pub(crate) fn error(&self) -> (u16, String, String) {
        let json = self.json();
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        (self.status, text("title"), text("description"))
    }

    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }
}

#[derive(Debug)]
struct Tokens;

impl IdentityCheck for Tokens {
    fn validate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<TokenInfo, Rejected>> {
        Box::pin(async move {
            let Some((project, role)) = token.split_once(':') else { return Err(Rejected::Invalid) };
            let mut info = TokenInfo::new(role);
            info.project_id = Some(project.to_owned());
            info.roles = vec![role.to_owned()];
            Ok(info)
        })
    }

    fn entrust<'a>(
        &'a self,
        token: &'a str,
        roles: &'a [String],
        until: Option<Timestamp>,
    ) -> BoxFuture<'a, Result<String, Rejected>> {
        let until = until.map(|at| at.to_string()).unwrap_or_default();
        Box::pin(async move { Ok(format!("{token}/{}/{until}", roles.join(","))) })
    }

    /// A trust begins with the token of who made it.
    fn is_trustor<'a>(&'a self, token: &'a str, trust: &'a str) -> BoxFuture<'a, Result<bool, Rejected>> {
        Box::pin(async move { Ok(trust.starts_with(token)) })
    }

    fn token_of_trust<'a>(&'a self, trust: &'a str) -> BoxFuture<'a, Result<String, Rejected>> {
        Box::pin(async move {
            if trust.ends_with("void") { Err(Rejected::Invalid) } else { Ok(format!("of {trust}")) }
        })
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(json!({}))
    }

    pub(crate) fn with(options: Value) -> Self {
        let time = Arc::new(ServiceTime::new());
        time.freeze(Some("2030-05-01T10:00:00Z".parse().unwrap()));
        let clock: Arc<dyn pentad_store::ServiceClock> = time.clone();
        let engine = Engine::open(StoreOptions::memory(), clock).unwrap();
        Self::on(engine, time, options)
    }

    /// With the oddities of the original.
    pub(crate) fn strict(options: Value) -> Self {
        let time = Arc::new(ServiceTime::new());
        time.freeze(Some("2030-05-01T10:00:00Z".parse().unwrap()));
        let clock: Arc<dyn pentad_store::ServiceClock> = time.clone();
        let engine = Engine::open(StoreOptions::memory(), clock).unwrap();
        Self::in_mode(engine, time, options, Mode::Strict)
    }

    pub(crate) fn on(engine: Engine, time: Arc<ServiceTime>, options: Value) -> Self {
        Self::in_mode(engine, time, options, Mode::Relaxed)
    }

    fn in_mode(engine: Engine, time: Arc<ServiceTime>, options: Value, mode: Mode) -> Self {
        let mut context = Context::new(engine.clone(), Arc::clone(&time));
        context.mode = mode;
        context.options = options;
        context.identity.offer(Arc::new(Tokens));
        context.push.allow_loopback(true);
        let zaqar = Zaqar::open(&context).unwrap();
        Self { zaqar, time, tasks: Tasks::new(), engine, is_strict: mode == Mode::Strict }
    }

    /// What the store still has to do.
    pub(crate) fn zaqar_pending(&self) -> usize {
        self.engine.pending()
    }

    /// With its background upkeep.
    pub(crate) fn awake(self) -> Self {
        Arc::clone(&self.zaqar).background(&self.tasks);
        self
    }

    pub(crate) async fn advance(&self, seconds: i64) {
        self.time.advance(SignedDuration::from_secs(seconds));
        self.time.settle().await;
    }

    /// A request with exactly these headers.
    pub(crate) async fn bare(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let body = body.into();
        let length = body.len();
        let mut inbound = Inbound::local(method, path, body);
        if self.is_strict {
            // Without its length a body counts as absent there.
            inbound.headers.insert(CONTENT_LENGTH, length.into());
        }
        for (name, value) in headers {
            let name = HeaderName::from_static(name);
            inbound.headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        read(self.zaqar.handle(inbound).await)
    }

    /// A request of a client in project `acme`.
    pub(crate) async fn call(
        &self,
        client: &str,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Answer {
        self.bare(method, path, &[("client-id", client), ("x-project-id", "acme")], body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(ALICE, Method::GET, path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(ALICE, Method::POST, path, body.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str, body: impl Into<Bytes>) -> Answer {
        self.call(ALICE, Method::PUT, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(ALICE, Method::DELETE, path, "").await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(ALICE, Method::PATCH, path, body.to_string()).await
    }

    pub(crate) async fn json_patch(&self, path: &str, body: Value) -> Answer {
        let kind = ("content-type", "application/openstack-messaging-v2.0-json-patch");
        let headers = [("client-id", ALICE), ("x-project-id", "acme"), kind];
        self.bare(Method::PATCH, path, &headers, body.to_string()).await
    }

    /// Posts messages with these bodies to `jobs` and gives their ids.
    pub(crate) async fn fill(&self, bodies: &[Value]) -> Vec<String> {
        let messages: Vec<Value> = bodies.iter().map(|body| json!({ "body": body })).collect();
        let answer = self.post("/v2/queues/jobs/messages", json!({ "messages": messages })).await.ok();
        let hrefs = answer["resources"].as_array().unwrap();
        hrefs.iter().map(|href| href.as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect()
    }
}

pub(crate) fn read(reply: Reply) -> Answer {
    let ReplyBody::Full(body) = reply.body else { panic!("Zaqar never streams") };
    let text = String::from_utf8(body.to_vec()).unwrap();
    Answer { status: reply.status.as_u16(), text, reply: reply.headers }
}

/// Bodies of messages in an answer.
pub(crate) fn bodies(answer: &Value) -> Vec<Value> {
    let list = answer["messages"].as_array().or_else(|| answer.as_array()).unwrap();
    list.iter().map(|message| message["body"].clone()).collect()
}
