//! Subscriptions, pools, flavors, the service itself.

use pentad_core::{ErrorKind, Result};
use pentad_zaqar::{
    ErrorExt, NewFlavor, NewMessage, NewPool, NewSubscription, PoolUpdate, ServiceLimits, SubscriptionUpdate,
    Ttl, Version,
};
use serde_json::json;

use super::Stage;

pub(super) async fn subscriptions(stage: Stage) -> Result<()> {
    if stage.client.websocket().is_some() {
        return super::websocket::subscriptions(stage).await;
    }
    let queue = stage.queue("subscribed").await?;
    let wanted = NewSubscription::new("http://127.0.0.1:9/hook").ttl(Ttl::minutes(10)).option("k", "v");
    let id = queue.subscribe(&wanted).await?;
    assert_eq!(queue.subscribe(&wanted).await?, id, "the same receiver, not confirmed yet");
    let subscription = queue.subscription(id.as_str());
    let shown = subscription.get().await?;
    assert_eq!((shown.source.as_str(), shown.ttl, shown.confirmed), (queue.name(), 600, Some(false)));
    assert_eq!(shown.options.get("k"), Some(&json!("v")));
    subscription.update(&SubscriptionUpdate::new().ttl(Ttl::hours(1))).await?;
    let shown = subscription.get().await?;
    assert_eq!((shown.ttl, shown.options.get("k")), (3600, Some(&json!("v"))), "what is not named stays");
    subscription.confirm(true).await?;
    assert_eq!(subscription.get().await?.confirmed, Some(true));
    assert!(queue.subscribe(&wanted).await.is_err_and(|error| error.is_already_subscribed()));
    let second = NewSubscription::new("http://127.0.0.1:9/other").ttl(Ttl::minutes(10));
    let second = queue.subscribe(&second).await?;
    assert_eq!(queue.subscriptions().page_size(1).all().await?.len(), 2);
    let error = queue.subscribe(&NewSubscription::new("gopher://127.0.0.1/")).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Invalid));
    queue.subscription(second).delete().await?;
    subscription.delete().await?;
    subscription.delete().await?;
    assert_eq!(subscription.get().await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    Ok(())
}

pub(super) async fn state(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let version = stage.version();
    if version != Version::V1 {
        assert!(client.ping().await?);
    }
    if version == Version::V1 || stage.abilities.pools {
        client.health().await?;
        assert!(client.is_healthy().await?);
    }
    let home = client.home().await?;
    assert!(home.resources.contains_key("rel/queues"));
    let label = version.label().trim_start_matches('v');
    assert!(client.versions().await?.iter().any(|known| known.id == label));
    let queue = stage.queue("followed").await?;
    let posted = queue.post(NewMessage::new("x")).await?;
    let followed = client.follow(&posted.resources[0]).await?;
    assert_eq!(followed["body"], "x");
    Ok(())
}

pub(super) async fn pools(stage: Stage) -> Result<()> {
    if !stage.abilities.pools {
        return Ok(());
    }
    let client = &stage.client;
    let label = stage.version().label().replace('.', "_");
    let pool = client.pool(format!("case-{label}"));
    pool.create(&NewPool::new(format!("mongodb://db-{label}:27017"), 100).option("max_retry_sleep", 1))
        .await?;
    let shown = pool.get().await?;
    assert_eq!((shown.weight, shown.name.as_str()), (100, pool.name()));
    pool.update(&PoolUpdate::new().weight(7)).await?;
    assert_eq!(pool.get().await?.weight, 7);
    let listed = client.pools(false).page_size(1).all().await?;
    assert!(listed.iter().any(|listed| listed.name == pool.name()));
    if stage.version() != Version::V1 {
        let flavor = client.flavor(format!("flavor-{label}"));
        flavor.create(&NewFlavor::pool(pool.name())).await?;
        assert_eq!(flavor.get().await?.name, flavor.name());
        assert!(client.flavors(true).all().await?.iter().any(|listed| listed.name == flavor.name()));
        if stage.version() == Version::V2 {
            flavor.update(&NewFlavor::pool(pool.name())).await?;
            assert_eq!(pool.delete().await.err().map(|error| error.kind()), Some(ErrorKind::Forbidden));
        }
        flavor.delete().await?;
    }
    pool.delete().await?;
    assert_eq!(pool.get().await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    Ok(())
}

/// Without the client's own checks the service says the same.
pub(super) async fn refused(stage: Stage) -> Result<()> {
    let queue = stage.queue("refused").await?;
    let usual = ServiceLimits::default();
    let args = [("queue_name", queue.name())];
    let message = json!({"messages": [{"body": 1, "ttl": usual.message_ttl.end() + 1}]});
    for (op, query, body) in [
        ("message_post", vec![], Some(message)),
        ("message_post", vec![], Some(json!({"messages": []}))),
        ("claim_create", vec![("limit", "21")], Some(json!({}))),
        ("claim_create", vec![], Some(json!({"ttl": 59, "grace": 60}))),
        ("message_pop", vec![("pop", "21")], None),
        ("message_list", vec![("limit", "0")], None),
    ] {
        let error = stage.client.call(op, &args, &query, body)?.await.err();
        assert_eq!(error.as_ref().map(|error| error.kind()), Some(ErrorKind::Invalid), "{op} {query:?}");
        assert_eq!(
            error.as_ref().and_then(|error| error.title()),
            Some(stage.title("Invalid API request")),
            "{op} {query:?}"
        );
    }
    Ok(())
}
