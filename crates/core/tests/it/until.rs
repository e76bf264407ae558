//! Waiting for remote states.

use std::time::Duration;

use pentad_core::retry::{Reconnect, Schedule};
use pentad_core::work::{Event, Observed, Polling, Until};
use pentad_core::{Error, ErrorKind, Session, Work, decode};
use pentad_testkit::{ManualClock, ScriptedTransport, Task, run};

use crate::support::{GET, refused, secs, session};

fn wait(session: &Session, polling: Polling) -> Work<&'static str> {
    let inner = session.clone();
    let look = move || inner.op(&GET).arg("thing", "x").call(decode::json::<String>);
    Work::until(session, &GET, polling, look, |seen| match seen {
        Observed::There(state) if state == "ACTIVE" => Until::Done("there"),
        Observed::There(state) if state == "ERROR" => {
            Until::Never(Error::new(ErrorKind::Failed, "the thing is in state ERROR"))
        }
        Observed::There(state) if state == "LATER" => Until::After(secs(20), Event::new(state)),
        Observed::There(state) => Until::Again(Event::new(state)),
        Observed::Gone => Until::Done("gone"),
    })
}

fn growing() -> Polling {
    let schedule = Schedule::Exponential { first: secs(1), factor: 2.0, cap: secs(3), jitter: false };
    Polling::default().schedule(schedule)
}

#[test]
fn looks_come_after_a_delay_and_growing_pauses_up_to_a_cap() {
    let transport = (0..4).fold(ScriptedTransport::new(), |script, _| script.answer(200, "\"BUILD\""));
    let transport = transport.answer(200, "\"ACTIVE\"");
    let clock = ManualClock::auto();
    assert_eq!(run(wait(&session(&transport, &clock), growing().delay(secs(5)))).unwrap(), "there");
    assert_eq!(clock.slept(), [5, 1, 2, 3, 3].map(secs));
}

#[test]
fn each_new_state_is_told_once() {
    let transport = ScriptedTransport::new()
        .answer(200, "\"NEW\"")
        .answer(200, "\"BUILD\"")
        .answer(200, "\"BUILD\"")
        .answer(200, "\"ACTIVE\"");
    let mut progress = wait(&session(&transport, &ManualClock::auto()), growing()).progress();
    let mut steps = Vec::new();
    while let Some(event) = run(progress.next()) {
        steps.push(event.step.into_owned());
    }
    assert_eq!(steps, ["NEW", "BUILD"]);
    assert_eq!(run(progress.finish()).unwrap(), "there");
}

#[test]
fn a_state_that_cannot_lead_to_the_goal_ends_the_wait() {
    let transport = ScriptedTransport::new().answer(200, "\"BUILD\"").answer(200, "\"ERROR\"");
    let error = run(wait(&session(&transport, &ManualClock::auto()), growing())).unwrap_err();
    assert_eq!(error.to_string(), "sample.get: failed: the thing is in state ERROR");
}

#[test]
fn what_is_gone_is_an_observation() {
    let transport = ScriptedTransport::new().answer(200, "\"BUILD\"").answer(404, "");
    assert_eq!(run(wait(&session(&transport, &ManualClock::auto()), growing())).unwrap(), "gone");
}

#[test]
fn the_service_may_say_when_to_look_again() {
    let transport = ScriptedTransport::new().answer(200, "\"LATER\"").answer(200, "\"ACTIVE\"");
    let clock = ManualClock::auto();
    run(wait(&session(&transport, &clock), growing())).unwrap();
    assert_eq!(clock.slept(), [secs(20)]);
}

#[test]
fn a_wait_without_time_for_another_look_ends_with_the_last_state() {
    let transport = (0..9).fold(ScriptedTransport::new(), |script, _| script.answer(200, "\"BUILD\""));
    let clock = ManualClock::auto();
    let polling = Polling::every(secs(10)).limit(Some(secs(25)));
    let error = run(wait(&session(&transport, &clock), polling)).unwrap_err();
    assert_eq!((error.kind(), transport.requests().len()), (ErrorKind::Timeout, 3));
    assert!(error.message().ends_with("last state: BUILD"), "{error}");
    assert_eq!(clock.passed(), secs(20));
}

#[test]
fn a_look_that_hangs_ends_with_the_limit() {
    let transport = ScriptedTransport::new().hang();
    let clock = ManualClock::new();
    let mut task = Task::new(wait(&session(&transport, &clock), Polling::default().limit(Some(secs(9)))));
    assert!(task.poll().is_none());
    clock.advance(secs(9));
    assert_eq!(task.poll().unwrap().unwrap_err().kind(), ErrorKind::Timeout);
}

#[test]
fn an_outage_is_waited_out_and_one_that_lasts_is_handed_on() {
    let down = |script: ScriptedTransport| (0..4).fold(script, |script, _| script.fail(refused()));
    let transport = down(ScriptedTransport::new().answer(200, "\"BUILD\"")).answer(200, "\"ACTIVE\"");
    let session = session(&transport, &ManualClock::auto());
    assert_eq!(run(wait(&session, growing())).unwrap(), "there");

    let transport = down(ScriptedTransport::new());
    let session = crate::support::session(&transport, &ManualClock::auto());
    let error = run(wait(&session, growing().reconnect(Reconnect::never()))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
}

#[test]
fn other_failures_end_the_wait_at_once() {
    let transport = ScriptedTransport::new().answer(403, "");
    let error = run(wait(&session(&transport, &ManualClock::auto()), growing())).unwrap_err();
    assert_eq!((error.kind(), transport.requests().len()), (ErrorKind::Forbidden, 1));
}

#[test]
fn a_wait_without_limit_goes_on() {
    let transport = (0..50).fold(ScriptedTransport::new(), |script, _| script.answer(200, "\"BUILD\""));
    let transport = transport.answer(200, "\"ACTIVE\"");
    let polling = Polling::every(Duration::from_secs(30)).limit(None);
    assert_eq!(run(wait(&session(&transport, &ManualClock::auto()), polling)).unwrap(), "there");
}
