//! Feeds that live through outages.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::iter;
use pentad_core::retry::{Outage, Reconnect, Schedule};
use pentad_core::{ApiDetails, Error, ErrorKind, Feed, Result};
use pentad_testkit::{ManualClock, ScriptedTransport, run};

use crate::support::{LIST, Shared, refused, reset, secs, session};

fn policy() -> Reconnect {
    Reconnect::default().schedule(Schedule::Fixed(secs(2))).longest(secs(60))
}

type Script = Vec<Result<Vec<Result<u32>>>>;

/// A feed over connections from a script, and the places from which they went on.
fn feed(script: Script, clock: &ManualClock) -> (Feed<u32>, Shared<Vec<Option<String>>>) {
    let places: Shared<Vec<Option<String>>> = Shared::default();
    let seen = Arc::clone(&places);
    let session = session(&ScriptedTransport::new(), clock);
    let mut script = script.into_iter();
    let feed = Feed::reconnecting(
        &session,
        &LIST,
        session.op(&LIST).request(),
        |thing: &u32| Some(thing.to_string()),
        move |_, place| {
            seen.lock().unwrap().push(place.map(str::to_owned));
            let next = script.next().transpose().map(|items| items.map(|items| iter(items).boxed()));
            Box::pin(std::future::ready(next))
        },
    );
    (feed, places)
}

fn places(of: &Shared<Vec<Option<String>>>) -> Vec<String> {
    of.lock().unwrap().iter().map(|place| place.clone().unwrap_or_default()).collect()
}

#[test]
fn a_broken_stream_goes_on_behind_the_last_thing() {
    let clock = ManualClock::auto();
    let script = vec![Ok(vec![Ok(1), Ok(2), Err(reset())]), Err(refused()), Ok(vec![Ok(3)])];
    let (feed, seen) = feed(script, &clock);
    let things: Vec<_> = run(feed.reconnect(policy()).map(Result::unwrap).collect::<Vec<_>>());
    assert_eq!(things, [1, 2, 3]);
    assert_eq!(places(&seen), ["", "2", "2", "3"]);
    assert_eq!(clock.slept()[..2], [secs(2), secs(2)]);
}

#[test]
fn an_outage_that_lasts_too_long_ends_the_feed() {
    let clock = ManualClock::auto();
    let script = (0..100).map(|_| Err(refused())).collect();
    let (feed, _) = feed(script, &clock);
    let mut feed = feed.reconnect(policy());
    assert_eq!(run(feed.next()).unwrap().unwrap_err().kind(), ErrorKind::Connection);
    assert!(run(feed.next()).is_none());
    assert_eq!(clock.passed(), secs(60));
}

#[test]
fn a_failure_that_time_does_not_heal_ends_the_feed_at_once() {
    let clock = ManualClock::auto();
    let (mut feed, _) = feed(vec![Err(Error::new(ErrorKind::Forbidden, "no"))], &clock);
    assert!(run(feed.next()).unwrap().is_err());
    assert!(clock.slept().is_empty());
}

#[test]
fn things_between_failures_begin_a_new_outage() {
    let clock = ManualClock::auto();
    let script = (0..40).map(|thing| Ok(vec![Ok(thing), Err(reset())])).collect();
    let (feed, _) = feed(script, &clock);
    let things = run(feed.reconnect(policy()).map(Result::unwrap).collect::<Vec<_>>());
    assert_eq!(things.len(), 40);
    assert!(clock.passed() > secs(60));
}

#[test]
fn the_pause_is_what_the_service_asked_for() {
    let mut outage = Outage::new(policy());
    let now = pentad_core::Clock::now(&ManualClock::new());
    let busy = Error::new(ErrorKind::Unavailable, "busy").with_retry_after(secs(7));
    assert_eq!(outage.pause(&busy, now, 0.5), Some(secs(7)));
    let patient = Error::new(ErrorKind::Unavailable, "busy").with_retry_after(secs(61));
    assert_eq!(outage.pause(&patient, now, 0.5), None);
    let last = Error::new(ErrorKind::Unavailable, "x").with_api(ApiDetails::new("final").again(false));
    assert_eq!(outage.pause(&last, now, 0.5), None);
}

#[test]
fn what_is_to_be_done_when_a_feed_is_closed_is_done_once_it_has_begun() {
    let clock = ManualClock::auto();
    for (asked, closed) in [(false, 0), (true, 1)] {
        let (feed, _) = feed(vec![Ok(vec![Ok(1), Ok(2)])], &clock);
        let count: Shared<u32> = Shared::default();
        let counted = Arc::clone(&count);
        let mut feed = feed.on_close(move || {
            *counted.lock().unwrap() += 1;
            Box::pin(std::future::ready(Ok(())))
        });
        if asked {
            assert_eq!(run(feed.next()).unwrap().unwrap(), 1);
        }
        run(feed.close()).unwrap();
        assert_eq!(*count.lock().unwrap(), closed);
    }
}
