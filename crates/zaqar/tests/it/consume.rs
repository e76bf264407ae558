//! Consuming from a service with leases, on a clock that only the test moves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::poll;
use http::header::{HeaderValue, LOCATION};
use http::{Method, StatusCode};
use pentad_core::{BoxFuture, Clock, Feed, Request, Response, Result, RetryPolicy, Transport};
use pentad_testkit::{ManualClock, run};
use pentad_zaqar::{Client, Consume, Delivery, ErrorExt, GiveBack, Ttl, Version};
use serde_json::json;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
struct Stored {
    id: String,
    lease: Option<(String, Duration)>,
}

#[derive(Debug)]
struct State {
    clock: ManualClock,
    messages: Vec<Stored>,
    claims: u64,
    renewals: usize,
    releases: usize,
    asked: usize,
    posted: Vec<String>,
    metadata: String,
    /// Deletions of messages get no answer.
    hangs: bool,
}

/// The queue `jobs` with the lease rules of the service (Zaqar reference 8), and any other queue for posts.
#[derive(Debug, Clone)]
struct Service(Arc<Mutex<State>>);

impl Service {
    fn new(clock: &ManualClock, messages: usize) -> Self {
        let messages = (0..messages).map(|n| Stored { id: format!("m{n}"), lease: None }).collect();
        let (posted, metadata) = (Vec::new(), "{}".to_owned());
        let clock = clock.clone();
        let state = State {
            clock,
            messages,
            claims: 0,
            renewals: 0,
            releases: 0,
            asked: 0,
            posted,
            metadata,
            hangs: false,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn client(&self, clock: &ManualClock) -> Client {
        let builder = Client::new("http://zaqar.test:8888", Version::V2).transport(Arc::new(self.clone()));
        builder.clock(clock.shared()).retry(RetryPolicy::none()).build().unwrap()
    }

    fn feed(&self, clock: &ManualClock, options: Consume) -> Feed<Delivery> {
        self.client(clock).queue("jobs").consume(options.ttl(Ttl::seconds(100)))
    }

    fn hang(&self, hangs: bool) {
        self.0.lock().unwrap().hangs = hangs;
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().messages.len()
    }

    fn claimed(&self) -> usize {
        self.0.lock().unwrap().live().count()
    }

    fn counts(&self) -> (usize, usize) {
        let state = self.0.lock().unwrap();
        (state.renewals, state.releases)
    }
}

impl State {
    fn now(&self) -> Duration {
        self.clock.passed()
    }

    fn live(&self) -> impl Iterator<Item = &Stored> {
        let now = self.now();
        self.messages.iter().filter(move |m| m.lease.as_ref().is_some_and(|(_, ends)| *ends > now))
    }

    fn answer(&mut self, request: &Request) -> (u16, String, Option<String>) {
        let parts: Vec<_> = request.path.trim_start_matches("/v2/queues/").split('/').collect();
        let now = self.now();
        match (&request.method, parts.as_slice()) {
            (&Method::GET, ["jobs"]) => (200, self.metadata.clone(), None),
            (&Method::POST, ["jobs", "claims"]) => self.claim(request, now),
            (&Method::POST, [queue, "messages"]) => {
                self.posted.push((*queue).to_owned());
                (201, json!({"resources": [format!("/v2/queues/{queue}/messages/x")]}).to_string(), None)
            }
            (&Method::PATCH, ["jobs", "claims", claim]) => {
                let mut found = false;
                for message in &mut self.messages {
                    if let Some((id, ends)) = &mut message.lease
                        && id == claim
                        && *ends > now
                    {
                        *ends = now + 100 * SECOND;
                        found = true;
                    }
                }
                self.renewals += usize::from(found);
                (if found { 204 } else { 404 }, String::new(), None)
            }
            (&Method::DELETE, ["jobs", "claims", claim]) => {
                self.releases += 1;
                for message in &mut self.messages {
                    if message.lease.as_ref().is_some_and(|(id, _)| id == claim) {
                        message.lease = None;
                    }
                }
                (204, String::new(), None)
            }
            (&Method::DELETE, ["jobs", "messages", id]) => self.delete(request, id, now),
            other => panic!("unexpected {other:?}"),
        }
    }

    fn claim(&mut self, request: &Request, now: Duration) -> (u16, String, Option<String>) {
        self.asked += 1;
        let limit = request.query.iter().find(|(name, _)| name == "limit").unwrap().1.parse().unwrap();
        self.claims += 1;
        let claim = format!("c{}", self.claims);
        let free = self.messages.iter_mut().filter(|m| m.lease.as_ref().is_none_or(|(_, ends)| *ends <= now));
        let mut got = Vec::new();
        for message in free.take(limit) {
            message.lease = Some((claim.clone(), now + 100 * SECOND));
            let href = format!("/v2/queues/jobs/messages/{}?claim_id={claim}", message.id);
            got.push(json!({"id": message.id, "href": href, "ttl": 3600, "age": 0, "body": message.id}));
        }
        if got.is_empty() {
            return (204, String::new(), None);
        }
        (201, json!({ "messages": got }).to_string(), Some(format!("/v2/queues/jobs/claims/{claim}")))
    }

    fn delete(&mut self, request: &Request, id: &str, now: Duration) -> (u16, String, Option<String>) {
        let claim = &request.query.iter().find(|(name, _)| name == "claim_id").unwrap().1;
        let Some(place) = self.messages.iter().position(|m| m.id == id) else {
            return (204, String::new(), None);
        };
        let (status, why) = match &self.messages[place].lease {
            Some((holder, ends)) if *ends > now && holder == claim => {
                self.messages.remove(place);
                return (204, String::new(), None);
            }
            Some((_, ends)) if *ends > now => {
                (403, "This message is claimed; it cannot be deleted without a valid claim ID.")
            }
            _ => (400, "A claim was specified, but the message is not currently claimed."),
        };
        (status, json!({"title": "Unable to delete", "description": why}).to_string(), None)
    }
}

impl Transport for Service {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        let mut state = self.0.lock().unwrap();
        if state.hangs && request.method == Method::DELETE && request.path.contains("/messages/") {
            return Box::pin(std::future::pending());
        }
        let (status, body, location) = state.answer(&request);
        let mut response = Response::new(StatusCode::from_u16(status).unwrap(), body);
        if let Some(location) = location {
            response.headers.insert(LOCATION, HeaderValue::from_str(&location).unwrap());
        }
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn world(messages: usize) -> (Service, ManualClock) {
    let clock = ManualClock::new();
    (Service::new(&clock, messages), clock)
}

fn next(feed: &mut Feed<Delivery>) -> Delivery {
    run(feed.next()).unwrap().unwrap()
}

/// Waits in vain for the next delivery.
fn vainly(feed: &mut Feed<Delivery>) {
    run(async {
        let asked = Box::pin(feed.next());
        assert!(poll!(asked).is_pending());
    });
}

#[test]
fn acknowledged_messages_are_deleted_by_their_claim_and_nothing_is_left() {
    let (service, clock) = world(25);
    let mut feed = service.feed(&clock, Consume::new());
    for n in 0..25 {
        let delivery = next(&mut feed);
        assert_eq!(delivery.message().id, format!("m{n}"));
        run(delivery.ack()).unwrap();
    }
    assert_eq!(service.left(), 0);
    run(feed.close()).unwrap();
    assert_eq!(service.counts(), (0, 0), "nothing had to be renewed or released");
}

#[test]
fn no_more_is_held_than_the_flow_control_allows() {
    let (service, clock) = world(30);
    let mut feed = service.feed(&clock, Consume::new().max_in_flight(12));
    let mut held: Vec<_> = (0..12).map(|_| next(&mut feed)).collect();
    vainly(&mut feed);
    assert_eq!(service.claimed(), 12);
    run(held.remove(0).ack()).unwrap();
    held.push(next(&mut feed));
    assert_eq!(service.claimed(), 12);
}

#[test]
fn leases_are_renewed_at_half_of_their_life_while_messages_are_in_hand() {
    let (service, clock) = world(1);
    let mut feed = service.feed(&clock, Consume::new().max_in_flight(1));
    let held = next(&mut feed);
    for renewals in 0..5 {
        vainly(&mut feed);
        assert_eq!(service.counts().0, renewals);
        clock.advance(50 * SECOND);
    }
    assert!(held.is_live());
    run(held.ack()).unwrap();
    assert_eq!(service.left(), 0);
}

#[test]
fn a_dropped_or_released_message_is_freed_and_comes_again_after_a_pause() {
    let (service, clock) = world(1);
    let mut feed = service.feed(&clock, Consume::new());
    drop(next(&mut feed));
    vainly(&mut feed);
    assert_eq!((service.counts().1, service.claimed()), (1, 0), "freed, and not claimed at once");
    clock.advance(SECOND);
    let again = next(&mut feed);
    assert_eq!(again.attempt(), 2);
    run(again.release()).unwrap();
    vainly(&mut feed);
    assert_eq!(service.counts().1, 2);
}

#[test]
fn a_released_message_waits_for_the_others_of_its_claim() {
    let (service, clock) = world(2);
    let mut feed = service.feed(&clock, Consume::new());
    let (first, second) = (next(&mut feed), next(&mut feed));
    run(first.release()).unwrap();
    vainly(&mut feed);
    assert_eq!(service.counts().1, 0, "the lease of the second must not go");
    run(second.ack()).unwrap();
    vainly(&mut feed);
    assert_eq!((service.counts().1, service.left(), service.claimed()), (1, 1, 0));
}

#[test]
fn with_a_dead_letter_queue_of_the_service_claims_are_left_to_end() {
    let (service, clock) = world(1);
    service.0.lock().unwrap().metadata =
        r#"{"_dead_letter_queue": "dead", "_max_claim_count": 3}"#.to_owned();
    let mut feed = service.feed(&clock, Consume::new());
    drop(next(&mut feed));
    vainly(&mut feed);
    assert_eq!((service.counts().1, service.claimed()), (0, 1));
    clock.advance(101 * SECOND);
    assert_eq!(next(&mut feed).attempt(), 2);
}

#[test]
fn what_fails_too_often_goes_to_the_dead_letter_queue_of_the_consumer() {
    let (service, clock) = world(1);
    let dead = service.client(&clock).queue("dead");
    let mut feed = service.feed(&clock, Consume::new().dead_letter(dead, 2).give_back(GiveBack::AtOnce));
    run(next(&mut feed).release()).unwrap();
    vainly(&mut feed);
    clock.advance(SECOND);
    run(next(&mut feed).release()).unwrap();
    assert_eq!((service.left(), service.0.lock().unwrap().posted.clone()), (0, vec!["dead".to_owned()]));
}

#[test]
fn a_lost_lease_deletes_nothing_and_hands_nothing_out() {
    let (service, clock) = world(2);
    let mut feed = service.feed(&clock, Consume::new().max_in_flight(2).batch(2));
    let held = next(&mut feed);
    clock.advance(100 * SECOND);
    let error = run(held.ack()).unwrap_err();
    assert!(error.is_claim_lost(), "{error}");
    assert_eq!(service.left(), 2);
    let again = next(&mut feed);
    assert_eq!(again.message().id, "m0", "the one that waited was not handed out under the old lease");
    assert!(again.is_live());
}

#[test]
fn closing_frees_what_was_not_handed_out() {
    let (service, clock) = world(10);
    let mut feed = service.feed(&clock, Consume::new());
    let first = next(&mut feed);
    assert_eq!(service.claimed(), 10);
    run(first.ack()).unwrap();
    run(feed.close()).unwrap();
    assert_eq!((service.claimed(), service.left()), (0, 9));
}

#[test]
fn an_empty_queue_is_asked_less_and_less_often() {
    let (service, clock) = world(0);
    let mut feed = service.feed(&clock, Consume::new());
    for (asked, pause) in (1..).zip([100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
        vainly(&mut feed);
        assert_eq!(service.0.lock().unwrap().asked, asked);
        clock.advance(Duration::from_millis(pause - 1));
        vainly(&mut feed);
        assert_eq!(service.0.lock().unwrap().asked, asked, "too early after {pause} ms");
        clock.advance(Duration::from_millis(1));
    }
}

#[test]
fn a_handler_decides_and_leases_are_renewed_while_it_runs() {
    let (service, clock) = world(3);
    let slow = clock.clone();
    let queue = service.client(&clock).queue("jobs");
    let options = Consume::new().ttl(Ttl::seconds(100)).give_back(GiveBack::AtOnce);
    let mut feed = queue.process(options, 3, move |message| {
        let pause = slow.sleep(80 * SECOND);
        Box::pin(async move {
            pause.await;
            match message.id.as_str() {
                "m1" => Err(pentad_core::Error::invalid("m1", "is broken")),
                _ => Ok(()),
            }
        })
    });
    run(async {
        let mut asked = Box::pin(feed.next());
        assert!(poll!(&mut asked).is_pending());
        clock.advance(50 * SECOND);
        assert!(poll!(&mut asked).is_pending());
    });
    assert!(service.counts().0 >= 1, "renewed while the handlers run");
    clock.advance(30 * SECOND);
    let outcomes: Vec<_> = (0..3).map(|_| run(feed.next()).unwrap().unwrap()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.result.is_ok()).count(), 2);
    assert_eq!(service.left(), 1);
    run(feed.close()).unwrap();
    assert_eq!(service.claimed(), 0);
}

#[test]
fn an_acknowledgement_that_is_given_up_gives_back_its_place_and_its_lease() {
    let (service, clock) = world(2);
    let mut feed = service.feed(&clock, Consume::new().max_in_flight(1).give_back(GiveBack::AtOnce));
    for attempt in 1..4 {
        let held = next(&mut feed);
        assert_eq!((held.message().id.as_str(), held.attempt()), ("m0", attempt));
        service.hang(true);
        {
            let mut ack = Box::pin(held.ack());
            run(async { assert!(poll!(&mut ack).is_pending()) });
        }
        service.hang(false);
        vainly(&mut feed);
        assert_eq!(service.claimed(), 0, "nobody holds it after try {attempt}");
        clock.advance(SECOND);
    }
    run(next(&mut feed).ack()).unwrap();
    assert_eq!(service.left(), 1);
    run(feed.close()).unwrap();
}

#[test]
fn closing_in_the_middle_of_an_acknowledgement_neither_waits_nor_keeps_the_lease() {
    let (service, clock) = world(2);
    let queue = service.client(&clock).queue("jobs");
    let mut feed = queue.process(Consume::new().ttl(Ttl::seconds(100)), 2, |_| Box::pin(async { Ok(()) }));
    service.hang(true);
    run(async {
        let asked = Box::pin(feed.next());
        assert!(poll!(asked).is_pending());
    });
    assert_eq!(service.claimed(), 2);
    run(feed.close()).unwrap();
    assert_eq!((service.claimed(), service.left(), clock.passed()), (0, 2, Duration::ZERO));
}

#[test]
fn what_is_set_aside_is_kept_from_everybody_until_the_feed_ends() {
    let (service, clock) = world(5);
    let mut feed = service.feed(&clock, Consume::new().max_in_flight(2).batch(2));
    for n in 0..5 {
        let delivery = next(&mut feed);
        assert_eq!(delivery.message().id, format!("m{n}"), "it does not count as in flight");
        delivery.set_aside();
    }
    for _ in 0..4 {
        vainly(&mut feed);
        assert_eq!(service.claimed(), 5);
        clock.advance(50 * SECOND);
    }
    assert!(service.counts().0 >= 3, "leases are kept");
    run(feed.close()).unwrap();
    assert_eq!((service.claimed(), service.left()), (0, 5));
}

#[test]
fn a_feed_dropped_within_a_runtime_frees_what_it_held() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (service, clock) = world(10);
    runtime.block_on(async {
        let mut feed = service.feed(&clock, Consume::new().give_back(GiveBack::AtOnce));
        let first = feed.next().await.unwrap().unwrap();
        let second = feed.next().await.unwrap().unwrap();
        drop(feed);
        first.ack().await.unwrap();
        tokio::task::yield_now().await;
        assert_eq!(service.claimed(), 9, "what is in hand is not taken away");
        drop(second);
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    });
    assert_eq!((service.claimed(), service.left()), (0, 9));
}
