//! The last requests, each as a command line that repeats it. Secrets are shown as shell variables.
//!
//! What is a secret is told by the names of `pentad_core::redact`. Beside that, whatever is known to be a secret (seeded,
//! announced, or sent in a secret's place by any request that the log has) is hidden wherever else it turns up.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Uri};
use jiff::Timestamp;
use pentad_core::redact;
use serde_json::{Value, json};

use super::known::{Known, Sieve};
use super::{Answer, done};
use crate::http::{Inbound, Reply};
use crate::route::RouteInfo;
use crate::shell::Shell;

const KEPT: usize = 256;
/// Marks around a shell variable until the text around it is quoted; see [`quoted`].
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// One request and its answer.
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

impl fmt::Debug for Entry {
    /// Without what was sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("service", &self.service)
            .field("route", &self.route)
            .finish_non_exhaustive()
    }
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

    /// Keeps a copy of a short body: a slice would keep the connection's whole buffer alive.
    pub(crate) fn body(&mut self, length: u64, excerpt: Option<&Bytes>) {
        self.body_length = length;
        self.body = excerpt.filter(|body| !body.is_empty()).cloned();
    }

    pub(crate) fn answered(&mut self, reply: &Reply, took: Duration) {
        self.route = reply.route;
        self.status = reply.status;
        self.took = took;
    }

    /// Adds what this request sent in places that are for secrets.
    fn secrets(&self, found: &mut BTreeSet<String>) {
        for (name, value) in &self.headers {
            if redact::is_secret(name.as_str())
                && let Ok(value) = value.to_str()
            {
                // Of `Bearer TOKEN` the last word is the secret.
                found.extend(value.rsplit(' ').next().map(str::to_owned));
            }
        }
        let query = self.uri.query().unwrap_or_default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if redact::is_secret(&name) {
                found.insert(value.into_owned());
            }
        }
        if let Some(body) = self.body.as_ref().and_then(|body| serde_json::from_slice(body).ok()) {
            super::known::collect(&body, found);
        }
    }

    fn show(&self, shown: &Shown<'_>) -> Value {
        let path = self.path(shown);
        let base = json!({
            "at": self.at.to_string(), "id": shown.sieve.text(&self.id), "service": self.service,
            "route": self.route, "method": self.method.as_str(), "path": plain(&path),
            "status": self.status.as_u16(), "ms": self.took.as_secs_f64() * 1000.0, "bytes": self.body_length,
        });
        let mut base = base;
        base["curl"] = Value::String(self.curl(&path, shown));
        base
    }

    /// The path with secrets marked. Of a path that no route has, only words that routes have are shown: nothing says
    /// what the others are.
    fn path(&self, shown: &Shown<'_>) -> String {
        let path = self.uri.path();
        let template = shown.template(self.route);
        let path = match template {
            Some(template) => redact::path_with(path, Some(template), &mut marked),
            None => {
                let known = |part: &&str| part.is_empty() || shown.words.contains(part);
                let parts = path.split('/').map(|part| Some(part).filter(known).unwrap_or(redact::HIDDEN));
                parts.collect::<Vec<_>>().join("/")
            }
        };
        path.split('/').map(|part| shown.sieve.text(part)).collect::<Vec<_>>().join("/")
    }

    fn curl(&self, path: &str, shown: &Shown<'_>) -> String {
        let mut line = format!("curl -X {}", self.method);
        for (name, value) in &self.headers {
            if matches!(
                name.as_str(),
                "host" | "content-length" | "accept-encoding" | "connection" | "user-agent"
            ) {
                continue;
            }
            let name = name.as_str();
            if redact::is_secret(name) {
                line.push_str(&format!(" -H \"{name}: {}\"", redact::variable(name)));
            } else {
                // A value may be a URL or a list of pairs with a secret in it.
                let value = clean(&String::from_utf8_lossy(value.as_bytes()));
                let value =
                    if value.contains("://") { redact::url_with(&value, None, &mut marked) } else { value };
                line.push_str(&format!(" -H {}", quoted(&format!("{name}: {}", shown.sieve.text(&value)))));
            }
        }
        match &self.body {
            Some(body) => line.push_str(&format!(" --data-raw {}", quoted(&self.data(body, shown)))),
            None if self.body_length > 0 => line.push_str(" --data-binary @body"),
            None => {}
        }
        let host = self.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or(shown.authority);
        let host = self.uri.authority().map_or(host, |authority| authority.as_str());
        // User information in front of the host is a secret.
        let host = host.rsplit('@').next().unwrap_or_default();
        let query = match self.uri.query() {
            Some(query) => {
                let query = redact::raw_query_with(query, &mut marked);
                format!("?{}", shown.sieve.pairs(&query))
            }
            None => String::new(),
        };
        line.push_str(&format!(" {}", quoted(&format!("http://{}{path}{query}", shown.sieve.text(host)))));
        line
    }

    /// A body that is neither JSON nor a form is not shown: nothing says where its secrets are.
    fn data(&self, body: &[u8], shown: &Shown<'_>) -> String {
        let json = serde_json::from_slice::<Value>(body).ok().filter(|v| v.is_object() || v.is_array());
        if let Some(mut value) = json {
            shown.sieve.json(&mut value);
            redact::json_with(&mut value, &mut marked);
            return value.to_string();
        }
        let kind = self.headers.get("content-type").and_then(|kind| kind.to_str().ok());
        let text = clean(&String::from_utf8_lossy(body));
        shown.sieve.pairs(&redact::body_with(kind, text.as_bytes(), &mut marked))
    }
}

