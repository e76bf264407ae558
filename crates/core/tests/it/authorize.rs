//! Credentials: each attempt anew, one login at a time, renewed once.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::{HeaderName, Method};
use pentad_core::auth::{Exchange, Renewing, StaticHeader, Token, TokenSource, sensitive};
use pentad_core::{Api, BoxFuture, ErrorKind, Op, Request, Result, Secret, decode};
use pentad_testkit::{ManualClock, ScriptedTransport, Task, run};

use crate::support::{GET, Shared, builder, secs};

static LOGIN: Op = Op {
    id: "sample.login",
    routes: &[(Api("v1"), Method::POST, "/login")],
    idempotent: true,
    patience: Duration::ZERO,
    source: "test",
};

/// Logs in at the service itself; tokens live for `life`.
#[derive(Debug)]
struct Login {
    life: Duration,
}

impl TokenSource for Login {
    fn fetch<'a>(&'a self, ex: &'a Exchange, _: Option<&'a Token>) -> BoxFuture<'a, Result<Token>> {
        Box::pin(async move {
            let secret: Secret = ex.op(&LOGIN).call(decode::json).await?;
            let now = ex.clock().wall();
            Ok(Token::new(secret, now).lasts(self.life))
        })
    }

    fn place(&self, token: &Token, request: &mut Request) -> Result<()> {
        if let Some(value) = sensitive(token.secret.expose()) {
            request.headers.insert("x-auth-token", value);
        }
        Ok(())
    }
}

fn renewing() -> Arc<Renewing<Login>> {
    Arc::new(Renewing::new(Login { life: secs(3600) }))
}

fn tokens(transport: &ScriptedTransport) -> Vec<String> {
    transport.requests().iter().map(|request| request.header("x-auth-token").to_owned()).collect()
}

#[test]
fn the_first_call_logs_in_and_the_second_reuses_the_token() {
    let transport = ScriptedTransport::new().answer(200, "\"t1\"").answer(200, "1").answer(200, "2");
    let session = builder(&transport, &ManualClock::auto()).authorize(renewing()).build();
    for _ in 0..2 {
        run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap();
    }
    assert_eq!(tokens(&transport), ["", "t1", "t1"]);
    let timed: Vec<_> = session.timings().iter().map(|timing| timing.op).collect();
    assert_eq!(timed, ["sample.login", "sample.get", "sample.get"]);
}

#[test]
fn a_token_near_its_end_is_renewed_before_use() {
    let transport =
        ScriptedTransport::new().answer(200, "\"t1\"").answer(200, "").answer(200, "\"t2\"").answer(200, "");
    let clock = ManualClock::auto();
    let session = builder(&transport, &clock).authorize(renewing()).build();
    run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap();
    clock.advance(secs(3580));
    run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap();
    assert_eq!(tokens(&transport), ["", "t1", "", "t2"]);
}

#[test]
fn a_rejected_token_is_renewed_once_and_the_attempt_is_not_counted() {
    let clock = ManualClock::auto();
    let transport = ScriptedTransport::new()
        .answer(200, "\"t1\"")
        .answer(200, "")
        .answer(401, "")
        .answer(200, "\"t2\"")
        .answer(401, "");
    let session = builder(&transport, &clock).authorize(renewing()).build();
    run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap();
    clock.advance(secs(10));
    let error = run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 1));
    assert_eq!(tokens(&transport), ["", "t1", "t1", "", "t2"]);
}

#[test]
fn a_401_to_a_young_token_is_the_answer() {
    let transport = ScriptedTransport::new().answer(200, "\"t1\"").answer(401, "");
    let session = builder(&transport, &ManualClock::auto()).authorize(renewing()).build();
    let error = run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(transport.requests().len(), 2);
}

#[test]
fn a_renewal_that_gives_the_rejected_token_is_a_failure() {
    let clock = ManualClock::auto();
    let transport =
        ScriptedTransport::new().answer(200, "\"t1\"").answer(200, "").answer(401, "").answer(200, "\"t1\"");
    let session = builder(&transport, &clock).authorize(renewing()).build();
    run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap();
    clock.advance(secs(10));
    let error = run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap_err();
    assert_eq!((error.kind(), transport.left()), (ErrorKind::Unauthenticated, 0));
}

#[test]
fn many_calls_wait_for_one_login() {
    let transport =
        (0..8).fold(ScriptedTransport::new().answer(200, "\"t1\""), |script, _| script.answer(200, ""));
    let session = builder(&transport, &ManualClock::auto()).authorize(renewing()).build();
    let calls = (0..8).map(|_| session.op(&GET).arg("thing", "x").call(decode::empty).into_future());
    assert!(run(join_all(calls)).iter().all(Result::is_ok));
    assert_eq!(tokens(&transport).iter().filter(|token| token.is_empty()).count(), 1);
}

#[test]
fn a_failed_login_is_the_error_and_keeps_its_name() {
    let transport = ScriptedTransport::new().answer(403, "{\"message\":\"wrong password\"}");
    let session = builder(&transport, &ManualClock::auto()).authorize(renewing()).build();
    let error = run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap_err();
    assert_eq!(error.to_string(), "sample.login: forbidden: wrong password (403, 1 attempt)");
}

#[test]
fn a_login_that_was_retried_is_not_retried_again() {
    let transport = (0..20).fold(ScriptedTransport::new(), |script, _| script.answer(503, ""));
    let session = builder(&transport, &ManualClock::auto()).authorize(renewing()).build();
    let error = run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap_err();
    assert_eq!((error.op(), error.attempts(), error.is_transient()), (Some("sample.login"), 4, false));
    assert_eq!(transport.requests().len(), 4);
}

#[test]
fn a_login_lasts_no_longer_than_the_call_that_it_serves() {
    let transport = ScriptedTransport::new().hang();
    let clock = ManualClock::new();
    let session = builder(&transport, &clock).authorize(renewing()).build();
    let mut task = Task::new(session.op(&GET).arg("thing", "x").call(decode::empty).timeout(secs(5)));
    assert!(task.poll().is_none());
    clock.advance(secs(5));
    assert_eq!(task.poll().unwrap().unwrap_err().kind(), ErrorKind::Timeout);
}

#[test]
fn a_fixed_header_goes_with_each_attempt_and_is_never_shown() {
    let seen: Shared<Vec<String>> = Shared::default();
    let transport = ScriptedTransport::new().answer(503, "").answer(200, "");
    let key = StaticHeader::new(HeaderName::from_static("x-api-key"), Secret::new("canary"));
    let session = builder(&transport, &ManualClock::auto())
        .authorize(Arc::new(key))
        .observer(Arc::new(Shows(Arc::clone(&seen))))
        .build();
    run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap();
    assert!(transport.requests().iter().all(|request| request.header("x-api-key") == "canary"));
    let seen = seen.lock().unwrap().join("\n");
    assert!(seen.contains("x-api-key") && !seen.contains("canary"), "{seen}");
    assert!(!format!("{session:?}").contains("canary"));
}

/// Shows what is sent in both ways in which logs do.
#[derive(Debug)]
struct Shows(Shared<Vec<String>>);

impl pentad_core::Observer for Shows {
    fn sending(&self, request: &Request, _attempt: u32) {
        let line = pentad_core::curl(request, pentad_core::curl::Reveal::No).unwrap();
        self.0.lock().unwrap().extend([line, format!("{request:?}")]);
    }
}
