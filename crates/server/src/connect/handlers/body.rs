//! Bodies: JSON objects, or arrays of them.

use std::sync::Arc;

use bytes::Bytes;
use http::header;
use pentad_core::numbers::lost_number;
use serde_json::{Map, Value};

use super::super::Call;
use super::super::document;
use super::super::error::Failure;
use super::{content_type, form};

/// A body that was read.
#[derive(Debug)]
pub(super) enum Body {
    /// There is none.
    None,
    One(Map<String, Value>),
    Many(Vec<Map<String, Value>>),
}

/// Most elements of one bulk request.
const MOST: usize = 10_000;

/// Reads the body and holds it to the document, if there is one.
pub(super) async fn read(call: &mut Call) -> Result<Body, Failure> {
    let bytes = bytes(call).await?;
    let content_type = content_type(&call.inbound.headers);
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "multipart/form-data" {
        // The document describes parts, not the object that is made of them.
        let object = form::object(content_type, &bytes)?;
        return is_storable(&object).map(|()| Body::One(object));
    }
    let is_json = matches!(&*essence, "" | "application/json" | "text/json") || essence.ends_with("+json");
    if !is_json && !bytes.is_empty() {
        return Err(Failure::unsupported(&format!("media type \"{essence}\"")));
    }
    let value = json(&bytes)?;
    let value = check(call, value).await?;
    match value {
        None => Ok(Body::None),
        Some(Value::Object(object)) => Ok(Body::One(object)),
        Some(Value::Array(elements)) => {
            if elements.len() > MOST {
                return Err(Failure::invalid(format!("A list of more than {MOST} elements is too long.")));
            }
            let objects = elements.into_iter().enumerate().map(|(index, element)| match element {
                Value::Object(object) => Ok(object),
                other => Err(Failure::invalid(format!("{} is not an object.", kind(&other)))
                    .within(&format!("[{index}]: "))),
            });
            Ok(Body::Many(objects.collect::<Result<_, _>>()?))
        }
        Some(other) => {
            Err(Failure::invalid(format!("Invalid data. Expected a dictionary, but got {}.", kind(&other))))
        }
    }
}

/// The body as it is. What a client packed stays packed: none of the originals does.
pub(super) async fn bytes(call: &mut Call) -> Result<Bytes, Failure> {
    let coding = call.inbound.headers.get(header::CONTENT_ENCODING);
    let coding = coding.map(|coding| String::from_utf8_lossy(coding.as_bytes()).trim().to_ascii_lowercase());
    if let Some(coding) = coding.filter(|coding| !matches!(&**coding, "" | "identity")) {
        return Err(Failure::unsupported(&format!("content encoding \"{coding}\"")));
    }
    call.inbound.body.bytes().await.map_err(|fault| match fault {
        crate::http::BodyFault::TooLarge { limit } => Failure::too_large(limit),
        other => Failure::invalid(format!("The body could not be read: {other:?}.")),
    })
}

/// JSON; nothing for an empty body.
pub(super) fn json(bytes: &[u8]) -> Result<Option<Value>, Failure> {
    // A mark of the byte order says nothing in UTF-8, and some editors write it.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Failure::invalid(format!("JSON parse error - {error}")))?;
    if let Some(number) = lost_number(bytes) {
        let text = "has more digits than are kept; a text keeps them";
        return Err(Failure::invalid(format!("The number {number} {text}.")));
    }
    if has_nul(&value) { Err(Failure::invalid("Null characters are not allowed.")) } else { Ok(Some(value)) }
}

/// Refuses an object that no database at hand stores.
pub(crate) fn is_storable(object: &Map<String, Value>) -> Result<(), Failure> {
    let has_nul = object.iter().any(|(name, member)| name.contains('\0') || has_nul(member));
    if has_nul { Err(Failure::invalid("Null characters are not allowed.")) } else { Ok(()) }
}

/// Holds a body and the parameters beside it to the document, and gives it back. Schemas are compiled when they are
/// first needed, which takes its time: not on the threads that answer.
pub(super) async fn check(call: &Call, body: Option<Value>) -> Result<Option<Value>, Failure> {
    if call.registry.document.is_none() {
        return Ok(body);
    }
    let registry = Arc::clone(&call.registry);
    let (path, method) = (call.path.join("/"), call.inbound.method.clone());
    let query = call.inbound.query.clone().unwrap_or_default();
    let content_type = content_type(&call.inbound.headers).to_owned();
    let checked = tokio::task::spawn_blocking(move || {
        let operation = registry.document.as_ref().and_then(|d| d.operation(method.as_str(), &path));
        if let Some(operation) = operation {
            document::check_query(&operation, &query)?;
            document::check(&operation, &content_type, body.as_ref())?;
        }
        Ok(body)
    });
    checked.await.unwrap_or_else(|_| Err(Failure::internal("The check ended early.")))
}

/// No database at hand stores U+0000 in text.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(elements) => elements.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, member)| name.contains('\0') || has_nul(member)),
        _ => false,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}
