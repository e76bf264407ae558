//! Messages.

use futures_util::stream;
use pentad_core::{ErrorKind, Result};
use pentad_zaqar::{Follow, MessageQuery, NewMessage, Producer, Ttl};
use serde_json::{Value, json};

use super::Stage;

fn numbers(range: std::ops::Range<u64>) -> Vec<NewMessage> {
    range.map(|n| NewMessage::new(json!(n)).ttl(Ttl::minutes(5))).collect()
}

pub(super) async fn listed(stage: Stage) -> Result<()> {
    let queue = stage.queue("listed").await?;
    let posted = queue.post(numbers(0..3)).await?;
    assert_eq!(posted.ids().count(), 3);
    let theirs = stage.theirs(&queue).messages(MessageQuery::new()).await?;
    let bodies: Vec<_> = theirs.items.iter().map(|message| message.body.value()).collect();
    assert_eq!(bodies, [json!(0), json!(1), json!(2)]);
    assert!(theirs.items.iter().all(|message| message.ttl == 300));
    assert!(queue.messages(MessageQuery::new()).await?.items.is_empty(), "one's own are hidden");
    assert_eq!(queue.messages(MessageQuery::new().echo(true)).await?.items.len(), 3);
    Ok(())
}

pub(super) async fn by_id(stage: Stage) -> Result<()> {
    let queue = stage.queue("by-id").await?;
    let posted = queue.post(numbers(0..3)).await?;
    let ids: Vec<&str> = posted.ids().collect();
    assert_eq!(queue.message(ids[1]).get().await?.body.value(), json!(1));
    assert_eq!(queue.messages_by_id(&ids).await?.len(), 3);
    queue.message(ids[1]).delete().await?;
    let error = queue.message(ids[1]).get().await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
    queue.message(ids[1]).delete().await?;
    queue.delete_messages(&ids).await?;
    assert!(queue.messages_by_id(&ids).await?.is_empty());
    Ok(())
}

pub(super) async fn pages(stage: Stage) -> Result<()> {
    let queue = stage.queue("pages").await?;
    queue.post(numbers(0..13)).await?;
    queue.post(numbers(13..25)).await?;
    let theirs = stage.theirs(&queue);
    let all = theirs.messages(MessageQuery::new()).page_size(4).all().await?;
    let seen: Vec<_> = all.iter().filter_map(|message| message.body.value().as_u64()).collect();
    assert_eq!(seen, (0..25).collect::<Vec<_>>());
    let first = theirs.messages(MessageQuery::new()).page_size(20).await?;
    let Some(place) = first.next else { panic!("a full page leads on") };
    let rest = theirs.messages(MessageQuery::new()).start_at(place).all().await?;
    assert_eq!(rest.len(), 5);
    Ok(())
}

pub(super) async fn bodies(stage: Stage) -> Result<()> {
    let queue = stage.queue("bodies").await?;
    let bodies = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!("ü\u{0} \"quoted\""),
        json!([1, [2, {}]]),
        json!({"a": {"b": [null]}, "ä": "€"}),
    ];
    let messages: Vec<_> = bodies.iter().map(|body| NewMessage::new(body).ttl(Ttl::minutes(5))).collect();
    let posted = queue.post(messages).await?;
    for (id, body) in posted.ids().zip(&bodies) {
        assert_eq!(&queue.message(id).get().await?.body.value(), body);
    }
    Ok(())
}

pub(super) async fn pop(stage: Stage) -> Result<()> {
    let queue = stage.queue("pop").await?;
    queue.post(numbers(0..5)).await?;
    let popped = queue.pop(3).await?;
    let bodies: Vec<Value> = popped.iter().map(|message| message.body.value()).collect();
    assert_eq!(bodies, [json!(0), json!(1), json!(2)]);
    assert_eq!(queue.pop(20).await?.len(), 2);
    assert!(queue.pop(1).await?.is_empty());
    Ok(())
}

pub(super) async fn batches(stage: Stage) -> Result<()> {
    let queue = stage.queue("batches").await?;
    let mut feed = queue.post_all(stream::iter(numbers(0..50)), Producer::new());
    let mut posted = 0;
    while let Some(batch) = feed.next().await.transpose()? {
        assert_eq!(batch.first, posted);
        posted += batch.posted.ids().count() as u64;
    }
    assert_eq!(posted, 50);
    let all = stage.theirs(&queue).messages(MessageQuery::new()).page_size(20).all().await?;
    let seen: Vec<_> = all.iter().filter_map(|message| message.body.value().as_u64()).collect();
    assert_eq!(seen, (0..50).collect::<Vec<_>>());
    Ok(())
}

pub(super) async fn follow(stage: Stage) -> Result<()> {
    let queue = stage.queue("follow").await?;
    queue.post(numbers(0..3)).await?;
    let mut feed = stage.theirs(&queue).follow(Follow::new().page_size(2));
    for expected in 0..5 {
        if expected == 3 {
            queue.post(numbers(3..5)).await?;
        }
        let Some(message) = feed.next().await.transpose()? else { panic!("a follower does not end") };
        assert_eq!(message.body.value(), json!(expected));
    }
    feed.close().await
}
