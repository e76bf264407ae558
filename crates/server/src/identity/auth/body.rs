//! A token as the API shows it (OpenStack reference B6 and B11).

use serde_json::{Value, json};

use super::super::access::{Access, Scope};
use super::super::call::Call;
use super::super::catalog;
use super::super::model::{CatalogService, Endpoint, Project};
use super::super::valid::{short_time_text, time_text};

/// The services of the catalog with their endpoints.
pub(crate) type Services = [(CatalogService, Vec<Endpoint>)];

/// `{"token": ..}`; without a catalog if `services` is `None`.
pub(crate) fn token(call: &Call, access: &Access, services: Option<&Services>) -> Value {
    let payload = &access.payload;
    let mut user = json!({
        "domain": short(&access.user_domain), "id": access.user.id, "name": access.user.name,
    });
    user["password_expires_at"] = json!(access.user.password_expires_at.map(time_text));
    let mut token = json!({
        "methods": payload.methods,
        "user": user,
        "audit_ids": payload.audit,
        "expires_at": time_text(payload.expires.saturating_mul(1_000_000)),
        "issued_at": time_text(payload.issued.saturating_mul(1_000_000)),
    });
    match &access.scope {
        Scope::Unscoped => {}
        Scope::Project { project, domain } => {
            token["project"] = json!({"domain": short(domain), "id": project.id, "name": project.name});
            token["is_domain"] = json!(project.is_domain);
        }
        Scope::Domain(domain) => token["domain"] = short(domain),
        Scope::System => token["system"] = json!({"all": true}),
    }
    if !matches!(access.scope, Scope::Unscoped) {
        let roles: Vec<Value> =
            access.roles.iter().map(|role| json!({"id": role.id, "name": role.name})).collect();
        token["roles"] = json!(roles);
        if let Some(services) = services {
            token["catalog"] = catalog::catalog(call, access, services);
        }
    }
    if let Some(trust) = &access.trust {
        token["OS-TRUST:trust"] = json!({
            "id": trust.id, "trustor_user": {"id": trust.trustor_user_id},
            "trustee_user": {"id": trust.trustee_user_id}, "impersonation": trust.impersonation,
        });
    }
    if let Some(credential) = &access.application_credential {
        let restricted = !credential.unrestricted.unwrap_or_default();
        let mut shown = json!({"id": credential.id, "name": credential.name, "restricted": restricted});
        if !credential.access_rules.is_empty() {
            shown["access_rules"] = json!(credential.access_rules);
        }
        token["application_credential"] = shown;
    }
    json!({"token": token})
}

fn short(domain: &Project) -> Value {
    json!({"id": domain.id, "name": domain.name})
}

/// `{"access": ..}` of version 2.0.
pub(crate) fn access_v2(call: &Call, access: &Access, text: &str, services: &Services) -> Value {
    let payload = &access.payload;
    let mut token = json!({
        "id": text,
        "issued_at": time_text(payload.issued.saturating_mul(1_000_000)),
        "expires": short_time_text(payload.expires.saturating_mul(1_000_000)),
        "audit_ids": payload.audit,
    });
    let mut rows = json!([]);
    if let Scope::Project { project, .. } = &access.scope {
        token["tenant"] = json!({
            "id": project.id, "name": project.name, "enabled": project.enabled,
            "description": project.description,
        });
        rows = catalog::catalog_v2(call, access, services);
    }
    let names: Vec<Value> = access.roles.iter().map(|role| json!({"name": role.name})).collect();
    let ids: Vec<&str> = access.roles.iter().map(|role| role.id.as_str()).collect();
    let mut all = json!({
        "token": token,
        "serviceCatalog": rows,
        "user": {
            "id": access.user.id, "name": access.user.name, "username": access.user.name,
            "roles": names, "roles_links": [],
        },
        "metadata": {"is_admin": 0, "roles": ids},
    });
    if let Some(trust) = &access.trust {
        all["trust"] = json!({
            "id": trust.id, "impersonation": trust.impersonation,
            "trustor_user_id": trust.trustor_user_id, "trustee_user_id": trust.trustee_user_id,
        });
    }
    json!({"access": all})
}
