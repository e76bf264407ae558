//! The loop: what is sent, how often, and what the error says in the end.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use pentad_core::decode::Decode;
use pentad_core::{ApiDetails, Body, ErrorKind, Limits, Redirect, RetryPolicy, Sent, decode};
use pentad_testkit::{ManualClock, ScriptedTransport, Task, run};

use crate::support::{GET, POST, PULL, builder, refused, reset, secs, session};

#[test]
fn a_call_is_sent_again_until_it_succeeds_and_the_meta_counts() {
    let transport = ScriptedTransport::new().fail(refused()).answer(503, "").answer(200, "7");
    let clock = ManualClock::auto();
    let session = session(&transport, &clock);
    let (value, meta) =
        run(session.op(&GET).arg("thing", "a/b").call(decode::json::<u32>).with_response()).unwrap();
    assert_eq!((value, meta.attempts, meta.status), (7, 3, StatusCode::OK));
    assert_eq!(transport.requests()[0].uri, "http://service.test/api/things/a%2Fb");
    assert_eq!(clock.slept().len(), 2);
    assert_eq!(meta.elapsed, clock.passed());
}

#[test]
fn retry_after_as_a_date_is_kept() {
    let transport = ScriptedTransport::new()
        .answer_with(503, ("retry-after", "Thu, 01 Jan 2026 00:00:09 GMT"), "")
        .answer(200, "1");
    let clock = ManualClock::auto();
    run(session(&transport, &clock).op(&POST).arg("thing", "x").call(decode::empty)).unwrap();
    assert_eq!(clock.slept(), [secs(9)]);
}

#[test]
fn exhausted_error_keeps_the_last_failure_and_is_not_transient() {
    let transport =
        (0..4).fold(ScriptedTransport::new(), |script, _| script.answer(503, "{\"message\":\"busy\"}"));
    let error = run(session(&transport, &ManualClock::auto()).op(&GET).arg("thing", "x").call(decode::empty))
        .unwrap_err();
    assert_eq!(error.to_string(), "sample.get: unavailable: busy (503, 4 attempts)");
    assert!(!error.is_transient());
    assert!(!error.may_have_applied());
}

#[test]
fn without_retry_the_error_stays_transient() {
    let transport = ScriptedTransport::new().answer(503, "");
    let call = session(&transport, &ManualClock::auto()).op(&GET).arg("thing", "x").call(decode::empty);
    let error = run(call.retry(RetryPolicy::none())).unwrap_err();
    assert!(error.is_transient());
    assert_eq!(error.attempts(), 1);
}

#[test]
fn a_wait_beyond_what_is_left_ends_the_call_at_once() {
    let transport = ScriptedTransport::new().answer_with(429, ("retry-after", "90"), "");
    let clock = ManualClock::auto();
    let error = run(session(&transport, &clock).op(&GET).arg("thing", "x").call(decode::empty)).unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(secs(90))));
    assert!(error.hint().is_some_and(|hint| hint.contains("time limit")));
    assert_eq!(clock.passed(), secs(0));
}

#[test]
fn silence_ends_at_the_total_limit_and_may_have_applied() {
    let transport = ScriptedTransport::new().hang();
    let clock = ManualClock::new();
    let mut task = Task::new(
        session(&transport, &clock).op(&POST).arg("thing", "x").call(decode::empty).timeout(secs(5)),
    );
    assert!(task.poll().is_none());
    clock.advance(secs(4));
    assert!(task.poll().is_none());
    clock.advance(secs(1));
    let error = task.poll().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Timeout, Sent::Maybe, 1));
    assert!(error.may_have_applied());
}

#[test]
fn patience_grows_all_limits() {
    let transport = ScriptedTransport::new().answer(200, "");
    let limits = Limits { attempt: Some(secs(10)), ..Limits::default() };
    let session = builder(&transport, &ManualClock::new()).limits(limits).build();
    let call = session.op(&PULL).call(decode::empty);
    let grown = call.request().unwrap().limits;
    assert_eq!((grown.idle, grown.attempt, grown.total), (secs(320), Some(secs(310)), secs(360)));
    assert_eq!(grown.connect, secs(3));
}

