//! What only a connection can do: be told.

use futures_util::future::join;
use pentad_core::{ErrorKind, Result};
use pentad_zaqar::{NewMessage, NewSubscription, Queue, Ttl};

use super::Stage;

/// How often it is asked whether the subscription is there.
const LOOKS: usize = 10_000;

pub(super) async fn pushed(stage: Stage) -> Result<()> {
    let queue = stage.queue("pushed").await?;
    if stage.client.websocket().is_none() || !stage.abilities.notifies {
        return Ok(());
    }
    let theirs = stage.theirs(&queue);
    let mut feed = queue.listen(&NewSubscription::to_this_connection());
    let (first, posted) = join(feed.next(), post_when_heard(&theirs)).await;
    posted?;
    let Some(first) = first else { panic!("the connection ended") };
    assert_eq!((first?.body.value(), 0), (0.into(), 0));
    for n in 1..5 {
        let Some(next) = feed.next().await else { panic!("the connection ended") };
        let next = next?;
        assert_eq!((next.body.value(), next.queue_name.as_str()), (n.into(), queue.name()));
    }
    Ok(())
}

/// Posts five messages, one by one, once somebody listens.
async fn post_when_heard(queue: &Queue) -> Result<()> {
    for _ in 0..LOOKS {
        if !queue.subscriptions().await?.items.is_empty() {
            break;
        }
    }
    for n in 0..5 {
        queue.post(NewMessage::new(n)).await?;
    }
    Ok(())
}

/// Subscriptions of others, which are neither changed nor confirmed over a connection.
pub(super) async fn subscriptions(stage: Stage) -> Result<()> {
    let queue = stage.queue("subscribed").await?;
    let wanted = NewSubscription::new("http://127.0.0.1:9/hook").ttl(Ttl::minutes(10)).option("k", "v");
    let id = queue.subscribe(&wanted).await?;
    assert!(queue.subscribe(&wanted).await.is_err_and(|error| error.kind() == ErrorKind::Conflict));
    let shown = queue.subscription(id.as_str()).get().await?;
    assert_eq!((shown.source.as_str(), shown.ttl, shown.confirmed), (queue.name(), 600, Some(false)));
    assert_eq!(queue.subscriptions().all().await?.len(), 1);
    queue.subscription(id.as_str()).delete().await?;
    let gone = queue.subscription(id.as_str()).get().await.err();
    assert_eq!(gone.map(|error| error.kind()), Some(ErrorKind::NotFound));
    Ok(())
}
