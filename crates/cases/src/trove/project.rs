//! What a project has beside instances, and what administrators see.

use pentad_core::{ErrorKind, Result};
use pentad_trove::mgmt::ManagedQuery;
use pentad_trove::{
    BackupQuery, ConfigurationUpdate, InstanceUpdate, ModuleUpdate, NewBackup, NewConfiguration, NewModule,
};
use serde_json::{Map, json};

use super::Stage;

pub(super) async fn backups(stage: Stage) -> Result<()> {
    if !stage.abilities.backups {
        return Ok(());
    }
    let client = &stage.client;
    let instance = stage.instance("case-saved").await?;
    instance.create_databases(&["kept".into()]).await?;
    let made = client.create_backup(&NewBackup::new("case-backup", instance.id())).await?;
    let backup = client.backup(made.id.as_str());
    let done = backup.wait_completed(Stage::polling()).await?;
    assert_eq!(done.instance_id.as_deref(), Some(instance.id()));
    instance.wait_active(Stage::polling()).await?;
    let listed = client.backups(BackupQuery::new().instance(instance.id())).page_size(1).all().await?;
    assert_eq!(listed.len(), 1);
    assert_eq!(instance.backups().all().await?.len(), 1);
    let new = Stage::described("case-restored").from_backup(made.id.as_str());
    let restored = stage.ready(&new).await?;
    assert!(restored.databases().all().await?.iter().any(|database| database.name == "kept"));
    backup.delete().await?;
    backup.wait_gone(Stage::polling()).await?;
    Stage::gone(&restored).await?;
    Stage::gone(&instance).await
}

pub(super) async fn strategies(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let set = client.set_backup_strategy(None, "case-container").await?;
    assert_eq!(set.swift_container.as_deref(), Some("case-container"));
    let listed = client.backup_strategies(None, None).all().await?;
    assert!(listed.iter().any(|listed| listed.swift_container.as_deref() == Some("case-container")));
    client.delete_backup_strategy(None, None).await?;
    client.delete_backup_strategy(None, None).await?;
    Ok(())
}

pub(super) async fn choices(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let datastores = client.datastores().all().await?;
    let mysql = datastores.iter().find(|datastore| datastore.name == "mysql");
    let id = mysql.map(|datastore| datastore.id.clone()).unwrap_or_default();
    assert_eq!(client.datastore("mysql").get().await?.id, id, "by name as by id");
    if stage.abilities.datastores {
        assert!(datastores.iter().any(|datastore| datastore.name == "postgresql"));
    }
    let versions = client.datastore("mysql").versions().all().await?;
    let version = versions.first().cloned().unwrap_or_default();
    assert_eq!(client.datastore_version(&version.id).await?.name, version.name);
    let handle = client.datastore("mysql").version(version.name.as_str());
    assert_eq!(handle.get().await?.id, version.id);
    let parameters = handle.parameters().all().await?;
    assert!(parameters.iter().any(|parameter| parameter.name == "max_connections"));
    assert_eq!(client.parameters(&version.id).all().await?.len(), parameters.len());
    let one = client.parameter(&version.id, "max_connections").await?;
    assert_eq!((one.kind.as_str(), one.name.as_str()), ("integer", "max_connections"));
    let flavors = client.flavors().all().await?;
    let first = flavors.first().cloned().unwrap_or_default();
    assert_eq!(client.flavor(&first.key()).await?.name, first.name);
    match client.versions().all().await {
        Ok(known) => assert!(known.iter().any(|known| known.id == "v1.0")),
        // Where several services share a host, nobody answers for one of them at its root.
        Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
    }
    Ok(())
}

