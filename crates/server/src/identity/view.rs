//! Stored things as the API shows them.

use serde_json::{Map, Value, json};

use super::call::Call;
use super::model::{
    AppCredential, Bag, CatalogService, Credential, Endpoint, Group, Limit, Policy, Project, Region,
    RegisteredLimit, Role, Trust, User,
};
use super::valid::time_text;

/// Attributes, unknown ones behind the known, the link at the end.
fn whole(known: Value, extra: &Bag, link: &str) -> Value {
    let mut all = match known {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    for (name, value) in extra {
        all.entry(name.clone()).or_insert_with(|| value.clone());
    }
    all.insert("links".to_owned(), json!({"self": link}));
    Value::Object(all)
}

/// A user; never its password.
pub(crate) fn user(call: &Call, user: &User) -> Value {
    let mut known = json!({
        "id": user.id, "name": user.name, "domain_id": user.domain_id, "enabled": user.enabled,
    });
    if let Some(project) = &user.default_project_id {
        known["default_project_id"] = json!(project);
    }
    known["password_expires_at"] = json!(user.password_expires_at.map(time_text));
    known["options"] = json!(user.options);
    whole(known, &user.extra, &call.url(&format!("/users/{}", user.id)))
}

/// A project.
pub(crate) fn project(call: &Call, project: &Project) -> Value {
    let known = json!({
        "id": project.id, "name": project.name, "domain_id": project.domain_id,
        "description": project.description, "enabled": project.enabled, "parent_id": project.parent_id,
        "is_domain": project.is_domain, "tags": project.tags, "options": project.options,
    });
    whole(known, &project.extra, &call.url(&format!("/projects/{}", project.id)))
}

/// A domain.
pub(crate) fn domain(call: &Call, domain: &Project) -> Value {
    let known = json!({
        "id": domain.id, "name": domain.name, "description": domain.description, "enabled": domain.enabled,
        "tags": domain.tags, "options": domain.options,
    });
    whole(known, &domain.extra, &call.url(&format!("/domains/{}", domain.id)))
}

/// A role.
pub(crate) fn role(call: &Call, role: &Role) -> Value {
    whole(bare_role(role), &role.extra, &call.url(&format!("/roles/{}", role.id)))
}

/// A role without its link.
pub(crate) fn bare_role(role: &Role) -> Value {
    json!({
        "id": role.id, "name": role.name, "domain_id": role.domain_id, "description": role.description,
        "options": role.options,
    })
}

/// A role in inferences.
pub(crate) fn short_role(call: &Call, role: &Role) -> Value {
    json!({"id": role.id, "links": {"self": call.url(&format!("/roles/{}", role.id))}, "name": role.name})
}

/// A group.
pub(crate) fn group(call: &Call, group: &Group) -> Value {
    let known = json!({
        "id": group.id, "name": group.name, "domain_id": group.domain_id, "description": group.description,
    });
    whole(known, &group.extra, &call.url(&format!("/groups/{}", group.id)))
}

/// A service.
pub(crate) fn service(call: &Call, service: &CatalogService) -> Value {
    let known =
        json!({"name": service.name, "id": service.id, "type": service.kind, "enabled": service.enabled});
    whole(known, &service.extra, &call.url(&format!("/services/{}", service.id)))
}

/// An endpoint.
pub(crate) fn endpoint(call: &Call, endpoint: &Endpoint) -> Value {
    let known = json!({
        "id": endpoint.id, "interface": endpoint.interface, "region_id": endpoint.region_id,
        "service_id": endpoint.service_id, "url": call.endpoint_url(endpoint), "enabled": endpoint.enabled,
        "region": endpoint.region_id,
    });
    whole(known, &endpoint.extra, &call.url(&format!("/endpoints/{}", endpoint.id)))
}

/// A region.
pub(crate) fn region(call: &Call, region: &Region) -> Value {
    let known = json!({
        "id": region.id, "description": region.description, "parent_region_id": region.parent_region_id,
    });
    whole(known, &region.extra, &call.url(&format!("/regions/{}", region.id)))
}

/// A credential with its opened content.
pub(crate) fn credential(call: &Call, credential: &Credential, blob: &str) -> Value {
    let known = json!({
        "id": credential.id, "user_id": credential.user_id, "project_id": credential.project_id,
        "type": credential.kind, "blob": blob,
    });
    whole(known, &credential.extra, &call.url(&format!("/credentials/{}", credential.id)))
}

/// An application credential; its secret only when it was just made.
pub(crate) fn app_credential(
    call: &Call,
    credential: &AppCredential,
    roles: &[Role],
    secret: Option<&str>,
) -> Value {
    let roles: Vec<Value> = roles.iter().map(bare_role).collect();
    let mut known = json!({
        "id": credential.id, "name": credential.name, "description": credential.description,
        "user_id": credential.user_id, "project_id": credential.project_id, "system": null,
        "expires_at": credential.expires_at.map(time_text), "unrestricted": credential.unrestricted,
        "roles": roles,
    });
    if !credential.access_rules.is_empty() {
        known["access_rules"] = json!(credential.access_rules);
    }
    if let Some(secret) = secret {
        known["secret"] = json!(secret);
    }
    let link = format!("/users/{}/application_credentials/{}", credential.user_id, credential.id);
    whole(known, &Bag::new(), &call.url(&link))
}

/// A registered limit.
pub(crate) fn registered_limit(call: &Call, limit: &RegisteredLimit) -> Value {
    let known = json!({
        "id": limit.id, "service_id": limit.service_id, "region_id": limit.region_id,
        "resource_name": limit.resource_name, "default_limit": limit.default_limit,
        "description": limit.description,
    });
    whole(known, &Bag::new(), &call.url(&format!("/registered_limits/{}", limit.id)))
}

/// A limit of a project or domain.
pub(crate) fn limit(call: &Call, limit: &Limit) -> Value {
    let known = json!({
        "id": limit.id, "project_id": limit.project_id, "domain_id": limit.domain_id,
        "resource_limit": limit.resource_limit, "description": limit.description,
        "service_id": limit.service_id, "region_id": limit.region_id, "resource_name": limit.resource_name,
    });
    whole(known, &Bag::new(), &call.url(&format!("/limits/{}", limit.id)))
}

/// A document of rules.
pub(crate) fn policy(call: &Call, policy: &Policy) -> Value {
    let known = json!({"id": policy.id, "blob": policy.blob, "type": policy.media_type});
    whole(known, &policy.extra, &call.url(&format!("/policies/{}", policy.id)))
}

/// A trust; its roles only where a single one is shown.
pub(crate) fn trust(call: &Call, trust: &Trust, roles: Option<&[Role]>) -> Value {
    let mut known = json!({
        "id": trust.id, "trustor_user_id": trust.trustor_user_id, "trustee_user_id": trust.trustee_user_id,
        "project_id": trust.project_id, "impersonation": trust.impersonation,
        "expires_at": trust.expires_at.map(time_text), "remaining_uses": trust.remaining_uses,
        "deleted_at": null, "redelegated_trust_id": trust.redelegated_trust_id,
        "redelegation_count": trust.redelegation_count,
    });
    if let Some(roles) = roles {
        let roles: Vec<Value> = roles.iter().map(|one| role(call, one)).collect();
        known["roles"] = json!(roles);
        let short = call.core.quirks.has(super::quirks::Quirk::ShortLinks);
        let path = if short { "" } else { "/OS-TRUST/trusts" };
        let own = call.url(&format!("{path}/{}/roles", trust.id));
        known["roles_links"] = json!({"self": own, "next": null, "previous": null});
    }
    whole(known, &trust.extra, &call.url(&format!("/OS-TRUST/trusts/{}", trust.id)))
}
