//! JSON as Python's `json.dumps` writes it by default: `", "` and `": "`, ASCII only, `repr` of floats.

use std::io::{self, Write};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::Formatter;

/// JSON in the layout of `json.dumps(value)`.
pub fn dumps(value: &impl Serialize) -> Bytes {
    super::write(value, Python { ascii: true })
}

/// JSON in the layout of `json.dumps(value, ensure_ascii=False)`.
pub fn dumps_unicode(value: &impl Serialize) -> Bytes {
    super::write(value, Python { ascii: false })
}

struct Python {
    ascii: bool,
}

impl Formatter for Python {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if !self.ascii {
            return out.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(|c: char| !(' '..='~').contains(&c)) {
            let (plain, tail) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            let mut chars = tail.chars();
            if let Some(special) = chars.next() {
                for unit in special.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        out.write_all(rest.as_bytes())
    }

    fn write_f64<W: ?Sized + Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        let size = value.abs();
        if size != 0.0 && !(1e-4..1e16).contains(&size) {
            let text = format!("{value:e}");
            return match text.split_once('e') {
                Some((digits, power)) => {
                    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |p| ('-', p));
                    write!(out, "{digits}e{sign}{power:0>2}")
                }
                None => out.write_all(text.as_bytes()),
            };
        }
        write!(out, "{value:?}")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

/// A value as Python's `repr` shows it; what stands under a secret name is hidden.
pub(crate) fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(repr).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let hidden = |name: &str, value: &Value| {
                // What stands in an error is read by others than the one who sent it.
                if pentad_core::redact::is_secret(name) { "'***'".to_owned() } else { repr(value) }
            };
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{}: {}", quoted(name), hidden(name, value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// A list of texts as Python's `repr` shows it.
pub(crate) fn list(texts: &[String]) -> String {
    let items: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", items.join(", "))
}

fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn separators_and_escapes_are_those_of_json_dumps() {
        let value = json!({"a": [1, 2.0, null], "b": "é😀\u{7f}<"});
        assert_eq!(dumps(&value), r#"{"a": [1, 2.0, null], "b": "\u00e9\ud83d\ude00\u007f<"}"#);
        assert_eq!(dumps_unicode(&value), "{\"a\": [1, 2.0, null], \"b\": \"é😀\u{7f}<\"}");
    }

    #[test]
    fn floats_are_written_as_repr() {
        assert_eq!(dumps(&json!([1e16, 1e-5, 0.1, 1e15])), "[1e+16, 1e-05, 0.1, 1000000000000000.0]");
    }

    #[test]
    fn values_look_as_in_python_and_secrets_do_not() {
        let value = json!({"a": [1, null, true, "x'y"], "password": "canary"});
        assert_eq!(repr(&value), r#"{'a': [1, None, True, "x'y"], 'password': '***'}"#);
    }
}
