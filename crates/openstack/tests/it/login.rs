//! What logins send, and what they make of answers (OpenStack reference B3 to B7, B10, B11).

use pentad_core::{ErrorKind, Secret};
use pentad_openstack::ErrorExt;
use pentad_openstack::auth::{Domain, IdentityVersion, Keystone, Method, Passcode, Project, Scope, User};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::{Value, json};

use crate::stage::{REJECTED, URL, client, issued, keystone, with};

fn sent(keystone: Keystone) -> Value {
    let script = ScriptedTransport::new().reply(issued("t1"));
    run(client(keystone, &script, &ManualClock::auto()).issue()).unwrap();
    let requests = script.requests();
    assert_eq!((requests.len(), requests[0].path()), (1, "/v3/auth/tokens"));
    assert_eq!(requests[0].header("content-type"), "application/json");
    assert_eq!(requests[0].header("x-auth-token"), "");
    serde_json::from_slice(&requests[0].body).unwrap()
}

#[test]
fn each_method_sends_the_body_of_the_reference() {
    assert_eq!(
        sent(keystone(URL)),
        json!({"auth": {"identity": {"methods": ["password"],
            "password": {"user": {"name": "demo", "domain": {"id": "default"}, "password": "pw-canary"}}},
            "scope": {"project": {"name": "shop", "domain": {"id": "default"}}}}})
    );
    let token = Keystone::token(URL, "gAAAA-old").unwrap().scope(Scope::project_id("9f2c"));
    assert_eq!(
        sent(token),
        json!({"auth": {"identity": {"methods": ["token"], "token": {"id": "gAAAA-old"}}, "scope": {"project": {"id": "9f2c"}}}})
    );
    let credential = Keystone::application_credential(URL, "423f", "s3cr3t").unwrap();
    assert_eq!(
        sent(credential),
        json!({"auth": {"identity": {"methods": ["application_credential"],
            "application_credential": {"id": "423f", "secret": "s3cr3t"}}}})
    );
    let method = Method::NamedApplicationCredential("ci".to_owned(), User::id("ee4d"), Secret::new("s"));
    assert_eq!(
        sent(Keystone::new(URL, method).unwrap())["auth"]["identity"]["application_credential"],
        json!({"name": "ci", "user": {"id": "ee4d"}, "secret": "s"})
    );
    let both = Keystone::password(URL, User::id("ee4d"), "pw").unwrap();
    let code = Method::Totp(User::id("ee4d"), Passcode::Once(Secret::new("123456")));
    assert_eq!(
        sent(both.and(code).scope(Scope::System)),
        json!({"auth": {"identity": {"methods": ["password", "totp"],
            "password": {"user": {"id": "ee4d", "password": "pw"}},
            "totp": {"user": {"id": "ee4d", "passcode": "123456"}}}, "scope": {"system": {"all": true}}}})
    );
}

#[test]
fn each_scope_sends_its_member_and_no_scope_sends_none() {
    let scope = |scope: Scope| {
        sent(Keystone::password(URL, User::id("u"), "p").unwrap().scope(scope))["auth"]["scope"].clone()
    };
    assert_eq!(scope(Scope::Unsaid), Value::Null);
    assert_eq!(scope(Scope::Unscoped), json!("unscoped"));
    assert_eq!(scope(Scope::Domain(Domain::name("Default"))), json!({"domain": {"name": "Default"}}));
    assert_eq!(scope(Scope::System), json!({"system": {"all": true}}));
    assert_eq!(scope(Scope::Trust("tr".to_owned())), json!({"OS-TRUST:trust": {"id": "tr"}}));
}

#[test]
fn what_cannot_succeed_is_refused_before_anything_is_sent() {
    let script = ScriptedTransport::new();
    let clock = ManualClock::auto();
    let refused = |keystone: Keystone| run(client(keystone, &script, &clock).issue()).unwrap_err();
    let error = refused(Keystone::password(URL, User::name("demo"), "p").unwrap());
    assert!(
        error.is_missing_options() && error.to_string().contains("user_domain_id or user_domain_name"),
        "{error}"
    );
    let project = Scope::Project(Project::name("shop"));
    let error = refused(Keystone::password(URL, User::id("u"), "p").unwrap().scope(project));
    assert!(error.to_string().contains("OS_PROJECT_DOMAIN_ID or OS_PROJECT_DOMAIN_NAME"), "{error}");
    let error = refused(Keystone::application_credential(URL, "i", "s").unwrap().scope(Scope::System));
    assert_eq!(error.kind(), ErrorKind::Config);
    let error = refused(Keystone::password(URL, User::id(""), "").unwrap());
    assert!(error.to_string().contains("Missing options: username, password"), "{error}");
    assert!(script.requests().is_empty());
    assert_eq!(Keystone::token("id.test", "t").unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn a_wrong_password_costs_one_request_and_shows_no_secret() {
    let script = ScriptedTransport::new().answer(401, REJECTED);
    let error = run(client(keystone(URL), &script, &ManualClock::auto()).projects()).unwrap_err();
    assert_eq!((error.kind(), error.op()), (ErrorKind::Unauthenticated, Some("openstack.token.issue")));
    assert_eq!(script.requests().len(), 1);
    assert!(!format!("{error} {error:?} {:?}", keystone(URL)).contains("canary"));
}

#[test]
fn a_receipt_is_answered_with_the_methods_that_were_kept_back() {
    let receipt =
        json!({"receipt": {"methods": ["password"]}, "required_auth_methods": [["password", "totp"]]});
    let script = ScriptedTransport::new()
        .reply(with(401, "openstack-auth-receipt", "rcpt", &receipt))
        .reply(issued("t1"));
    let user = User::id("ee4d");
    let code = Method::Totp(user.clone(), Passcode::Ask(std::sync::Arc::new(|| Ok(Secret::new("654321")))));
    let login = Keystone::password(URL, user, "pw").unwrap().if_required(code).scope(Scope::System);
    run(client(login, &script, &ManualClock::auto()).issue()).unwrap();
    let requests = script.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].header("openstack-auth-receipt"), "rcpt");
    let body: Value = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!(
        body["auth"]["identity"],
        json!({"methods": ["totp"], "totp": {"user": {"id": "ee4d", "passcode": "654321"}}})
    );
    assert_eq!(body["auth"]["scope"], json!({"system": {"all": true}}));
}

