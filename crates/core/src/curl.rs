//! Requests as one line that can be pasted into a shell.

use std::borrow::Cow;
use std::fmt::Write as _;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

use crate::error::Result;
use crate::message::{Body, Request};
use crate::redact::{self, is_secret};
use crate::target::Target;

/// Whether secrets appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveal {
    /// Secrets are shell variables named after their place.
    No,
    /// Secrets are written out.
    Yes,
}

/// Encloses the name of a shell variable within a document; no text contains this noncharacter by chance.
const MARK: char = '\u{10FFFE}';

/// The request as a `curl` command.
///
/// An unresolved catalog service stands as a variable: `"$DATABASE_ENDPOINT"'/instances'`.
///
/// # Errors
/// If path or query cannot stand in a URL.
pub fn curl(request: &Request, reveal: Reveal) -> Result<String> {
    let mut line = String::from("curl");
    let has_body = !matches!(request.body, Body::Empty);
    match request.method {
        Method::GET if !has_body => {}
        Method::HEAD => line.push_str(" -I"),
        ref method => {
            let _ = write!(line, " -X {method}");
        }
    }
    for (name, value) in &request.headers {
        line.push_str(" -H ");
        line.push_str(&header(name, value, reveal));
    }
    push_body(&mut line, request, reveal);
    line.push(' ');
    line.push_str(&url(request, reveal)?);
    Ok(line)
}

fn header(name: &HeaderName, value: &HeaderValue, reveal: Reveal) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    if reveal == Reveal::Yes || !(value.is_sensitive() || is_secret(name.as_str())) {
        // `-H 'name;'` is how curl sends an empty header.
        return if text.is_empty() {
            quoted(&format!("{name};"))
        } else {
            quoted(&format!("{name}: {text}"))
        };
    }
    // The scheme of an authorization is no secret and has to stand there.
    let scheme = text.split_once(' ').map(|(scheme, _)| scheme);
    match scheme.filter(|scheme| name == AUTHORIZATION && scheme.bytes().all(|c| c.is_ascii_alphanumeric())) {
        Some(scheme) => quoted(&format!("{name}: {scheme} {}", marked(name.as_str()))),
        None => quoted(&format!("{name}: {}", marked(name.as_str()))),
    }
}

fn push_body(line: &mut String, request: &Request, reveal: Reveal) {
    let bytes = match &request.body {
        Body::Empty => return,
        Body::Bytes(bytes) => bytes,
        Body::Replay(..) | Body::Once(..) => return line.push_str(" --data-binary @-"),
    };
    let text = match reveal {
        Reveal::Yes => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Reveal::No => hidden_body(bytes, &request.headers),
    };
    match text.filter(|text| !text.contains('\0')) {
        Some(text) => {
            line.push_str(" --data-binary ");
            line.push_str(&quoted(&text));
        }
        None => line.push_str(" --data-binary @-"),
    }
}

/// `None` for a body of which nothing says where its secrets are.
fn hidden_body<'a>(bytes: &'a [u8], headers: &HeaderMap) -> Option<Cow<'a, str>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut changed = false;
    let mut stand_in = |name: &str| {
        changed = true;
        marked(name)
    };
    if let Ok(mut document @ (Value::Object(_) | Value::Array(_))) = serde_json::from_slice::<Value>(bytes) {
        redact::json_with(&mut document, &mut stand_in);
        // Unchanged documents are shown as they are sent, byte for byte.
        return Some(if changed { document.to_string().into() } else { text.into() });
    }
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    kind.starts_with("application/x-www-form-urlencoded")
        .then(|| redact::raw_query_with(text, &mut stand_in).into())
}

fn url(request: &Request, reveal: Reveal) -> Result<String> {
    let (prefix, text) = match &request.target {
        Target::Url(_) => (String::new(), request.uri()?.to_string()),
        Target::Service { service_type, .. } => {
            (format!("\"${}_ENDPOINT\"", variable(service_type)), request.path_and_query())
        }
    };
    let text = match reveal {
        Reveal::Yes => text,
        Reveal::No => redact::url_with(&text, request.template(), &mut marked),
    };
    Ok(prefix + &quoted(&text))
}

/// A variable's name between marks.
fn marked(name: &str) -> String {
    format!("{MARK}{}{MARK}", variable(name))
}

/// `x-api-key` → `X_API_KEY`.
pub(crate) fn variable(name: &str) -> String {
    let mut text: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if text.starts_with(|c: char| c.is_ascii_digit()) || text.is_empty() {
        text.insert(0, '_');
    }
    text
}

/// Quotes for a POSIX shell; what stands between marks becomes a variable.
fn quoted(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 2);
    for (index, part) in text.split(MARK).enumerate() {
        if index % 2 == 1 {
            let _ = write!(line, "\"${part}\"");
        } else if !part.is_empty() || text.is_empty() {
            let _ = write!(line, "'{}'", part.replace('\'', r"'\''"));
        }
    }
    line
}
