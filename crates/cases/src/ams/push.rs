//! Delivery to a receiver.

use std::time::Duration;

use pentad_ams::{Message, NewSubscription, Pull, PushConfig, PushRetry};
use pentad_core::{ErrorKind, Result};

use super::Stage;

const SECOND: Duration = Duration::from_secs(1);

async fn subscribed(stage: &Stage, name: &str, retry: PushRetry) -> Result<()> {
    stage.admin.topic(name).ensure().await?;
    let config = PushConfig::http(stage.receiver.url(name)).retry(retry);
    let made = stage.admin.subscription(name).create(&NewSubscription::new(name).push(config)).await?;
    assert!(made.is_push() && !made.push_config.verified);
    stage.receiver.show("something else");
    let error = stage.admin.subscription(name).verify_push_endpoint().await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Failed));
    stage.receiver.show(&made.push_config.verification_hash);
    stage.admin.subscription(name).verify_push_endpoint().await?;
    assert!(stage.admin.subscription(name).get().await?.push_config.verified);
    stage.time.advance(Duration::ZERO).await
}

/// Positions delivered while time moves on by `by`.
async fn after(stage: &Stage, by: Duration) -> Result<Vec<String>> {
    stage.time.advance(by).await?;
    Ok(stage.receiver.take().concat())
}

pub(super) async fn linear(stage: Stage) -> Result<()> {
    subscribed(&stage, "push-linear", PushRetry::Linear(SECOND)).await?;
    let messages: Vec<Message> = ["a", "b"].map(Message::from).into();
    stage.admin.topic("push-linear").publish(messages).await?;
    stage.receiver.script(&[500, 200, 204]);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.extend(after(&stage, SECOND).await?);
    }
    assert_eq!(seen, ["0", "0", "1"]);
    let subscription = stage.admin.subscription("push-linear");
    assert_eq!(subscription.offsets().await?.current, 2);
    let error = subscription.pull(Pull::new(1)).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Forbidden));
    subscription.push_config(None).await?;
    stage.admin.topic("push-linear").publish(Message::from("c")).await?;
    assert!(after(&stage, SECOND * 10).await?.is_empty());
    assert_eq!(subscription.pull(Pull::new(1)).await?.len(), 1);
    subscription.delete().await?;
    Ok(())
}

pub(super) async fn slow(stage: Stage) -> Result<()> {
    subscribed(&stage, "push-slow", PushRetry::SlowStart).await?;
    let messages: Vec<Message> = ["a", "b", "c"].map(Message::from).into();
    stage.admin.topic("push-slow").publish(messages).await?;
    stage.receiver.script(&[200, 503]);
    for (pause, id) in [(1000, "0"), (500, "1"), (1000, "1")] {
        assert!(after(&stage, Duration::from_millis(pause - 1)).await?.is_empty());
        assert_eq!(after(&stage, Duration::from_millis(1)).await?, [id]);
    }
    stage.admin.subscription("push-slow").delete().await?;
    Ok(())
}
