//! What is sent: a JSON document, or fields on the command line.

use std::path::PathBuf;

use clap::Args;
use pentad_connect::Multipart;
use serde_json::{Map, Value};

use crate::args;
use crate::failure::Result;

/// A JSON document from a file, or an object from fields.
#[derive(Debug, Args)]
pub(super) struct Document {
    /// Fields of the object: VALUE is JSON if it can be, else text; dots lead into objects.
    #[arg(value_name = "FIELD=VALUE", value_parser = args::attribute)]
    fields: Vec<(String, String)>,
    /// JSON document to send; `-` reads standard input. Fields on the command line are added to it.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
}

impl Document {
    /// The fields as parts of a form, with these files.
    pub(super) fn form(&self, files: &[(String, String)]) -> Multipart {
        let form = self.fields.iter().fold(Multipart::new(), |form, (name, text)| form.text(name, text));
        files.iter().fold(form, |form, (name, file)| form.file(name, content_type(file), file))
    }

    /// The document; nothing if none was given.
    ///
    /// # Errors
    /// A usage failure if a file cannot be read or is not JSON.
    pub(super) fn read(&self) -> Result<Option<Value>> {
        let mut document = self.body.as_deref().map(args::json_source).transpose()?;
        for (name, text) in &self.fields {
            let value = read(text);
            put(document.get_or_insert_with(|| Value::Object(Map::new())), name, value);
        }
        Ok(document)
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

/// A value of the command line: JSON if it can be, else text.
pub(super) fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
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
}
