//! Users, projects, members, registrations.

use pentad_ams::model::RegistrationStatus;
use pentad_ams::{NewRegistration, NewUser, ProjectUpdate, RegistrationFilter, UserUpdate};
use pentad_core::{ErrorKind, Result};

use super::Stage;

pub(super) async fn users(stage: Stage) -> Result<()> {
    let (admin, project) = (&stage.service_admin, stage.admin.project_name().to_owned());
    let user = admin.user("case-user");
    let made = user.create(&NewUser::new().email("a@example.org").member(&project, ["consumer"])).await?;
    assert_eq!(made.roles_in(&project), ["consumer"]);
    let again = user.create(&NewUser::new()).await.err();
    assert_eq!(again.map(|error| error.kind()), Some(ErrorKind::Conflict));
    assert_eq!(user.update(&UserUpdate::new().first_name("Ada")).await?.first_name, "Ada");
    assert_eq!(user.get().await?.first_name, "Ada");
    let token = user.refresh_token().await?.token;
    let token = token.as_ref().filter(|new| Some(*new) != made.token.as_ref());
    let Some(token) = token else { panic!("a refreshed token is another one") };
    assert_eq!(admin.user_by_token(token).await?.uuid, made.uuid);
    assert_eq!(admin.user_by_uuid(&made.uuid).await?.name, "case-user");
    let all = admin.users().page_size(2).all().await?;
    assert!(all.iter().any(|user| user.name == "case-user"));
    user.delete().await?;
    assert_eq!(user.get().await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    Ok(())
}

pub(super) async fn projects(stage: Stage) -> Result<()> {
    let project = stage.service_admin.project("CASES");
    assert_eq!(project.create("for cases").await?.description, "for cases");
    project.update(&ProjectUpdate::new().description("changed")).await?;
    assert_eq!(project.get().await?.description, "changed");
    let all = stage.service_admin.projects().await?;
    assert!(all.iter().any(|project| project.name == "CASES"));
    let member = project.member("case-member");
    let made = member.create(Some("m@example.org"), &["publisher"]).await?;
    assert!(made.token.is_some());
    assert_eq!(member.update(&["consumer"]).await?.roles_in("CASES"), ["consumer"]);
    assert_eq!(member.get().await?.name, "case-member");
    assert_eq!(project.members().all().await?.len(), 1);
    member.remove().await?;
    let gone = member.remove().await.err();
    assert_eq!(gone.map(|error| error.kind()), Some(ErrorKind::Forbidden));
    assert_eq!(member.add(&["publisher"]).await?.roles_in("CASES"), ["publisher"]);
    assert!(!project.metrics().await?.is_empty());
    project.delete().await?;
    assert_eq!(project.get().await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    stage.service_admin.user("case-member").delete().await?;
    Ok(())
}

pub(super) async fn registrations(stage: Stage) -> Result<()> {
    let admin = &stage.service_admin;
    let wish = |name: &str| NewRegistration::new(name, format!("{name}@example.org"));
    let first = admin.register(&wish("case-first")).await?;
    assert_eq!(first.status, RegistrationStatus::Pending);
    let second = admin.register(&wish("case-second")).await?;
    let pending = RegistrationFilter::new().status(RegistrationStatus::Pending).name("case-first");
    assert_eq!(admin.registrations(pending).await?.len(), 1);
    let registration = admin.registration(&first.uuid);
    assert_eq!(registration.accept().await?.name, "case-first");
    let again = registration.accept().await.err();
    assert_eq!(again.map(|error| error.kind()), Some(ErrorKind::NotFound));
    assert!(registration.get().await?.activation_token.is_none());
    admin.registration(&second.uuid).decline("no room").await?;
    assert_eq!(admin.registration(&second.uuid).get().await?.decline_comment, "no room");
    for uuid in [&first.uuid, &second.uuid] {
        admin.registration(uuid).delete().await?;
    }
    admin.user("case-first").delete().await
}
