//! What the service's error bodies say, and questions worth asking of an error.

use http::StatusCode;
use http::response::Parts;
use pentad_core::{ApiDetails, Error, Op};
use serde_json::{Map, Value};

/// Reads `{"error_code", "errors", …}`, whatever the content type says (Connect reference 12). Anything else is not the
/// service's own.
pub fn details(_: &Op, _: &Parts, body: &[u8]) -> Option<ApiDetails> {
    let raw: Value = serde_json::from_slice(body).ok()?;
    let object = raw.as_object()?;
    let (code, errors) = (object.get("error_code")?, object.get("errors")?);
    let code = text(code);
    let said = lines(errors).join(", ");
    let explicit = object.get("message").and_then(Value::as_str).filter(|message| !message.is_empty());
    let message = match (explicit, said.is_empty()) {
        (Some(message), true) => format!("{message} [{code}]"),
        (Some(message), false) => format!("{message}: {said} [{code}]"),
        (None, true) => code.clone(),
        (None, false) => format!("{said} [{code}]"),
    };
    Some(ApiDetails { code: Some(code), message: Some(message), raw: Some(raw), ..ApiDetails::default() })
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn lines(errors: &Value) -> Vec<String> {
    match errors {
        Value::Array(errors) => errors.iter().map(text).collect(),
        Value::Null => Vec::new(),
        Value::String(line) if line.is_empty() => Vec::new(),
        other => vec![text(other)],
    }
}

/// What the service said about a failed call.
///
/// | original | here |
/// | --- | --- |
/// | `error.status_code` | [`Error::status`] |
/// | `error.error_code` | [`error_code`](Self::error_code) |
/// | `error.errors` | [`errors`](Self::errors) |
/// | `error.additional_info` | [`additional_info`](Self::additional_info) |
/// | `status_code == 404` | [`is_missing`](Self::is_missing) |
pub trait ErrorExt {
    /// The service's code, such as `VAL_001`.
    fn error_code(&self) -> Option<&str>;
    /// The service's explanations, each as one text.
    fn errors(&self) -> Vec<String>;
    /// What else the body of the error holds, such as `params`.
    fn additional_info(&self) -> Map<String, Value>;
    /// Whether the path or resource does not exist.
    fn is_missing(&self) -> bool;
    /// Whether the service found fault with the fields of the request: a code that begins with `VAL_`.
    fn is_validation(&self) -> bool;
}

impl ErrorExt for Error {
    fn error_code(&self) -> Option<&str> {
        self.api()?.code.as_deref()
    }

    fn errors(&self) -> Vec<String> {
        body(self).and_then(|body| body.get("errors")).map(lines).unwrap_or_default()
    }

    fn additional_info(&self) -> Map<String, Value> {
        let mut rest = body(self).cloned().unwrap_or_default();
        for known in ["error_code", "errors", "message", "status_code"] {
            rest.remove(known);
        }
        rest
    }

    fn is_missing(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    fn is_validation(&self) -> bool {
        self.error_code().is_some_and(|code| code.starts_with("VAL_"))
    }
}

fn body(error: &Error) -> Option<&Map<String, Value>> {
    error.api()?.raw.as_ref()?.as_object()
}
