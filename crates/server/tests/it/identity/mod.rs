//! The identity service on its own, asked through requests as a listener would hand them over.

mod further;
mod hostile;
mod login;
pub(crate) mod matrix;
mod policy;
mod seeds;
mod tokens;

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use jiff::SignedDuration;
use pentad_server::http::{Inbound, Reply, ReplyBody};
use pentad_server::identity::{Identity, Keystone};
use pentad_server::{Context, Service, ServiceTime};
use pentad_store::{Engine, StoreOptions};
use serde_json::{Value, json};

/// A service with a seed (or the demo installation), its clock and its offer to others.
pub(super) struct Cloud {
    pub(super) service: Arc<Keystone>,
    pub(super) time: Arc<ServiceTime>,
    pub(super) identity: Identity,
}

/// What a request got.
pub(super) struct Got {
    pub(super) status: StatusCode,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Value,
}

impl Got {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }
}

impl From<Reply> for Got {
    fn from(reply: Reply) -> Self {
        let ReplyBody::Full(bytes) = reply.body else { panic!("identity answers in full") };
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { status: reply.status, headers: reply.headers, body }
    }
}

impl Cloud {
    pub(super) async fn new(section: Value) -> Self {
        Self::on(StoreOptions::memory(), section).await
    }

    pub(super) async fn on(store: StoreOptions, section: Value) -> Self {
        let time = Arc::new(ServiceTime::new());
        time.freeze(Some("2030-01-01T12:00:00Z".parse().unwrap()));
        let engine = Engine::open(store, Arc::clone(&time) as _).unwrap();
        let context = Context::new(engine, Arc::clone(&time));
        let service = Keystone::open(&context).unwrap();
        service.seed(section).await.unwrap();
        Self { service, time, identity: context.identity }
    }

    /// Two projects; `root` administers, `ann` is a member of one of them, `bob` reads it.
    pub(super) async fn small() -> Self {
        Self::small_on(StoreOptions::memory()).await
    }

    pub(super) async fn small_on(store: StoreOptions) -> Self {
        Self::on(store, json!({
            "options": {"lockout_failure_attempts": 3, "lockout_duration": 60},
            "projects": [{"name": "shop", "id": "shop-id"}, {"name": "bank", "id": "bank-id"}],
            "users": [
                {"name": "root", "id": "root-id", "password": "root-pw", "default_project": "shop",
                 "grants": [{"project": "shop", "roles": ["admin"]}, {"system": true, "roles": ["admin"]}]},
                {"name": "ann", "id": "ann-id", "password": "ann-pw", "default_project": "shop",
                 "totp": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
                 "grants": [{"project": "shop", "roles": ["member"]}, {"on_domain": "Default", "roles": ["reader"]}]},
                {"name": "bob", "id": "bob-id", "password": "bob-pw",
                 "grants": [{"project": "shop", "roles": ["reader"]}]},
            ],
            "application_credentials": [
                {"name": "job", "id": "job-id", "user": "ann", "project": "shop", "secret": "job-secret",
                 "roles": ["reader"]},
            ],
        }))
        .await
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.time.advance(SignedDuration::from_secs(seconds));
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Got {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let mut inbound = Inbound::local(method, path, text);
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            inbound.headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        self.service.handle(inbound).await.into()
    }

    pub(super) async fn call(&self, method: Method, path: &str, token: &str, body: Value) -> Got {
        self.send(method, path, &[("x-auth-token", token)], &body).await
    }

    pub(super) async fn get(&self, path: &str, token: &str) -> Got {
        self.call(Method::GET, path, token, Value::Null).await
    }

    pub(super) async fn login(&self, auth: Value) -> Got {
        self.send(Method::POST, "/v3/auth/tokens", &[], &json!({"auth": auth})).await
    }

    /// The token of a user of the small cloud, in its default scope or the given one.
    pub(super) async fn token(&self, user: &str, scope: Value) -> String {
        let mut auth = json!({"identity": password(user, &format!("{user}-pw"))});
        if !scope.is_null() {
            auth["scope"] = scope;
        }
        let got = self.login(auth).await;
        assert_eq!(got.status, StatusCode::CREATED, "{}", got.body);
        got.header("x-subject-token").to_owned()
    }

    /// What the service says about a token when the token itself asks.
    pub(super) async fn own(&self, token: &str) -> Got {
        let headers = [("x-auth-token", token), ("x-subject-token", token)];
        self.send(Method::GET, "/v3/auth/tokens", &headers, &Value::Null).await
    }
}

/// A password login by name.
pub(super) fn password(user: &str, password: &str) -> Value {
    json!({"methods": ["password"],
           "password": {"user": {"name": user, "domain": {"id": "default"}, "password": password}}})
}

/// The scope of a project of the default domain.
pub(super) fn project(name: &str) -> Value {
    json!({"project": {"name": name, "domain": {"name": "Default"}}})
}
