//! Alive, ready, metrics, and what there is.

use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use pentad_store::Store;
use serde_json::{Value, json};

use super::{Answer, done};
use crate::clock::real_limit;
use crate::http::{Inbound, Reply};
use crate::shell::Shell;

/// How long a store may take to answer: less than the second that those who ask commonly wait.
const PROBE: Duration = Duration::from_millis(900);

pub(super) fn index(shell: &Shell, inbound: &Inbound) -> Answer {
    let services: Vec<&str> = shell.services.iter().map(|service| service.name()).collect();
    let pages = ["healthz", "readyz", "metrics", "log", "clock", "faults", "routes", "config", "snapshots"];
    let links: Vec<String> = pages.iter().map(|page| format!("{}/{page}", inbound.base)).collect();
    done(&json!({"version": env!("CARGO_PKG_VERSION"), "services": services, "links": links}))
}

pub(super) fn alive() -> Answer {
    done(&json!({"status": "ok"}))
}

pub(super) async fn ready(shell: &Shell) -> Answer {
    // The engine lets go of its directory when it closes; before a server exists its services are open.
    if shell.draining.is_cancelled() || shell.engine.dir().is_none() {
        let stopping = json!({"status": "stopping"});
        return Err(Box::new(Reply::json(StatusCode::SERVICE_UNAVAILABLE, &stopping)));
    }
    let stores = shell.engine.stores();
    let mut silent: Vec<&str> = join_all(stores.iter().map(silent)).await.into_iter().flatten().collect();
    if silent.is_empty() {
        return done(&json!({"status": "ready"}));
    }
    silent.sort_unstable();
    // Why is in the log alone: anybody may ask this.
    let waiting = json!({"status": "unavailable", "stores": silent});
    Err(Box::new(Reply::json(StatusCode::SERVICE_UNAVAILABLE, &waiting)))
}

/// The name of a store that does not answer.
async fn silent(store: &Store) -> Option<&str> {
    match real_limit(PROBE, store.probe()).await {
        Some(Ok(())) => return None,
        Some(Err(error)) => tracing::warn!(%error, store = store.name(), "not ready: the store failed"),
        None => tracing::warn!(store = store.name(), "not ready: the store does not answer in time"),
    }
    Some(store.name())
}

pub(super) fn metrics(shell: &Shell) -> Answer {
    let text = shell.control.metrics.text(shell.engine.pending());
    Ok(Reply::new(StatusCode::OK).content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

pub(super) fn routes(shell: &Shell) -> Answer {
    let mut all = Vec::new();
    for service in &shell.services {
        for route in service.routes() {
            let (method, path) = (route.method.as_str(), route.template);
            all.push(json!({"service": service.name(), "name": route.name, "method": method, "path": path}));
        }
    }
    done(&json!({"routes": Value::Array(all)}))
}
