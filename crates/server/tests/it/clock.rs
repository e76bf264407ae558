use jiff::{SignedDuration, Timestamp};
use pentad_server::{ServerOptions, ServiceTime};

use crate::fixture::{call, get, listening};

#[tokio::test]
async fn frozen_time_stands_still_until_it_is_advanced() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    let at = "2030-01-02T03:04:05Z";
    let frozen = call(addr, "POST", "/_pentad/clock/freeze", &format!(r#"{{"at": "{at}"}}"#)).await;
    assert_eq!(frozen.json()["now"], at);
    assert_eq!(get(addr, "/ams/x").await.header("date"), Some("Wed, 02 Jan 2030 03:04:05 GMT"));
    let moved = call(addr, "POST", "/_pentad/clock/advance", r#"{"by": "PT1H"}"#).await;
    assert_eq!(moved.json()["now"], "2030-01-02T04:04:05Z");
    let moved = call(addr, "POST", "/_pentad/clock/advance", r#"{"seconds": 0.5}"#).await;
    assert_eq!(moved.json()["now"], "2030-01-02T04:04:05.5Z");
    assert_eq!(call(addr, "POST", "/_pentad/clock/advance", "{}").await.status, 400);
}

#[tokio::test]
async fn settle_returns_when_all_that_became_due_is_done() {
    let (_server, addr) = listening(ServerOptions::memory()).await;
    call(addr, "POST", "/_pentad/clock/freeze", "").await;
    assert_eq!(get(addr, "/ams/ticks").await.body, "0");
    call(addr, "POST", "/_pentad/clock/advance", r#"{"by": "PT5H30M"}"#).await;
    assert_eq!(call(addr, "POST", "/_pentad/clock/settle", "").await.status, 200);
    assert_eq!(get(addr, "/ams/ticks").await.body, "5");
}

#[tokio::test]
async fn a_sleeper_wakes_when_time_is_moved_past_its_deadline_and_not_before() {
    let time = ServiceTime::new();
    time.freeze(Some(Timestamp::UNIX_EPOCH));
    let minute = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(60);
    let sleep = time.sleep_until(minute);
    tokio::pin!(sleep);
    time.advance(SignedDuration::from_secs(59));
    assert!(futures_util::poll!(sleep.as_mut()).is_pending());
    time.advance(SignedDuration::from_secs(1));
    assert!(futures_util::poll!(sleep.as_mut()).is_ready());
}

#[tokio::test]
async fn a_sleeper_that_is_dropped_does_not_hold_up_settling() {
    let time = ServiceTime::new();
    time.freeze(None);
    {
        let sleep = time.sleep(std::time::Duration::from_secs(1));
        tokio::pin!(sleep);
        assert!(futures_util::poll!(sleep.as_mut()).is_pending());
        time.advance(SignedDuration::from_secs(2));
        let settle = time.settle();
        tokio::pin!(settle);
        assert!(futures_util::poll!(settle.as_mut()).is_pending(), "it is due and has not run");
    }
    time.settle().await;
}

#[tokio::test]
async fn released_time_runs_on_from_where_it_stood() {
    let time = ServiceTime::new();
    let at: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
    time.freeze(Some(at));
    time.release();
    let now = time.now();
    assert!(now >= at && now < at + SignedDuration::from_secs(60), "{now}");
    time.reset();
    assert!(time.now() < at);
}
