//! What reads requests as plain functions of bytes, each with what must always hold: what property tests and fuzz targets
//! drive. Not part of the server.

use std::sync::{Arc, LazyLock};

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::auth::{SigningKey, jwt};
use super::call;
use super::list::cursor;
use super::list::filter::Filter;
use super::list::value::{Seen, descend};
use super::path::{Path, Steps};
use super::rule::{Program, Row, Want, answer};
use super::upload::range::{Wanted, wanted};
use super::upload::tus::{self, Said};

/// A document with something of everything, for texts that bring none.
fn sample() -> Value {
    json!({"a": [1, "x", {"b": null}], "n": 2.5, "name": "fire-risk", "t": "2024-01-02T03:04:05Z", "": true})
}

/// A JSON path is refused or selects, twice the same. Behind the first line break may stand a document.
///
/// # Panics
/// If it selects other things the second time.
pub fn json_path(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (path, document) = text.split_once('\n').unwrap_or((&text, ""));
    let document = call::parse_json(document.as_bytes()).unwrap_or_else(|_| sample());
    if let Ok(path) = Path::parse(path) {
        let select = || path.select(&document, &Steps::default());
        assert_eq!(select(), select(), "what a path selects");
    }
}

/// A filter is refused or keeps a record or leaves it out; what it says of a field alone is so in all that it keeps.
///
/// # Panics
/// If it keeps a record that it says is another.
pub fn filter(bytes: &[u8]) {
    let Ok(filter) = Filter::parse(&String::from_utf8_lossy(bytes)) else { return };
    let document = sample();
    let look = |name: &str| descend(&document, name).map(Seen::Json);
    if let (true, Some(only)) = (filter.keeps(&look), filter.only("name")) {
        assert_eq!(document["name"], only, "what a filter says of a field");
    }
}

/// A program of rules is refused or answered; the answer has no row twice.
///
/// # Panics
/// If it has.
pub fn rules(bytes: &[u8]) {
    let Ok(program) = Program::parse(&String::from_utf8_lossy(bytes)) else { return };
    let load = |want: &Want| -> Result<Vec<Row>, ()> {
        let row = |text: &str| want.used.iter().map(|_| Arc::new(json!(text))).collect();
        Ok(vec![row("a"), row("b")])
    };
    if let Ok(Ok(rows)) = answer(&program, load) {
        let mut texts: Vec<String> = rows.iter().map(|row| json!(row).to_string()).collect();
        texts.sort_unstable();
        let all = texts.len();
        texts.dedup();
        assert_eq!(texts.len(), all, "rows of an answer");
    }
}

/// Header fields of an upload (`name: value`, one a line) are refused or understood.
///
/// # Panics
/// If a length is none that the wire can carry, or is said and promised at once.
pub fn upload(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = parts.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    if let Ok(said) = Said::read(&headers) {
        let fits = |count: Option<u64>| count.is_none_or(|count| i64::try_from(count).is_ok());
        assert!(fits(said.offset) && fits(said.length), "counts of bytes");
        assert!(!(said.is_deferred && said.length.is_some()), "a length that is said and promised");
    }
    let _ = (tus::content_length(&headers), tus::speaks_other(&headers));
}

/// A `Range` gives bytes that are there.
///
/// # Panics
/// If they are not.
pub fn range(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for length in [0, 1, 1000, u64::MAX] {
        if let Wanted::Part(part) = wanted(Some(&text), length) {
            assert!(part.start < part.end && part.end <= length, "bytes {part:?} of {length}");
        }
    }
}

/// A cursor is refused or opened; a question that was read is written as it was.
///
/// # Panics
/// If it is read as another one then.
pub fn page(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(sealed) = cursor::sealed(&text) {
        assert!(sealed.len() <= text.len(), "bytes of a cursor");
    }
    cursor::written_as_read(bytes);
}

/// A token that this installation did not sign is none.
///
/// # Panics
/// If it is taken for one.
pub fn token(bytes: &[u8]) {
    static KEY: LazyLock<Option<SigningKey>> = LazyLock::new(SigningKey::generate);
    if let Some(key) = &*KEY {
        assert!(jwt::read(key, &String::from_utf8_lossy(bytes), 0).is_none(), "a token of somebody else");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// Texts of words that mean something, so that some of them are understood.
    fn of(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(select(words), 0..24).prop_map(|words| words.concat().into_bytes())
    }

    const PATH: &[&str] = &[
        "$",
        ".a",
        "[*]",
        "[0]",
        " ? (",
        "@",
        " == ",
        "1",
        "\"x\"",
        ")",
        " && ",
        "!",
        "exists(",
        ".*",
        "\n",
        "{\"a\":[1]}",
        "é",
    ];
    const FILTER: &[&str] = &[
        "name",
        " == ",
        "'fire-risk'",
        "~=",
        "%",
        " and ",
        " or ",
        "not ",
        "(",
        ")",
        "n",
        "<",
        "3",
        "\"",
        ".",
    ];
    const RULES: &[&str] = &[
        "query(X)",
        " :- ",
        "ivcap_service(X, Y)",
        "ivcap_job(X, Y, _)",
        ", ",
        ".",
        "X != Y",
        "\"a\"",
        "_",
        "(",
        ")",
        "\n",
        "#",
        "q(X, Y)",
    ];
    const UPLOAD: &[&str] = &[
        "Upload-Offset: ",
        "Upload-Length: ",
        "Upload-Defer-Length: ",
        "Upload-Checksum: ",
        "X-Content-Length: ",
        "Tus-Resumable: ",
        "1",
        "0",
        "-1",
        "18446744073709551615",
        "1.0.0",
        "sha1 AAAA",
        "\n",
        "\u{e9}",
    ];
    const RANGE: &[&str] =
        &["bytes=", "bytes", "=", "-", "0", "1", "999", "18446744073709551615", ",", " ", "+"];
    const CURSOR: &[&str] = &[
        "page=",
        "AAAA",
        "=",
        "-_",
        "{",
        "\"n\":\"\",",
        "\"c\":\"\",",
        "\"b\":\"\",",
        "\"t\":0,",
        "\"d\":true",
        "}",
        "%",
    ];
    const TOKEN: &[&str] = &["e30", ".", "eyJhbGciOiJFUzI1NiJ9", "eyJhbGciOiJub25lIn0", "AAAA", "="];

    proptest! {
        #[test]
        fn whatever_comes_is_refused_or_understood(
            path in of(PATH), kept in of(FILTER), program in of(RULES), fields in of(UPLOAD), part in of(RANGE), next in of(CURSOR),
            forged in of(TOKEN), noise in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let read = |of: fn(&[u8]), text: &[u8]| {
                of(text);
                of(&noise);
            };
            read(json_path, &path);
            read(filter, &kept);
            read(rules, &program);
            read(upload, &fields);
            read(range, &part);
            read(page, &next);
            read(token, &forged);
        }
    }
}
