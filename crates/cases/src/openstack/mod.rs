//! Behaviour of the identity service: logins, what is administered, and tokens under load.

mod admin;
mod load;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use pentad_core::{ErrorKind, Result, Secret, Transport};
use pentad_openstack::auth::{Domain, Keystone, Scope, User};
use pentad_openstack::{Client, ErrorExt};
use serde_json::json;

/// A user who may log in to a project, and how the service is reached.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Where the service is, with or without a version.
    pub auth_url: String,
    /// Name of the user.
    pub username: String,
    /// Password of the user.
    pub password: Secret,
    /// Name of the project.
    pub project_name: String,
    /// Domain of both.
    pub domain: Domain,
    /// How requests are sent.
    pub transport: Arc<dyn Transport>,
    /// How many calls are made at once where it is about many.
    pub many: usize,
}

/// A named case.
pub type Case = (&'static str, fn(Stage) -> BoxFuture<'static, Result<()>>);

/// All cases. The user administers the cloud; they leave nothing behind but tokens.
pub fn cases() -> Vec<Case> {
    [logins(), admin::cases(), load::cases()].concat()
}

fn logins() -> Vec<Case> {
    vec![
        ("a_password_gives_a_token_for_the_project_with_a_catalog", |stage| Box::pin(password(stage))),
        ("a_url_without_a_version_leads_to_the_same_service", |stage| Box::pin(discovered(stage))),
        ("a_wrong_password_is_one_refusal", |stage| Box::pin(wrong_password(stage))),
        ("a_token_is_valid_until_it_is_revoked", |stage| Box::pin(revoked(stage))),
        ("a_token_without_scope_shows_what_there_is_to_choose", |stage| Box::pin(unscoped(stage))),
        ("a_token_buys_another_scope_and_no_longer_life", |stage| Box::pin(rescoped(stage))),
        ("an_application_credential_logs_in_until_it_is_deleted", |stage| {
            Box::pin(application_credential(stage))
        }),
    ]
}

impl Stage {
    fn user(&self) -> User {
        User::name(&self.username).of(self.domain.clone())
    }

    fn login(&self) -> Result<Keystone> {
        let login = Keystone::password(&self.auth_url, self.user(), self.password.clone())?;
        Ok(login.scope(Scope::project(&self.project_name, self.domain.clone())))
    }

    fn client(&self, keystone: Keystone) -> Result<Client> {
        Client::new(keystone).transport(Arc::clone(&self.transport)).build()
    }
}

async fn password(stage: Stage) -> Result<()> {
    let client = stage.client(stage.login()?)?;
    let issued = client.issue().await?;
    let access = &issued.access;
    assert_eq!(access.user_name(), Some(stage.username.as_str()));
    assert_eq!(access.project_name(), Some(stage.project_name.as_str()));
    assert_eq!(access.methods(), ["password"]);
    assert!(!access.roles().is_empty() && access.is_scoped());
    assert!(access.expires_at() > access.issued_at());
    let catalog = access.catalog();
    assert!(catalog.services().iter().any(|service| service.service_type == "identity"));
    assert_eq!(client.catalog().await?.services().len(), catalog.services().len());
    Ok(())
}

async fn discovered(stage: Stage) -> Result<()> {
    let bare = stage.auth_url.trim_end_matches('/').trim_end_matches("/v3").to_owned();
    let client = Stage { auth_url: bare, ..stage };
    let issued = client.client(client.login()?)?.issue().await?;
    assert_eq!(issued.access.user_name(), Some(client.username.as_str()));
    Ok(())
}

async fn wrong_password(stage: Stage) -> Result<()> {
    let wrong = Stage { password: Secret::new("not the password"), ..stage };
    let client = wrong.client(wrong.login()?)?;
    let error = client.projects().await.err();
    assert_eq!(error.as_ref().map(pentad_core::Error::kind), Some(ErrorKind::Unauthenticated));
    assert!(error.is_some_and(|error| error.attempts() == 1 && !error.needs_more_methods()));
    Ok(())
}

async fn revoked(stage: Stage) -> Result<()> {
    let (owner, other) = (stage.client(stage.login()?)?, stage.client(stage.login()?)?);
    let token = other.issue().await?.secret;
    assert_eq!(owner.validate(&token).await?.user_name(), Some(stage.username.as_str()));
    assert!(owner.check(&token).await?);
    owner.revoke(&token).await?;
    assert!(!owner.check(&token).await?);
    assert_eq!(owner.validate(&token).await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    let gone = Keystone::token(&stage.auth_url, token)?;
    let error = stage.client(gone)?.issue().await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Unauthenticated));
    Ok(())
}

async fn unscoped(stage: Stage) -> Result<()> {
    let login = Keystone::password(&stage.auth_url, stage.user(), stage.password.clone())?;
    let client = stage.client(login.scope(Scope::Unscoped))?;
    assert!(!client.issue().await?.access.is_scoped());
    let projects = client.projects().await?;
    assert!(projects.iter().any(|project| project.name == stage.project_name && project.enabled));
    client.domains().await?;
    assert_eq!(client.catalog().await.err().map(|error| error.kind()), Some(ErrorKind::Forbidden));
    Ok(())
}

async fn rescoped(stage: Stage) -> Result<()> {
    let login = Keystone::password(&stage.auth_url, stage.user(), stage.password.clone())?;
    let first = stage.client(login.scope(Scope::Unscoped))?.issue().await?;
    let scope = Scope::project(&stage.project_name, stage.domain.clone());
    let second = stage.client(Keystone::token(&stage.auth_url, first.secret)?.scope(scope))?.issue().await?;
    assert_eq!(second.access.project_name(), Some(stage.project_name.as_str()));
    // The service keeps them as a set: their order is chance.
    let mut methods = second.access.methods().to_vec();
    methods.sort();
    assert_eq!(methods, ["password", "token"]);
    assert_eq!(second.access.expires_at(), first.access.expires_at());
    assert_eq!(second.access.audit_ids().get(1), first.access.audit_ids().first());
    Ok(())
}

async fn application_credential(stage: Stage) -> Result<()> {
    let owner = stage.client(stage.login()?)?;
    let access = owner.issue().await?.access;
    let user = access.user_id().unwrap_or_default().to_owned();
    // An audit identifier is as good as a random name.
    let name = format!("case-{}", access.audit_ids().first().copied().unwrap_or_default());
    let body = json!({ "application_credential": { "name": name, "secret": "case-secret" } });
    let made =
        owner.call("openstack.application_credential.create", &[("user", &user)], &[], Some(body))?.await?;
    let id = made["application_credential"]["id"].as_str().unwrap_or_default().to_owned();
    let login = || Keystone::application_credential(&stage.auth_url, &id, "case-secret");
    let issued = stage.client(login()?)?.issue().await?;
    assert_eq!(issued.access.project_name(), Some(stage.project_name.as_str()));
    assert_eq!(issued.access.application_credential_id(), Some(id.as_str()));
    let error = stage.client(Keystone::token(&stage.auth_url, issued.secret)?)?.issue().await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Forbidden));
    let wrong = Keystone::application_credential(&stage.auth_url, &id, "another")?;
    let error = stage.client(wrong)?.issue().await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Unauthenticated));
    let args = [("user", user.as_str()), ("credential_id", id.as_str())];
    owner.call("openstack.application_credential.delete", &args, &[], None)?.await?;
    let error = stage.client(login()?)?.issue().await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Unauthenticated));
    Ok(())
}
