//! Logins through an OpenID Connect provider (OpenStack reference B16, RFC 8628).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pentad_core::{ErrorKind, Secret};
use pentad_openstack::auth::{Federation, Grant, Keystone, Pkce, Scope};
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

#[test]
fn a_code_that_came_back_with_a_person_is_turned_into_a_token_with_its_proof() {
    let pkce = Pkce::from_verifier(Secret::new("verifier-canary"));
    let grant = Grant::Code {
        redirect_uri: "http://localhost:8080/back".to_owned(),
        code: Secret::new("code-canary"),
    };
    let federation = Federation::new("sso", "openid", grant).client("me", None).pkce(pkce.clone());
    let url = federation.authorization_url("https://sso.test/authorize", "http://localhost:8080/back", "s1");
    assert!(url.starts_with(
        "https://sso.test/authorize?response_type=code&client_id=me&redirect_uri=http%3A%2F%2F"
    ));
    assert!(
        url.contains(&format!("&state=s1&code_challenge={}&code_challenge_method=S256", pkce.challenge()))
    );
    let script = ScriptedTransport::new().answer(200, r#"{"access_token": "at"}"#).reply(issued("unscoped"));
    let federation = federation.token_endpoint("https://sso.test/token");
    assert!(!format!("{federation:?}").contains("canary"));
    let lines = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&lines);
    let log = pentad_openstack::CurlLog::new(move |line| seen.lock().unwrap().push_str(line));
    let client = pentad_openstack::Client::new(Keystone::federated(URL, federation).unwrap())
        .transport(script.shared())
        .clock(ManualClock::auto().shared())
        .observer(Arc::new(log))
        .build()
        .unwrap();
    run(client.issue()).unwrap();
    let body = String::from_utf8(script.requests()[0].body.to_vec()).unwrap();
    assert_eq!(
        body,
        "grant_type=authorization_code&redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fback&code=code-canary\
         &code_verifier=verifier-canary&client_id=me"
    );
    let lines = lines.lock().unwrap();
    assert!(!lines.contains("canary") && lines.contains("code=***"), "{lines}");
}

#[test]
fn a_device_login_can_prove_who_began_it() {
    let script = ScriptedTransport::new()
        .answer(200, r#"{"device_code": "dc", "user_code": "A", "verification_uri": "https://sso.test/go", "interval": 1}"#)
        .answer(200, r#"{"access_token": "at"}"#)
        .reply(issued("unscoped"));
    let federation = Federation::new("sso", "openid", Grant::Device(Arc::new(|_| {})))
        .client("me", None)
        .pkce(Pkce::from_verifier(Secret::new("v")))
        .device_endpoint("https://sso.test/device")
        .token_endpoint("https://sso.test/token");
    run(client(Keystone::federated(URL, federation).unwrap(), &script, &ManualClock::auto()).issue())
        .unwrap();
    let sent = script.requests();
    assert!(sent[0].body.ends_with(b"&code_challenge_method=S256"));
    assert!(sent[1].body.ends_with(b"&code_verifier=v"));
}
