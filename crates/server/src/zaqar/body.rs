//! JSON bodies as the service reads them (Zaqar reference 2.5).

use serde_json::{Map, Value};

use super::context::Call;
use super::error::Failure;

/// The object or array of a body that must be there.
pub(crate) async fn document(call: &mut Call) -> Result<Value, Failure> {
    if call.length().is_none() {
        return Err(Failure::body("Request body can not be empty"));
    }
    parse(call.load().await?)
}

/// An object of a body that must be there.
pub(crate) async fn object(call: &mut Call) -> Result<Map<String, Value>, Failure> {
    into_object(document(call).await?)
}

/// Reads JSON.
pub(crate) fn parse(text: &[u8]) -> Result<Value, Failure> {
    if has_long_integer(text) {
        return Err(Failure::body("JSON contains integer that is too large."));
    }
    match serde_json::from_slice(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Ok(value),
        Ok(_) | Err(_) => Err(Failure::body("Request body could not be parsed.")),
    }
}

/// The object that a document must be.
pub(crate) fn into_object(document: Value) -> Result<Map<String, Value>, Failure> {
    match document {
        Value::Object(map) => Ok(map),
        _ => Err(wrong_type()),
    }
}

/// 400: an object where an array is needed, or the reverse.
pub(crate) fn wrong_type() -> Failure {
    Failure::body("Document type not supported.")
}

/// 400: a required field is absent.
pub(crate) fn missing(name: &str) -> Failure {
    Failure::body(format!("Missing \"{name}\" field."))
}

/// An integer field. Truth values count as 1 and 0, as in Python.
pub(crate) fn int(map: &Map<String, Value>, name: &str, default: Option<i64>) -> Result<i64, Failure> {
    match map.get(name) {
        None => default.ok_or_else(|| missing(name)),
        Some(Value::Bool(flag)) => Ok(i64::from(*flag)),
        Some(value) => value
            .as_i64()
            .ok_or_else(|| Failure::body(format!("The value of the \"{name}\" field must be a int."))),
    }
}

/// Whether an integer outside the signed 64-bit range stands in the text.
fn has_long_integer(text: &[u8]) -> bool {
    let (mut at, mut quoted) = (0, false);
    while at < text.len() {
        match text[at] {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'-' | b'0'..=b'9' if !quoted => {
                let end = at + number_length(&text[at..]);
                let plain = &text[at..end];
                let is_integer = !plain.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
                if is_integer && plain.len() >= 19 {
                    let parsed = std::str::from_utf8(plain).map(str::parse::<i64>);
                    if matches!(parsed, Ok(Err(_))) {
                        return true;
                    }
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    false
}

fn number_length(text: &[u8]) -> usize {
    let inside = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    text.iter().take_while(|byte| inside(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_beyond_64_bits_are_told_from_other_faults() {
        let text = |body: &str| parse(body.as_bytes()).unwrap_err().text().to_owned();
        assert_eq!(text(r#"{"a": 9223372036854775808}"#), "JSON contains integer that is too large.");
        assert_eq!(text(r#"[-9223372036854775809]"#), "JSON contains integer that is too large.");
        for body in ["", "{", "1", "\"x\"", "null"] {
            assert_eq!(text(body), "Request body could not be parsed.", "{body}");
        }
        for fine in [
            r#"{"a": 9223372036854775807, "b": -9223372036854775808}"#,
            r#"["99999999999999999999", "\"99999999999999999999", 99999999999999999999.5, 1e30]"#,
        ] {
            parse(fine.as_bytes()).unwrap();
        }
    }
}
