//! Pull windows, acknowledgement, waiting, retention.

use http::Method;
use pentad_server::{Mode, Service, Tasks};
use serde_json::json;
use std::sync::Arc;

use crate::world::{World, inbound, read};

const SUB: &str = "/v1/projects/DEMO/subscriptions/alerts-sub";

#[tokio::test]
async fn an_acknowledgement_is_cumulative_and_once_per_pull() {
    let w = World::demo().await;
    w.publish(5).await;
    assert_eq!(w.pull("3").await, ["0", "1", "2"]);
    assert_eq!(w.ack(0).await.text, "{}");
    assert_eq!(w.ack(2).await.message(), "no ack pending");
    assert_eq!(w.pull("3").await, ["1", "2", "3"]);
    assert_eq!(w.ack(3).await.text, "{}");
    assert_eq!(w.current().await, 4);
}

#[tokio::test]
async fn a_second_pull_shrinks_the_window() {
    let w = World::demo().await;
    w.publish(5).await;
    w.pull("3").await;
    w.pull("1").await;
    assert_eq!(w.ack(2).await.error(), (500, "wrong ack".into()));
}

#[tokio::test]
async fn empty_pulls_leave_nothing_to_acknowledge() {
    let w = World::demo().await;
    assert!(w.pull("1").await.is_empty());
    assert_eq!(w.ack(0).await.message(), "no ack pending");
    w.publish(5).await;
    w.pull("5").await;
    w.ack(4).await.ok();
    assert!(w.pull("1").await.is_empty());
    assert_eq!(w.ack(4).await.message(), "wrong ack");
}

#[tokio::test]
async fn the_exact_deadline_is_in_time_and_one_second_more_is_not() {
    let w = World::demo().await;
    w.publish(2).await;
    w.pull("1").await;
    w.advance(11);
    assert_eq!(w.ack(0).await.error(), (408, "ack timeout".into()));
    w.pull("1").await;
    w.advance(10);
    assert_eq!(w.ack(0).await.text, "{}");
}

#[tokio::test]
async fn a_window_crosses_segments_and_begins_inside_one() {
    let w = World::demo().await;
    for count in [3, 1, 4] {
        w.publish(count).await;
    }
    w.post("tA", &format!("{SUB}:modifyOffset"), json!({"offset": 2})).await.ok();
    assert_eq!(w.pull("4").await, ["2", "3", "4", "5"]);
    assert_eq!(w.pull("100").await.len(), 6);
}

#[tokio::test]
async fn a_waiting_pull_ends_when_enough_is_there() {
    let w = Arc::new(World::demo().await);
    w.publish(1).await;
    let waiting = {
        let w = Arc::clone(&w);
        tokio::spawn(async move {
            let body = json!({"maxMessages": "2", "returnImmediately": "false"});
            w.post("tC", &format!("{SUB}:pull"), body).await.ok()
        })
    };
    while !waiting.is_finished() {
        w.publish(1).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(waiting.await.unwrap()["receivedMessages"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_waiting_pull_gives_what_it_has_after_300_seconds_or_when_the_server_drains() {
    let w = Arc::new(World::demo().await);
    w.publish(1).await;
    let body = json!({"maxMessages": "2", "returnImmediately": "false"}).to_string();
    let request = inbound("tC", Method::POST, &format!("{SUB}:pull"), body.clone().into());
    request.gone.cancel();
    assert_eq!(read(w.ams.handle(request).await).ok()["receivedMessages"].as_array().unwrap().len(), 1);
    let waiting = {
        let w = Arc::clone(&w);
        tokio::spawn(async move { w.call("tC", Method::POST, &format!("{SUB}:pull"), body).await.ok() })
    };
    while !waiting.is_finished() {
        w.advance(60);
        tokio::task::yield_now().await;
    }
    assert_eq!(waiting.await.unwrap()["receivedMessages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn expired_messages_go_and_the_position_follows() {
    let w = World::demo().await;
    w.publish(3).await;
    w.advance(8 * 24 * 3600);
    w.publish(2).await;
    let tasks = Tasks::new();
    Arc::clone(&w.ams).background(&tasks);
    loop {
        let offsets = w.get("tA", &format!("{SUB}:offsets")).await.ok();
        if offsets["min"] == 3 {
            assert_eq!(offsets, json!({"max": 5, "min": 3, "current": 3}));
            break;
        }
        tokio::task::yield_now().await;
    }
    tasks.shutdown().await;
    assert_eq!(w.pull("9").await, ["3", "4"]);
}

#[tokio::test]
async fn time_finds_the_first_message_published_at_or_after_it() {
    let w = World::demo().await;
    for count in [2, 3, 1] {
        w.publish(count).await;
        w.advance(60);
    }
    for (time, offset) in [("07:08:09.123", 0), ("07:08:09.124", 2), ("07:09:09.123", 2), ("07:09:09.200", 5)]
    {
        let answer = w.get("tA", &format!("{SUB}:timeToOffset?time=2024-05-06T{time}Z")).await.ok();
        assert_eq!(answer["offset"], offset, "{time}");
    }
    for wrong in ["2024-05-06T07:08:09Z", "2024-05-06", ""] {
        let answer = w.get("tA", &format!("{SUB}:timeToOffset?time={wrong}")).await;
        assert_eq!(answer.error(), (400, "Time is not in valid Zulu format.".into()));
    }
}

#[tokio::test]
async fn a_topic_created_again_starts_at_zero_and_old_subscriptions_wait() {
    let w = World::demo().await;
    w.publish(2).await;
    w.pull("2").await;
    w.ack(1).await.ok();
    w.delete("tA", "/v1/projects/DEMO/topics/alerts").await.ok();
    w.call("tA", Method::PUT, "/v1/projects/DEMO/topics/alerts", "").await.ok();
    w.publish(1).await;
    assert!(w.pull("5").await.is_empty());
    w.publish(2).await;
    assert_eq!(w.pull("5").await, ["2"]);
}

#[tokio::test]
async fn strict_mode_stores_a_refused_offset() {
    let w = World::demo_in(Mode::Strict).await;
    w.publish(2).await;
    let refused = w.post("tA", &format!("{SUB}:modifyOffset"), json!({"offset": 9})).await;
    assert_eq!(refused.message(), "Offset out of bounds");
    assert_eq!(w.current().await, 9);
}
