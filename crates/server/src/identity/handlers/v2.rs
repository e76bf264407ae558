//! Tokens and tenants of version 2.0, for old clients (OpenStack reference B11).

use std::sync::Arc;

use futures_util::future::BoxFuture;
use pentad_store::Tx;
use serde_json::{Map, Value, json};

use super::super::Keystone;
use super::super::access::{Access, Refused};
use super::super::auth::body;
use super::super::call::{Call, no_content, ok};
use super::super::catalog;
use super::super::error::{Answer, Failure};
use super::super::model::{DEFAULT, Project};
use super::super::storage::{grants, records};
use super::super::valid::wrong_type;
use crate::http::Reply;

/// `POST /v2.0/tokens`.
pub(crate) fn issue(keystone: &Keystone, call: Arc<Call>) -> BoxFuture<'_, Answer<Reply>> {
    Box::pin(async move {
        let asked = as_v3(&call.body)?;
        let later = Arc::new(Call {
            core: Arc::clone(&call.core),
            base: call.base.clone(),
            origin: call.origin.clone(),
            mount: call.mount,
            headers: http::HeaderMap::new(),
            path: call.path.clone(),
            raw_query: None,
            query: Vec::new(),
            params: Vec::new(),
            access: None,
            body: asked,
        });
        let issued = keystone.authenticate(&later).await;
        // Here an unknown token is a wrong credential.
        let issued = issued.map_err(|failure| match failure.status() {
            http::StatusCode::NOT_FOUND => Failure::unauthorized(),
            _ => failure,
        })?;
        if issued.access.user.domain_id != DEFAULT {
            return Err(Failure::unauthorized());
        }
        let services = keystone.core.services().await?;
        Ok(ok(&body::access_v2(&call, &issued.access, &issued.text, &services)))
    })
}

/// The same request in the words of version 3.
fn as_v3(asked: &Map<String, Value>) -> Answer<Map<String, Value>> {
    let auth = match asked.get("auth") {
        Some(Value::Object(auth)) => auth,
        Some(other) => return Err(wrong_type("auth", other, "object")),
        None => return Err(Failure::expecting("auth", "request body")),
    };
    let text = |map: &Map<String, Value>, name: &str| match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(other) => Err(wrong_type(name, other, "string")),
    };
    let identity = match (auth.get("passwordCredentials"), auth.get("token")) {
        (Some(Value::Object(given)), _) => {
            let password = text(given, "password")?
                .ok_or_else(|| Failure::expecting("password", "passwordCredentials"))?;
            let user = match (text(given, "userId")?, text(given, "username")?) {
                (Some(id), _) => json!({"id": id, "password": password}),
                (None, Some(name)) => {
                    json!({"name": name, "domain": {"id": DEFAULT}, "password": password})
                }
                (None, None) => {
                    return Err(Failure::expecting("username or userId", "passwordCredentials"));
                }
            };
            json!({"methods": ["password"], "password": {"user": user}})
        }
        (_, Some(Value::Object(given))) => {
            let id = text(given, "id")?.ok_or_else(|| Failure::expecting("id", "token"))?;
            json!({"methods": ["token"], "token": {"id": id}})
        }
        _ => return Err(Failure::expecting("passwordCredentials or token", "auth")),
    };
    let scope = match (text(auth, "trust_id")?, text(auth, "tenantId")?, text(auth, "tenantName")?) {
        (Some(trust), ..) => Some(json!({"OS-TRUST:trust": {"id": trust}})),
        (None, Some(id), _) => Some(json!({"project": {"id": id}})),
        (None, None, Some(name)) => Some(json!({"project": {"name": name, "domain": {"id": DEFAULT}}})),
        (None, None, None) => None,
    };
    let mut inner = Map::new();
    inner.insert("identity".to_owned(), identity);
    if let Some(scope) = scope {
        inner.insert("scope".to_owned(), scope);
    }
    let mut all = Map::new();
    all.insert("auth".to_owned(), Value::Object(inner));
    Ok(all)
}

/// The token of the path.
async fn subject(call: &Call) -> Answer<Arc<Access>> {
    let id = call.param("token");
    match call.core.access(id, 0).await {
        // Who asks in this version knows nothing of access rules, and would not keep them.
        Ok(access) if access.user.domain_id == DEFAULT && access.rules().is_empty() => Ok(access),
        Ok(_) | Err(Refused::Unknown | Refused::Void) => Err(Failure::missing("token", id)),
        Err(Refused::Failed(failure)) => Err(failure),
    }
}

/// `GET /v2.0/tokens/{token}`.
pub(crate) fn show(keystone: &Keystone, call: Arc<Call>) -> BoxFuture<'_, Answer<Reply>> {
    Box::pin(async move {
        let caller = call.caller()?;
        caller.enforce("validate_token", caller.has("service"))?;
        let subject = subject(&call).await?;
        if call.query("belongsTo").is_some_and(|tenant| subject.project_id() != Some(tenant)) {
            return Err(Failure::unauthorized());
        }
        let services = keystone.core.services().await?;
        Ok(ok(&body::access_v2(&call, &subject, call.param("token"), &services)))
    })
}

/// `DELETE /v2.0/tokens/{token}`.
pub(crate) fn revoke(keystone: &Keystone, call: Arc<Call>) -> BoxFuture<'_, Answer<Reply>> {
    Box::pin(async move {
        call.caller()?.enforce("revoke_token", false)?;
        let subject = subject(&call).await?;
        keystone.revoke(&subject).await?;
        Ok(no_content())
    })
}

/// `GET /v2.0/tokens/{token}/endpoints`.
pub(crate) fn endpoints(keystone: &Keystone, call: Arc<Call>) -> BoxFuture<'_, Answer<Reply>> {
    Box::pin(async move {
        call.caller()?.enforce("validate_token", false)?;
        let subject = subject(&call).await?;
        let services = keystone.core.services().await?;
        let tenant = subject.project_id();
        let rows = catalog::catalog_v2(&call, &subject, &services);
        let mut all = Vec::new();
        for service in rows.as_array().into_iter().flatten() {
            for row in service["endpoints"].as_array().into_iter().flatten() {
                let mut row = row.clone();
                row["name"] = service["name"].clone();
                row["type"] = service["type"].clone();
                row["tenantId"] = json!(tenant);
                all.push(row);
            }
        }
        Ok(ok(&json!({"endpoints": all, "endpoints_links": []})))
    })
}

/// `GET /v2.0/tenants`: the caller's own.
pub(crate) fn tenants(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let caller = call.caller()?;
    let mut all = Vec::new();
    for id in grants::projects_of(tx, &caller.user.id)? {
        let Some(project) = records::get::<Project>(tx, &id)? else { continue };
        let wanted = call.query("name").is_none_or(|name| name == project.name);
        if wanted && project.enabled && project.domain_id.as_deref() == Some(DEFAULT) {
            all.push(json!({
                "id": project.id, "name": project.name, "enabled": project.enabled,
                "description": project.description,
            }));
        }
    }
    Ok(ok(&json!({"tenants": all, "tenants_links": []})))
}

/// `GET /v2.0/extensions`: none.
pub(crate) fn extensions(_call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    Ok(ok(&json!({"extensions": {"values": []}})))
}
