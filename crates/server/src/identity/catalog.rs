//! The catalog of a token: which service is where (OpenStack reference B6).
//!
//! The services of this server are where it listens: an endpoint of one has a place instead of a URL.

use pentad_store::Tx;
use serde_json::{Value, json};

use super::access::{Access, Scope};
use super::call::Call;
use super::model::{CatalogService, Endpoint};
use super::storage::{Db, records};
use crate::http::Mount;

/// The services that the catalog has from the start: type, name, place.
pub(crate) const BUILT_IN: [(&str, &str, &str); 6] = [
    ("identity", "keystone", "identity"),
    ("messaging", "zaqar", "zaqar"),
    ("messaging-websocket", "zaqar-websocket", "zaqar-websocket"),
    ("database", "trove", "database"),
    // What database clients ask for beside: published logs, and schedules of backups.
    ("object-store", "swift", "object-store"),
    ("workflowv2", "mistral", "workflow"),
];

/// What URL templates may name.
const VARIABLES: [&str; 9] = [
    "project_id",
    "tenant_id",
    "user_id",
    "public_bind_host",
    "admin_bind_host",
    "compute_host",
    "public_endpoint",
    "admin_endpoint",
    "tenant_name",
];

impl Call {
    /// The URL of an endpoint, with its variables.
    pub(crate) fn endpoint_url(&self, endpoint: &Endpoint) -> String {
        match endpoint.place.as_deref() {
            Some(place) => self.place_url(place),
            None => endpoint.url.clone(),
        }
    }

    /// Where a service of this server is: its own listener, else beside us on the listener that the client uses.
    fn place_url(&self, place: &str) -> String {
        let service = match place {
            "zaqar-websocket" => "zaqar",
            "object-store" | "workflow" => "database",
            other => other,
        };
        let places = self.core.listening.places(service);
        let (own, beside) = (places.own_url(), places.root_url());
        let (root, own) = match own {
            Some(own) => (own, true),
            None if self.mount != Mount::Own => (self.origin.clone(), false),
            None => (beside.unwrap_or_else(|| self.origin.clone()), false),
        };
        let prefix = |name: &str| if own { root.clone() } else { format!("{root}/{name}") };
        match place {
            "identity" => format!("{}/v3", prefix("identity")),
            "zaqar" => prefix("zaqar"),
            "zaqar-websocket" => format!("{}/ws", prefix("zaqar").replacen("http", "ws", 1)),
            "database" => format!("{root}/v1.0/%(project_id)s"),
            "object-store" => format!("{}/object-store/v1/AUTH_%(project_id)s", prefix("database")),
            "workflow" => format!("{}/workflow/v2", prefix("database")),
            other => prefix(other),
        }
    }
}

/// Whether a URL template has only variables that exist.
pub(crate) fn is_template(url: &str) -> bool {
    let mut rest = url;
    while let Some(at) = rest.find("%(").or_else(|| rest.find("$(")) {
        let inner = &rest[at + 2..];
        let Some(end) = inner.find(')') else { return false };
        if !VARIABLES.contains(&&inner[..end]) || !inner[end + 1..].starts_with('s') {
            return false;
        }
        rest = &inner[end + 2..];
    }
    true
}

/// A template with its variables filled in; `None` if one has no value for this token.
fn fill(template: &str, access: &Access) -> Option<String> {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    loop {
        let at = match (rest.find("%("), rest.find("$(")) {
            (Some(a), Some(b)) => a.min(b),
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => break,
        };
        out.push_str(&rest[..at]);
        let (name, tail) = rest[at + 2..].split_once(')')?;
        match name {
            "project_id" | "tenant_id" => out.push_str(access.project_id()?),
            "user_id" => out.push_str(&access.user.id),
            "tenant_name" => match &access.scope {
                Scope::Project { project, .. } => out.push_str(&project.name),
                _ => return None,
            },
            _ => return None,
        }
        rest = tail.strip_prefix('s')?;
    }
    out.push_str(rest);
    Some(out)
}

/// Enabled services with their enabled endpoints.
pub(crate) type Services = Vec<(CatalogService, Vec<Endpoint>)>;

/// The services, read.
pub(crate) fn load(tx: &mut Tx<'_>) -> Db<Services> {
    let mut all = Vec::new();
    let endpoints: Vec<Endpoint> = records::all(tx)?;
    for service in records::all::<CatalogService>(tx)?.into_iter().filter(|service| service.enabled) {
        let own = endpoints.iter().filter(|endpoint| endpoint.enabled && endpoint.service_id == service.id);
        let own = own.cloned().collect();
        all.push((service, own));
    }
    Ok(all)
}

/// The catalog as version 3 writes it.
pub(crate) fn catalog(call: &Call, access: &Access, services: &[(CatalogService, Vec<Endpoint>)]) -> Value {
    let row = |(service, endpoints): &(CatalogService, Vec<Endpoint>)| {
        let endpoints: Vec<Value> = endpoints
            .iter()
            .filter_map(|endpoint| {
                let url = fill(&call.endpoint_url(endpoint), access)?;
                Some(json!({
                    "id": endpoint.id, "interface": endpoint.interface, "region_id": endpoint.region_id,
                    "url": url, "region": endpoint.region_id,
                }))
            })
            .collect();
        json!({"endpoints": endpoints, "id": service.id, "type": service.kind, "name": service.name})
    };
    services.iter().map(row).collect()
}

/// The catalog as version 2.0 writes it: one row per region with three URLs.
pub(crate) fn catalog_v2(
    call: &Call,
    access: &Access,
    services: &[(CatalogService, Vec<Endpoint>)],
) -> Value {
    let mut all = Vec::new();
    for (service, endpoints) in services {
        let mut rows: Vec<Value> = Vec::new();
        for endpoint in endpoints {
            let Some(url) = fill(&call.endpoint_url(endpoint), access) else { continue };
            let region = json!(endpoint.region_id);
            let at = rows.iter().position(|row| row["region"] == region).unwrap_or_else(|| {
                rows.push(json!({"id": endpoint.id, "region": region}));
                rows.len() - 1
            });
            rows[at][format!("{}URL", endpoint.interface)] = json!(url);
        }
        all.push(json!({
            "endpoints": rows, "endpoints_links": [], "type": service.kind, "name": service.name,
        }));
    }
    Value::Array(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_have_only_variables_that_exist() {
        for good in ["http://h", "http://h/%(project_id)s", "http://h/$(tenant_id)s/%(user_id)s"] {
            assert!(is_template(good), "{good}");
        }
        for bad in ["http://h/%(nope)s", "http://h/%(project_id)", "http://h/$(project_id"] {
            assert!(!is_template(bad), "{bad}");
        }
    }
}
