//! A service on a store in memory, a frozen clock, and short ways to call it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::SignedDuration;
use pentad_server::http::{Inbound, ReplyBody};
use pentad_server::ivcap::Ivcap;
use pentad_server::{Context, Mode, Service, ServiceTime};
use pentad_store::{Backend, Engine, StoreOptions};
use serde_json::{Value, json};

/// Tokens of seeded worlds: two accounts, and one that may only read.
pub(crate) const ANN: &str = "token-of-ann";
pub(crate) const BOB: &str = "token-of-bob";
pub(crate) const READER: &str = "token-of-the-reader";
pub(crate) const WRITER: &str = "token-of-the-writer";
pub(crate) const ROOT: &str = "token-of-root";

pub(crate) const ACCOUNT_A: &str = "urn:ivcap:account:0a000000-0000-4000-8000-000000000001";
pub(crate) const ACCOUNT_B: &str = "urn:ivcap:account:0b000000-0000-4000-8000-000000000001";

pub(crate) struct World {
    pub(crate) ivcap: Arc<Ivcap>,
    pub(crate) time: Arc<ServiceTime>,
    pub(crate) token: String,
    /// A service does not keep its store open.
    pub(crate) engine: Engine,
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
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {:?}", self.text))
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub(crate) fn with(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }
}

/// One request.
pub(crate) struct Ask<'w> {
    world: &'w World,
    inbound: Inbound,
    token: Option<String>,
}

impl Ask<'_> {
    pub(crate) fn by(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) fn anonymous(mut self) -> Self {
        self.token = None;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.inbound.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let mut inbound = self.inbound;
        if let Some(token) = self.token {
            let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
            inbound.headers.insert("authorization", value);
        }
        let reply = self.world.ivcap.handle(inbound).await;
        let ReplyBody::Full(body) = reply.body else { panic!("a body that is known") };
        let text = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: reply.status.as_u16(), headers: reply.headers, text }
    }
}

/// Two accounts with users, one policy that lets account B in.
pub(crate) fn section() -> Value {
    json!({
        "services": [],
        "accounts": [{"id": ACCOUNT_A, "name": "A"}, {"id": ACCOUNT_B, "name": "B"}],
        "users": [
            {"name": "ann", "account": ACCOUNT_A, "email": "ann@example.org", "token": ANN},
            {"name": "bob", "account": ACCOUNT_B, "token": BOB},
            {"name": "reader", "account": ACCOUNT_A, "token": READER, "scopes": ["consumer:read"]},
            {"name": "writer", "account": ACCOUNT_A, "token": WRITER, "scopes": ["consumer:write"]},
            {"name": "root", "account": ACCOUNT_A, "token": ROOT, "admin": true},
        ],
        "policies": {"urn:ivcap:policy:team": {"read": [ACCOUNT_B], "write": [ACCOUNT_B]}},
        "dashboards": [{"id": 1, "uid": "d1", "title": "Jobs", "url": "http://h/d/1"}],
    })
}

impl World {
    /// The installation without a seed, but for the examples that it would bring.
    pub(crate) async fn new() -> Self {
        Self::with(Mode::Relaxed, Value::Null, json!({"services": []})).await
    }

    pub(crate) async fn seeded() -> Self {
        Self::with(Mode::Relaxed, Value::Null, section()).await
    }

    /// The same on a PostgreSQL of the environment; `None` without one. Several can share it.
    pub(crate) async fn on_postgres() -> Option<Self> {
        let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") else {
            eprintln!("skipped: PENTAD_TEST_POSTGRES is not set");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let prefix = format!("ivcap_{:x}_{:x}", std::process::id(), fastrand::u32(..));
        let backend = Backend::Postgres { url, dir: dir.keep(), prefix };
        let store = StoreOptions { backend, ..StoreOptions::memory() };
        Some(Self::stored(store, Mode::Relaxed, Value::Null, json!({"services": []})).await)
    }

    pub(crate) async fn with(mode: Mode, options: Value, section: Value) -> Self {
        Self::stored(StoreOptions::memory(), mode, options, section).await
    }

    async fn stored(store: StoreOptions, mode: Mode, options: Value, section: Value) -> Self {
        let time = Arc::new(ServiceTime::new());
        time.freeze(Some("2024-05-06T07:08:09.123456Z".parse().unwrap()));
        let clock: Arc<dyn pentad_store::ServiceClock> = time.clone();
        let engine = Engine::open(store, clock).unwrap();
        let mut context = Context::new(engine.clone(), Arc::clone(&time));
        context.mode = mode;
        context.options = options;
        let ivcap = Ivcap::open(&context).unwrap();
        ivcap.seed(section).await.unwrap();
        let own = ivcap.credentials().await.unwrap();
        let token = own["jwt"].as_str().unwrap_or(ANN).to_owned();
        Self { ivcap, time, token, engine }
    }

    pub(crate) fn ask(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Ask<'_> {
        let inbound = Inbound::local(method, path, body.into());
        Ask { world: self, inbound, token: Some(self.token.clone()) }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, "").send().await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, body.to_string()).send().await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::PUT, path, body.to_string()).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, "").send().await
    }

    /// Lets some milliseconds pass.
    pub(crate) fn pass(&self, millis: i64) {
        self.time.advance(SignedDuration::from_millis(millis));
    }

    pub(crate) fn now(&self) -> String {
        self.time.now().to_string()
    }

    /// Adds an aspect and gives its id.
    pub(crate) async fn aspect(&self, entity: &str, schema: &str, content: &Value) -> String {
        let path = format!("/1/aspects?entity={entity}&schema={schema}");
        let added = self.post(&path, content).await.with(200);
        added["id"].as_str().unwrap().to_owned()
    }

    /// All items of a list, page by page; every page but the last is full.
    pub(crate) async fn all(&self, path: &str, limit: usize, key: &str) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut page = self.get(&format!("{path}{joint}limit={limit}")).await.with(200);
        let mut items = Vec::new();
        loop {
            let some = page[key].as_array().unwrap().clone();
            assert!(some.len() <= limit);
            let Some(next) = next(&page) else {
                items.extend(some);
                return items;
            };
            assert_eq!(some.len(), limit, "a page in the middle is full");
            items.extend(some);
            let bare = path.split('?').next().unwrap();
            page = self.get(&format!("{bare}?page={next}&limit={limit}")).await.with(200);
        }
    }
}

/// The cursor in the `next` link of either dialect.
pub(crate) fn next(page: &Value) -> Option<String> {
    let link = match &page["links"] {
        Value::Array(links) => links.iter().find(|link| link["rel"] == "next")?["href"].as_str()?.to_owned(),
        links => links.get("next")?.as_str()?.to_owned(),
    };
    let (_, query) = link.split_once('?').unwrap();
    let cursor = query.strip_prefix("page=").unwrap_or_else(|| panic!("{query} does not begin with page="));
    assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)));
    Some(cursor.to_owned())
}
