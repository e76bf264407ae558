//! A service on a store in memory, a frozen clock, and short ways to call it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{HeaderValue, Method};
use pentad_server::connect::Connect;
use pentad_server::http::{Inbound, ReplyBody};
use pentad_server::{Context, Mode, Service, ServiceTime};
use pentad_store::{Engine, StoreOptions};
use serde_json::{Value, json};

/// The key of seeded worlds.
pub(crate) const KEY: &str = "ApiKey SU-123-456-789:secret";

pub(crate) struct World {
    pub(crate) connect: Arc<Connect>,
    pub(crate) time: Arc<ServiceTime>,
    pub(crate) key: String,
    /// A service does not keep its store open.
    pub(crate) engine: Engine,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: Option<String>,
    pub(crate) range: Option<String>,
    pub(crate) allow: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {:?}", self.text))
    }

    /// The body of an answer that must have this status.
    pub(crate) fn with(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// Status, code and texts of an error.
    pub(crate) fn error(&self) -> (u16, String, Vec<String>) {
        let body = self.json();
        let texts = body["errors"].as_array().unwrap().iter().map(|e| e.as_str().unwrap().to_owned());
        (self.status, body["error_code"].as_str().unwrap().to_owned(), texts.collect())
    }

    /// The ids of a list.
    pub(crate) fn ids(&self) -> Vec<String> {
        assert_eq!(self.status, 200, "{}", self.text);
        let list = self.json();
        list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }
}

impl World {
    /// The installation without a seed.
    pub(crate) async fn new() -> Self {
        Self::with(Mode::Relaxed, Value::Null, Value::Null).await
    }

    pub(crate) async fn seeded(mut section: Value) -> Self {
        section["api_keys"] = json!([{"key": KEY, "name": "Tester"}]);
        Self::with(Mode::Relaxed, Value::Null, section).await
    }

    pub(crate) async fn with(mode: Mode, options: Value, section: Value) -> Self {
        let time = Arc::new(ServiceTime::new());
        time.freeze(Some("2024-05-06T07:08:09.123456Z".parse().unwrap()));
        let clock: Arc<dyn pentad_store::ServiceClock> = time.clone();
        let engine = Engine::open(StoreOptions::memory(), clock).unwrap();
        let mut context = Context::new(engine.clone(), Arc::clone(&time));
        context.mode = mode;
        context.options = options;
        let connect = Connect::open(&context).unwrap();
        connect.seed(section).await.unwrap();
        let own = connect.credentials().await.unwrap();
        let key = own["api_key"].as_str().unwrap_or(KEY).to_owned();
        Self { connect, time, key, engine }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
        self.call_as(Some(&self.key), method, path, body).await
    }

    pub(crate) async fn call_as(
        &self,
        key: Option<&str>,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Answer {
        self.send(key, "application/json", method, path, body).await
    }

    pub(crate) async fn send(
        &self,
        key: Option<&str>,
        content_type: &str,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut inbound = Inbound::local(method, &format!("/public/v1/{path}"), body.into());
        inbound.headers.insert("content-type", HeaderValue::from_str(content_type).unwrap());
        if let Some(key) = key {
            inbound.headers.insert("authorization", HeaderValue::from_str(key).unwrap());
        }
        let reply = self.connect.handle(inbound).await;
        let header = |name: &str| reply.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let (kind, range, allow) = (header("content-type"), header("content-range"), header("allow"));
        let body = match reply.body {
            ReplyBody::Full(body) => body.to_vec(),
            ReplyBody::Stream(pieces) => pieces.try_collect::<Vec<Bytes>>().await.unwrap().concat(),
        };
        let text = String::from_utf8(body).unwrap();
        Answer { status: reply.status.as_u16(), kind, range, allow, text }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, body.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, body.to_string()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, "").await
    }
}
