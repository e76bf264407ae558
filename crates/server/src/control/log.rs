//! The last requests, each as a command line that repeats it. Secrets are shown as shell variables.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Uri};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, done};
use crate::http::{Inbound, Reply};
use crate::shell::Shell;

const KEPT: usize = 256;
const SECRET_HEADERS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "x-auth-token",
    "x-subject-token",
    "x-auth-receipt",
    "url-signature",
];
/// Query keys, JSON keys and path variables that hold secrets, in lower case.
const SECRET_NAMES: [&str; 11] = [
    "key",
    "token",
    "password",
    "secret",
    "passcode",
    "api_key",
    "apikey",
    "authorization",
    "signature",
    "access_token",
    "refresh_token",
];

/// One request and its answer.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(super) service: &'static str,
    pub(super) route: Option<&'static str>,
    pub(super) status: StatusCode,
    pub(super) took: Duration,
    id: String,
    at: Timestamp,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Option<Bytes>,
    body_length: u64,
}

impl Entry {
    pub(crate) fn new(service: &'static str, parts: &Parts, id: &str, at: Timestamp) -> Self {
        Self {
            service,
            route: None,
            status: StatusCode::OK,
            took: Duration::ZERO,
            id: id.to_owned(),
            at,
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            body: None,
            body_length: 0,
        }
    }

    /// What was read of the body, and the body itself if it is short.
    pub(crate) fn body(&mut self, length: u64, excerpt: Option<&Bytes>) {
        self.body_length = length;
        self.body = excerpt.filter(|body| !body.is_empty()).cloned();
    }

    pub(crate) fn answered(&mut self, reply: &Reply, took: Duration) {
        self.route = reply.route;
        self.status = reply.status;
        self.took = took;
    }

    fn show(&self, template: Option<&str>, authority: &str) -> Value {
        let path = path(self.uri.path(), template);
        json!({
            "at": self.at.to_string(), "id": self.id, "service": self.service, "route": self.route,
            "method": self.method.as_str(), "path": path, "status": self.status.as_u16(),
            "ms": self.took.as_secs_f64() * 1000.0, "bytes": self.body_length,
            "curl": self.curl(&path, authority),
        })
    }

    fn curl(&self, path: &str, authority: &str) -> String {
        let mut line = format!("curl -X {}", self.method);
        for (name, value) in &self.headers {
            if matches!(
                name.as_str(),
                "host" | "content-length" | "accept-encoding" | "connection" | "user-agent"
            ) {
                continue;
            }
            let name = name.as_str();
            if SECRET_HEADERS.contains(&name) {
                line.push_str(&format!(" -H \"{name}: ${}\"", variable(name)));
            } else {
                line.push_str(&format!(
                    " -H {}",
                    quoted(&format!("{name}: {}", value.to_str().unwrap_or("?")))
                ));
            }
        }
        match &self.body {
            Some(body) => line.push_str(&format!(" --data-raw {}", quoted(&redacted_body(body)))),
            None if self.body_length > 0 => line.push_str(" --data-binary @body"),
            None => {}
        }
        let host = self.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or(authority);
        let query = self.uri.query().map(redacted_query).map(|query| format!("?{query}")).unwrap_or_default();
        let host = self.uri.authority().map_or(host, |authority| authority.as_str());
        line.push_str(&format!(" {}", quoted(&format!("http://{host}{path}{query}"))));
        line
    }
}

/// Hides the values of secret variables of the route's template.
fn path(path: &str, template: Option<&str>) -> String {
    let Some(template) = template else { return path.to_owned() };
    let secret = |part: &str| SECRET_NAMES.iter().any(|name| part.contains(&format!("{{{name}}}")));
    let wanted: Vec<&str> = template.split('/').collect();
    let mut given: Vec<&str> = path.split('/').collect();
    let (shift, count) = (given.len().saturating_sub(wanted.len()), given.len());
    for (index, part) in wanted.iter().enumerate() {
        if secret(part) && index + shift < count {
            given[index + shift] = "$TOKEN";
        }
    }
    given.join("/")
}

fn redacted_query(query: &str) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if SECRET_NAMES.contains(&name.to_ascii_lowercase().as_str()) => {
            format!("{name}=${}", variable(name))
        }
        _ => pair.to_owned(),
    };
    query.split('&').map(pair).collect::<Vec<_>>().join("&")
}

/// A body that is not JSON is not shown: nothing says where its secrets are.
fn redacted_body(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            redact(&mut value);
            value.to_string()
        }
        Err(_) => format!("<{} bytes>", body.len()),
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if SECRET_NAMES.contains(&name.to_ascii_lowercase().as_str()) && !value.is_object() {
                    *value = Value::String(format!("${}", variable(name)));
                } else {
                    redact(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

fn variable(name: &str) -> String {
    name.replace('-', "_").to_ascii_uppercase()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The last requests, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Mutex<VecDeque<Entry>>,
}

impl Log {
    /// The control API's own requests are left out: reading the log would push out what it is read for.
    pub(super) fn add(&self, entry: Entry) {
        if entry.service == "control" {
            return;
        }
        tracing::info!(
            target: "pentad::access", service = entry.service, route = entry.route, status = entry.status.as_u16(),
            id = %entry.id, ms = entry.took.as_secs_f64() * 1000.0, "{}", entry.method
        );
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }
}

pub(super) fn show(shell: &Shell, inbound: &Inbound) -> Answer {
    let pairs = inbound.query_pairs();
    let wanted = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let limit = wanted("limit").and_then(|limit| limit.parse().ok()).unwrap_or(KEPT);
    let authority =
        inbound.base.split("//").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let templates: Vec<_> = shell.services.iter().flat_map(|service| service.routes()).collect();
    let template = |entry: &Entry| {
        let route = templates.iter().find(|route| Some(route.name) == entry.route);
        route.map(|route| route.template)
    };
    let entries = shell.control.log.entries.lock().unwrap_or_else(PoisonError::into_inner);
    let matching = entries.iter().filter(|entry| wanted("service").is_none_or(|name| name == entry.service));
    let mut shown: Vec<Value> =
        matching.rev().take(limit).map(|entry| entry.show(template(entry), authority)).collect();
    shown.reverse();
    done(&json!({"requests": shown}))
}

pub(super) fn forget(shell: &Shell) -> Answer {
    shell.control.log.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    done(&json!({"requests": []}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_path_query_headers_and_body_become_variables() {
        let request = http::Request::get("/ams/v1/users:byToken/s3cret?key=s3cret&a=1")
            .header("x-api-key", "s3cret")
            .header("accept", "it's");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let mut entry = Entry::new("ams", &parts, "req-1", Timestamp::UNIX_EPOCH);
        let body = Bytes::from_static(br#"{"user": {"Token": "s3cret"}, "list": [{"password": "s3cret"}]}"#);
        entry.body(body.len() as u64, Some(&body));
        let shown = entry.show(Some("/v1/users:byToken/{token}"), "h:1").to_string();
        assert!(!shown.contains("s3cret"), "{shown}");
        let curl = entry.curl("/p", "h:1");
        assert_eq!(
            curl,
            "curl -X GET -H \"x-api-key: $X_API_KEY\" -H 'accept: it'\\''s' --data-raw \
             '{\"user\":{\"Token\":\"$TOKEN\"},\"list\":[{\"password\":\"$PASSWORD\"}]}' 'http://h:1/p?key=$KEY&a=1'"
        );
    }
}