#[test]
fn an_attempt_limit_ends_one_attempt_and_the_next_succeeds() {
    let transport = ScriptedTransport::new().hang().answer(200, "1");
    let clock = ManualClock::new().jitter(0.0);
    let limits = Limits { attempt: Some(secs(10)), ..Limits::default() };
    let session = builder(&transport, &clock).limits(limits).build();
    let mut task = Task::new(session.op(&GET).arg("thing", "x").call(decode::json::<u32>));
    assert!(task.poll().is_none());
    clock.advance(secs(10));
    assert_eq!(task.poll().unwrap().unwrap(), 1);
}

#[test]
fn a_one_shot_body_is_never_sent_twice_and_the_error_says_so() {
    let transport = ScriptedTransport::new().answer(429, "").answer(200, "");
    let body = Body::Once(stream::iter([Ok(Bytes::from_static(b"once"))]).boxed(), None);
    let call =
        session(&transport, &ManualClock::auto()).op(&POST).arg("thing", "x").body(body).call(decode::empty);
    let error = run(call).unwrap_err();
    assert_eq!(transport.requests().len(), 1);
    assert_eq!(transport.requests()[0].body, "once");
    assert!(error.hint().is_some_and(|hint| hint.contains("only once")), "{error}");
}

#[test]
fn a_replayable_body_is_sent_whole_each_time() {
    let transport = ScriptedTransport::new().answer(429, "").answer(200, "");
    let source = std::sync::Arc::new(|| stream::iter([Ok(Bytes::from_static(b"again"))]).boxed());
    let call = session(&transport, &ManualClock::auto())
        .op(&POST)
        .arg("thing", "x")
        .body(Body::Replay(source, Some(5)));
    run(call.call(decode::empty)).unwrap();
    assert!(transport.requests().iter().all(|request| request.body == "again"));
}

#[test]
fn conflict_after_a_lost_answer_may_have_applied() {
    let policy = RetryPolicy::default().scope(pentad_core::retry::Scope::Any);
    let transport = ScriptedTransport::new().fail(reset()).answer(409, "");
    let call = session(&transport, &ManualClock::auto()).op(&POST).arg("thing", "x").call(decode::empty);
    let error = run(call.retry(policy.clone())).unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Conflict, true));
    let transport = ScriptedTransport::new().fail(refused()).answer(409, "");
    let call = session(&transport, &ManualClock::auto()).op(&POST).arg("thing", "x").call(decode::empty);
    assert!(!run(call.retry(policy)).unwrap_err().may_have_applied());
}

#[test]
fn reading_never_applies_anything() {
    let transport = (0..4).fold(ScriptedTransport::new(), |script, _| script.fail(reset()));
    let error = run(session(&transport, &ManualClock::auto()).op(&GET).arg("thing", "x").call(decode::empty));
    let error = error.unwrap_err();
    assert_eq!((error.attempts(), error.sent(), error.may_have_applied()), (4, Sent::Maybe, false));
}

#[test]
fn the_budget_is_shared_by_clones_of_a_session() {
    let budget = pentad_core::retry::Budget::default();
    let policy = RetryPolicy::default().budget(Some(budget)).attempts(100);
    let transport = (0..40).fold(ScriptedTransport::new(), |script, _| script.answer(503, ""));
    let session = builder(&transport, &ManualClock::auto().jitter(0.0)).retry(policy).build();
    let error = run(session.clone().op(&GET).arg("thing", "x").call(decode::empty)).unwrap_err();
    assert_eq!(error.attempts(), 11);
    assert!(error.hint().is_some_and(|hint| hint.contains("budget")));
    let other = session.with(|session| session.api(crate::support::V1));
    assert_eq!(run(other.op(&GET).arg("thing", "x").call(decode::empty)).unwrap_err().attempts(), 1);
}

#[test]
fn the_service_decides_kind_and_again() {
    let transport = ScriptedTransport::new().answer(500, "wrong ack").answer(200, "");
    let session = builder(&transport, &ManualClock::auto())
        .details(|_, _, body| {
            Some(ApiDetails::new(String::from_utf8_lossy(body)).kind(ErrorKind::Invalid).again(false))
        })
        .build();
    let error = run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap_err();
    assert_eq!(error.to_string(), "sample.get: invalid: wrong ack (500, 1 attempt)");
}

