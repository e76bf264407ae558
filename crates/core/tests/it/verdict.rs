//! The truth table of retry, row by row.

use std::time::Duration;

use http::StatusCode;
use pentad_core::retry::{History, Networks, RetryPolicy, Schedule, Scope, Stop, Verdict};
use pentad_core::{ApiDetails, Error, ErrorKind, Op, Sent};

use crate::support::{GET, POST, secs};

const FRESH: History = History {
    attempts: 1,
    connects: 0,
    answers: 0,
    remaining: Duration::from_secs(60),
    affordable: true,
    replayable: true,
};

fn failed(kind: ErrorKind, sent: Sent) -> Error {
    Error::new(kind, "x").with_sent(sent)
}

fn answered(status: u16) -> Error {
    Error::new(ErrorKind::Unexpected, "x").with_status(StatusCode::from_u16(status).unwrap())
}

fn again(op: &Op, error: &Error) -> bool {
    matches!(RetryPolicy::default().verdict(op, FRESH, error, 0.5), Verdict::Again(_))
}

#[test]
fn never_sent_is_sent_again_whatever_the_operation() {
    for kind in [ErrorKind::Connection, ErrorKind::Timeout] {
        assert!(again(&GET, &failed(kind, Sent::No)));
        assert!(again(&POST, &failed(kind, Sent::No)));
    }
}

#[test]
fn maybe_sent_is_sent_again_only_if_idempotent() {
    for kind in [ErrorKind::Connection, ErrorKind::Timeout] {
        assert!(again(&GET, &failed(kind, Sent::Maybe)));
        assert!(!again(&POST, &failed(kind, Sent::Maybe)));
    }
}

#[test]
fn throttled_is_sent_again_after_the_pause_that_was_asked_for() {
    for error in [answered(429).with_retry_after(secs(7)), answered(503).with_retry_after(secs(7))] {
        for op in [&GET, &POST] {
            assert_eq!(RetryPolicy::default().verdict(op, FRESH, &error, 0.5), Verdict::Again(secs(7)));
        }
    }
    assert!(again(&POST, &answered(429)));
    assert!(!again(&POST, &answered(503)));
}

#[test]
fn server_faults_are_sent_again_only_if_idempotent() {
    for status in [408, 500, 502, 503, 504] {
        assert!(again(&GET, &answered(status)), "{status}");
        assert!(!again(&POST, &answered(status)), "{status}");
    }
}

#[test]
fn other_answers_are_final() {
    for status in [304, 400, 401, 403, 404, 405, 409, 412, 413, 422, 501, 505] {
        assert!(!again(&GET, &answered(status)), "{status}");
    }
}

#[test]
fn decoding_certificates_and_settings_are_final() {
    for (kind, sent) in
        [(ErrorKind::Decode, Sent::Answered), (ErrorKind::Config, Sent::No), (ErrorKind::Invalid, Sent::No)]
    {
        assert!(!again(&GET, &failed(kind, sent)));
    }
}

#[test]
fn the_services_own_word_replaces_the_table() {
    assert!(!again(&GET, &answered(500).with_api(ApiDetails::new("wrong ack").again(false))));
    assert!(again(&POST, &answered(409).with_api(ApiDetails::new("try again").again(true))));
}

#[test]
fn attempts_budget_deadline_and_one_shot_bodies_stop() {
    let policy = RetryPolicy::default();
    let stop = |past: History, error: &Error| policy.verdict(&GET, past, error, 1.0);
    let busy = answered(503);
    assert_eq!(stop(History { attempts: 4, ..FRESH }, &busy), Verdict::Stop(Stop::Attempts));
    assert_eq!(stop(History { affordable: false, ..FRESH }, &busy), Verdict::Stop(Stop::Budget));
    assert_eq!(stop(History { replayable: false, ..FRESH }, &busy), Verdict::Stop(Stop::OneShot));
    let asked = answered(503).with_retry_after(secs(60));
    assert_eq!(stop(FRESH, &asked), Verdict::Stop(Stop::Deadline));
    assert_eq!(stop(FRESH, &answered(404)), Verdict::Stop(Stop::Final));
}

#[test]
fn pauses_grow_to_the_cap_with_full_jitter() {
    let policy = RetryPolicy::default().attempts(100);
    let pause = |attempts, jitter| {
        let past = History { attempts, remaining: secs(1000), ..FRESH };
        match policy.verdict(&GET, past, &answered(500), jitter) {
            Verdict::Again(pause) => pause.as_millis(),
            Verdict::Stop(stop) => panic!("{stop:?}"),
        }
    };
    assert_eq!([pause(1, 1.0), pause(2, 1.0), pause(3, 1.0)], [200, 400, 800]);
    assert_eq!([pause(1, 0.0), pause(1, 0.5), pause(50, 1.0)], [0, 100, 20_000]);
}

#[test]
fn knobs_of_other_clients_are_presets() {
    let fixed = RetryPolicy {
        scope: Scope::Any,
        connects: Some(2),
        answers: Some(1),
        networks: Networks { unsent: true, reset: false, timeout: false },
        immediate: true,
        ..RetryPolicy::fixed(9, secs(3)).statuses(&[418][..])
    };
    let verdict = |past, error: &Error| fixed.verdict(&POST, past, error, 0.9);
    assert_eq!(verdict(FRESH, &answered(418)), Verdict::Again(Duration::ZERO));
    assert_eq!(verdict(History { attempts: 2, ..FRESH }, &answered(418)), Verdict::Again(secs(3)));
    assert_eq!(verdict(History { answers: 1, ..FRESH }, &answered(418)), Verdict::Stop(Stop::Attempts));
    let refused = failed(ErrorKind::Connection, Sent::No);
    assert_eq!(verdict(History { connects: 2, ..FRESH }, &refused), Verdict::Stop(Stop::Attempts));
    assert_eq!(verdict(FRESH, &failed(ErrorKind::Connection, Sent::Maybe)), Verdict::Stop(Stop::Final));
    assert_eq!(verdict(FRESH, &answered(500)), Verdict::Stop(Stop::Final));
    let plain = Schedule::Exponential { first: secs(1), factor: 3.0, cap: secs(5), jitter: false };
    assert_eq!([plain.pause(0, 0.1), plain.pause(1, 0.1), plain.pause(2, 0.1)], [secs(1), secs(3), secs(5)]);
}
