//! JSON as Go's `encoding/json` writes it: HTML-safe strings, whole floats without a fraction,
//! sorted maps (the caller's concern), optional indentation.

use std::io::{self, Write};

use bytes::Bytes;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// JSON indented by `spaces` blanks per level, no final newline.
pub fn indented(value: &impl Serialize, spaces: usize) -> Bytes {
    const BLANKS: &[u8] = &[b' '; 16];
    let indent = &BLANKS[..spaces.min(BLANKS.len())];
    super::write(value, Go(PrettyFormatter::with_indent(indent)))
}

/// JSON without any white space.
pub fn compact(value: &impl Serialize) -> Bytes {
    super::write(value, Go(CompactFormatter))
}

/// Go's strings and numbers over some layout.
struct Go<L>(L);

impl<L: Formatter> Formatter for Go<L> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (plain, tail) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            let mut chars = tail.chars();
            if let Some(special) = chars.next() {
                write!(out, "\\u{:04x}", u32::from(special))?;
            }
            rest = chars.as_str();
        }
        out.write_all(rest.as_bytes())
    }

    fn write_f64<W: ?Sized + Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        let size = value.abs();
        if size != 0.0 && !(1e-6..1e21).contains(&size) {
            let text = format!("{value:e}");
            return match text.split_once('e') {
                Some((digits, power)) if !power.starts_with('-') => write!(out, "{digits}e+{power}"),
                _ => out.write_all(text.as_bytes()),
            };
        }
        write!(out, "{value}")
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(bytes: &Bytes) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn indentation_is_three_blanks_and_empty_containers_stay_on_one_line() {
        let value = json!({"topics": [{"name": "/projects/p/topics/t"}], "none": [], "map": {}});
        let expected = "{\n   \"topics\": [\n      {\n         \"name\": \"/projects/p/topics/t\"\n      }\n   ],\n   \
                        \"none\": [],\n   \"map\": {}\n}";
        assert_eq!(text(&indented(&value, 3)), expected);
    }

    #[test]
    fn html_characters_and_line_separators_are_escaped() {
        let value = json!({"a<b": "x > y & z\u{2028}\u{2029} \"q\" \\ é"});
        assert_eq!(text(&compact(&value)), r#"{"a\u003cb":"x \u003e y \u0026 z\u2028\u2029 \"q\" \\ é"}"#);
    }

    #[test]
    fn floats_follow_go() {
        let value = json!([1.0, 0.5, 0.000001, 1e-7, 1e20, 1e21, -2.0, 0.0]);
        assert_eq!(text(&compact(&value)), "[1,0.5,0.000001,1e-7,100000000000000000000,1e+21,-2,0]");
    }
}
