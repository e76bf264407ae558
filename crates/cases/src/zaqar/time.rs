//! What time does to messages and claims. Told only where time can be moved.

use std::time::Duration;

use pentad_core::{ErrorKind, Result};
use pentad_zaqar::model::Metadata;
use pentad_zaqar::{Delay, ErrorExt, Grace, MessageQuery, NewClaim, NewMessage, Ttl};

use super::Stage;

const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn ttl(stage: Stage) -> Result<()> {
    let Some(time) = &stage.time else { return Ok(()) };
    let queue = stage.queue("expired").await?;
    let short = NewMessage::new("short").ttl(Ttl::seconds(60));
    let posted = queue.post(vec![short, NewMessage::new("long").ttl(Ttl::seconds(120))]).await?;
    time.advance(61 * SECOND).await?;
    let left = queue.messages(MessageQuery::new().echo(true)).await?.items;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].body.text().as_deref(), Some("long"));
    assert_eq!(queue.stats().await?.total, 1);
    let gone = posted.ids().next().unwrap_or_default().to_owned();
    assert_eq!(queue.message(gone).get().await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    Ok(())
}

pub(super) async fn claims(stage: Stage) -> Result<()> {
    let Some(time) = &stage.time else { return Ok(()) };
    let queue = stage.queue("claim-ended").await?;
    queue.post(NewMessage::new("x").ttl(Ttl::seconds(60))).await?;
    let wanted = NewClaim::new().ttl(Ttl::seconds(100)).grace(Grace::seconds(60));
    let claimed = queue.claim_messages(wanted).await?;
    assert_eq!(claimed.messages[0].ttl, 160, "prolonged to the claim and its grace");
    time.advance(90 * SECOND).await?;
    let claim = queue.claim(claimed.id.clone().unwrap_or_default());
    assert_eq!(claim.get().await?.age, 90);
    time.advance(11 * SECOND).await?;
    assert!(claim.get().await.is_err_and(|error| error.is_claim_lost()));
    assert!(queue.handle(&claimed.messages[0]).delete().await.is_err_and(|error| error.is_claim_lost()));
    let again = queue.claim_messages(wanted).await?;
    assert_eq!(again.messages[0].id, claimed.messages[0].id);
    Ok(())
}

pub(super) async fn delay(stage: Stage) -> Result<()> {
    let Some(time) = &stage.time else { return Ok(()) };
    let queue = stage.queue("delayed").await?;
    queue.create_with(&Metadata::new().default_delay(Delay::seconds(30))).await?;
    let now = NewMessage::new("now").delay(Delay::seconds(0));
    queue.post(vec![now, NewMessage::new("later")]).await?;
    let listed = |query: MessageQuery| queue.messages(query.echo(true));
    if stage.client.websocket().is_some() {
        // The service delays only what comes over HTTP.
        assert_eq!(listed(MessageQuery::new()).await?.items.len(), 2);
        return Ok(());
    }
    assert_eq!(listed(MessageQuery::new()).await?.items.len(), 1);
    assert_eq!(listed(MessageQuery::new().include_delayed(true)).await?.items.len(), 2);
    assert_eq!(queue.claim_messages(NewClaim::new()).await?.messages.len(), 1);
    time.advance(31 * SECOND).await?;
    assert_eq!(queue.claim_messages(NewClaim::new()).await?.messages.len(), 1);
    Ok(())
}

pub(super) async fn dead(stage: Stage) -> Result<()> {
    let Some(time) = &stage.time else { return Ok(()) };
    let (queue, letters) = (stage.queue("mortal").await?, stage.queue("letters").await?);
    letters.create().await?;
    let metadata = Metadata::new().dead_letters(letters.name(), 2).dead_letter_ttl(Ttl::minutes(20));
    queue.create_with(&metadata).await?;
    queue.post(NewMessage::new("poison").ttl(Ttl::hours(1))).await?;
    let wanted = NewClaim::new().ttl(Ttl::seconds(60)).grace(Grace::seconds(60));
    for _ in 0..2 {
        assert_eq!(queue.claim_messages(wanted).await?.messages.len(), 1);
        time.advance(61 * SECOND).await?;
    }
    assert_eq!(queue.claim_messages(wanted).await?.id, None, "not handed out a third time");
    assert_eq!(queue.stats().await?.total, 0);
    time.advance(61 * SECOND).await?;
    let moved = letters.messages(MessageQuery::new().echo(true).include_claimed(true)).await?.items;
    assert_eq!(moved.len(), 1);
    assert_eq!((moved[0].body.text().as_deref(), moved[0].ttl), (Some("poison"), 1200));
    Ok(())
}
