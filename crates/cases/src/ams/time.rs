//! What depends on the service's time.

use std::time::Duration;

use pentad_ams::{ErrorExt, Message, Pull, Seek};
use pentad_core::{ErrorKind, Result};

use super::{Stage, opened};

pub(super) async fn deadline(stage: Stage) -> Result<()> {
    opened(&stage, "deadline").await?;
    stage.publisher.topic("deadline").publish(Message::from("a")).await?;
    let subscription = stage.consumer.subscription("deadline");
    let got = subscription.pull(Pull::new(1)).await?;
    stage.time.advance(Duration::from_secs(12)).await?;
    let late = subscription.ack(&[got[0].ack_id.clone()]).await.err();
    assert!(late.is_some_and(|error| error.is_ack_timeout()));
    let longer = stage.admin.subscription("deadline");
    longer.modify_ack_deadline(Duration::from_secs(600)).await?;
    assert_eq!(longer.get().await?.ack_deadline(), Duration::from_secs(600));
    let got = subscription.pull(Pull::new(1)).await?;
    stage.time.advance(Duration::from_secs(300)).await?;
    subscription.ack(&[got[0].ack_id.clone()]).await?;
    assert_eq!(subscription.offsets().await?.current, 1);
    Ok(())
}

pub(super) async fn offsets(stage: Stage) -> Result<()> {
    opened(&stage, "times").await?;
    let topic = stage.publisher.topic("times");
    topic.publish(Message::from("a")).await?;
    stage.time.advance(Duration::from_secs(60)).await?;
    topic.publish(Message::from("b")).await?;
    let subscription = stage.consumer.subscription("times");
    let got = subscription.pull(Pull::new(2)).await?;
    for (offset, received) in (0..).zip(&got) {
        let at = received.message.publish_time().unwrap_or_default();
        assert_eq!(subscription.time_to_offset(at).await?, offset);
    }
    let after = got[1].message.publish_time().unwrap_or_default() + Duration::from_secs(1);
    let error = subscription.time_to_offset(after).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Conflict));
    let at = got[1].message.publish_time().unwrap_or_default();
    assert_eq!(stage.admin.subscription("times").seek(Seek::Time(at)).await?, 1);
    stage.admin.subscription("times").modify_offset(0).await?;
    assert_eq!(subscription.offsets().await?.current, 0);
    Ok(())
}

pub(super) async fn retention(stage: Stage) -> Result<()> {
    opened(&stage, "retained").await?;
    let topic = stage.publisher.topic("retained");
    topic.publish(vec![Message::from("old"), Message::from("old")]).await?;
    stage.time.advance(Duration::from_secs(8 * 24 * 3600)).await?;
    topic.publish(Message::from("new")).await?;
    let subscription = stage.consumer.subscription("retained");
    let offsets = subscription.offsets().await?;
    assert_eq!((offsets.min, offsets.current, offsets.max), (2, 2, 3));
    let got = subscription.pull(Pull::new(10)).await?;
    assert_eq!((got.len(), got[0].offset()), (1, 2));
    Ok(())
}
