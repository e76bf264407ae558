//! One token for all calls: renewed once, kept for later, ended (OpenStack reference A7, B15).

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use pentad_core::auth::{FileTokenStore, MemoryTokenStore};
use pentad_core::{BoxFuture, ErrorKind, Request, Response, Result, Secret, Transport};
use pentad_openstack::Client;
use pentad_testkit::{ManualClock, ScriptedTransport, run};

use crate::stage::{REJECTED, URL, client, issued, keystone};

const PROJECTS: &str =
    r#"{"projects": [{"id": "p1", "name": "shop", "domain_id": "default", "enabled": true}]}"#;

fn logins(script: &ScriptedTransport) -> usize {
    script.requests().iter().filter(|request| request.op == "openstack.token.issue").count()
}

/// A cloud whose services accept the newest token only. Each answer takes a turn, so that calls overlap.
#[derive(Debug, Default)]
struct Strict {
    issued: AtomicU32,
    refused: AtomicU32,
}

impl Transport for Strict {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async move {
            let token = request.headers.get("x-auth-token").map(|token| token.to_str().unwrap().to_owned());
            let mut waited = false;
            poll_fn(|cx| {
                if std::mem::replace(&mut waited, true) {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            let newest = format!("t{}", self.issued.load(Relaxed));
            Ok(match token {
                None => issued(&format!("t{}", self.issued.fetch_add(1, Relaxed) + 1)),
                Some(token) if token == newest => Response::new(StatusCode::OK, PROJECTS),
                Some(_) => {
                    self.refused.fetch_add(1, Relaxed);
                    Response::new(StatusCode::UNAUTHORIZED, REJECTED)
                }
            })
        })
    }
}

#[test]
fn a_thousand_calls_with_a_rejected_token_cost_one_new_token() {
    let (clock, cloud) = (ManualClock::auto(), Arc::new(Strict::default()));
    let client =
        Client::new(keystone(URL)).transport(Arc::clone(&cloud) as _).clock(clock.shared()).build().unwrap();
    run(client.projects()).unwrap();
    clock.advance(Duration::from_secs(60));
    // Somebody ended the token.
    cloud.issued.fetch_add(1, Relaxed);
    let calls = (0..1000).map(|_| std::future::IntoFuture::into_future(client.projects()));
    let answers = run(join_all(calls));
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((cloud.issued.load(Relaxed), cloud.refused.load(Relaxed)), (3, 1000));
}

#[test]
fn a_token_near_its_end_is_renewed_before_it_is_used() {
    let clock = ManualClock::auto();
    let script = ScriptedTransport::new()
        .reply(issued("t1"))
        .answer(200, PROJECTS)
        .reply(issued("t2"))
        .answer(200, PROJECTS);
    let client = client(keystone(URL), &script, &clock);
    run(client.projects()).unwrap();
    clock.advance(Duration::from_secs(3600 - 20));
    run(client.projects()).unwrap();
    assert_eq!(script.requests()[3].header("x-auth-token"), "t2");
}

#[test]
fn a_second_rejection_is_the_answer_and_no_loop() {
    let clock = ManualClock::auto();
    let script = ScriptedTransport::new().reply(issued("t1")).answer(200, PROJECTS);
    let client = client(keystone(URL), &script, &clock);
    run(client.projects()).unwrap();
    clock.advance(Duration::from_secs(60));
    let script = script.answer(401, REJECTED).reply(issued("t2")).answer(401, REJECTED);
    let error = run(client.projects()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!((logins(&script), script.left()), (2, 0));
}

#[test]
fn the_next_process_needs_no_login_and_another_password_gets_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(FileTokenStore::new(folder.path()));
    let clock = ManualClock::auto();
    let with = |script: &ScriptedTransport, keystone| -> Client {
        Client::new(keystone)
            .transport(script.shared())
            .clock(clock.shared())
            .store(Arc::clone(&store) as _)
            .build()
            .unwrap()
    };
    let first = ScriptedTransport::new().reply(issued("t1")).answer(200, PROJECTS);
    run(with(&first, keystone(URL)).projects()).unwrap();
    let second = ScriptedTransport::new().answer(200, PROJECTS);
    run(with(&second, keystone(URL)).projects()).unwrap();
    assert_eq!(second.requests()[0].header("x-auth-token"), "t1");
    let other =
        pentad_openstack::Keystone::password(URL, pentad_openstack::auth::User::id("demo"), "other").unwrap();
    let third = ScriptedTransport::new().answer(401, REJECTED);
    run(with(&third, other).projects()).unwrap_err();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap().path();
        assert!(
            !std::fs::read_to_string(&file).unwrap().contains("canary")
                && !file.to_string_lossy().contains("canary")
        );
    }
}

