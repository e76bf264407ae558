//! What is sent: a JSON document, or fields on the command line.

use std::path::PathBuf;

use clap::Args;
use pentad_connect::Multipart;
use pentad_core::numbers::lost_number;
use serde_json::{Map, Value};

use crate::args;
use crate::command::show::Upload;
use crate::failure::{Failure, Result};

/// A JSON document from a file, or an object from fields.
#[derive(Debug, Args)]
pub(super) struct Document {
    /// Fields of the object: VALUE is JSON if it can be, else text; dots lead into objects.
    #[arg(value_name = "FIELD=VALUE", value_parser = args::attribute)]
    fields: Vec<(String, String)>,
    /// JSON document to send; `-` reads standard input. Fields on the command line are added to it, to each object of a list.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
}

impl Document {
    /// The fields as parts of a form, with these files.
    pub(super) fn form(&self, files: &[(String, String)]) -> Multipart {
        let form = self.fields.iter().fold(Multipart::new(), |form, (name, text)| form.text(name, text));
        files.iter().fold(form, |form, (name, file)| form.file(name, content_type(file), file))
    }

    /// The same form, to be shown.
    pub(super) fn upload(&self, files: &[(String, String)]) -> Upload {
        let file = |(name, file): &(String, String)| (name.clone(), file.clone(), content_type(file));
        Upload::Form { fields: self.fields.clone(), files: files.iter().map(file).collect() }
    }

    /// The document; nothing if none was given.
    ///
    /// # Errors
    /// A usage failure if a file cannot be read or is not JSON, or if it has no object to which fields could be added.
    pub(super) fn read(&self) -> Result<Option<Value>> {
        self.refuse_unclear()?;
        let mut document = self.body.as_deref().map(args::json_source).transpose()?;
        for (name, text) in &self.fields {
            let place = document.get_or_insert_with(|| Value::Object(Map::new()));
            let objects = match place {
                Value::Array(items) => items.as_mut_slice(),
                one => std::slice::from_mut(one),
            };
            if !objects.iter().all(Value::is_object) {
                return Err(Failure::usage(
                    format!("cannot add the field {name} to the document"),
                    "it is neither an object nor a list of objects",
                ));
            }
            objects.iter_mut().for_each(|object| put(object, name, read(text)));
        }
        Ok(document)
    }
}

impl Document {
    /// Refuses fields of which one is within another, or that lead through a name without letters.
    fn refuse_unclear(&self) -> Result<()> {
        for (index, (name, _)) in self.fields.iter().enumerate() {
            if name.split('.').any(str::is_empty) {
                return Err(Failure::usage(
                    format!("cannot set the field {name}"),
                    "a name between dots is missing",
                ));
            }
            let within = |outer: &str| name.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
            let others = self.fields.iter().enumerate().filter(|(other, _)| *other != index);
            if let Some((_, (outer, _))) =
                others.clone().find(|(_, (other, _))| within(other) || other == name)
            {
                let why = if outer == name {
                    "it is given twice".to_owned()
                } else {
                    format!("{outer} is given, too")
                };
                return Err(Failure::usage(format!("cannot set the field {name}"), why));
            }
        }
        Ok(())
    }
}

/// The content type of a file, by its name.
fn content_type(file: &str) -> &'static str {
    let extension = file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("svg") => "image/svg+xml",
        Some("pdf") => "application/pdf",
        Some("json") => "application/json",
        Some("csv") => "text/csv",
        Some("md") => "text/markdown",
        Some("txt") => "text/plain",
        Some("zip") => "application/zip",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
    }
}

/// A value of the command line or of a cell: JSON if it can be, else text. What would lose digits of a number is text.
pub(super) fn read(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Number(number)) if !is_same(text.trim(), &number.to_string()) => Value::from(text),
        Ok(value) if lost_number(text.as_bytes()).is_none() => value,
        _ => Value::from(text),
    }
}

