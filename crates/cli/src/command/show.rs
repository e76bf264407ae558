//! A call as text: for a shell, for Python, for Rust, or as the request itself.

use std::path::Path;

use pentad_core::{Body, Call, List, Request, Target, Work, redact};
use serde_json::{Value, json};

use super::service::CredentialPlace;
use crate::args::Language;
use crate::failure::Result;

/// What can be said about a call without sending it.
#[derive(Debug)]
pub(crate) struct Preview {
    op: &'static str,
    method: String,
    url: String,
    /// The variable with the address of a service that is found in a catalog.
    base: Option<String>,
    /// Headers but for the credential; a value that is secret is not kept.
    headers: Vec<(String, Option<String>)>,
    args: Vec<(&'static str, String)>,
    query: Vec<(String, String)>,
    body: Value,
    /// A body that is no JSON.
    raw_body: bool,
    curl: String,
}

/// What is uploaded, as a shell has it: a request does not tell where its bytes come from.
#[derive(Debug, Clone)]
pub(crate) enum Upload {
    /// A file as the whole body.
    File(String),
    /// Fields by name, and files by name, path and content type.
    Form { fields: Vec<(String, String)>, files: Vec<(String, String, &'static str)> },
}

impl Upload {
    /// The options of curl in place of the body on standard input.
    fn curl(&self) -> String {
        match self {
            Self::File(path) => format!(" --data-binary {}", word(&format!("@{path}"))),
            Self::Form { fields, files } => {
                let fields = fields
                    .iter()
                    .map(|(name, text)| format!(" --form-string {}", word(&format!("{name}={text}"))));
                let file = |(name, path, kind): &(String, String, &str)| {
                    // In quotes its own separators mean nothing to curl.
                    let path = path.replace('\\', "\\\\").replace('"', "\\\"");
                    let plain = !path.contains([';', ',', '\\', ' ']);
                    let path = if plain { path } else { format!("\"{path}\"") };
                    format!(" -F {}", word(&format!("{name}=@{path};type={kind}")))
                };
                fields.chain(files.iter().map(file)).collect()
            }
        }
    }

    /// The arguments of Python's `requests`.
    fn python(&self) -> String {
        let text = |text: &str| Value::from(text).to_string();
        match self {
            Self::File(path) => format!("    data=open({}, \"rb\"),\n", text(path)),
            Self::Form { fields, files } => {
                let fields = fields.iter().map(|(name, value)| format!("({}, {})", text(name), text(value)));
                let file = |(name, path, kind): &(String, String, &str)| {
                    let last =
                        Path::new(path).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
                    format!(
                        "({}, ({}, open({}, \"rb\"), {}))",
                        text(name),
                        text(&last),
                        text(path),
                        text(kind)
                    )
                };
                let (fields, files): (Vec<_>, Vec<_>) = (fields.collect(), files.iter().map(file).collect());
                format!("    data=[{}],\n    files=[{}],\n", fields.join(", "), files.join(", "))
            }
        }
    }
}

/// The variable that stands for the address of a service.
fn base(request: &Request) -> Option<String> {
    let Target::Service { service_type, .. } = &request.target else { return None };
    let name = service_type.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    Some(format!("{}_ENDPOINT", name.to_ascii_uppercase()))
}

fn headers(request: &Request) -> Vec<(String, Option<String>)> {
    let value = |name: &http::HeaderName, value: &http::HeaderValue| {
        let text = value.to_str().ok().filter(|_| !value.is_sensitive() && !redact::is_secret(name.as_str()));
        (name.as_str().to_owned(), text.map(str::to_owned))
    };
    request.headers.iter().map(|(name, text)| value(name, text)).collect()
}

/// The path arguments as the raw door takes them: a query that is escaped already goes behind the last of them.
fn args(request: &Request) -> Vec<(&'static str, String)> {
    let mut args: Vec<_> = request.args.iter().map(|(name, value)| (name, value.to_owned())).collect();
    if let (Some((_, last)), Some(query)) =
        (args.last_mut(), request.raw_query.as_deref().filter(|query| !query.is_empty()))
    {
        last.push('?');
        last.push_str(query);
    }
    args
}

impl Preview {
    /// A call.
    pub(crate) fn of_call<T>(call: &Call<T>) -> Result<Self> {
        Self::new(call.request()?, call.curl()?)
    }

    /// The first page of a listing.
    pub(crate) fn of_list<T>(list: &List<T>) -> Result<Self> {
        Self::new(&list.request()?, list.curl()?)
    }

    /// The first exchange of a work.
    pub(crate) fn of_work<T>(work: &Work<T>) -> Result<Self> {
        Self::new(work.request()?, work.curl()?)
    }

    fn new(request: &Request, curl: String) -> Result<Self> {
        // A service that is found in a catalog has no address yet.
        let url = request.uri().map_or_else(|_| request.path_and_query(), |uri| uri.to_string());
        let body = match &request.body {
            Body::Bytes(bytes) => serde_json::from_slice(bytes).unwrap_or(Value::Null),
            _ => Value::Null,
        };
        Ok(Self {
            op: request.op.id,
            method: request.method.as_str().to_owned(),
            url,
            base: base(request),
            headers: headers(request),
            args: args(request),
            query: request.query.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
            raw_body: body.is_null() && !matches!(request.body, Body::Empty),
            body,
            curl,
        })
    }
}

/// The call in a language, secrets as variables. `socket` is where an embedded server would listen.
pub(super) fn call(
    preview: &Preview,
    language: Language,
    (socket, upload): (Option<&Path>, Option<&Upload>),
    credential: CredentialPlace,
    rust_client: &str,
) -> Result<String> {
    Ok(match (language, socket) {
        (Language::Curl, Some(path)) => curl(preview, credential, upload).replacen(
            "curl ",
            &format!("curl --unix-socket {} ", quoted(path)),
            1,
        ),
        (Language::Curl, None) => curl(preview, credential, upload),
        (Language::Python, _) => python(preview, credential, upload),
        (Language::Rust, _) => rust(preview, rust_client),
    })
}

/// The request as a result: what `--dry-run` would have sent.
pub(super) fn request(preview: &Preview) -> Result<Value> {
    Ok(json!({
        "dry_run": true,
        "operation": preview.op,
        "method": preview.method,
        "url": preview.url,
        "body": hidden(&preview.body, &mut |_| redact::HIDDEN.to_owned()),
    }))
}

/// The line with the files that are uploaded.
fn curl(preview: &Preview, credential: CredentialPlace, upload: Option<&Upload>) -> String {
    let line = with_variable(preview, credential);
    let Some(upload) = upload else { return line };
    let line = line.replacen(" --data-binary @-", &upload.curl(), 1);
    // curl makes a boundary of its own.
    let form = preview.headers.iter().find(|(name, _)| name == "content-type");
    match (upload, form) {
        (Upload::Form { .. }, Some((name, Some(kind)))) => {
            line.replacen(&format!(" -H '{name}: {kind}'"), "", 1)
        }
        _ => line,
    }
}

/// The line with the variable that the other languages read, where the secret is the whole header.
fn with_variable(preview: &Preview, credential: CredentialPlace) -> String {
    let CredentialPlace { header, prefix: "", variable } = credential else { return preview.curl.clone() };
    let (begin, end) =
        (format!("-H '{header}: "), format!("\"${}\"", header.to_uppercase().replace('-', "_")));
    let found = preview.curl.find(&begin).and_then(|at| {
        let length = preview.curl[at..].find(&end)?;
        // The scheme that stands before the variable is part of what it holds.
        let scheme = &preview.curl[at + begin.len()..at + length];
        (!scheme.contains('\n') && scheme.len() < 30).then(|| at..at + length + end.len())
    });
    match found {
        Some(place) => {
            let mut line = preview.curl.clone();
            line.replace_range(place, &format!("{begin}'\"${variable}\""));
            line
        }
        None => preview.curl.clone(),
    }
}

fn python(preview: &Preview, credential: CredentialPlace, upload: Option<&Upload>) -> String {
    let place = |variable: &str| format!("os.environ[{variable:?}]");
    let base = preview.base.as_deref().map_or_else(String::new, |variable| place(variable) + " + ");
    let mut text = String::from("import os\nimport sys\nimport requests\n\n");
    text.push_str(&format!(
        "response = requests.request(\n    {:?}, {base}{},\n    headers={{\n",
        preview.method,
        Value::from(preview.url.as_str())
    ));
    let is_form = matches!(upload, Some(Upload::Form { .. }));
    let shown = python_headers(preview, credential);
    for (name, value) in shown.into_iter().filter(|(name, _)| !is_form || name != "content-type") {
        text.push_str(&format!("        {}: {value},\n", Value::from(name)));
    }
    text.push_str("    },\n");
    if !preview.body.is_null() {
        let body = hidden(&preview.body, &mut variable);
        text.push_str(&format!("    json={},\n", python_literal(&body)));
    } else if let Some(upload) = upload {
        text.push_str(&upload.python());
    } else if preview.raw_body {
        text.push_str("    data=sys.stdin.buffer,\n");
    }
    text.push_str(")\nresponse.raise_for_status()\nprint(response.text)\n");
    text
}

/// Names and, as Python expressions, values. The credential is among them where the call has one.
fn python_headers(preview: &Preview, credential: CredentialPlace) -> Vec<(String, String)> {
    let CredentialPlace { header, prefix, variable } = credential;
    let is_credential = |name: &str| name.eq_ignore_ascii_case(header);
    let mut shown: Vec<_> = preview
        .headers
        .iter()
        // Said by `json=`.
        .filter(|(name, _)| preview.body.is_null() || name != "content-type")
        .filter(|(name, _)| !is_credential(name))
        .map(|(name, value)| match value {
            Some(value) => (name.clone(), Value::from(value.as_str()).to_string()),
            None => {
                let variable = name.replace('-', "_").to_ascii_uppercase();
                (name.clone(), format!("os.environ[{variable:?}]"))
            }
        })
        .collect();
    // The line for a shell was made with the credential.
    if preview.curl.to_ascii_lowercase().contains(&format!("{}: ", header.to_ascii_lowercase())) {
        let before = if prefix.is_empty() { String::new() } else { format!("{prefix:?} + ") };
        shown.push((header.to_owned(), format!("{before}os.environ[{variable:?}]")));
    }
    shown
}

/// JSON as a Python expression: they differ in three words.
fn python_literal(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(python_literal).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let pairs = map
                .iter()
                .map(|(key, item)| format!("{}: {}", Value::from(key.as_str()), python_literal(item)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => match text.strip_prefix(MARK) {
            Some(variable) => format!("os.environ[{variable:?}]"),
            None => value.to_string(),
        },
        other => other.to_string(),
    }
}

/// What begins the text of a variable; no text of a body does.
const MARK: &str = "\u{0}$";

fn variable(name: &str) -> String {
    format!("\u{0}{}", redact::variable(name))
}

/// A body without its secrets.
fn hidden(body: &Value, stand_in: &mut dyn FnMut(&str) -> String) -> Value {
    let mut body = body.clone();
    redact::json_with(&mut body, stand_in);
    body
}

/// JSON as it is written in a macro: a secret is read from a variable.
fn rust_literal(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(rust_literal).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let pairs =
                map.iter().map(|(key, item)| format!("{}:{}", Value::from(key.as_str()), rust_literal(item)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
        Value::String(text) if text.starts_with(MARK) => {
            format!("std::env::var({:?})?", text.trim_start_matches(MARK))
        }
        other => other.to_string(),
    }
}

fn rust(preview: &Preview, client: &str) -> String {
    let body = match &preview.body {
        Value::Null => "None".to_owned(),
        body => format!("Some(serde_json::json!({}))", rust_literal(&hidden(body, &mut variable))),
    };
    let args: Vec<_> = preview.args.iter().map(|(name, value)| format!("({name:?}, {value:?})")).collect();
    let query: Vec<_> = preview.query.iter().map(|(name, value)| format!("({name:?}, {value:?})")).collect();
    format!(
        "{client}let answer = client.call({:?}, &[{}], &[{}], {body})?.await?;\n",
        preview.op,
        args.join(", "),
        query.join(", "),
    )
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> String {
    word(&path.display().to_string())
}

fn word(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+=@".contains(c));
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