/// What entries are shown with.
struct Shown<'a> {
    routes: &'a [RouteInfo],
    words: &'a BTreeSet<&'a str>,
    sieve: &'a Sieve,
    authority: &'a str,
}

impl Shown<'_> {
    fn template(&self, route: Option<&str>) -> Option<&'static str> {
        let name = route?;
        self.routes.iter().find(|route| route.name == name).map(|route| route.template)
    }
}

/// The words that routes have between their slashes.
fn words(routes: &[RouteInfo]) -> BTreeSet<&'static str> {
    let parts = routes.iter().flat_map(|route| route.template.split('/'));
    parts.filter(|part| !part.contains('{')).collect()
}

fn marked(name: &str) -> String {
    format!("{OPEN}{}{CLOSE}", redact::variable(name))
}

/// Text from outside must not hold our marks.
fn clean(text: &str) -> String {
    text.replace([OPEN, CLOSE], "?")
}

fn plain(text: &str) -> String {
    text.replace([OPEN, CLOSE], "")
}

/// As one word of a shell; variables stand in double quotes between the pieces.
fn quoted(text: &str) -> String {
    let quoted = format!("'{}'", text.replace('\'', r"'\''"));
    quoted.replace(OPEN, "'\"").replace(CLOSE, "\"'")
}

/// The last requests, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Mutex<VecDeque<Entry>>,
}

impl Log {
    /// The control API's own requests are left out: reading the log would push out what it is read for.
    pub(super) fn add(&self, entry: Entry, known: &Known) {
        if entry.service == "control" {
            return;
        }
        tracing::info!(
            target: "pentad::access", service = entry.service, route = entry.route, status = entry.status.as_u16(),
            id = %known.sieve().text(&entry.id), ms = entry.took.as_secs_f64() * 1000.0, "{}", entry.method
        );
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }
}

/// The entries that match, oldest first.
pub(super) fn entries(shell: &Shell, service: Option<&str>, limit: usize, authority: &str) -> Vec<Value> {
    let routes: Vec<_> = shell.services.iter().flat_map(|service| service.routes()).collect();
    let mut words = words(&routes);
    words.extend(shell.services.iter().map(|service| service.name()));
    let entries = shell.control.log.entries.lock().unwrap_or_else(PoisonError::into_inner);
    let mut found = BTreeSet::new();
    entries.iter().for_each(|entry| entry.secrets(&mut found));
    let sieve = shell.control.known.sieve().with(found);
    let shown = Shown { routes: &routes, words: &words, sieve: &sieve, authority };
    let matching = entries.iter().filter(|entry| service.is_none_or(|name| name == entry.service));
    let mut list: Vec<Value> = matching.rev().take(limit).map(|entry| entry.show(&shown)).collect();
    list.reverse();
    list
}

