//! Quotas: administrators see and set those of all projects, others see their own.

use pentad_store::Tx;
use serde_json::{Map, Value, json};

use super::super::super::call::{Call, Done};
use super::super::super::error::{Answer, Failure};
use super::super::super::model::Quota;
use super::super::super::quota;
use super::super::super::storage::records;

/// `GET /mgmt/quotas/{id}`
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let (id, own) = (call.param("id"), call.caller.project.as_str());
    if id != own && !call.caller.is_admin {
        return Err(Failure::other_tenant(own));
    }
    let usage = quota::usage(tx, id)?;
    let limits = quota::limits(tx, &call.settings, id)?;
    let row = |(name, limit): (&'static str, i64)| {
        let used = usage.get(name).copied().unwrap_or(0);
        json!({"resource": name, "in_use": used, "reserved": 0, "limit": limit})
    };
    Ok(Done::ok(json!({"quotas": limits.into_iter().map(row).collect::<Vec<_>>()})))
}

/// `PUT /mgmt/quotas/{id}`
pub(crate) fn update(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let id = call.param("id");
    let quotas = call.object("quotas")?;
    let mut out = Map::new();
    for (resource, limit) in quotas {
        if limit.is_null() {
            continue;
        }
        let limit = limit.as_i64().ok_or_else(Failure::crash)?;
        if limit < -1 {
            return Err(Failure::bad(format!(
                "Quota limit '{limit}' for '{resource}' is too small - must be at least '-1'."
            )));
        }
        if resource == "xmlns" {
            continue;
        }
        if !call.settings.quotas().iter().any(|(known, _)| known == resource) {
            return Err(Failure::not_found(format!("Unknown quota resources {resource}.")));
        }
        let key = format!("{id}/{resource}");
        let quota = Quota { id: key, tenant: id.to_owned(), resource: resource.clone(), limit };
        records::put(tx, &quota)?;
        out.insert(resource.clone(), Value::from(limit));
    }
    Ok(Done::ok(json!({"quotas": out})))
}
