//! Consuming from a service with one window per subscription, on a clock that only the test moves.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

#[path = "consume/service.rs"]
mod service;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::poll;
use pentad_ams::{Consume, Delivery};
use pentad_core::{ErrorKind, Feed};
use pentad_testkit::{ManualClock, Task, run};

use self::service::Service;

const SECOND: Duration = Duration::from_secs(1);

fn world(messages: i64) -> (Service, ManualClock) {
    let clock = ManualClock::new();
    (Service::new(&clock, messages), clock)
}

fn feed(service: &Service, clock: &ManualClock, options: Consume) -> Feed<Delivery> {
    service.client(clock).subscription("s").consume(options.ack_deadline(30 * SECOND))
}

fn next(feed: &mut Feed<Delivery>) -> Delivery {
    run(feed.next()).unwrap().unwrap()
}

/// Waits in vain for the next delivery, and gives the feed back.
fn vainly(mut feed: Feed<Delivery>) -> Feed<Delivery> {
    run(async {
        let asked = Box::pin(feed.next());
        assert!(poll!(asked).is_pending());
    });
    feed
}

#[test]
fn an_empty_topic_is_asked_less_and_less_often_and_never_in_a_loop() {
    let (service, clock) = world(0);
    let mut feed = feed(&service, &clock, Consume::new());
    let mut task = Task::new(async move { feed.next().await.unwrap().unwrap().offset() });
    assert!(task.poll().is_none());
    for (pulls, pause) in (1..).zip([100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
        assert_eq!(service.pulls().len(), pulls);
        clock.advance(Duration::from_millis(pause - 1));
        assert!(task.poll().is_none());
        assert_eq!(service.pulls().len(), pulls, "too early after {pause} ms");
        clock.advance(Duration::from_millis(1));
        assert!(task.poll().is_none());
    }
    service.publish(1);
    clock.advance(5 * SECOND);
    assert_eq!(task.poll(), Some(0));
}

#[test]
fn a_message_ends_the_long_pauses() {
    let (service, clock) = world(0);
    let mut feed = feed(&service, &clock, Consume::new());
    for pause in [100, 200, 400, 800] {
        feed = vainly(feed);
        clock.advance(Duration::from_millis(pause));
    }
    service.publish(1);
    run(next(&mut feed).ack()).unwrap();
    let before = service.pulls().len();
    feed = vainly(feed);
    clock.advance(Duration::from_millis(100));
    drop(vainly(feed));
    assert_eq!(service.pulls().len(), before + 2, "the first pause is short again");
}

#[test]
fn a_held_window_is_pulled_again_before_its_deadline_and_then_acknowledged_in_time() {
    let (service, clock) = world(2);
    let mut feed = feed(&service, &clock, Consume::new().max_in_flight(2));
    let held = [next(&mut feed), next(&mut feed)];
    feed = vainly(feed);
    clock.advance(19 * SECOND);
    feed = vainly(feed);
    assert_eq!(service.pulls(), [2]);
    clock.advance(SECOND);
    feed = vainly(feed);
    assert_eq!(service.pulls(), [2, 2], "the same count, so that the window does not shrink");
    clock.advance(15 * SECOND);
    for delivery in held {
        run(delivery.ack()).unwrap();
    }
    assert_eq!((service.position(), service.refused()), (2, 0));
    drop(feed);
}

#[test]
fn nobody_asking_costs_one_more_pull_per_late_acknowledgement_and_no_message() {
    let (service, clock) = world(2);
    let mut feed = feed(&service, &clock, Consume::new());
    let held = [next(&mut feed), next(&mut feed)];
    clock.advance(300 * SECOND);
    for delivery in held {
        run(delivery.ack()).unwrap();
    }
    assert_eq!((service.position(), service.refused(), service.pulls().len()), (2, 0, 3));
}

#[test]
fn acknowledgements_in_any_order_are_one_request_for_the_finished_prefix() {
    let (service, clock) = world(4);
    let mut feed = feed(&service, &clock, Consume::new());
    let mut held: Vec<_> = (0..4).map(|_| next(&mut feed)).collect();
    let last = held.pop().unwrap();
    for delivery in held.into_iter().rev() {
        run(delivery.ack()).unwrap();
    }
    assert!(service.acks().is_empty(), "the last one is still open");
    run(last.ack()).unwrap();
    assert_eq!(service.acks(), [3]);
}

#[test]
fn a_prefix_is_acknowledged_before_the_next_pull_and_the_rest_is_not_handed_out_again() {
    let (service, clock) = world(3);
    let mut feed = feed(&service, &clock, Consume::new().batch(3));
    let (a, b, c) = (next(&mut feed), next(&mut feed), next(&mut feed));
    run(a.ack()).unwrap();
    run(c.ack()).unwrap();
    service.publish(1);
    assert_eq!(next(&mut feed).offset(), 3);
    assert_eq!((service.acks(), service.position()), (vec![0], 1));
    run(b.ack_now()).unwrap();
    assert_eq!(service.position(), 3, "what was finished behind the gap follows at once");
}

#[test]
fn attempts_are_counted_per_offset() {
    let (service, clock) = world(2);
    let mut feed = feed(&service, &clock, Consume::new());
    let (first, second) = (next(&mut feed), next(&mut feed));
    run(second.ack()).unwrap();
    run(first.release()).unwrap();
    for attempt in 2..5 {
        feed = vainly(feed);
        clock.advance(SECOND);
        let again = next(&mut feed);
        assert_eq!((again.offset(), again.attempt()), (0, attempt));
        run(again.release()).unwrap();
    }
}

#[test]
fn a_message_released_too_often_goes_to_the_dead_letters_and_is_finished() {
    let (service, clock) = world(1);
    let letters = service.client(&clock).topic("letters");
    let mut feed = feed(&service, &clock, Consume::new().dead_letter(letters, 2));
    run(next(&mut feed).release()).unwrap();
    clock.advance(SECOND);
    run(next(&mut feed).release()).unwrap();
    let letter = service.published();
    assert_eq!(letter[0]["attributes"]["pentad-offset"], "0");
    assert_eq!(letter[0]["attributes"]["pentad-attempts"], "2");
    assert_eq!(letter[0]["attributes"]["pentad-subscription"], "s");
    assert_eq!((letter.len(), service.position()), (1, 1));
}

#[test]
fn a_dead_letter_that_cannot_be_published_keeps_the_message() {
    let (service, clock) = world(1);
    let letters = service.client(&clock).topic("letters");
    let mut feed = feed(&service, &clock, Consume::new().dead_letter(letters, 1));
    service.refuse_publish();
    assert_eq!(run(next(&mut feed).release()).unwrap_err().kind(), ErrorKind::Forbidden);
    clock.advance(SECOND);
    assert_eq!((next(&mut feed).offset(), service.position()), (0, 0));
}

/// Begins something whose request gets no answer, and gives it up.
fn given_up(service: &Service, verb: &'static str, work: impl Future<Output = pentad_core::Result<()>>) {
    service.hang(Some(verb));
    {
        let mut work = Box::pin(work);
        run(async { assert!(poll!(&mut work).is_pending()) });
    }
    service.hang(None);
}

#[test]
fn an_acknowledgement_that_is_given_up_holds_nothing_up() {
    let (service, clock) = world(4);
    let mut feed = feed(&service, &clock, Consume::new().batch(2).max_in_flight(2).commit_each(true));
    given_up(&service, ":acknowledge", next(&mut feed).ack());
    for offset in 1..4 {
        let delivery = next(&mut feed);
        assert_eq!(delivery.offset(), offset);
        run(delivery.ack()).unwrap();
    }
    run(feed.close()).unwrap();
    assert_eq!(service.position(), 4);
}

#[test]
fn a_release_that_is_given_up_makes_the_message_come_again() {
    let (service, clock) = world(2);
    let letters = service.client(&clock).topic("letters");
    let mut feed = feed(&service, &clock, Consume::new().dead_letter(letters, 1).max_in_flight(1));
    given_up(&service, ":publish", next(&mut feed).release());
    clock.advance(SECOND);
    let again = next(&mut feed);
    assert_eq!((again.offset(), again.attempt()), (0, 2));
    run(again.ack()).unwrap();
    assert_eq!(next(&mut feed).offset(), 1);
}

#[test]
fn what_is_set_aside_is_passed_over_and_comes_again_after_the_end() {
    let (service, clock) = world(6);
    let mut first = feed(&service, &clock, Consume::new().batch(2).max_in_flight(2));
    for offset in 0..6 {
        let delivery = next(&mut first);
        assert_eq!(delivery.offset(), offset);
        match offset {
            0 | 1 | 5 => run(delivery.ack()).unwrap(),
            _ => delivery.set_aside(),
        }
    }
    let first = vainly(first);
    assert_eq!(service.position(), 2, "what is finished before it is committed");
    run(first.close()).unwrap();
    assert_eq!(next(&mut feed(&service, &clock, Consume::new())).offset(), 2);
}

#[test]
fn another_consumer_seeking_back_makes_its_messages_come_again() {
    let (service, clock) = world(3);
    let mut feed = feed(&service, &clock, Consume::new());
    for _ in 0..3 {
        run(next(&mut feed).ack()).unwrap();
    }
    service.seek(1);
    let again: Vec<_> = (0..2).map(|_| next(&mut feed)).collect();
    assert_eq!(again.iter().map(Delivery::offset).collect::<Vec<_>>(), [1, 2]);
    for delivery in again {
        run(delivery.ack()).unwrap();
    }
    assert_eq!(service.position(), 3);
}

#[test]
fn another_consumer_seeking_back_does_not_repeat_what_is_in_hand() {
    let (service, clock) = world(6);
    service.seek(3);
    let mut feed = feed(&service, &clock, Consume::new().batch(3));
    let held: Vec<_> = (0..3).map(|_| next(&mut feed)).collect();
    service.seek(2);
    let earlier = next(&mut feed);
    assert_eq!(earlier.offset(), 2);
    feed = vainly(feed);
    for delivery in held {
        run(delivery.ack()).unwrap();
    }
    run(earlier.ack()).unwrap();
    assert_eq!(service.position(), 6);
    drop(feed);
}

#[test]
fn another_consumer_seeking_forward_ends_what_is_in_hand_without_an_error() {
    let (service, clock) = world(12);
    let mut feed = feed(&service, &clock, Consume::new().batch(2));
    let held = [next(&mut feed), next(&mut feed)];
    service.seek(10);
    assert_eq!(next(&mut feed).offset(), 10);
    for delivery in held {
        run(delivery.ack()).unwrap();
    }
    assert_eq!((service.position(), service.acks()), (10, Vec::new()));
}

#[test]
fn another_consumer_replacing_the_window_is_healed_by_a_new_pull() {
    let (service, clock) = world(3);
    let mut feed = feed(&service, &clock, Consume::new());
    let held: Vec<_> = (0..3).map(|_| next(&mut feed)).collect();
    service.shrink_window();
    for delivery in held {
        run(delivery.ack()).unwrap();
    }
    assert_eq!((service.position(), service.refused()), (3, 1));
}

#[test]
fn the_end_waits_for_work_in_flight_and_commits_it() {
    let (service, clock) = world(2);
    let mut feed = feed(&service, &clock, Consume::new());
    let (first, second) = (next(&mut feed), next(&mut feed));
    run(first.ack()).unwrap();
    let mut closing = Task::new(async move { feed.close().await });
    assert!(closing.poll().is_none());
    run(second.ack()).unwrap();
    closing.poll().unwrap().unwrap();
    assert_eq!((service.position(), service.acks()), (2, vec![1]));
}

#[test]
fn the_end_does_not_wait_for_ever_and_commits_what_was_finished() {
    let (service, clock) = world(3);
    let mut feed = feed(&service, &clock, Consume::new().drain(5 * SECOND));
    let (first, second, third) = (next(&mut feed), next(&mut feed), next(&mut feed));
    run(first.ack()).unwrap();
    run(third.ack()).unwrap();
    let mut closing = Task::new(async move { feed.close().await });
    assert!(closing.poll().is_none());
    clock.advance(5 * SECOND);
    closing.poll().unwrap().unwrap();
    assert_eq!(service.position(), 1);
    drop(second);
}

#[test]
fn asking_may_be_interrupted_at_any_time_and_the_end_still_commits() {
    let (service, clock) = world(1);
    let mut feed = feed(&service, &clock, Consume::new());
    let delivery = next(&mut feed);
    // As after an interrupt: the waiting future is dropped, then the feed is closed.
    let feed = vainly(feed);
    let mut closing = Task::new(async move { feed.close().await });
    assert!(closing.poll().is_none());
    run(delivery.ack()).unwrap();
    closing.poll().unwrap().unwrap();
    assert_eq!(service.position(), 1);
}

/// A small generator of the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[test]
fn whatever_happens_no_offset_is_handed_out_while_it_is_held_and_all_are_finished_in_the_end() {
    for seed in 0..60 {
        let (service, clock) = world(5);
        let mut dice = Dice(seed);
        let mut feed = feed(&service, &clock, Consume::new().batch(4).max_in_flight(8));
        let mut held: BTreeMap<i64, Delivery> = BTreeMap::new();
        for _ in 0..120 {
            match dice.roll(10) {
                0 | 1 => service.publish(1 + i64::try_from(dice.roll(4)).unwrap()),
                2 => clock.advance(SECOND * u32::try_from(dice.roll(40)).unwrap()),
                3 => service.shrink_window(),
                4 => service.seek(service.position().saturating_sub(1).max(0)),
                5..=7 => {
                    let mut asked = Box::pin(feed.next());
                    let got = run(async { poll!(asked.as_mut()) });
                    drop(asked);
                    if let std::task::Poll::Ready(item) = got {
                        let delivery = item.unwrap().unwrap();
                        let offset = delivery.offset();
                        assert!(held.insert(offset, delivery).is_none(), "seed {seed}: {offset} twice");
                    }
                }
                _ if held.is_empty() => {}
                roll => {
                    let place = dice.roll(held.len());
                    let key = *held.keys().nth(place).unwrap();
                    let delivery = held.remove(&key).unwrap();
                    if roll == 8 { run(delivery.ack()).unwrap() } else { run(delivery.release()).unwrap() }
                }
            }
        }
        for delivery in std::mem::take(&mut held).into_values() {
            run(delivery.ack()).unwrap();
        }
        // The rest, one after the other; released ones come after their pause.
        while service.position() < service.end() {
            clock.advance(6 * SECOND);
            run(next(&mut feed).ack_now()).unwrap();
        }
        let mut closing = Task::new(async move { feed.close().await });
        closing.poll().unwrap().unwrap();
        assert_eq!(service.position(), service.end(), "seed {seed}");
    }
}
