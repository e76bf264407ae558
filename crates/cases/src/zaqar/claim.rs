//! Claims.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use pentad_core::{ErrorKind, Result};
use pentad_zaqar::{Consume, ErrorExt, GiveBack, Grace, MessageQuery, NewClaim, NewMessage, Queue, Ttl};
use serde_json::json;
use std::time::Duration;

use super::Stage;

async fn filled(stage: &Stage, name: &str, count: u64) -> Result<Queue> {
    let queue = stage.queue(name).await?;
    for first in (0..count).step_by(20) {
        let bodies = first..count.min(first + 20);
        let messages: Vec<_> = bodies.map(|n| NewMessage::new(json!(n)).ttl(Ttl::minutes(10))).collect();
        queue.post(messages).await?;
    }
    Ok(queue)
}

pub(super) async fn release(stage: Stage) -> Result<()> {
    let queue = filled(&stage, "claim-release", 3).await?;
    let theirs = stage.theirs(&queue);
    let claimed = theirs.claim_messages(NewClaim::new().limit(2).ttl(Ttl::seconds(100))).await?;
    assert_eq!(claimed.messages.len(), 2);
    let Some(id) = claimed.id else { panic!("a claim with messages has an id") };
    assert!(claimed.messages.iter().all(|message| message.claim_id.as_deref() == Some(&id)));
    let free = theirs.messages(MessageQuery::new()).await?.items;
    assert_eq!(free.len(), 1, "claimed messages are left out");
    // Some releases over Redis fail at this, and at counting while messages are claimed.
    if stage.abilities.reference_storage {
        let all = theirs.messages(MessageQuery::new().include_claimed(true)).await?.items;
        assert_eq!(all.len(), 3);
    }
    let claim = theirs.claim(id.as_str());
    let held = claim.get().await?;
    assert_eq!((held.ttl, held.messages.len()), (100, 2));
    if stage.abilities.reference_storage {
        let stats = queue.stats().await?;
        assert_eq!((stats.claimed, stats.free, stats.total), (2, 1, 3));
    }
    claim.release().await?;
    claim.release().await?;
    assert_eq!(theirs.messages(MessageQuery::new()).await?.items.len(), 3);
    assert!(claim.get().await.is_err_and(|error| error.is_claim_lost()));
    Ok(())
}

pub(super) async fn delete(stage: Stage) -> Result<()> {
    let queue = filled(&stage, "claim-delete", 2).await?;
    let claimed = queue.claim_messages(NewClaim::new()).await?;
    let message = &claimed.messages[0];
    let error = queue.message(message.id.as_str()).delete().await.err();
    assert!(error.is_some_and(|error| error.is_claimed() && error.kind() == ErrorKind::Forbidden));
    queue.handle(message).delete().await?;
    let error = queue.message(message.id.as_str()).get().await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
    let other = &claimed.messages[1];
    queue.claim(claimed.id.unwrap_or_default()).release().await?;
    let error = queue.handle(other).delete().await.err();
    assert!(error.is_some_and(|error| error.is_claim_lost()));
    queue.message(other.id.as_str()).delete().await
}

pub(super) async fn renew(stage: Stage) -> Result<()> {
    let queue = filled(&stage, "claim-renew", 1).await?;
    let claimed =
        queue.claim_messages(NewClaim::new().ttl(Ttl::seconds(60)).grace(Grace::seconds(60))).await?;
    let claim = queue.claim(claimed.id.unwrap_or_default());
    claim.update(Ttl::seconds(500), Grace::seconds(300)).await?;
    let held = claim.get().await?;
    assert_eq!(held.ttl, 500);
    // 600 s of its own outlast the claim; nothing is prolonged, or it is by the grace.
    assert!(held.messages[0].ttl == 600 || held.messages[0].ttl == 800);
    let error =
        queue.claim("000000000000000000000000").update(Ttl::seconds(60), Grace::seconds(60)).await.err();
    assert!(error.is_some_and(|error| error.is_claim_lost()));
    Ok(())
}

pub(super) async fn empty(stage: Stage) -> Result<()> {
    let queue = stage.queue("claim-empty").await?;
    let claimed = queue.claim_messages(NewClaim::new()).await?;
    assert_eq!((claimed.id, claimed.messages.len()), (None, 0));
    Ok(())
}

pub(super) async fn exclusive(stage: Stage) -> Result<()> {
    let queue = filled(&stage, "claim-exclusive", 60).await?;
    let claimers = (0..12).map(|_| async { queue.claim_messages(NewClaim::new().limit(5)).await });
    let mut seen = BTreeSet::new();
    let mut count = 0;
    for claimed in try_join_all(claimers).await? {
        count += claimed.messages.len();
        seen.extend(claimed.messages.into_iter().map(|message| message.id));
    }
    assert_eq!(seen.len(), count, "no message is in two claims");
    Ok(())
}

pub(super) async fn consume(stage: Stage) -> Result<()> {
    let queue = filled(&stage, "consumed", 35).await?;
    let mut feed = queue.consume(Consume::new());
    for expected in 0..35 {
        let Some(delivery) = feed.next().await.transpose()? else { panic!("a consumer does not end") };
        assert_eq!(delivery.message().body.value(), json!(expected));
        delivery.ack().await?;
    }
    feed.close().await?;
    assert_eq!(queue.stats().await?.total, 0);
    Ok(())
}

pub(super) async fn released(stage: Stage) -> Result<()> {
    let queue = filled(&stage, "released", 1).await?;
    let options = Consume::new().give_back(GiveBack::AtOnce).redeliver_after(Duration::from_millis(1));
    let mut feed = queue.consume(options);
    for attempt in 1..=3 {
        let Some(delivery) = feed.next().await.transpose()? else { panic!("a consumer does not end") };
        assert_eq!(delivery.attempt(), attempt);
        match attempt {
            3 => delivery.ack().await?,
            2 => drop(delivery),
            _ => delivery.release().await?,
        }
    }
    feed.close().await?;
    assert_eq!(queue.stats().await?.total, 0);
    Ok(())
}
