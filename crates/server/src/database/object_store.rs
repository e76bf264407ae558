//! The container with the published logs, as an object store shows it, and the place of the workflow service, which is
//! not served (OpenStack reference C8, C13).
//!
//! A project reads its own account `AUTH_<project>`; nothing can be written.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, LAST_MODIFIED};
use http::{HeaderValue, Method, StatusCode};
use md5::{Digest, Md5};
use pentad_store::Tx;
use serde_json::{Value, json};

use super::Trove;
use super::error::{Answer, Failure};
use super::model::{Guest, time_text};
use super::storage::{now, records};
use crate::http::{Inbound, Reply};
use crate::reply::python;

/// Below the root of the service.
pub(crate) const STORE: &str = "/object-store/v1/";
/// Below the root of the service.
pub(crate) const WORKFLOW: &str = "/workflow/";
/// Longest listing.
const LONGEST: usize = 10_000;

const LINES: HeaderName = HeaderName::from_static("x-object-meta-lines");
const OBJECTS: HeaderName = HeaderName::from_static("x-container-object-count");

/// A published part of a log, or what is said of a log.
struct Object {
    name: String,
    content: String,
    modified: String,
}

/// What is not Trove's own, if the path is of that.
pub(crate) fn is_beside(path: &str) -> bool {
    path.starts_with(STORE) || path.starts_with(WORKFLOW)
}

impl Trove {
    /// Answers what is not Trove's own.
    pub(super) async fn beside(&self, inbound: &Inbound) -> Reply {
        let (name, answer) = if inbound.path.starts_with(WORKFLOW) {
            ("database:workflow", workflow())
        } else {
            (
                "database:objectStore",
                self.object_store(inbound).await.unwrap_or_else(|failure| refused(&failure)),
            )
        };
        answer.route(name)
    }

    async fn object_store(&self, inbound: &Inbound) -> Answer<Reply> {
        let path = inbound.path.strip_prefix(STORE).unwrap_or_default();
        let (account, rest) = path.split_once('/').unwrap_or((path, ""));
        let caller = self.caller(inbound).await?;
        if account != format!("AUTH_{}", caller.project) {
            return Err(Failure::forbidden("Access was denied to this resource."));
        }
        let is_head = inbound.method == Method::HEAD;
        if inbound.method != Method::GET && !is_head {
            return Err(Failure::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "The object store is not to be written to.",
            ));
        }
        let decoded = percent_encoding::percent_decode_str(rest).decode_utf8_lossy().into_owned();
        let container = self.settings().guest_log_container_name.clone();
        let (asked, object) = decoded.split_once('/').unwrap_or((&decoded, ""));
        if asked.is_empty() {
            let rows = json!([{"name": container, "count": 1, "bytes": 0}]);
            return Ok(listing(inbound, &rows, &[container], 1));
        }
        if asked != container {
            return Err(Failure::no_route());
        }
        let project = caller.project.clone();
        let all = self.read(move |tx| objects(tx, &project)).await?;
        if object.is_empty() {
            return Ok(container_listing(inbound, &all));
        }
        let found = all.iter().find(|one| one.name == object).ok_or_else(Failure::no_route)?;
        Ok(content(found, is_head))
    }
}

fn workflow() -> Reply {
    let text = "The workflow service is not served.";
    super::error::body(StatusCode::NOT_IMPLEMENTED, &json!({"faultcode": "Server", "faultstring": text}))
}

fn refused(failure: &Failure) -> Reply {
    match failure {
        Failure::Token { .. } => failure.reply(super::accept::Wanted::Json),
        Failure::Fault { status, message } => Reply::text(*status, message.clone().into_owned()),
        other => other.reply(super::accept::Wanted::Json),
    }
}

/// Every part of every log of a project that was published.
fn objects(tx: &mut Tx<'_>, project: &str) -> Answer<Vec<Object>> {
    let present = time_text(now(tx));
    let mut all = Vec::new();
    for guest in records::within::<Guest>(tx, project)? {
        for log in guest.logs.values() {
            for (name, content) in &log.parts {
                let modified = name.rsplit_once("log-").map_or(present.as_str(), |(_, at)| at).to_owned();
                all.push(Object { name: name.clone(), content: content.clone(), modified });
            }
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

fn digest(content: &str) -> String {
    Md5::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn container_listing(inbound: &Inbound, all: &[Object]) -> Reply {
    let pairs = inbound.query_pairs();
    let query = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let (prefix, marker) = (query("prefix").unwrap_or_default(), query("marker").unwrap_or_default());
    let limit = query("limit").and_then(|text| text.parse().ok()).unwrap_or(LONGEST).min(LONGEST);
    let wanted = all.iter().filter(|one| one.name.starts_with(prefix) && one.name.as_str() > marker);
    let wanted: Vec<&Object> = wanted.take(limit).collect();
    let row = |one: &&Object| {
        json!({
            "name": one.name, "bytes": one.content.len(), "hash": digest(&one.content),
            "content_type": "text/plain", "last_modified": format!("{}.000000", one.modified),
        })
    };
    let rows = Value::Array(wanted.iter().map(row).collect());
    let names: Vec<String> = wanted.iter().map(|one| one.name.clone()).collect();
    listing(inbound, &rows, &names, all.len())
}

/// A listing as JSON if that is asked for, else as lines.
fn listing(inbound: &Inbound, rows: &Value, names: &[String], count: usize) -> Reply {
    let as_json = inbound.query_pairs().iter().any(|(name, value)| name == "format" && value == "json");
    let reply = if as_json {
        Reply::new(StatusCode::OK).content_type("application/json; charset=utf-8").body(python::dumps(rows))
    } else {
        let status = if names.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::OK };
        let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
        Reply::new(status).content_type("text/plain; charset=utf-8").body(lines)
    };
    reply.header(OBJECTS, HeaderValue::from(count))
}

fn content(object: &Object, is_head: bool) -> Reply {
    let lines = HeaderValue::from(object.content.lines().count());
    let mut reply = Reply::new(StatusCode::OK)
        .header(CONTENT_TYPE, HeaderValue::from_static("text/plain"))
        .header(LINES, lines);
    for (name, value) in [(ETAG, digest(&object.content)), (LAST_MODIFIED, object.modified.clone())] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            reply = reply.header(name, value);
        }
    }
    if is_head {
        return reply.header(CONTENT_LENGTH, HeaderValue::from(object.content.len())).body(Bytes::new());
    }
    reply.body(object.content.clone())
}