pub(super) async fn configurations(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let new = NewConfiguration::new("case-group").set("max_connections", 200).description("of a case");
    let made = client.create_configuration(&new.datastore("mysql")).await?;
    let group = client.configuration(made.summary.id.as_str());
    assert_eq!(made.values.get("max_connections"), Some(&json!(200)));
    group.set(&Map::from_iter([("connect_timeout".to_owned(), json!(20))])).await?;
    let read = group.get().await?;
    assert_eq!(read.values.len(), 2, "the others stay");
    assert_eq!(client.find_configuration("case-group").await?.summary.id, made.summary.id);
    let values = Map::from_iter([("connect_timeout".to_owned(), json!(30))]);
    group.update(&ConfigurationUpdate::new().name("case-group-2").values(values)).await?;
    let read = group.get().await?;
    assert_eq!((read.summary.name.as_str(), read.values.len()), ("case-group-2", 1), "all are replaced");
    for (name, value) in [("max_connections", json!("many")), ("no_such_setting", json!(1))] {
        let error = group.set(&Map::from_iter([(name.to_owned(), value)])).await.err();
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Invalid), "{name}");
    }
    let instance = stage.instance("case-configured").await?;
    instance.update(&InstanceUpdate::new().configuration(group.id())).await?;
    let settled = instance.wait_settled(Stage::polling()).await?;
    assert_eq!(settled.configuration.map(|group| group.name), Some("case-group-2".to_owned()));
    assert_eq!(group.instances().all().await?.len(), 1);
    assert_eq!(group.delete().await.err().map(|error| error.kind()), Some(ErrorKind::Invalid), "attached");
    instance.update(&InstanceUpdate::new().no_configuration()).await?;
    instance.wait_settled(Stage::polling()).await?;
    group.delete().await?;
    Stage::gone(&instance).await
}

pub(super) async fn modules(stage: Stage) -> Result<()> {
    if !stage.abilities.modules {
        return Ok(());
    }
    let client = &stage.client;
    let new = NewModule::new("case-module", "ping", "message=Hello").with(|say| say.description("of a case"));
    let made = client.create_module(&new).await?;
    let module = client.module(made.id.as_str());
    let read = module.get().await?;
    assert_eq!((read.kind.as_str(), read.description.as_deref()), ("ping", Some("of a case")));
    let changed = module.update(&ModuleUpdate::new().contents("message=Bye").name("case-module-2")).await?;
    assert_eq!(changed.name, "case-module-2");
    assert_ne!(changed.md5, read.md5);
    assert!(client.modules(None).all().await?.iter().any(|listed| listed.id == made.id));
    module.delete().await?;
    assert_eq!(module.get().await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    Ok(())
}

pub(super) async fn quotas(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let limits = client.limits().await?;
    let quotas = client.quotas(&stage.project).all().await?;
    if stage.abilities.management {
        let instances = quotas.iter().find(|quota| quota.resource == "instances");
        assert_eq!(instances.map(|quota| quota.limit), limits.absolute.max_instances);
        let set = [("instances".to_owned(), 9)].into();
        assert_eq!(client.set_quotas(&stage.project, &set).await?.get("instances"), Some(&json!(9)));
        assert_eq!(client.limits().await?.absolute.max_instances, Some(9));
        let back = [("instances".to_owned(), limits.absolute.max_instances.unwrap_or(10))].into();
        client.set_quotas(&stage.project, &back).await?;
        let unknown = [("castles".to_owned(), 1)].into();
        let error = client.set_quotas(&stage.project, &unknown).await.err();
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
    }
    assert!(limits.rates.iter().any(|rate| rate.verb == "GET" && rate.value > 0));
    Ok(())
}

pub(super) async fn management(stage: Stage) -> Result<()> {
    let mgmt = stage.client.mgmt();
    let versions = mgmt.datastore_versions().all().await?;
    let first = versions.first().cloned().unwrap_or_default();
    assert_eq!(mgmt.datastore_version(&first.id).await?.name, first.name);
    if !stage.abilities.management {
        return Ok(());
    }
    let instance = stage.instance("case-managed").await?;
    let listed = mgmt.instances(&ManagedQuery::new().deleted(false)).page_size(100).all().await?;
    assert!(listed.iter().any(|listed| listed.instance.id == instance.id()));
    let shown = mgmt.instance(instance.id()).get(false).await?;
    assert_eq!(shown.instance.name, "case-managed");
    assert_eq!(mgmt.instance(instance.id()).root_history().await?.enabled, "Never");
    Stage::gone(&instance).await
}

pub(super) async fn missing(stage: Stage) -> Result<()> {
    const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
    let client = &stage.client;
    let errors = [
        client.instance(NOBODY).get().await.err(),
        client.instance(NOBODY).restart().await.err(),
        client.instance(NOBODY).databases().await.err(),
        client.backup(NOBODY).get().await.err(),
        client.configuration(NOBODY).get().await.err(),
        client.datastore("no-such-datastore").get().await.err(),
        client.flavor("no-such-flavor").await.err(),
        client.cluster(NOBODY).get().await.err(),
        client.find_instance("no-such-name").await.err(),
    ];
    for (index, error) in errors.into_iter().enumerate() {
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound), "{index}");
    }
    Ok(())
}
