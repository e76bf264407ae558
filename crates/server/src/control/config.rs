//! What the server was opened with, without the secrets in it.

use pentad_core::redact;
use serde_json::{Value, json};

use super::{Answer, done};
use crate::options::ServerOptions;
use crate::service::Mode;
use crate::shell::Shell;

/// The options as a document; URLs without user, password and secrets.
pub(super) fn describe(options: &ServerOptions) -> Value {
    let mode = match options.mode {
        Mode::Strict => "strict",
        Mode::Relaxed => "relaxed",
    };
    let push_ca: Vec<String> = options.push_ca.iter().map(|file| file.display().to_string()).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "data": options.data.as_ref().map_or_else(|| "memory".to_owned(), |dir| dir.display().to_string()),
        "store": options.store.as_deref().map(redact::url),
        "durability": options.durability.map(|durability| format!("{durability:?}").to_lowercase()),
        "mode": mode,
        "max_body": options.max_body,
        "max_connections": options.max_connections,
        "drain_seconds": options.drain.as_secs_f64(),
        "push_ca": push_ca,
        "insecure": options.insecure,
        "seeded": options.seed.is_some(),
    })
}

/// The options, and those of each service.
pub(super) fn show(shell: &Shell) -> Answer {
    let mut all = shell.control.config.get().cloned().unwrap_or_default();
    let mut services = serde_json::Map::new();
    for service in &shell.services {
        let mut options = shell.seed.options(service.name());
        redact::json(&mut options);
        services.insert(service.name().to_owned(), json!({"options": options}));
    }
    all["services"] = Value::Object(services);
    all["control_listener"] = Value::Bool(shell.control.is_moved());
    done(&all)
}
