//! Frames: JSON as text, MessagePack as binary; answers come in the form of their request (Zaqar reference 12.1).

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use crate::http::Frame;
use crate::reply::python;

/// Deepest nesting of a document, which is what its JSON may have.
const DEEPEST: usize = 127;

/// The form of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Form {
    /// JSON.
    #[default]
    Text,
    /// MessagePack.
    Binary,
}

/// The document of a frame, or what is wrong with it; `None` for a goodbye.
pub(super) fn read(frame: &Frame) -> Option<(Form, Result<Value, String>)> {
    match frame {
        Frame::Text(text) => Some((Form::Text, json(text))),
        Frame::Binary(bytes) => Some((Form::Binary, message_pack(bytes))),
        _ => None,
    }
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| {
        let before: usize = text.split_inclusive('\n').take(error.line().max(1) - 1).map(str::len).sum();
        let rest = text.get(before..).unwrap_or_default();
        let at = rest.get(..error.column().saturating_sub(1)).unwrap_or_default();
        // The original names the beginning of what it cannot read.
        let at = at.trim_end_matches(|c: char| c.is_ascii_alphabetic()).chars().count();
        let place = text.get(..before).unwrap_or_default().chars().count() + at;
        format!(
            "Can't decode text (JSON) request. JSONDecodeError: Expecting value: line {} column {} (char {place})",
            error.line().max(1),
            at + 1
        )
    })
}

fn message_pack(bytes: &[u8]) -> Result<Value, String> {
    let mut left = bytes;
    let mut reader = rmp_serde::Deserializer::new(&mut left);
    reader.set_max_depth(DEEPEST);
    let found = Value::deserialize(&mut reader);
    drop(reader);
    let why = match found {
        Ok(value) if left.is_empty() => return Ok(value),
        Ok(_) => "ExtraData: unpack(b) received extra data.".to_owned(),
        Err(
            rmp_serde::decode::Error::InvalidMarkerRead(_) | rmp_serde::decode::Error::InvalidDataRead(_),
        ) => "ValueError: Unpack failed: incomplete input".to_owned(),
        Err(error) => format!("ValueError: {error}"),
    };
    Err(format!("Can't decode binary (MessagePack) request. {why}"))
}

/// A document as a frame.
pub(super) fn write(form: Form, document: &Value) -> Option<Frame> {
    match form {
        Form::Text => text(&python::dumps(document)),
        Form::Binary => rmp_serde::to_vec_named(document).ok().map(|bytes| Frame::Binary(bytes.into())),
    }
}

/// JSON that is written already as a frame.
pub(super) fn rewrite(form: Form, json: &Bytes) -> Option<Frame> {
    match form {
        Form::Text => text(json),
        Form::Binary => write(form, &serde_json::from_slice(json).ok()?),
    }
}

fn text(json: &[u8]) -> Option<Frame> {
    String::from_utf8(json.to_vec()).ok().map(Frame::Text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_read_is_told_by_its_form() {
        let told = |frame| read(&frame).unwrap().1.unwrap_err();
        assert_eq!(
            told(Frame::Text("nonsense".to_owned())),
            "Can't decode text (JSON) request. JSONDecodeError: Expecting value: line 1 column 1 (char 0)"
        );
        assert!(told(Frame::Text("{\n \"a\": what}".to_owned())).ends_with("line 2 column 7 (char 8)"));
        assert!(told(Frame::Text(String::new())).ends_with("line 1 column 1 (char 0)"));
        let binary = |bytes: &'static [u8]| told(Frame::Binary(Bytes::from_static(bytes)));
        assert!(binary(b"\x81").ends_with("request. ValueError: Unpack failed: incomplete input"));
        assert!(binary(b"\x01\x01").ends_with("ExtraData: unpack(b) received extra data."));
        assert!(read(&Frame::Close(None)).is_none());
    }

    #[test]
    fn both_forms_carry_the_same_documents() {
        let document =
            json!({"a": [1, -2, 1.5, null, true, "ü"], "b": {"c": 18_446_744_073_709_551_615_u64}});
        for form in [Form::Text, Form::Binary] {
            let frame = write(form, &document).unwrap();
            assert_eq!(read(&frame).unwrap(), (form, Ok(document.clone())));
        }
        assert_eq!(write(Form::Text, &json!("ü")), Some(Frame::Text("\"\\u00fc\"".to_owned())));
    }

    #[test]
    fn deep_and_hostile_binary_frames_are_refused() {
        let deep: Vec<u8> = std::iter::repeat_n(0x91, 100_000).chain([0xc0]).collect();
        assert!(message_pack(&deep).is_err());
        // An array that claims four thousand million members, binary data, a key that is no text.
        for hostile in [&b"\xdd\xff\xff\xff\xff"[..], b"\xc4\x01\xff", b"\x81\x01\x01"] {
            assert!(message_pack(hostile).is_err(), "{hostile:?}");
        }
    }
}
