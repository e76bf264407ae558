//! Hides secrets by the names of headers, query members, path arguments and JSON members; never by searching text.
//!
//! There is one list of names ([`NAMES`], [`ENDINGS`], [`HARMLESS`]), and everything that shows a request or an answer
//! goes by it: `Debug`, logs, command lines made from requests, the local server's request log. The functions that end
//! in `_with` put something else than [`HIDDEN`] in the place of a secret, such as a shell variable ([`variable`]).

mod json;
mod name;
mod url;

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{CONTENT_LOCATION, HeaderName, LOCATION, REFERER};

pub use self::json::{body, body_with, json, json_with};
pub use self::name::{ENDINGS, HARMLESS, NAMES, is_secret};
pub use self::url::{path, path_with, raw_query, raw_query_with, url, url_with};

/// What stands for a hidden value.
pub const HIDDEN: &str = "***";

/// Makes what stands in the place of a secret from the secret's name.
pub type StandIn<'a> = &'a mut dyn FnMut(&str) -> String;

/// Headers whose values are URLs.
const URLS: [HeaderName; 3] = [LOCATION, CONTENT_LOCATION, REFERER];

fn stars(_: &str) -> String {
    HIDDEN.to_owned()
}

/// A shell variable named after a secret: `x-api-key` → `$X_API_KEY`.
pub fn variable(name: &str) -> String {
    format!("${}", crate::curl::variable(name))
}

/// Headers as text, secrets hidden. A value marked sensitive is a secret whatever its name.
pub fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let shown = if value.is_sensitive() || is_secret(name.as_str()) {
                HIDDEN.to_owned()
            } else if URLS.contains(name) {
                url(&text)
            } else {
                text.into_owned()
            };
            (name.as_str().to_owned(), shown)
        })
        .collect()
}

/// Query pairs that are not escaped, secrets hidden.
pub fn query<'a>(pairs: &'a [(Cow<'static, str>, String)]) -> Vec<(&'a str, &'a str)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_ref(), if is_secret(name) { HIDDEN } else { value.as_str() }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitive_header_values_are_hidden_whatever_their_name() {
        let mut map = HeaderMap::new();
        map.insert("x-anything", crate::auth::sensitive("canary").unwrap());
        map.insert("accept", http::HeaderValue::from_static("application/json"));
        map.insert(LOCATION, http::HeaderValue::from_static("http://h.test/a?sig=canary"));
        let shown = headers(&map);
        assert_eq!(shown[0].1, HIDDEN);
        assert_eq!(shown[1].1, "application/json");
        assert_eq!(shown[2].1, "http://h.test/a?sig=***");
    }
}
