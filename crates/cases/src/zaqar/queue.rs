//! Queues.

use std::time::Duration;

use pentad_core::{ErrorKind, Result};
use pentad_zaqar::model::Metadata;
use pentad_zaqar::{
    Client, ErrorExt, MessageQuery, MetadataPatch, NewMessage, NewSubscription, Purge, QueueQuery, Share,
    Ttl, Version,
};
use serde_json::json;

use super::Stage;

pub(super) async fn life(stage: Stage) -> Result<()> {
    let mut names = Vec::new();
    for n in 0..3 {
        let queue = stage.queue(&format!("life-{n}")).await?;
        let is_v1 = stage.version() == Version::V1;
        assert_eq!(queue.create().await?, !is_v1, "new only where it was not created before");
        assert!(!queue.create().await?);
        names.push(queue.name().to_owned());
    }
    let all = stage.client.queues(QueueQuery::new()).page_size(2).all().await?;
    let ours: Vec<_> =
        all.iter().map(|queue| queue.name.as_str()).filter(|name| names.iter().any(|n| n == name)).collect();
    assert_eq!(ours, names);
    let detailed = stage.client.queues(QueueQuery::new().detailed(true)).page_size(1).await?;
    assert!(detailed.items[0].metadata.is_some());
    let queue = stage.client.queue(names[0].as_str());
    queue.post(NewMessage::new("x").ttl(Ttl::minutes(1))).await?;
    let stats = queue.stats().await?;
    assert_eq!((stats.free, stats.claimed, stats.total), (1, 0, 1));
    assert!(stats.oldest.is_some() && stats.newest.is_some());
    for name in names {
        stage.client.queue(name.as_str()).delete().await?;
        stage.client.queue(name).delete().await?;
    }
    Ok(())
}

pub(super) async fn v1(stage: Stage) -> Result<()> {
    let queue = stage.queue("v1-exists").await?;
    assert!(queue.exists().await?);
    queue.delete().await?;
    assert!(!queue.exists().await?);
    if stage.abilities.reference_storage {
        let error = queue.stats().await.err();
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
    }
    // The Redis storage takes messages of a queue that is not there, and then lists none.
    if stage.abilities.reference_storage {
        queue.post(NewMessage::new(1)).await?;
        assert_eq!(queue.messages(MessageQuery::new().echo(true)).await?.items.len(), 1);
    }
    Ok(())
}

pub(super) async fn v1_metadata(stage: Stage) -> Result<()> {
    let queue = stage.queue("v1-metadata").await?;
    queue.replace_metadata(&Metadata::new().set("team", "blue").set("size", 3)).await?;
    assert_eq!(queue.metadata().await?.get("team"), Some(&json!("blue")));
    queue.replace_metadata(&Metadata::new().set("only", true)).await?;
    assert_eq!(queue.metadata().await?, Metadata::new().set("only", true));
    Ok(())
}

pub(super) async fn created_with(stage: Stage) -> Result<()> {
    let queue = stage.queue("created-with").await?;
    assert!(queue.create_with(&Metadata::new().set("team", "blue").default_ttl(Ttl::minutes(2))).await?);
    assert!(!queue.create_with(&Metadata::new().set("team", "red")).await?);
    let metadata = queue.metadata().await?;
    assert_eq!(metadata.get("team"), Some(&json!("blue")));
    assert_eq!(metadata.get("_default_message_ttl"), Some(&json!(120)));
    if stage.version() == Version::V2 {
        let posted = queue.post(NewMessage::new(1)).await?;
        let id = posted.ids().next().unwrap_or_default().to_owned();
        assert_eq!(queue.message(id).get().await?.ttl, 120, "the queue's own default");
    }
    let error = queue.create_with(&Metadata::new().default_ttl(Ttl::seconds(1))).await.err();
    assert_eq!(error.as_ref().map(|error| error.kind()), Some(ErrorKind::Invalid));
    assert_eq!(error.as_ref().and_then(|error| error.title()), Some(stage.title("Invalid API request")));
    Ok(())
}

pub(super) async fn patch(stage: Stage) -> Result<()> {
    let queue = stage.queue("patched").await?;
    assert!(!queue.exists().await?);
    let missing = queue.update_metadata(&MetadataPatch::new().add("a", 1)).await.err();
    assert_eq!(missing.map(|error| error.kind()), Some(ErrorKind::NotFound));
    queue.create().await?;
    assert!(queue.exists().await?);
    let now = queue.update_metadata(&MetadataPatch::new().add("a/b~c", 1).add("team", "blue")).await?;
    assert_eq!(now.get("a/b~c"), Some(&json!(1)));
    let error = queue.update_metadata(&MetadataPatch::new().remove("none")).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Conflict));
    queue.replace_metadata(&Metadata::new().set("only", "this").dead_letters("dead", 3)).await?;
    let now = queue.metadata().await?;
    assert_eq!(now.own().collect::<Vec<_>>(), [("only", &json!("this"))]);
    assert_eq!(now.dead_letter_queue(), Some(("dead", 3)), "settings that showed as null are set");
    Ok(())
}

pub(super) async fn purge(stage: Stage) -> Result<()> {
    let queue = stage.queue("purged").await?;
    queue.post(vec![NewMessage::new(1), NewMessage::new(2)]).await?;
    queue.subscribe(&NewSubscription::new("http://127.0.0.1:9/purged").ttl(Ttl::minutes(5))).await?;
    queue.purge(&[Purge::Messages]).await?;
    assert_eq!(queue.stats().await?.total, 0);
    assert_eq!(queue.subscriptions().all().await?.len(), 1);
    queue.purge(&[]).await?;
    assert!(queue.subscriptions().all().await?.is_empty());
    Ok(())
}

pub(super) async fn signed(stage: Stage) -> Result<()> {
    if !stage.abilities.signs {
        return Ok(());
    }
    let queue = stage.queue("signed").await?;
    queue.post(NewMessage::new("shared")).await?;
    let signed = queue.signed_url(&Share::new().lasts(Duration::from_secs(3600))).await?;
    assert_eq!(signed.methods, ["GET"]);
    assert!(signed.paths[0].ends_with("/messages"));
    let url = match stage.client.session().target() {
        pentad_core::Target::Url(url) => url.to_string(),
        _ => return Ok(()),
    };
    let guest = |signed| {
        Client::new(&url, Version::V2).signed_url(signed).transport(stage.client.transport().clone()).build()
    };
    let messages = guest(signed.clone())?.queue(queue.name()).messages(MessageQuery::new()).await?;
    assert_eq!(messages.items[0].body.text().as_deref(), Some("shared"));
    let mut forged = signed;
    forged.methods.push("POST".to_owned());
    let error = guest(forged)?.queue(queue.name()).post(NewMessage::new(1)).await.err();
    assert!(error.is_some_and(|error| error.is_not_routed()));
    Ok(())
}

pub(super) async fn filtered(stage: Stage) -> Result<()> {
    if !stage.abilities.filters {
        return Ok(());
    }
    for (name, team) in [("filter-a", "blue"), ("filter-b", "blue"), ("filter-c", "red")] {
        let queue = stage.queue(name).await?;
        queue.create_with(&Metadata::new().set("filter-team", team)).await?;
    }
    let blue =
        stage.client.queues(QueueQuery::new().filter("filter-team", "blue")).page_size(1).all().await?;
    assert_eq!(blue.len(), 2, "filters hold on later pages");
    let named = stage.client.queues(QueueQuery::new().name("^filter-[bc]").with_count(true)).await?;
    assert_eq!(named.items.len(), 2);
    assert!(named.total.is_some_and(|count| count >= 3));
    Ok(())
}