pub(super) fn show(shell: &Shell, inbound: &Inbound) -> Answer {
    let pairs = inbound.query_pairs();
    let wanted = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let limit = wanted("limit").and_then(|limit| limit.parse().ok()).unwrap_or(KEPT);
    let authority = super::authority(inbound);
    done(&json!({"requests": entries(shell, wanted("service"), limit, authority)}))
}

pub(super) fn forget(shell: &Shell) -> Answer {
    shell.control.log.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    done(&json!({"requests": []}))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: [RouteInfo; 2] = [
        RouteInfo { method: Method::GET, template: "/v1/users:byToken/{token}", name: "byToken" },
        RouteInfo { method: Method::POST, template: "/v1/registrations/{uuid}:accept", name: "accept" },
    ];

    fn entry(request: http::request::Builder, body: &'static [u8], route: Option<&'static str>) -> Entry {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let mut entry = Entry::new("ams", &parts, "req-1", Timestamp::UNIX_EPOCH);
        entry.body(body.len() as u64, Some(&Bytes::from_static(body)));
        entry.route = route;
        entry
    }

    fn shown(entry: &Entry) -> Value {
        let words = words(&ROUTES);
        let mut found = BTreeSet::new();
        entry.secrets(&mut found);
        let sieve = Sieve::default().with(found);
        entry.show(&Shown { routes: &ROUTES, words: &words, sieve: &sieve, authority: "h:1" })
    }

    #[test]
    fn secrets_in_path_query_headers_and_body_become_variables() {
        let request = http::Request::get("/ams/v1/users:byToken/s3cret?key=s3cret&a=1")
            .header("x-api-key", "s3cret")
            .header("accept", "it's");
        let body = br#"{"user": {"Token": "s3cret"}, "list": [{"password": "s3cret"}]}"#;
        let shown = shown(&entry(request, body, Some("byToken")));
        assert!(!shown.to_string().contains("s3cret"), "{shown}");
        assert_eq!(shown["path"], "/ams/v1/users:byToken/$TOKEN");
        assert_eq!(
            shown["curl"],
            "curl -X GET -H \"x-api-key: $X_API_KEY\" -H 'accept: it'\\''s' --data-raw \
             '{\"user\":{\"Token\":\"'\"$TOKEN\"'\"},\"list\":[{\"password\":\"'\"$PASSWORD\"'\"}]}' \
             'http://h:1/ams/v1/users:byToken/'\"$TOKEN\"'?key='\"$KEY\"'&a=1'"
        );
    }

    #[test]
    fn of_a_path_without_a_route_only_the_words_of_routes_are_shown() {
        let shown = shown(&entry(http::Request::get("/v1/users:byToken/s3cret/more"), b"", None));
        assert_eq!(shown["path"], "/v1/users:byToken/***/***");
        assert!(!shown.to_string().contains("s3cret"), "{shown}");
    }

    #[test]
    fn an_escaped_name_and_a_second_place_hide_nothing_from_the_log() {
        let request = http::Request::get("/v1/users:byToken/x?%6Bey=s3cret1&topic=s3cret1&b=%733cret1")
            .header("x-other", "say s3cret1");
        let shown = shown(&entry(request, b"", Some("byToken"))).to_string();
        assert!(!shown.contains("3cret1"), "{shown}");
    }

    #[test]
    fn addresses_that_messages_are_pushed_to_lose_user_query_and_secret_path() {
        let body = br#"{"pushConfig": {"pushEndpoint": "https://u:canary@h.test/hook?code=canary",
            "mattermostUrl": "https://m.test/hooks/canary", "activation_token": "canary"}}"#;
        let shown = shown(&entry(http::Request::post("/v1/x"), body, None)).to_string();
        assert!(!shown.contains("canary") && shown.contains("h.test/hook"), "{shown}");
    }

    #[test]
    fn a_body_cannot_break_out_of_the_quotes() {
        let body = "{\"a\": \"\u{e000}; rm -rf x;\u{e001}\"}".as_bytes();
        let shown = shown(&entry(http::Request::post("/v1/x"), body, None));
        assert!(shown["curl"].as_str().unwrap().contains("'{\"a\":\"?; rm -rf x;?\"}'"), "{shown}");
    }
}
