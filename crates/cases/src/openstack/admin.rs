//! What is administered, by the typed managers.

use pentad_core::{ErrorKind, Result, Secret};
use pentad_openstack::auth::{Domain, Keystone, Scope, User};
use pentad_openstack::identity::{Holder, On};
use pentad_openstack::manager::{Fields, Resource};
use pentad_openstack::{ErrorExt, Identity};
use serde_json::json;

use super::{Case, Stage};

pub(super) fn cases() -> Vec<Case> {
    vec![
        ("a_user_works_in_a_project_by_its_roles", |stage| Box::pin(person(stage))),
        ("groups_hold_users", |stage| Box::pin(groups(stage))),
        ("a_role_implies_another", |stage| Box::pin(roles(stage))),
        ("the_catalog_is_made_of_services_endpoints_and_regions", |stage| Box::pin(catalog(stage))),
        ("a_project_has_tags", |stage| Box::pin(tags(stage))),
        ("limits_stand_on_registered_limits", |stage| Box::pin(limits(stage))),
        ("policies_are_kept", |stage| Box::pin(policies(stage))),
        ("ec2_credentials_are_made_and_removed", |stage| Box::pin(ec2(stage))),
        ("an_application_credential_keeps_its_access_rules", |stage| Box::pin(access_rules(stage))),
        ("a_trust_hands_roles_over", |stage| Box::pin(trust(stage))),
        ("a_disabled_domain_lets_nobody_in", |stage| Box::pin(domain(stage))),
    ]
}

/// The caller's things, its user and project, and a name that nobody has.
struct Desk {
    identity: Identity,
    user: String,
    project: String,
    name: String,
}

async fn desk(stage: &Stage) -> Result<Desk> {
    let client = stage.client(stage.login()?)?;
    let access = client.issue().await?.access;
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    // An audit identifier is as good as a random name.
    let name = format!("case-{}", text(access.audit_ids().first().copied()));
    Ok(Desk {
        identity: client.identity(),
        user: text(access.user_id()),
        project: text(access.project_id()),
        name,
    })
}

fn kind<T>(answer: Result<T>) -> Option<ErrorKind> {
    answer.err().map(|error| error.kind())
}

async fn new_user(desk: &Desk, password: &str) -> Result<pentad_openstack::identity::kinds::User> {
    let fields = Fields::new().with("name", desk.name.as_str()).with("password", password);
    desk.identity.users().create(&fields.with("domain_id", "default")).await
}

async fn person(stage: Stage) -> Result<()> {
    let desk = desk(&stage).await?;
    let (users, projects) = (desk.identity.users(), desk.identity.projects());
    let user = new_user(&desk, "first-Password1").await?;
    let project = projects.create(&Fields::new().with("name", desk.name.as_str())).await?;
    assert_eq!(users.lookup(&desk.name).await?.id, user.id);
    assert_eq!(users.lookup(&user.id).await?.name, desk.name);
    assert_eq!(projects.find(&[("name", json!(desk.name))]).await?.id, project.id);
    let twice = users.create(&Fields::new().with("name", desk.name.as_str())).await;
    assert_eq!(kind(twice), Some(ErrorKind::Conflict));
    let member = desk.identity.roles().find(&[("name", json!("member"))]).await?;
    let grants = desk.identity.grants(On::Project(project.id.clone()), Holder::User(user.id.clone()));
    assert!(!grants.has(&member.id).await?);
    grants.add(&member.id).await?;
    assert!(grants.has(&member.id).await?);
    assert_eq!(grants.list().all().await?.len(), 1);
    let found = desk.identity.assignments(&[("user.id", &user.id)]).all().await?;
    assert_eq!(found[0].project_id(), Some(project.id.as_str()));
    assert_eq!(desk.identity.projects_of(&user.id).all().await?[0].id, project.id);

    let login = |password: &str| -> Result<Keystone> {
        let login = Keystone::password(&stage.auth_url, User::id(&user.id), password)?;
        Ok(login.scope(Scope::project_id(&project.id)))
    };
    let own = stage.client(login("first-Password1")?)?;
    assert_eq!(own.issue().await?.access.project_id(), Some(project.id.as_str()));
    assert_eq!(kind(own.identity().users().list().all().await), Some(ErrorKind::Forbidden));
    let (old, new) = (Secret::new("first-Password1"), Secret::new("second-Password1"));
    own.identity().change_password(&user.id, &old, &new).await?;
    assert_eq!(
        kind(stage.client(login("first-Password1")?)?.issue().await),
        Some(ErrorKind::Unauthenticated)
    );
    stage.client(login("second-Password1")?)?.issue().await?;

    grants.remove(&member.id).await?;
    assert_eq!(
        kind(stage.client(login("second-Password1")?)?.issue().await),
        Some(ErrorKind::Unauthenticated)
    );
    let changed = users.update(&user.id, &Fields::new().with("description", "a case")).await?;
    assert_eq!(changed.description.as_deref(), Some("a case"));
    assert!(users.exists(&user.id).await?);
    users.delete(&user.id).await?;
    assert!(!users.exists(&user.id).await?);
    projects.delete(&project.id).await
}

