//! Consuming and publishing against scripted answers, on a clock that moves by itself.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use pentad_ams::{Client, Consume, Message, PublisherOptions};
use pentad_core::retry::Reconnect;
use pentad_core::{Error, ErrorKind, Sent};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::{Value, json};
use std::time::Duration;

fn client(transport: &ScriptedTransport) -> Client {
    let builder = Client::new("ams.example.org", "DEMO").token("t".to_owned());
    builder.transport(transport.shared()).clock(ManualClock::auto().shared()).build().unwrap()
}

fn pulled(offsets: std::ops::Range<i64>) -> String {
    let one = |offset: i64| {
        json!({"ackId": format!("projects/DEMO/subscriptions/s:{offset}"),
               "message": {"messageId": offset.to_string(), "data": "eA==", "publishTime": "2024-05-06T07:08:09Z"}})
    };
    json!({"receivedMessages": offsets.map(one).collect::<Vec<_>>()}).to_string()
}

fn failure(code: u16, message: &str) -> String {
    json!({"error": {"code": code, "message": message, "status": "X"}}).to_string()
}

fn refused() -> Error {
    Error::new(ErrorKind::Connection, "connection refused").with_sent(Sent::No)
}

fn bodies(transport: &ScriptedTransport) -> Vec<Value> {
    transport
        .requests()
        .iter()
        .map(|sent| serde_json::from_slice(&sent.body).unwrap_or(Value::Null))
        .collect()
}

fn options() -> Consume {
    Consume::new().batch(3).ack_deadline(Duration::from_secs(600))
}

#[test]
fn a_finished_batch_is_acknowledged_by_its_highest_offset_in_one_request() {
    let transport = ScriptedTransport::new().answer(200, pulled(0..3)).answer(200, "{}");
    let mut feed = client(&transport).subscription("s").consume(options());
    for offset in 0..3 {
        let delivery = run(feed.next()).unwrap().unwrap();
        assert_eq!((delivery.offset(), delivery.attempt()), (offset, 1));
        run(delivery.ack()).unwrap();
    }
    run(feed.close()).unwrap();
    let sent = bodies(&transport);
    assert_eq!(sent[0]["maxMessages"], "3");
    assert_eq!(sent[1]["ackIds"], json!(["projects/DEMO/subscriptions/s:2"]));
    assert_eq!(sent.len(), 2);
}

#[test]
fn an_offset_in_hand_is_never_handed_out_again() {
    let transport = ScriptedTransport::new().answer(200, pulled(0..2)).answer(200, pulled(0..4));
    let mut feed = client(&transport).subscription("s").consume(options());
    let held: Vec<_> = (0..4).map(|_| run(feed.next()).unwrap().unwrap()).collect();
    assert_eq!(held.iter().map(pentad_ams::Delivery::offset).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(bodies(&transport)[1]["maxMessages"], "5");
}

#[test]
fn a_late_acknowledgement_is_repeated_after_a_pull_of_all_that_is_held() {
    let transport = ScriptedTransport::new()
        .answer(200, pulled(0..1))
        .answer(408, failure(408, "ack timeout"))
        .answer(200, pulled(0..1))
        .answer(200, "{}");
    let mut feed = client(&transport).subscription("s").consume(options().batch(1));
    run(run(feed.next()).unwrap().unwrap().ack()).unwrap();
    assert_eq!(transport.left(), 0);
}

#[test]
fn an_acknowledgement_whose_answer_was_lost_is_seen_to_have_arrived() {
    let transport = ScriptedTransport::new()
        .answer(200, pulled(0..1))
        .answer(500, failure(500, "no ack pending"))
        .answer(200, pulled(1..2));
    let mut feed = client(&transport).subscription("s").consume(options().batch(1));
    run(run(feed.next()).unwrap().unwrap().ack()).unwrap();
    assert_eq!(run(feed.next()).unwrap().unwrap().offset(), 1);
}

#[test]
fn a_released_message_comes_again_as_the_second_attempt() {
    let transport = ScriptedTransport::new().answer(200, pulled(0..1));
    let consume = options().max_in_flight(1);
    let mut feed = client(&transport).subscription("s").consume(consume);
    run(run(feed.next()).unwrap().unwrap().release()).unwrap();
    let again = run(feed.next()).unwrap().unwrap();
    assert_eq!((again.offset(), again.attempt()), (0, 2));
}

#[test]
fn an_outage_is_lived_through_as_the_feeds_caller_says() {
    let down = || (0..8).fold(ScriptedTransport::new(), |script, _| script.fail(refused()));
    let transport = down().answer(200, pulled(0..1));
    let mut feed = client(&transport).subscription("s").consume(options());
    assert_eq!(run(feed.next()).unwrap().unwrap().offset(), 0);

    let transport = down().answer(200, pulled(0..1));
    let feed = client(&transport).subscription("s").consume(options());
    let error = run(feed.reconnect(Reconnect::never()).next()).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
}

#[test]
fn dropped_deliveries_that_fill_the_feed_end_it_with_an_error_instead_of_silence() {
    let transport = ScriptedTransport::new().answer(200, pulled(0..1));
    let mut feed = client(&transport).subscription("s").consume(options().max_in_flight(1));
    drop(run(feed.next()).unwrap().unwrap());
    assert_eq!(run(feed.next()).unwrap().unwrap_err().kind(), ErrorKind::Failed);
}

#[test]
fn each_message_of_a_batch_gets_its_own_identifier() {
    let transport = ScriptedTransport::new()
        .answer(200, r#"{"messageIds":["0","1"]}"#)
        .answer(200, r#"{"messageIds":["2"]}"#);
    let publisher = client(&transport).topic("t").publisher(PublisherOptions::new().batch_messages(2));
    let receipts: Vec<_> = ["a", "b", "c"].map(|text| run(publisher.send(text)).unwrap()).into();
    run(publisher.close()).unwrap();
    assert_eq!(
        receipts.into_iter().map(|receipt| run(receipt).unwrap()).collect::<Vec<_>>(),
        ["0", "1", "2"]
    );
    assert_eq!(transport.requests().len(), 2);
    assert_eq!(run(publisher.send("d")).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn a_failed_batch_fails_all_its_receipts_and_the_flush() {
    let transport =
        ScriptedTransport::new().answer(403, failure(403, "Access to this resource is forbidden"));
    let publisher = client(&transport).topic("t").publisher(PublisherOptions::new());
    let receipts: Vec<_> = ["a", "b"].map(|text| run(publisher.send(text)).unwrap()).into();
    assert_eq!(run(publisher.flush()).unwrap_err().kind(), ErrorKind::Forbidden);
    for receipt in receipts {
        assert_eq!(run(receipt).unwrap_err().kind(), ErrorKind::Forbidden);
    }
    run(publisher.flush()).unwrap();
}

#[test]
fn a_full_publisher_sends_before_it_takes_more() {
    let transport = ScriptedTransport::new().answer(200, r#"{"messageIds":["0"]}"#);
    let publisher = client(&transport).topic("t").publisher(PublisherOptions::new().capacity(1));
    let first = run(publisher.send(Message::from("a"))).unwrap();
    let _second = run(publisher.send(Message::from("b"))).unwrap();
    assert_eq!(run(first).unwrap(), "0");
    assert_eq!(transport.requests().len(), 1);
}