#[test]
fn signing_out_ends_the_stored_token_and_forgets_it() {
    let store = Arc::new(MemoryTokenStore::new());
    let clock = ManualClock::auto();
    let script = ScriptedTransport::new().reply(issued("t1")).answer(204, "").reply(issued("t2"));
    let client = Client::new(keystone(URL))
        .transport(script.shared())
        .clock(clock.shared())
        .store(store)
        .build()
        .unwrap();
    run(client.issue()).unwrap();
    run(client.sign_out()).unwrap();
    let ended = &script.requests()[1];
    assert_eq!((ended.method.as_str(), ended.path()), ("DELETE", "/v3/auth/tokens"));
    assert_eq!((ended.header("x-auth-token"), ended.header("x-subject-token")), ("t1", "t1"));
    assert_eq!(run(client.issue()).unwrap().secret.expose(), "t2");
}

#[test]
fn a_token_is_validated_checked_and_revoked_by_its_header() {
    let clock = ManualClock::auto();
    let script = ScriptedTransport::new()
        .reply(issued("t1"))
        .answer(200, crate::stage::body().to_string())
        .answer(404, "")
        .answer(204, "");
    let client = client(keystone(URL), &script, &clock);
    let subject = Secret::new("subject-canary");
    assert_eq!(run(client.validate(&subject)).unwrap().user_name(), Some("demo"));
    assert!(!run(client.check(&subject)).unwrap());
    run(client.revoke(&subject)).unwrap();
    let methods: Vec<String> =
        script.requests()[1..].iter().map(|request| request.method.to_string()).collect();
    assert_eq!(methods, ["GET", "HEAD", "DELETE"]);
    assert!(
        script.requests()[1..].iter().all(|request| request.header("x-subject-token") == "subject-canary")
    );
    let call = client.validate(&subject);
    assert!(!call.curl().unwrap().contains("canary") && !format!("{call:?}").contains("canary"));
}

#[test]
fn the_same_token_with_another_endpoint_is_worth_another_try_and_with_the_same_one_is_not() {
    let elsewhere = crate::stage::body().to_string().replace("http://q.test:8888", "http://moved.test:8888");
    let moved = crate::stage::with(201, "x-subject-token", "t1", &serde_json::from_str(&elsewhere).unwrap());
    for (again, expected) in [(moved, true), (issued("t1"), false)] {
        let clock = ManualClock::auto();
        let script =
            ScriptedTransport::new().reply(issued("t1")).answer(200, "{}").answer(401, REJECTED).reply(again);
        let script = script.answer(200, "{}");
        let http = pentad_openstack::HttpClient::builder(pentad_openstack::CloudAuth::new(keystone(URL)));
        let http = http.transport(script.shared()).clock(clock.shared()).build().unwrap();
        run(http.raw("messaging").get("/v2/queues")).unwrap();
        clock.advance(Duration::from_secs(60));
        let second = run(http.raw("messaging").get("/v2/queues"));
        assert_eq!(second.is_ok(), expected, "{second:?}");
        let last = script.requests().pop().unwrap().uri.to_string();
        assert_eq!(last == "http://moved.test:8888/v2/queues", expected, "{last}");
    }
}

#[test]
fn another_seed_or_receipt_is_another_login() {
    use pentad_openstack::auth::{Domain, Method, Passcode, User};
    let totp = |seed: &str| {
        let user = User::name("demo").of(Domain::id("default"));
        pentad_openstack::Keystone::new(URL, Method::Totp(user, Passcode::Seed(Secret::new(seed)))).unwrap()
    };
    assert_eq!(totp("GEZDGNBV").key(), totp("GEZDGNBV").key());
    assert_ne!(totp("GEZDGNBV").key(), totp("GEZDGNBW").key());
    assert_ne!(totp("GEZDGNBV").key(), totp("GEZDGNBV").receipt(Secret::new("r")).key());
}