#[test]
fn a_receipt_without_a_further_method_says_what_is_needed_and_can_be_continued() {
    let receipt =
        json!({"receipt": {"methods": ["password"]}, "required_auth_methods": [["password", "totp"]]});
    let script = ScriptedTransport::new().reply(with(401, "openstack-auth-receipt", "rcpt", &receipt));
    let error = run(client(keystone(URL), &script, &ManualClock::auto()).issue()).unwrap_err();
    assert!(error.needs_more_methods());
    assert_eq!(error.required_methods(), [["password", "totp"]]);
    assert_eq!(error.receipt().unwrap().expose(), "rcpt");
    assert!(error.hint().unwrap().contains("password + totp"), "{error}");
    assert_eq!(script.requests().len(), 1);
}

#[test]
fn an_old_cloud_is_spoken_to_in_its_own_words() {
    let access = json!({"access": {
        "token": {"id": "old-token", "issued_at": "2026-01-01T00:00:00.000000Z", "expires": "2026-01-01T01:00:00Z",
            "tenant": {"id": "p1", "name": "shop"}},
        "serviceCatalog": [{"type": "database", "name": "trove", "endpoints": [
            {"id": "e1", "region": "RegionOne", "publicURL": "http://db.test/v1.0/p1", "internalURL": "http://10.0.0.5/v1.0/p1"}]}],
        "user": {"id": "u1", "name": "demo", "roles": [{"name": "member"}]}}});
    let script = ScriptedTransport::new().answer(200, access.to_string());
    let login = Keystone::password("http://id.test:5000/v2.0", User::name("demo"), "pw")
        .unwrap()
        .scope(Scope::Project(Project::name("shop")));
    let issued = run(client(login, &script, &ManualClock::auto()).issue()).unwrap();
    assert_eq!(script.requests()[0].path(), "/v2.0/tokens");
    let body: Value = serde_json::from_slice(&script.requests()[0].body).unwrap();
    assert_eq!(
        body,
        json!({"auth": {"passwordCredentials": {"username": "demo", "password": "pw"}, "tenantName": "shop"}})
    );
    assert_eq!((issued.secret.expose(), issued.access.project_id()), ("old-token", Some("p1")));
    assert_eq!(issued.access.roles(), ["member"]);
    assert_eq!(issued.access.catalog().services()[0].endpoints.len(), 2);
    let login =
        Keystone::password("http://h/v2.0", User::name("demo").of(Domain::id("other")), "pw").unwrap();
    let error = run(client(login, &ScriptedTransport::new(), &ManualClock::auto()).issue()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_url_without_version_is_asked_once_and_its_host_is_kept_whatever_it_says() {
    let versions = json!({"versions": {"values": [{"id": "v3.14", "status": "stable",
        "links": [{"rel": "self", "href": "http://localhost:1/v3/"}]}]}});
    let script =
        ScriptedTransport::new().answer(300, versions.to_string()).reply(issued("t1")).reply(issued("t2"));
    let clock = ManualClock::auto();
    let client = client(keystone("https://cloud.test/identity"), &script, &clock);
    run(client.issue()).unwrap();
    run(client.issue_new()).unwrap();
    let urls: Vec<String> = script.requests().iter().map(|request| request.uri.to_string()).collect();
    assert_eq!(
        urls,
        [
            "https://cloud.test/identity",
            "https://cloud.test/identity/v3/auth/tokens",
            "https://cloud.test/identity/v3/auth/tokens"
        ]
    );
}

#[test]
fn a_url_that_gives_no_versions_is_said_to_be_wrong_and_a_set_version_asks_nobody() {
    let script = ScriptedTransport::new().answer(404, "<html>no</html>");
    let error = run(client(keystone("http://id.test"), &script, &ManualClock::auto()).issue()).unwrap_err();
    assert!(error.is_discovery_failure(), "{error}");
    assert!(error.message().starts_with("Could not find versioned identity endpoints"));
    let script = ScriptedTransport::new().reply(issued("t"));
    let login = keystone("http://id.test").version(IdentityVersion::V3);
    run(client(login, &script, &ManualClock::auto()).issue()).unwrap();
    assert_eq!(script.requests().len(), 1);
}
