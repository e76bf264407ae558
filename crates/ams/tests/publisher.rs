//! The publisher's batches on a clock that only the test moves.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::time::Duration;

use pentad_ams::{Client, Message, Publisher, PublisherOptions};
use pentad_core::ErrorKind;
use pentad_testkit::{ManualClock, ScriptedTransport, Task, run};
use serde_json::{Value, json};

fn publisher(
    transport: &ScriptedTransport,
    clock: &ManualClock,
    options: PublisherOptions,
) -> std::sync::Arc<Publisher> {
    let builder = Client::new("ams.example.org", "DEMO").token("t".to_owned());
    let client = builder.transport(transport.shared()).clock(clock.shared()).build().unwrap();
    std::sync::Arc::new(client.topic("t").publisher(options))
}

fn ids(ids: &[&str]) -> String {
    json!({ "messageIds": ids }).to_string()
}

/// Numbers of messages in the requests so far.
fn sizes(transport: &ScriptedTransport) -> Vec<usize> {
    let size =
        |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap()["messages"].as_array().unwrap().len();
    transport.requests().iter().map(|sent| size(&sent.body)).collect()
}

#[test]
fn a_batch_lingers_for_its_delay_and_then_leaves_with_what_came_meanwhile() {
    let (transport, clock) = (ScriptedTransport::new().answer(200, ids(&["7", "8"])), ManualClock::new());
    let p = publisher(&transport, &clock, PublisherOptions::new().delay(Duration::from_millis(50)));
    let mut first = Task::new(run(p.send("a")).unwrap());
    assert!(first.poll().is_none());
    clock.advance(Duration::from_millis(49));
    let mut second = Task::new(run(p.send("b")).unwrap());
    assert!(first.poll().is_none() && second.poll().is_none());
    assert!(transport.requests().is_empty());
    clock.advance(Duration::from_millis(1));
    assert_eq!(first.poll().unwrap().unwrap(), "7");
    assert_eq!(second.poll().unwrap().unwrap(), "8");
    assert_eq!(sizes(&transport), [2]);
}

#[test]
fn a_batch_that_gets_no_answer_fails_when_its_own_time_is_over() {
    let (transport, clock) = (ScriptedTransport::new().hang(), ManualClock::new());
    let options = PublisherOptions::new().delay(Duration::ZERO).timeout(Duration::from_secs(8));
    let p = publisher(&transport, &clock, options);
    let mut receipt = Task::new(run(p.send("a")).unwrap());
    assert!(receipt.poll().is_none());
    clock.advance(Duration::from_millis(7_999));
    assert!(receipt.poll().is_none());
    clock.advance(Duration::from_millis(1));
    let error = receipt.poll().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.may_have_applied());
}

#[test]
fn a_batch_leaves_when_its_bytes_are_full() {
    let transport = ScriptedTransport::new().answer(200, ids(&["0", "1"])).answer(200, ids(&["2"]));
    let clock = ManualClock::new();
    let message = Message::new(vec![0_u8; 300]);
    let most = message.stored_size() * 2;
    let p = publisher(&transport, &clock, PublisherOptions::new().batch_bytes(most));
    let receipts: Vec<_> = (0..3).map(|_| run(p.send(message.clone())).unwrap()).collect();
    run(p.close()).unwrap();
    let got: Vec<_> = receipts.into_iter().map(|receipt| run(receipt).unwrap()).collect();
    assert_eq!((got, sizes(&transport)), (vec!["0".to_owned(), "1".to_owned(), "2".to_owned()], vec![2, 1]));
}

#[test]
fn sending_waits_while_too_many_bytes_wait_and_goes_on_with_the_answer() {
    let (transport, clock) = (ScriptedTransport::new().hang(), ManualClock::new());
    let message = Message::new(vec![0_u8; 300]);
    let options = PublisherOptions::new().capacity_bytes(message.stored_size() + 1);
    let p = publisher(&transport, &clock, options);
    let _first = run(p.send(message.clone())).unwrap();
    let waiting = std::sync::Arc::clone(&p);
    let mut second = Task::new(async move { waiting.send(message).await.map(drop) });
    assert!(second.poll().is_none(), "the first is still on its way");
    assert_eq!((p.waiting(), sizes(&transport)), (1, vec![1]));
}

#[test]
fn a_failed_batch_tells_each_of_its_messages_and_the_next_one_is_sent() {
    let forbidden = json!({"error": {"code": 403, "message": "no", "status": "FORBIDDEN"}}).to_string();
    let transport = ScriptedTransport::new().answer(403, forbidden).answer(200, ids(&["0"]));
    let clock = ManualClock::new();
    let p = publisher(&transport, &clock, PublisherOptions::new().batch_messages(2));
    let receipts: Vec<_> = ["a", "b", "c"].map(|text| run(p.send(text)).unwrap()).into();
    let error = run(p.close()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.hint().unwrap().starts_with("2 messages"));
    let fates: Vec<_> = receipts.into_iter().map(|receipt| run(receipt).map_err(|e| e.kind())).collect();
    assert_eq!(fates, [Err(ErrorKind::Forbidden), Err(ErrorKind::Forbidden), Ok("0".to_owned())]);
}

#[test]
fn too_few_identifiers_are_an_error_for_every_message_that_may_have_been_stored() {
    let (transport, clock) = (ScriptedTransport::new().answer(200, ids(&["0"])), ManualClock::new());
    let p = publisher(&transport, &clock, PublisherOptions::new());
    let receipts: Vec<_> = ["a", "b"].map(|text| run(p.send(text)).unwrap()).into();
    run(p.flush()).unwrap_err();
    for receipt in receipts {
        let error = run(receipt).unwrap_err();
        assert!(error.kind() == ErrorKind::Decode && error.may_have_applied());
    }
}

#[test]
fn a_message_that_the_service_would_refuse_is_refused_alone() {
    let (transport, clock) = (ScriptedTransport::new().answer(200, ids(&["0"])), ManualClock::new());
    let p = publisher(&transport, &clock, PublisherOptions::new());
    let good = run(p.send("a")).unwrap();
    assert_eq!(run(p.send(Message::default())).unwrap_err().kind(), ErrorKind::Invalid);
    run(p.close()).unwrap();
    assert_eq!(run(good).unwrap(), "0");
}