async fn groups(stage: Stage) -> Result<()> {
    let desk = desk(&stage).await?;
    let (identity, groups) = (&desk.identity, desk.identity.groups());
    // Somebody else: a real service ends the tokens of who leaves a group.
    let user = new_user(&desk, "member-Password1").await?;
    let fields = Fields::new().with("name", desk.name.as_str()).with("domain_id", "default");
    let group = groups.create(&fields).await?;
    assert!(!identity.is_in_group(&user.id, &group.id).await?);
    identity.add_to_group(&user.id, &group.id).await?;
    assert!(identity.is_in_group(&user.id, &group.id).await?);
    assert_eq!(identity.users_in(&group.id).all().await?[0].id, user.id);
    assert!(identity.groups_of(&user.id).all().await?.iter().any(|one| one.id == group.id));
    identity.remove_from_group(&user.id, &group.id).await?;
    assert_eq!(kind(groups.lookup("no such group").await), Some(ErrorKind::NotFound));
    identity.users().delete(&user.id).await?;
    groups.delete(&group.id).await
}

async fn roles(stage: Stage) -> Result<()> {
    let desk = desk(&stage).await?;
    let (identity, roles) = (&desk.identity, desk.identity.roles());
    let one = roles.create(&Fields::new().with("name", desk.name.as_str())).await?;
    let two = roles.create(&Fields::new().with("name", format!("{}-2", desk.name))).await?;
    assert!(!identity.implies(&one.id, &two.id).await?);
    identity.imply(&one.id, &two.id).await?;
    assert!(identity.implies(&one.id, &two.id).await?);
    assert_eq!(identity.implied_by(&one.id).await?[0].id, two.id);
    assert!(identity.inferences().await?.iter().any(|rule| rule.prior_role.id == one.id));
    identity.unimply(&one.id, &two.id).await?;
    roles.delete(&one.id).await?;
    roles.delete(&two.id).await
}

async fn catalog(stage: Stage) -> Result<()> {
    let desk = desk(&stage).await?;
    let (services, endpoints, regions) =
        (desk.identity.services(), desk.identity.endpoints(), desk.identity.regions());
    let region =
        regions.create(&Fields::new().with("id", desk.name.as_str()).with("description", "d")).await?;
    let fields = Fields::new().with("type", desk.name.as_str()).with("name", "case");
    let service = services.create(&fields).await?;
    let fields = Fields::new().with("interface", "public").with("url", "http://case.test/%(project_id)s");
    let fields = fields.with_id("service", &service).with_id("region", &region);
    let endpoint = endpoints.create(&fields).await?;
    let lazy = endpoints.lazy(&endpoint.id);
    assert_eq!(lazy.attribute("interface").await?, Some(json!("public")));
    let access = stage.client(stage.login()?)?.issue().await?.access;
    let catalog = access.catalog();
    let listed = catalog.services().iter().find(|one| one.service_type == desk.name);
    let url = listed.and_then(|one| one.endpoints.first()).map(|one| one.url.clone());
    assert_eq!(url, Some(format!("http://case.test/{}", desk.project)));
    endpoints.delete(&endpoint.id).await?;
    services.delete(&service.id).await?;
    regions.delete(&region.id).await
}

