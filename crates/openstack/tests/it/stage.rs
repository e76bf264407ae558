//! Answers as Keystone gives them, and clients over a script.

use http::{HeaderName, HeaderValue, StatusCode};
use pentad_core::Response;
use pentad_openstack::Client;
use pentad_openstack::auth::{Domain, Keystone, Scope, User};
use pentad_testkit::{ManualClock, ScriptedTransport};
use serde_json::{Value, json};

pub(crate) const URL: &str = "http://id.test:5000/v3";

/// The login of most stories: a password, scoped to a project.
pub(crate) fn keystone(url: &str) -> Keystone {
    let user = User::name("demo").of(Domain::id("default"));
    Keystone::password(url, user, "pw-canary").unwrap().scope(Scope::project("shop", Domain::id("default")))
}

/// A token body: an hour from the manual clock's beginning.
pub(crate) fn body() -> Value {
    json!({"token": {
        "methods": ["password"], "user": {"id": "u1", "name": "demo", "domain": {"id": "default", "name": "Default"}},
        "audit_ids": ["a1"], "issued_at": "2026-01-01T00:00:00.000000Z", "expires_at": "2026-01-01T01:00:00.000000Z",
        "project": {"id": "p1", "name": "shop", "domain": {"id": "default", "name": "Default"}},
        "roles": [{"id": "r1", "name": "member"}],
        "catalog": [
            {"id": "s1", "type": "database", "name": "trove", "endpoints": [
                {"id": "e1", "interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": "http://db.test:8779/v1.0/p1"},
                {"id": "e2", "interface": "internal", "region": "RegionOne", "region_id": "RegionOne", "url": "http://10.0.0.5:8779/v1.0/p1"}]},
            {"id": "s2", "type": "messaging", "name": "zaqar", "endpoints": [
                {"id": "e3", "interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": "http://q.test:8888"}]}]}})
}

/// An answer that issues a token.
pub(crate) fn issued(token: &str) -> Response {
    with(201, "x-subject-token", token, &body())
}

pub(crate) fn with(status: u16, header: &str, value: &str, body: &Value) -> Response {
    let mut response = Response::new(StatusCode::from_u16(status).unwrap(), body.to_string());
    response
        .headers
        .insert(HeaderName::from_bytes(header.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    response
}

/// The 401 for everything that is wrong with a login.
pub(crate) const REJECTED: &str = r#"{"error": {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}}"#;

pub(crate) fn client(keystone: Keystone, script: &ScriptedTransport, clock: &ManualClock) -> Client {
    Client::new(keystone).transport(script.shared()).clock(clock.shared()).build().unwrap()
}