#[test]
fn a_cut_body_is_read_again_for_an_idempotent_operation() {
    let mut cut = pentad_core::Response::new(StatusCode::OK, "");
    let pieces = [Ok(Bytes::from_static(b"{\"a\"")), Err(reset())];
    cut.body = pentad_core::message::ResponseBody::Stream(stream::iter(pieces).boxed());
    let transport = ScriptedTransport::new().reply(cut).answer(200, "{\"a\":1}");
    let value = run(session(&transport, &ManualClock::auto()).op(&GET).arg("thing", "x").call(decode::value))
        .unwrap();
    assert_eq!(value["a"], 1);
}

#[test]
fn redirects_are_followed_on_the_same_origin_only() {
    let same =
        || ScriptedTransport::new().answer_with(307, ("location", "/api/other?x=1"), "").answer(200, "1");
    let transport = same();
    let session_ = session(&transport, &ManualClock::auto());
    run(session_.op(&GET).arg("thing", "x").query("q", "1").call(decode::empty)).unwrap();
    assert_eq!(transport.requests()[1].uri, "http://service.test/api/other?x=1");
    for elsewhere in ["https://service.test/a", "http://service.test:81/a", "//evil.test/a"] {
        let transport = ScriptedTransport::new().answer_with(302, ("location", elsewhere), "");
        let session = session(&transport, &ManualClock::auto());
        let error = run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap_err();
        assert!(error.message().contains("another origin"), "{error}");
        assert_eq!(transport.requests().len(), 1);
    }
    let transport = same();
    let error =
        run(session(&transport, &ManualClock::auto()).op(&POST).arg("thing", "x").call(decode::empty));
    assert_eq!((error.unwrap_err().status().unwrap().as_u16(), transport.requests().len()), (307, 1));
}

#[test]
fn redirects_can_be_taken_as_the_answer_or_followed_without_credentials() {
    let elsewhere = || {
        ScriptedTransport::new().answer_with(302, ("location", "http://blobs.test/b"), "").answer(200, "1")
    };
    let transport = elsewhere();
    let key =
        pentad_core::auth::StaticHeader::new(http::HeaderName::from_static("x-api-key"), "canary".into());
    let session = builder(&transport, &ManualClock::auto()).authorize(std::sync::Arc::new(key)).build();
    let call = session.op(&GET).arg("thing", "x").header_text(http::header::COOKIE, "canary");
    run(call.redirect(Redirect::AnyWithoutCredentials).call(decode::empty)).unwrap();
    assert_eq!(transport.requests()[0].header("x-api-key"), "canary");
    assert_eq!(transport.requests()[1].uri, "http://blobs.test/b");
    assert!(transport.requests()[1].headers.is_empty());
    let transport = elsewhere();
    let call = crate::support::session(&transport, &ManualClock::auto())
        .op(&GET)
        .arg("thing", "x")
        .redirect(Redirect::Never);
    let (_, meta) = run(call.call(decode::empty).with_response()).unwrap();
    assert_eq!(
        (meta.status.as_u16(), &meta.headers["location"]),
        (302, &http::HeaderValue::from_static("http://blobs.test/b"))
    );
}

#[test]
fn a_loop_of_redirects_ends() {
    let transport = (0..20).fold(ScriptedTransport::new(), |script, _| {
        script.answer_with(302, ("location", "/api/things/x"), "")
    });
    let error = run(session(&transport, &ManualClock::auto()).op(&GET).arg("thing", "x").call(decode::empty))
        .unwrap_err();
    assert!(error.message().contains("too many redirects"), "{error}");
}

#[test]
fn a_streaming_answer_is_handed_over_while_it_arrives() {
    let transport = ScriptedTransport::new().answer(200, "abc");
    let call = session(&transport, &ManualClock::auto())
        .op(&GET)
        .arg("thing", "x")
        .call_with(Decode::Streaming(decode::stream));
    let pieces: Vec<_> = run(async { call.await.unwrap().collect::<Vec<_>>().await });
    assert_eq!(pieces[0].as_ref().unwrap(), "abc");
}
