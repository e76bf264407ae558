//! What is in an instance: databases, users, root, logs.

use pentad_core::{ErrorKind, Result};
use pentad_trove::{ErrorExt, LogChange, NewDatabase, NewUser, UserName, UserUpdate};

use super::Stage;

pub(super) async fn databases(stage: Stage) -> Result<()> {
    let instance = stage.instance("case-databases").await?;
    let names = ["alpha", "beta", "gamma"];
    let new: Vec<NewDatabase> = names.iter().map(|name| (*name).into()).collect();
    instance.create_databases(&new).await?;
    let listed = instance.databases().page_size(1).all().await?;
    let listed: Vec<_> = listed.iter().map(|database| database.name.as_str()).collect();
    assert_eq!(listed, names, "by name, page by page");
    let error = instance.create_databases(&["alpha".into()]).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Invalid), "taken");
    instance.delete_database("gamma").await?;
    instance.delete_database("beta").await?;
    assert_eq!(instance.databases().all().await?.len(), 1);
    let error = instance.delete_database("beta").await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
    let args = [("instance", instance.id()), ("database", "alpha")];
    let error = stage.client.call("trove.database.get", &args, &[], None)?.await.err();
    assert!(error.is_some_and(|error| error.is_not_supported()));
    Stage::gone(&instance).await
}

pub(super) async fn users(stage: Stage) -> Result<()> {
    let instance = stage.instance("case-users").await?;
    instance.create_databases(&["one".into(), "two".into()]).await?;
    let new = [
        NewUser::new("app", "case-password").database("one"),
        NewUser::new("local", "case-password").host("10.0.0.1"),
    ];
    instance.create_users(&new).await?;
    let listed = instance.users().page_size(1).all().await?;
    let names: Vec<_> = listed.iter().map(|user| user.full_name().to_string()).collect();
    assert_eq!(names, ["app@%", "local@10.0.0.1"], "markers with signs lead on");
    let app = instance.user("app");
    assert_eq!(app.get().await?.databases.len(), 1);
    app.grant(&["two"]).await?;
    let granted: Vec<_> = app.databases().all().await?.into_iter().map(|database| database.name).collect();
    assert_eq!(granted, ["one", "two"]);
    app.revoke("one").await?;
    assert_eq!(app.databases().all().await?.len(), 1);
    assert_eq!(app.revoke("one").await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    instance.set_passwords(&[NewUser::new("app", "another-password")]).await?;
    let local = instance.user(UserName::new("local", Some("10.0.0.1")));
    assert_eq!(local.get().await?.host.as_deref(), Some("10.0.0.1"));
    local.update(&UserUpdate::new().name("renamed")).await?;
    let renamed = instance.user(UserName::new("renamed", Some("10.0.0.1")));
    assert_eq!(renamed.get().await?.name, "renamed");
    let error = instance.create_users(&[NewUser::new("app", "x")]).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Invalid), "taken");
    renamed.delete().await?;
    assert_eq!(renamed.get().await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    Stage::gone(&instance).await
}

pub(super) async fn root(stage: Stage) -> Result<()> {
    let instance = stage.instance("case-root").await?;
    assert!(!instance.is_root_enabled().await?);
    let root = instance.enable_root(None).await?;
    assert!(root.name == "root" && !root.password.is_empty());
    assert!(instance.is_root_enabled().await?);
    let own = pentad_core::Secret::new("case-password");
    let again = instance.enable_root(Some(&own)).await?.password;
    assert!(again == own || !stage.abilities.guest);
    instance.disable_root().await?;
    Stage::gone(&instance).await
}

pub(super) async fn logs(stage: Stage) -> Result<()> {
    if !stage.abilities.guest {
        return Ok(());
    }
    let instance = stage.instance("case-logs").await?;
    let logs = instance.logs().all().await?;
    let Some(first) = logs.iter().find(|log| log.kind.as_str() == "USER") else {
        return Stage::gone(&instance).await;
    };
    let log = instance.log(first.name.as_str());
    assert_eq!(log.get().await?.name, first.name);
    log.change(LogChange::new().enable()).await?;
    let error = instance.log("no-such-log").get().await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
    Stage::gone(&instance).await
}