async fn tags(stage: Stage) -> Result<()> {
    let desk = desk(&stage).await?;
    let (identity, projects) = (&desk.identity, desk.identity.projects());
    let project = projects.create(&Fields::new().with("name", desk.name.as_str())).await?;
    identity.add_tag(&project.id, "red").await?;
    assert!(identity.has_tag(&project.id, "red").await?);
    let mut tags = identity.set_tags(&project.id, &["blue", "green"]).await?;
    tags.sort();
    assert_eq!(tags, ["blue", "green"]);
    identity.remove_tag(&project.id, "blue").await?;
    assert_eq!(identity.tags(&project.id).await?, ["green"]);
    assert_eq!(projects.list_where(&[("tags", "green")]).all().await?.len(), 1);
    identity.clear_tags(&project.id).await?;
    projects.delete(&project.id).await
}

async fn limits(stage: Stage) -> Result<()> {
    let desk = desk(&stage).await?;
    let service = desk.identity.services().create(&Fields::new().with("type", desk.name.as_str())).await?;
    let fields = || Fields::new().with_id("service", &service).with("resource_name", "vol");
    let registered = desk.identity.registered_limits().create(&fields().with("default_limit", 10)).await?;
    let own = fields().with("project_id", desk.project.as_str()).with("resource_limit", 3);
    let limit = desk.identity.limits().create(&own).await?;
    assert_eq!((registered.default_limit, limit.resource_limit), (10, 3));
    assert_eq!(kind(desk.identity.limits().create(&own).await), Some(ErrorKind::Conflict));
    let held = desk.identity.registered_limits().delete(&registered.id).await;
    assert_eq!(kind(held), Some(ErrorKind::Forbidden));
    let changed = desk.identity.limits().update(&limit.id, &json!({ "resource_limit": 4 })).await?;
    assert_eq!(changed.resource_limit, 4);
    assert_eq!(desk.identity.limit_model().await?["name"], "flat");
    desk.identity.limits().delete(&limit.id).await?;
    desk.identity.registered_limits().delete(&registered.id).await?;
    desk.identity.services().delete(&service.id).await
}

async fn policies(stage: Stage) -> Result<()> {
    let policies = desk(&stage).await?.identity.policies();
    let made = policies.create(&Fields::new().with("type", "application/json").with("blob", "{}")).await?;
    assert_eq!(policies.get(&made.id).await?.blob, json!("{}"));
    let changed = policies.update(&made.id, &json!({ "blob": "{\"a\": 1}" })).await?;
    assert_eq!(changed.blob, json!("{\"a\": 1}"));
    policies.delete(&made.id).await?;
    assert_eq!(kind(policies.get(&made.id).await), Some(ErrorKind::NotFound));
    Ok(())
}

async fn ec2(stage: Stage) -> Result<()> {
    let desk = desk(&stage).await?;
    let made = desk.identity.create_ec2_credential(&desk.user, &desk.project).await?;
    let read = desk.identity.ec2_credential(&desk.user, &made.access).await?;
    assert!(read.secret.is_some() && read.secret == made.secret);
    let all = desk.identity.ec2_credentials(&desk.user).all().await?;
    assert!(all.iter().any(|one| one.access == made.access));
    desk.identity.delete_ec2_credential(&desk.user, &made.access).await?;
    assert_eq!(kind(desk.identity.ec2_credential(&desk.user, &made.access).await), Some(ErrorKind::NotFound));
    Ok(())
}

