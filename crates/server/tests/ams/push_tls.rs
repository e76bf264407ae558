//! Push delivery over real TLS, on service time that only the test moves.

use std::sync::Arc;

use jiff::SignedDuration;
use pentad_server::{Mode, Service, Tasks};
use serde_json::{Value, json};

use crate::receiver::{Hit, Receiver};
use crate::world::{World, demo_section};

const SUB: &str = "/v1/projects/DEMO/subscriptions/hook";

/// A world whose push client trusts the receiver, with its background work running.
struct Pushing {
    w: World,
    receiver: Receiver,
    tasks: Tasks,
}

impl Pushing {
    async fn start() -> Self {
        let receiver = Receiver::start().await;
        let w = World::empty(Mode::Relaxed, vec![receiver.ca()]);
        w.ams.seed(demo_section()).await.unwrap();
        let tasks = Tasks::new();
        Arc::clone(&w.ams).background(&tasks);
        Self { w, receiver, tasks }
    }

    /// Creates the push subscription, verified; gives it as shown.
    async fn subscribe(&self, mut config: Value) -> Value {
        config["type"] = json!("http_endpoint");
        config["pushEndpoint"] = json!(self.receiver.url("/hook?x=1"));
        let body = json!({"topic": "projects/DEMO/topics/alerts", "pushConfig": config});
        let made = self.w.put("tA", SUB, body).await.ok();
        self.receiver.show(200, made["pushConfig"]["verificationHash"].as_str().unwrap());
        let verified = self.w.post("tA", &format!("{SUB}:verifyPushEndpoint"), json!({})).await;
        assert_eq!((verified.status, verified.text.as_str()), (200, ""));
        assert!(self.after(0).await.is_empty(), "there is nothing to deliver yet");
        made
    }

    /// Moves time and gives what arrived by then.
    async fn after(&self, millis: i64) -> Vec<Hit> {
        self.w.time.advance(SignedDuration::from_millis(millis));
        self.w.time.settle().await;
        self.receiver.take()
    }

    async fn ids_after(&self, millis: i64) -> Vec<String> {
        self.after(millis).await.iter().flat_map(Hit::ids).collect()
    }

    async fn current(&self) -> Value {
        self.w.get("tA", &format!("{SUB}:offsets")).await.ok()["current"].clone()
    }
}

#[tokio::test]
async fn one_message_goes_out_as_one_object_with_the_generated_header() {
    let p = Pushing::start().await;
    let made = p.subscribe(json!({"retryPolicy": {"type": "linear", "period": 1000}})).await;
    let messages = json!({"messages": [{"data": "b25l", "attributes": {"b": "2", "a": "1"}}]});
    p.w.post("tA", "/v1/projects/DEMO/topics/alerts:publish", messages).await.ok();
    let hits = p.after(1000).await;
    let [hit] = hits.as_slice() else { panic!("{hits:?}") };
    assert_eq!(hit.line, "POST /hook?x=1 HTTP/1.1");
    assert_eq!(hit.header("content-type"), Some("application/json"));
    let value = made["pushConfig"]["authorizationHeader"]["value"].as_str().unwrap();
    assert_eq!(hit.header("authorization"), Some(value));
    let message = json!({"messageId": "0", "attributes": {"a": "1", "b": "2"}, "data": "b25l",
        "publishTime": "2024-05-06T07:08:09.123456Z"});
    assert_eq!(hit.body["message"], message);
    let name = "subscription /projects/DEMO/subscriptions/hook from ";
    assert!(hit.body["subscription"].as_str().unwrap().starts_with(name));
    assert_eq!(p.current().await, 1);
    p.tasks.shutdown().await;
}

#[tokio::test]
async fn several_messages_go_out_as_a_list_without_a_header_where_it_is_disabled() {
    let p = Pushing::start().await;
    p.subscribe(json!({"maxMessages": 3, "authorizationHeader": {"type": "disabled"}})).await;
    p.w.publish(4).await;
    let first = p.after(3000).await;
    assert_eq!((first.len(), first[0].ids()), (1, vec!["0".into(), "1".into(), "2".into()]));
    assert_eq!(first[0].header("authorization"), None);
    let second = p.after(3000).await;
    assert!(second[0].body["messages"].is_array(), "also one message is a list: {:?}", second[0].body);
    assert_eq!(second[0].ids(), ["3"]);
    p.tasks.shutdown().await;
}