/// Whether two JSON numbers are the same number.
fn is_same(left: &str, right: &str) -> bool {
    left == right || (significant(left) == significant(right) && significant(left).is_some())
}

/// Sign, digits without zeros around them, and the power of ten that the first of them stands for.
fn significant(number: &str) -> Option<(bool, String, i64)> {
    let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    let kept = digits.trim_start_matches('0');
    let power = i64::try_from(whole.len()).ok()? - i64::try_from(digits.len() - kept.len()).ok()?;
    let kept = kept.trim_end_matches('0').to_owned();
    let power = if kept.is_empty() { 0 } else { power.checked_add(exponent.parse().ok()?)? };
    Some((negative, kept, power))
}

/// Sets a field, through objects where the name has dots.
pub(super) fn put(here: &mut Value, name: &str, value: Value) {
    if !here.is_object() {
        *here = Value::Object(Map::new());
    }
    match name.split_once('.') {
        Some((first, rest)) => put(&mut here[first], rest, value),
        None => here[name] = value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_json_where_they_can_be_and_lead_into_objects() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = vec![
            field("name", "Disks"),
            field("size", "10"),
            field("category.id", "CAT-1"),
            field("tags", "[1]"),
        ];
        let document = Document { fields, body: None }.read().unwrap().unwrap();
        assert_eq!(document, json!({"name": "Disks", "size": 10, "category": {"id": "CAT-1"}, "tags": [1]}));
        assert_eq!(Document { fields: Vec::new(), body: None }.read().unwrap(), None);
    }

    #[test]
    fn fields_that_contradict_each_other_are_refused() {
        let read = |fields: &[&str]| {
            let fields = fields.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect();
            Document { fields, body: None }.read()
        };
        for fields in [&["a.b", "a"][..], &["a", "b", "a.b.c"], &["a", "a"], &["a..b"], &[".a"], &["a."]] {
            assert!(read(fields).is_err(), "{fields:?}");
        }
        assert_eq!(read(&["a.b", "a.c", "ab"]).unwrap().unwrap(), json!({"a": {"b": 1, "c": 1}, "ab": 1}));
    }

    #[test]
    fn fields_are_added_to_each_object_of_a_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("body.json");
        let read = |body: &str| {
            std::fs::write(&path, body).unwrap();
            Document { fields: vec![("a".to_owned(), "1".to_owned())], body: Some(path.clone()) }.read()
        };
        assert_eq!(
            read(r#"[{"id":"B1"},{"a":2}]"#).unwrap().unwrap(),
            json!([{"id": "B1", "a": 1}, {"a": 1}])
        );
        assert_eq!(read("{}").unwrap().unwrap(), json!({"a": 1}));
        for other in ["[1]", "5", "null", "\"text\"", "[[]]"] {
            assert!(read(other).unwrap_err().to_string().contains("field a"), "{other}");
        }
    }

    #[test]
    fn numbers_that_would_lose_digits_are_texts() {
        for (text, number) in [
            ("10", json!(10)),
            ("-0.50", json!(-0.5)),
            ("1e5", json!(100_000.0)),
            ("1E-7", json!(1e-7)),
            ("0.0", json!(0.0)),
        ] {
            assert_eq!(read(text), number, "{text}");
        }
        assert_eq!(read(r#"{"n": [18446744073709551616]}"#), json!(r#"{"n": [18446744073709551616]}"#));
        assert_eq!(read(r#"{"n": [0.25]}"#), json!({"n": [0.25]}));
        assert_eq!(read("18446744073709551615"), json!(u64::MAX));
        // A whole number beyond 64 bits would come back as a fraction's text, whether or not its digits survive.
        for text in [
            "12345678901234567890123",
            "123456789012345680000",
            "0.10000000000000000001",
            "18446744073709551617",
            "1e400",
            "0x1",
        ] {
            assert_eq!(read(text), json!(text), "{text}");
        }
    }
}