async fn access_rules(stage: Stage) -> Result<()> {
    let desk = desk(&stage).await?;
    let own = desk.identity.application_credentials(&desk.user);
    let rules = json!([{ "service": "identity", "method": "GET", "path": "/v3/users/*" }]);
    let fields = Fields::new().with("name", desk.name.as_str()).with("secret", "case-secret");
    let made = own.create(&fields.with("access_rules", rules)).await?;
    assert_eq!(made.access_rules.as_ref().map(Vec::len), Some(1));
    let login = Keystone::application_credential(&stage.auth_url, &made.id, "case-secret")?;
    let narrow = stage.client(login)?.identity();
    assert_eq!(narrow.users().get(&desk.user).await?.id, desk.user);
    assert_eq!(kind(narrow.projects().get(&desk.project).await), Some(ErrorKind::Unauthenticated));
    let listed = desk.identity.access_rules(&desk.user).all().await?;
    let rule = listed.iter().find(|rule| rule.path.as_deref() == Some("/v3/users/*"));
    let rule = rule.map(|rule| rule.id.clone()).unwrap_or_default();
    assert_eq!(kind(desk.identity.delete_access_rule(&desk.user, &rule).await), Some(ErrorKind::Forbidden));
    own.delete(made.id()).await?;
    // Some services keep the rule for the next credential.
    desk.identity
        .delete_access_rule(&desk.user, &rule)
        .await
        .or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

async fn trust(stage: Stage) -> Result<()> {
    let desk = desk(&stage).await?;
    let trustee = new_user(&desk, "trustee-Password1").await?;
    let fields = Fields::new()
        .with("trustor_user_id", desk.user.as_str())
        .with("trustee_user_id", trustee.id.as_str())
        .with("project_id", desk.project.as_str())
        .with("impersonation", false)
        .with("roles", json!([{ "name": "member" }]));
    let trust = desk.identity.trusts().create(&fields).await?;
    let login = Keystone::password(&stage.auth_url, User::id(&trustee.id), "trustee-Password1")?;
    let access = stage.client(login.scope(Scope::Trust(trust.id.clone())))?.issue().await?.access;
    assert_eq!(
        (access.project_id(), access.trust_id()),
        (Some(desk.project.as_str()), Some(trust.id.as_str()))
    );
    assert!(access.roles().contains(&"member"));
    assert!(desk.identity.trust_roles(&trust.id).all().await?.iter().any(|role| role.name == "member"));
    let changed = desk.identity.trusts().update(&trust.id, &json!({})).await;
    assert_eq!(kind(changed), Some(ErrorKind::Unsupported));
    desk.identity.trusts().delete(&trust.id).await?;
    desk.identity.users().delete(&trustee.id).await
}

async fn domain(stage: Stage) -> Result<()> {
    let desk = desk(&stage).await?;
    let domains = desk.identity.domains();
    let domain = domains.create(&Fields::new().with("name", desk.name.as_str())).await?;
    let fields = Fields::new().with("name", "guest").with("password", "guest-Password1");
    let guest = desk.identity.users().create(&fields.with_id("domain", &domain)).await?;
    let login = || -> Result<Keystone> {
        let user = User::name("guest").of(Domain::id(&domain.id));
        Ok(Keystone::password(&stage.auth_url, user, "guest-Password1")?.scope(Scope::Unscoped))
    };
    assert_eq!(stage.client(login()?)?.issue().await?.access.user_id(), Some(guest.id.as_str()));
    domains.update(&domain.id, &json!({ "enabled": false })).await?;
    let refused = stage.client(login()?)?.issue().await.err();
    assert!(refused.is_some_and(|error| error.class().is_some_and(|class| class.name == "Unauthorized")));
    domains.delete(&domain.id).await
}
