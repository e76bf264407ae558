//! Documents that several tests use.

use std::sync::OnceLock;

use pentad_openapi::Document;
use pentad_testkit::document;

/// The document of the published size, parsed once.
pub(crate) fn published() -> &'static Document {
    static DOCUMENT: OnceLock<Document> = OnceLock::new();
    DOCUMENT.get_or_init(|| Document::parse(document::published_scale().as_bytes()).unwrap())
}

pub(crate) fn document(text: &str) -> Document {
    Document::parse(text.as_bytes()).unwrap()
}

/// A 3.0 document with the paths given as `path: method method`.
pub(crate) fn paths(paths: &[(&str, &str)]) -> Document {
    let mut text = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths:\n".to_owned();
    for (path, methods) in paths {
        text.push_str(&format!("  {path}:\n"));
        for method in methods.split_whitespace() {
            text.push_str(&format!("    {method}: {{summary: {method} it}}\n"));
        }
    }
    document(&text)
}
