//! Tokens: made, shown, revoked, and the lists around them (OpenStack reference B3, B8, B9).

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue, StatusCode};
use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::access::{Access, Refused, Scope};
use super::super::auth::body;
use super::super::call::{Call, no_content, ok, with_status};
use super::super::error::{Answer, Failure};
use super::super::model::Project;
use super::super::storage::grants::{self, Target};
use super::super::storage::{DIRECTORY, records, security};
use super::super::valid::time_text;
use super::super::{Keystone, catalog, view};
use crate::http::Reply;

const SUBJECT: HeaderName = HeaderName::from_static("x-subject-token");

/// `POST /v3/auth/tokens`.
pub(crate) fn issue(keystone: &Keystone, call: Arc<Call>) -> BoxFuture<'_, Answer<Reply>> {
    Box::pin(async move {
        let issued = keystone.authenticate(&call).await?;
        let reply = shown(keystone, &call, &issued.access, StatusCode::CREATED).await?;
        with_subject(reply, &issued.text)
    })
}

/// `GET /v3/auth/tokens`.
pub(crate) fn show(keystone: &Keystone, call: Arc<Call>) -> BoxFuture<'_, Answer<Reply>> {
    Box::pin(async move {
        let grace = if call.query("allow_expired").is_some_and(|value| value != "0") {
            i64::from(call.core.settings().allow_expired_window)
        } else {
            0
        };
        let (text, subject) = subject(&call, grace).await?;
        let knows = call.header("openstack-identity-access-rules").is_some();
        if !subject.rules().is_empty() && !knows {
            // Who does not know of access rules would not keep them.
            return Err(Failure::not_found("Failed to validate token"));
        }
        let caller = call.caller()?;
        let may = caller.reads_system() || caller.has("service") || caller.is_user(&subject.user.id);
        caller.enforce("validate_token", may)?;
        let reply = shown(keystone, &call, &subject, StatusCode::OK).await?;
        with_subject(reply, &text)
    })
}

/// `DELETE /v3/auth/tokens`.
pub(crate) fn revoke(keystone: &Keystone, call: Arc<Call>) -> BoxFuture<'_, Answer<Reply>> {
    Box::pin(async move {
        let (_, subject) = subject(&call, 0).await?;
        let caller = call.caller()?;
        caller.enforce("revoke_token", caller.is_user(&subject.user.id))?;
        keystone.revoke(&subject).await?;
        Ok(no_content())
    })
}

impl Keystone {
    /// Makes a token void.
    pub(crate) async fn revoke(&self, subject: &Access) -> Answer<()> {
        let audit = subject.payload.audit.first().cloned().unwrap_or_default();
        let expires = subject.payload.expires.saturating_mul(1_000_000);
        let done = self.core.store.write(move |tx| {
            security::revoke(tx, &audit, expires)?;
            tx.touch(DIRECTORY);
            Ok::<_, Failure>(())
        });
        let done = done.await;
        self.core.directory.forget();
        done
    }
}

/// The token that the call is about.
async fn subject(call: &Call, grace: i64) -> Answer<(String, Arc<Access>)> {
    let text = call.header("x-subject-token").filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Failure::not_found("No token in the request"))?.to_owned();
    match call.core.access(&text, grace).await {
        Ok(access) => Ok((text, access)),
        Err(Refused::Unknown) => Err(Failure::not_found("Could not recognize Fernet token")),
        Err(Refused::Void) => Err(Failure::not_found("Failed to validate token")),
        Err(Refused::Failed(failure)) => Err(failure),
    }
}

async fn shown(keystone: &Keystone, call: &Call, access: &Access, status: StatusCode) -> Answer<Reply> {
    let bare = call.query("nocatalog").is_some() || matches!(access.scope, Scope::Unscoped);
    let services = if bare { None } else { Some(keystone.core.services().await?) };
    let services = services.as_ref().map(|services| services.as_slice());
    Ok(with_status(status, &body::token(call, access, services)))
}

fn with_subject(reply: Reply, text: &str) -> Answer<Reply> {
    let value = HeaderValue::from_str(text).map_err(|_| Failure::internal())?;
    Ok(reply.header(SUBJECT, value))
}

/// `GET /v3/auth/catalog`.
pub(crate) fn show_catalog(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let caller = call.caller()?;
    if matches!(caller.scope, Scope::Unscoped) {
        return Err(Failure::forbidden());
    }
    let services = catalog::load(tx)?;
    let rows = catalog::catalog(call, caller, &services);
    Ok(ok(&json!({"catalog": rows, "links": {"self": call.own_url()}})))
}

/// `GET /v3/auth/projects`.
pub(crate) fn projects(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let user = &call.caller()?.user.id;
    let mut all = Vec::new();
    for id in grants::projects_of(tx, user)? {
        if let Some(project) = records::get::<Project>(tx, &id)?
            && project.enabled
            && domain_enabled(tx, &project)?
        {
            all.push(view::project(call, &project));
        }
    }
    call.collection("projects", all, &[])
}

fn domain_enabled(tx: &mut Tx<'_>, project: &Project) -> Answer<bool> {
    let Some(domain) = &project.domain_id else { return Ok(true) };
    Ok(records::get::<Project>(tx, domain)?.is_some_and(|domain| domain.enabled))
}

/// `GET /v3/auth/domains`.
pub(crate) fn domains(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let user = &call.caller()?.user.id;
    let mut all: Vec<Value> = Vec::new();
    for domain in records::owned::<Project>(tx, "")? {
        if domain.is_domain
            && domain.enabled
            && !grants::roles(tx, user, Target::Domain, &domain.id)?.is_empty()
        {
            all.push(view::domain(call, &domain));
        }
    }
    call.collection("domains", all, &[])
}

/// `GET /v3/auth/system`.
pub(crate) fn system(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let roles = grants::roles(tx, &call.caller()?.user.id, Target::System, "all")?;
    let all = if roles.is_empty() { json!([]) } else { json!([{"all": true}]) };
    Ok(ok(&json!({"system": all, "links": {"self": call.own_url()}})))
}

/// `GET /v3/OS-REVOKE/events`.
pub(crate) fn revocations(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let caller = call.caller()?;
    caller.enforce("list_revoke_events", caller.has("service"))?;
    let mut events = Vec::new();
    for (audit, expires, at) in security::revoked(tx)? {
        events.push(json!({
            "audit_id": audit, "expires_at": time_text(expires), "issued_before": time_text(at),
            "revoked_at": time_text(at),
        }));
    }
    let links = json!({"next": null, "self": call.own_url(), "previous": null});
    Ok(ok(&json!({"events": events, "links": links})))
}