#[tokio::test]
async fn refused_messages_come_again_in_order_and_each_success_moves_the_position() {
    let p = Pushing::start().await;
    p.subscribe(json!({"retryPolicy": {"type": "linear", "period": 100}})).await;
    p.w.publish(3).await;
    p.receiver.script(&[500, 302, 404, 201, 200, 204]);
    let mut seen = p.ids_after(100).await;
    let first = p.w.get("tA", SUB).await.ok();
    assert!(first["pushStatus"].as_str().unwrap().ends_with("answered 500"), "{first}");
    assert_eq!(p.current().await, 0);
    for _ in 0..6 {
        seen.extend(p.ids_after(100).await);
    }
    assert_eq!(seen, ["0", "0", "0", "0", "1", "2"]);
    assert_eq!(p.current().await, 3);
    let now = p.w.get("tA", SUB).await.ok();
    assert_eq!(now["pushStatus"], "Subscription /projects/DEMO/subscriptions/hook is currently active");
    p.tasks.shutdown().await;
}

#[tokio::test]
async fn slowstart_begins_after_a_second_halves_on_success_and_doubles_on_failure() {
    let p = Pushing::start().await;
    p.subscribe(json!({"retryPolicy": {"type": "slowstart"}})).await;
    p.w.publish(10).await;
    p.receiver.script(&[200, 200, 500, 500, 200]);
    // The pause before each delivery, in milliseconds, and what it delivers.
    for (pause, id) in [(1000, "0"), (500, "1"), (300, "2"), (600, "2"), (1200, "2"), (1000, "3"), (500, "4")]
    {
        assert!(p.after(pause - 1).await.is_empty(), "nothing before {pause} ms");
        assert_eq!(p.ids_after(1).await, [id]);
    }
    p.tasks.shutdown().await;
}

#[tokio::test]
async fn nothing_is_sent_before_the_endpoint_shows_the_hash() {
    let p = Pushing::start().await;
    let config = json!({"type": "http_endpoint", "pushEndpoint": p.receiver.url("/deep/hook")});
    let body = json!({"topic": "projects/DEMO/topics/alerts", "pushConfig": config});
    let made = p.w.put("tA", SUB, body).await.ok();
    let hash = made["pushConfig"]["verificationHash"].as_str().unwrap();
    p.w.publish(1).await;
    let verify = format!("{SUB}:verifyPushEndpoint");
    for (status, text, why) in [
        (404, hash.to_owned(), "Endpoint verification failed.Wrong response status code"),
        (200, format!("{hash}\n"), "Endpoint verification failed.Wrong verification hash"),
    ] {
        p.receiver.show(status, &text);
        assert_eq!(p.w.post("tA", &verify, json!({})).await.error(), (401, why.to_owned()));
        assert!(p.after(10_000).await.is_empty());
    }
    p.receiver.show(200, hash);
    assert_eq!(p.w.post("tA", &verify, json!({})).await.status, 200);
    assert_eq!(p.ids_after(0).await, ["0"]);
    let again = p.w.post("tA", &verify, json!({})).await;
    assert_eq!(again.error(), (409, "Push endpoint is already verified".to_owned()));
    p.tasks.shutdown().await;
}

#[tokio::test]
async fn a_receiver_whose_authority_is_not_trusted_is_never_told_anything() {
    let receiver = Receiver::start().await;
    let w = World::demo().await;
    let config = json!({"type": "http_endpoint", "pushEndpoint": receiver.url("/hook")});
    let body = json!({"topic": "projects/DEMO/topics/alerts", "pushConfig": config});
    let made = w.put("tA", SUB, body).await.ok();
    receiver.show(200, made["pushConfig"]["verificationHash"].as_str().unwrap());
    let refused = w.post("tA", &format!("{SUB}:verifyPushEndpoint"), json!({})).await;
    assert_eq!(refused.status, 401);
    assert!(refused.message().starts_with("Endpoint verification failed."), "{}", refused.text);
    assert!(receiver.take().is_empty());
}

#[tokio::test]
async fn a_changed_configuration_counts_from_the_next_delivery_and_pull_mode_ends_it() {
    let p = Pushing::start().await;
    let made = p.subscribe(json!({"retryPolicy": {"type": "linear", "period": 1000}})).await;
    p.w.publish(3).await;
    assert_eq!(p.ids_after(1000).await, ["0"]);
    let modify = format!("{SUB}:modifyPushConfig");
    let same = json!({"type": "http_endpoint", "pushEndpoint": p.receiver.url("/hook?x=1"), "maxMessages": 2,
        "authorizationHeader": {"type": "autogen"}, "retryPolicy": {"type": "linear", "period": 50}});
    p.w.post("tA", &modify, json!({"pushConfig": same})).await.ok();
    let hits = p.after(0).await;
    assert_eq!(hits.iter().flat_map(Hit::ids).collect::<Vec<_>>(), ["1", "2"]);
    let old = made["pushConfig"]["authorizationHeader"]["value"].as_str();
    assert_ne!(hits[0].header("authorization"), old, "autogen makes a new value on every call");
    p.w.post("tA", &modify, json!({"pushConfig": {}})).await.ok();
    p.w.publish(1).await;
    assert!(p.after(60_000).await.is_empty());
    p.tasks.shutdown().await;
}
