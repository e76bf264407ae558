//! What reads requests as plain functions of bytes, each with what must always hold: what property tests and fuzz targets
//! drive. Not part of the server.

use pentad_rql::{Part, Schema, split};

use super::handlers::form;
use super::query;
use super::quirks::Quirks;
use crate::Mode;

/// A raw query is refused or asked for a page, in both modes; its parts are the query again.
///
/// # Panics
/// If parts got lost, or the page is larger than any.
pub fn raw_query(bytes: &[u8]) {
    let raw = String::from_utf8_lossy(bytes);
    let parts: Vec<String> = split(&raw)
        .into_iter()
        .map(|part| match part {
            Part::Term(term) => term.to_owned(),
            Part::Parameter { name, value } => format!("{name}={value}"),
        })
        .collect();
    assert_eq!(parts.join("&"), raw, "parts of the query");
    for mode in [Mode::Relaxed, Mode::Strict] {
        if let Ok(asked) = query::read(Some(&raw), &Schema::open(), Quirks::of(mode)) {
            assert!((0..=1000).contains(&asked.limit), "size of the page");
        }
    }
}

/// The body of a form is refused or becomes an object.
pub fn form_body(bytes: &[u8]) {
    let _ = form::object("multipart/form-data; boundary=x", bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_asked_is_answered_or_refused(
            parts in prop::collection::vec(prop::sample::select(vec![
                "eq(", "a", ",", "%22", "\"", "'", "(", ")", "&", "=", "search=", "limit=", "1", "%", "%26", "+", "é", "in(a,(", "x", "%00",
            ]), 0..24),
        ) {
            raw_query(parts.concat().as_bytes());
        }

        #[test]
        fn whatever_is_uploaded_is_kept_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            form_body(&[b"--x\r\n", bytes.as_slice(), b"\r\n--x--"].concat());
        }
    }
}
