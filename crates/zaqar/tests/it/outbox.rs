//! Messages one by one with a receipt each.

use std::future::{IntoFuture, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use futures_util::poll;
use http::StatusCode;
use pentad_core::{Body, BoxFuture, ErrorKind, Request, Response, Result, RetryPolicy, Transport};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use pentad_zaqar::{Client, NewMessage, Outbox, Producer, Ttl, Version};
use serde_json::json;

use super::client;

#[test]
fn each_message_of_an_outbox_has_a_receipt_with_its_id_and_one_post_serves_many() {
    let answer = |ids: &[&str]| {
        let paths: Vec<_> = ids.iter().map(|id| format!("/v2/queues/jobs/messages/{id}")).collect();
        json!({ "resources": paths }).to_string()
    };
    let transport = ScriptedTransport::new()
        .answer(201, answer(&["A", "B"]))
        .answer(400, r#"{"title": "Invalid API request", "description": "No."}"#)
        .answer(201, answer(&["E"]));
    let outbox = client(&transport, Version::V2).queue("jobs").outbox(Producer::new().batch_messages(2));
    let receipts: Vec<_> = (0..5).map(|n| run(outbox.send(json!(n))).unwrap()).collect();
    assert_eq!((outbox.waiting(), transport.requests().len()), (5, 0));
    let mut receipts = receipts.into_iter();
    let mut next = || run(receipts.next().unwrap().into_future());
    assert_eq!(next().unwrap(), "A");
    assert_eq!((next().unwrap().as_str(), outbox.waiting()), ("B", 3));
    let (third, fourth) = (next().unwrap_err(), next().unwrap_err());
    assert_eq!((third.kind(), third.message()), (fourth.kind(), fourth.message()));
    assert_eq!(run(outbox.flush()).map_err(|error| error.to_string()), Ok(()));
    assert_eq!(next().unwrap(), "E");
    assert_eq!(transport.requests().len(), 3);
}

/// A service that answers each post with its number when it is told to.
#[derive(Debug, Default, Clone)]
struct Slow(Arc<Mutex<(usize, Option<Waker>, usize)>>);

impl Slow {
    /// Lets one more post be answered.
    fn go(&self) {
        let mut state = self.0.lock().unwrap();
        state.0 += 1;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }

    fn posts(&self) -> usize {
        self.0.lock().unwrap().2
    }

    fn outbox(&self, options: Producer) -> Outbox {
        let builder = Client::new("http://zaqar.test:8888", Version::V2).transport(Arc::new(self.clone()));
        let builder = builder.clock(ManualClock::new().shared()).retry(RetryPolicy::none());
        builder.build().unwrap().queue("jobs").outbox(options)
    }
}

impl Transport for Slow {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        let Body::Bytes(body) = request.body else { panic!("a body of bytes") };
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let ids: Vec<_> =
            body["messages"].as_array().unwrap().iter().map(|m| m["body"].to_string()).collect();
        self.0.lock().unwrap().2 += 1;
        Box::pin(poll_fn(move |cx| {
            let mut state = self.0.lock().unwrap();
            if state.0 == 0 {
                state.1 = Some(cx.waker().clone());
                return Poll::Pending;
            }
            state.0 -= 1;
            let paths: Vec<_> = ids.iter().map(|id| format!("/v2/queues/jobs/messages/{id}")).collect();
            let answer = json!({ "resources": paths }).to_string();
            Poll::Ready(Ok(Response::new(StatusCode::CREATED, answer)))
        }))
    }
}

#[test]
fn a_receipt_that_is_given_up_takes_no_other_message_along() {
    let service = Slow::default();
    let outbox = service.outbox(Producer::new().batch_messages(2));
    let mut receipts = (0..4).map(|n| run(outbox.send(json!(n))).unwrap()).collect::<Vec<_>>().into_iter();
    let mut first = Box::pin(receipts.next().unwrap().into_future());
    let mut second = Box::pin(receipts.next().unwrap().into_future());
    let third = receipts.next().unwrap();
    drop(receipts);
    run(async {
        assert!(poll!(&mut first).is_pending());
        assert!(poll!(&mut second).is_pending());
    });
    drop(first);
    service.go();
    assert_eq!(run(second).unwrap(), "1");
    service.go();
    assert_eq!(run(third.into_future()).unwrap(), "2", "posted together with the one nobody waits for");
    assert_eq!((service.posts(), outbox.waiting()), (2, 0));
}

#[test]
fn an_outbox_takes_no_more_than_its_room_until_something_is_answered() {
    let service = Slow::default();
    let outbox = service.outbox(Producer::new().batch_messages(2).capacity(3));
    let _receipts: Vec<_> = (0..3).map(|n| run(outbox.send(json!(n))).unwrap()).collect();
    let mut fourth = Box::pin(outbox.send(json!(3)));
    run(async { assert!(poll!(&mut fourth).is_pending()) });
    assert_eq!((service.posts(), outbox.waiting()), (1, 1), "to wait for room is to post");
    service.go();
    drop(run(fourth).unwrap());
    let small = service.outbox(Producer::new().capacity_bytes(100));
    let _receipt = run(small.send("x".repeat(60))).unwrap();
    let mut next = Box::pin(small.send("y".repeat(60)));
    run(async { assert!(poll!(&mut next).is_pending()) });
}

#[test]
fn a_message_that_would_be_refused_fails_alone_and_at_once() {
    let service = Slow::default();
    let outbox = service.outbox(Producer::new());
    let refused = |message: NewMessage| run(outbox.send(message)).unwrap_err().kind();
    assert_eq!(refused(NewMessage::new(1).ttl(Ttl::seconds(59))), ErrorKind::Invalid);
    assert_eq!(refused(NewMessage::new("x".repeat(262_144))), ErrorKind::TooLarge);
    let fits = 262_144 - "{\"messages\":[{\"body\":\"\"}]}".len();
    assert!(run(outbox.send("x".repeat(fits))).is_ok());
    assert_eq!(refused(NewMessage::new("x".repeat(fits + 1))), ErrorKind::TooLarge);
    assert_eq!((outbox.waiting(), service.posts()), (1, 0));
}
