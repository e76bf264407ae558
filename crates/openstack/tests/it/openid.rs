//! Logins through an OpenID Connect provider (OpenStack reference B16, RFC 8628).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pentad_core::{ErrorKind, Secret};
use pentad_openstack::auth::{Federation, Grant, Keystone, Scope};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::{Value, json};

use crate::stage::{URL, client, issued};

const PROVIDER: &str = "https://sso.test/.well-known/openid-configuration";

fn discovery() -> String {
    json!({"token_endpoint": "https://sso.test/token", "device_authorization_endpoint": "https://sso.test/device"}).to_string()
}

fn login(grant: Grant) -> Keystone {
    let federation = Federation::new("sso", "openid", grant).client("me", Some(Secret::new("secret-canary")));
    Keystone::federated(URL, federation.discovery(PROVIDER)).unwrap()
}

#[test]
fn client_credentials_become_an_access_token_then_a_token_then_one_for_the_project() {
    let script = ScriptedTransport::new()
        .answer(200, discovery())
        .answer(200, r#"{"access_token": "oidc-canary", "token_type": "Bearer"}"#)
        .reply(issued("unscoped"))
        .reply(issued("scoped"));
    let login = login(Grant::ClientCredentials).scope(Scope::project_id("p1"));
    let got = run(client(login, &script, &ManualClock::auto()).issue()).unwrap();
    assert_eq!(got.secret.expose(), "scoped");
    let sent = script.requests();
    let urls: Vec<String> = sent.iter().map(|request| request.uri.to_string()).collect();
    assert_eq!(
        urls,
        [
            PROVIDER,
            "https://sso.test/token",
            "http://id.test:5000/v3/OS-FEDERATION/identity_providers/sso/protocols/openid/auth",
            "http://id.test:5000/v3/auth/tokens",
        ]
    );
    assert_eq!(&sent[1].body[..], b"grant_type=client_credentials&scope=openid%20profile");
    assert_eq!(sent[1].header("authorization"), "Basic bWU6c2VjcmV0LWNhbmFyeQ==");
    assert_eq!(sent[2].header("authorization"), "Bearer oidc-canary");
    let body: Value = serde_json::from_slice(&sent[3].body).unwrap();
    assert_eq!(body["auth"]["identity"], json!({"methods": ["token"], "token": {"id": "unscoped"}}));
}

#[test]
fn a_device_login_shows_its_code_and_asks_as_often_as_it_may() {
    let script = ScriptedTransport::new()
        .answer(200, discovery())
        .answer(200, discovery())
        .answer(200, r#"{"device_code": "dc", "user_code": "ABCD", "verification_uri": "https://sso.test/go", "expires_in": 60, "interval": 2}"#)
        .answer(400, r#"{"error": "authorization_pending"}"#)
        .answer(400, r#"{"error": "slow_down"}"#)
        .answer(200, r#"{"access_token": "at"}"#)
        .reply(issued("unscoped"));
    let shown = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&shown);
    let grant = Grant::Device(Arc::new(move |prompt| seen.lock().unwrap().push(prompt.code.clone())));
    let clock = ManualClock::auto();
    run(client(login(grant), &script, &clock).issue()).unwrap();
    assert_eq!(*shown.lock().unwrap(), ["ABCD"]);
    assert_eq!(clock.slept(), [2, 2, 7].map(Duration::from_secs));
}

#[test]
fn a_provider_that_refuses_is_quoted_and_not_asked_again() {
    let script = ScriptedTransport::new()
        .answer(200, discovery())
        .answer(400, r#"{"error": "invalid_grant", "error_description": "no such client"}"#);
    let login = login(Grant::ClientCredentials);
    let error = run(client(login, &script, &ManualClock::auto()).issue()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.message().contains("no such client") && !format!("{error:?}").contains("canary"));
    assert_eq!(script.left(), 0);
}
