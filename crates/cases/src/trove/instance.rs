//! Instances and what is done to them.

use pentad_core::{ErrorKind, Result};
use pentad_trove::model::Status;
use pentad_trove::{ErrorExt, InstanceQuery, InstanceUpdate, NewInstance, NewUser};
use serde_json::json;

use super::Stage;

pub(super) async fn life(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let new = Stage::described("case-life").database("shop");
    let new = new.user(NewUser::new("app", "case-password").database("shop"));
    let made = client.create_instance(&new).await?;
    assert_eq!((made.name.as_str(), &made.status), ("case-life", &Status::Build));
    assert_eq!(made.flavor.as_ref().map(|flavor| flavor.id.as_str()), Some("2"));
    assert_eq!(made.volume.as_ref().and_then(|volume| volume.size), Some(1));
    let instance = client.instance(made.id.as_str());
    let ready = instance.wait_active(Stage::polling()).await?;
    assert!(ready.is_active() && ready.created.is_some() && ready.datastore.is_some());
    let databases = instance.databases().all().await?;
    assert!(databases.iter().any(|database| database.name == "shop"));
    assert!(instance.users().all().await?.iter().any(|user| user.name == "app"));
    instance.update(&InstanceUpdate::new().name("case-renamed")).await?;
    assert_eq!(instance.get().await?.name, "case-renamed");
    assert_eq!(client.find_instance("case-renamed").await?.id, made.id);
    let listed = client.instances(InstanceQuery::new()).page_size(1).all().await?;
    assert!(listed.iter().any(|listed| listed.id == made.id));
    assert!(!instance.defaults().await?.is_empty());
    instance.delete().await?;
    instance.wait_gone(Stage::polling()).await?;
    let error = instance.get().await.err();
    assert_eq!(error.as_ref().map(|error| error.kind()), Some(ErrorKind::NotFound));
    assert_eq!(error.as_ref().and_then(|error| error.fault()), Some("itemNotFound"));
    Ok(())
}

pub(super) async fn actions(stage: Stage) -> Result<()> {
    let instance = stage.instance("case-actions").await?;
    instance.restart().await?;
    instance.wait_active(Stage::polling()).await?;
    let error = instance.promote_to_replica_source().await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Invalid), "no replica");
    if !stage.abilities.resize {
        return Stage::gone(&instance).await;
    }
    instance.resize_volume(2).await?;
    let grown = instance.wait_active(Stage::polling()).await?;
    assert_eq!(grown.volume.and_then(|volume| volume.size), Some(2));
    let error = instance.resize_volume(2).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Invalid), "not larger");
    instance.resize("3").await?;
    let moved = instance.wait_active(Stage::polling()).await?;
    assert_eq!(moved.flavor.map(|flavor| flavor.id), Some("3".to_owned()));
    let error = instance.resize("3").await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Invalid), "no change");
    Stage::gone(&instance).await
}

pub(super) async fn busy(stage: Stage) -> Result<()> {
    if !stage.abilities.busy {
        return Ok(());
    }
    let made = stage.client.create_instance(&Stage::described("case-busy")).await?;
    let instance = stage.client.instance(made.id);
    for error in [instance.restart().await.err(), instance.delete().await.err()] {
        assert!(error.is_some_and(|error| error.is_busy() && error.attempts() == 1));
    }
    instance.wait_active(Stage::polling()).await?;
    instance.restart().await?;
    assert!(instance.resize_volume(2).await.is_err_and(|error| error.is_busy()));
    instance.reset_status().await?;
    instance.force_delete().await?;
    instance.wait_gone(Stage::polling()).await
}

pub(super) async fn replicas(stage: Stage) -> Result<()> {
    if !stage.abilities.replicas {
        return Ok(());
    }
    let source = stage.instance("case-source").await?;
    let replica = stage.ready(&NewInstance::replica_of("case-replica", source.id())).await?;
    assert_eq!(replica.get().await?.role(), Some("replica"));
    assert_eq!(source.get().await?.role(), Some("primary"));
    let error = source.delete().await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Forbidden), "it has a replica");
    replica.detach_replica().await?;
    replica.wait_active(Stage::polling()).await?;
    assert_eq!(replica.get().await?.role(), None);
    Stage::gone(&replica).await?;
    Stage::gone(&source).await
}

/// Past the client's own checks the service says the same.
pub(super) async fn refused(stage: Stage) -> Result<()> {
    for body in [
        json!({"instance": {"flavorRef": "2", "volume": {"size": 1}}}),
        json!({"instance": {"name": "", "flavorRef": "2", "volume": {"size": 1}}}),
        json!({"instance": {"name": "n", "flavorRef": "nowhere", "volume": {"size": 1}}}),
        json!({"instance": {"name": "n", "flavorRef": "2", "volume": {"size": 0}}}),
        json!({"instance": {"name": "n", "flavorRef": "2", "volume": {"size": 1}, "replica_count": 2}}),
        json!({"instance": {"name": "n", "flavorRef": "2", "volume": {"size": 1}, "locality": "near"}}),
    ] {
        let mut body = body;
        body["instance"]["datastore"] = json!({"type": "mysql"});
        let error = stage.client.call("trove.instance.create", &[], &[], Some(body.clone()))?.await.err();
        assert_eq!(error.as_ref().map(|error| error.kind()), Some(ErrorKind::Invalid), "{body}");
        assert_eq!(error.as_ref().and_then(|error| error.fault()), Some("badRequest"), "{body}");
    }
    let large = Stage::described("n").volume(10_000);
    assert!(stage.client.create_instance(&large).await.is_err_and(|error| error.is_over_quota()));
    Ok(())
}
