//! Paths: from names and identifiers to escaped segments.

use std::fmt;

use pentad_core::{Error, Result};
use pentad_rql::{Part, split};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What RFC 3986 allows in a segment stays as it is; a slash in a name does not become a step.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Segments with the slashes between them.
const STEPS: &AsciiSet = &SEGMENT.remove(b'/');

/// A query keeps the marks of RQL, too.
const QUERY: &AsciiSet = &STEPS.remove(b'?');

/// What stands within quotes separates nothing.
const QUOTED: &AsciiSet = &QUERY.add(b'&').add(b'+');

/// The way to a place below the endpoint. The first bad name is kept and refuses every call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path {
    escaped: String,
    shown: String,
    bad: Option<(&'static str, &'static str)>,
}

impl Path {
    /// One step further.
    pub(crate) fn push(mut self, field: &'static str, segment: &str) -> Self {
        let why = match segment {
            "" => Some("must not be blank"),
            // Servers and proxies resolve these even when escaped.
            "." | ".." => Some("must not be a relative path segment"),
            _ => None,
        };
        if let Some(why) = why {
            self.bad.get_or_insert((field, why));
        }
        if !self.shown.is_empty() {
            self.escaped.push('/');
            self.shown.push('/');
        }
        self.escaped.extend(utf8_percent_encode(segment, SEGMENT));
        self.shown.push_str(segment);
        self
    }

    /// Several steps from one text: `devops/services/SRVC-1`. Slashes around it do not count.
    pub(crate) fn read(text: &str) -> Self {
        let mut path = text
            .trim_matches('/')
            .split('/')
            .fold(Self::default(), |path, segment| path.push("path", segment));
        if text.contains('?') {
            path.bad.get_or_insert((
                "path",
                "must not have a query: give it to filter(..) or to get(..) of the client",
            ));
        }
        path
    }

    /// Escaped, as requests carry it.
    ///
    /// # Errors
    /// The first bad name.
    pub(crate) fn escaped(&self) -> Result<&str> {
        match self.bad {
            Some((field, why)) => Err(Error::invalid(field, why)),
            None => Ok(&self.escaped),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// A path and query as a caller wrote it, for the raw doors: `products?eq(a,1)`.
///
/// Valid percent escapes stay; everything else that cannot stand in a URL is escaped.
pub(crate) fn raw(text: &str) -> Result<(String, Option<String>)> {
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    };
    if path.contains("://") {
        return Err(Error::invalid("path", "must be relative to the endpoint")
            .with_hint("the credential would go to another address"));
    }
    let query = query.filter(|query| !query.is_empty()).map(|query| lenient(query, QUERY));
    Ok((lenient(path.trim_start_matches('/'), STEPS), query))
}

fn lenient(text: &str, set: &'static AsciiSet) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some((front, tail)) = rest.split_once('%') {
        out.extend(utf8_percent_encode(front, set));
        let escape = tail.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        out.push_str(if escape { "%" } else { "%25" });
        rest = tail;
    }
    out.extend(utf8_percent_encode(rest, set));
    out
}

/// RQL text as a query: every character once, `&` within quotes too, so that nobody on the way splits there.
pub(crate) fn escape_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, value, behind)) = first_quoted(rest) {
        out.extend(utf8_percent_encode(before, QUERY));
        out.extend(utf8_percent_encode(value, QUOTED));
        rest = behind;
    }
    out.extend(utf8_percent_encode(rest, QUERY));
    out
}

/// The first quoted value, with what stands before and behind it: it opens where the language has a value and is closed
/// where one ends. A quote anywhere else is a letter like others.
fn first_quoted(text: &str) -> Option<(&str, &str, &str)> {
    let opens = |at: usize| at == 0 || matches!(text.as_bytes()[at - 1], b'(' | b',' | b'=');
    let ends = |at: usize| text.as_bytes().get(at).is_none_or(|next| b"),&|;".contains(next));
    text.match_indices(['"', '\'']).filter(|(at, _)| opens(*at)).find_map(|(at, quote)| {
        let close = at + 1 + text[at + 1..].find(quote)? + 1;
        ends(close).then(|| (&text[..at], &text[at..close], &text[close..]))
    })
}

/// Terms of RQL and plain parameters of a query that is escaped; both come back without escapes.
///
/// `name=value` is a parameter, whatever RQL makes of it. In its value a `+` is a blank.
pub(crate) fn taken_apart(query: &str) -> (Vec<String>, Vec<(String, String)>) {
    let (mut terms, mut pairs) = (Vec::new(), Vec::new());
    for part in split(query) {
        match part {
            Part::Term("") => {}
            Part::Term(term) => terms.push(decoded(term)),
            Part::Parameter { name, value } => {
                pairs.push((decoded(name), decoded(&value.replace('+', "%20"))));
            }
        }
    }
    (terms, pairs)
}

/// Without escapes, as far as that is text.
pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_segment_and_keeps_what_may_stand_there() {
        let path = Path::default().push("name", "a/b").push("name", "c?d#e %f").push("name", "(x),'y':@");
        assert_eq!(path.escaped().unwrap(), "a%2Fb/c%3Fd%23e%20%25f/(x),'y':@");
        assert_eq!(path.to_string(), "a/b/c?d#e %f/(x),'y':@");
    }

    #[test]
    fn blank_and_relative_names_are_refused_by_field() {
        for (path, text) in [
            (Path::default().push("resource_id", ""), "invalid: resource_id: must not be blank"),
            (Path::default().push("name", ".."), "invalid: name: must not be a relative path segment"),
            (Path::read("a//b"), "invalid: path: must not be blank"),
            (Path::read(""), "invalid: path: must not be blank"),
        ] {
            assert_eq!(path.escaped().unwrap_err().to_string(), text);
        }
        assert!(Path::read("products?eq(a,1)").escaped().is_err());
    }

    #[test]
    fn raw_paths_keep_escapes_and_gain_those_they_lack() {
        assert_eq!(raw("products?eq(a,1)").unwrap(), ("products".to_owned(), Some("eq(a,1)".to_owned())));
        assert_eq!(
            raw("/a b/%41%2f?50%25&9%").unwrap(),
            ("a%20b/%41%2f".to_owned(), Some("50%25&9%25".to_owned()))
        );
        assert_eq!(raw("products?").unwrap(), ("products".to_owned(), None));
        assert!(raw("https://other.test/x").is_err());
    }

    #[test]
    fn queries_are_escaped_once_and_ampersands_only_within_quotes() {
        assert_eq!(escape_query("eq(a,1)&eq(b,\"x&y+z\")"), "eq(a,1)&eq(b,%22x%26y%2Bz%22)");
        assert_eq!(escape_query("eq(a,it's)&eq(b,50%)"), "eq(a,it's)&eq(b,50%25)");
        assert_eq!(escape_query("eq(a,'it's&x')&eq(b,'c&d')"), "eq(a,'it's&x')&eq(b,'c%26d')");
        assert_eq!(escape_query("eq(a,'open&eq(b,1)"), "eq(a,'open&eq(b,1)");
        assert_eq!(escape_query("a=\"x&y\"&in(b,('&',\"+\"))"), "a=%22x%26y%22&in(b,('%26',%22%2B%22))");
        assert_eq!(escape_query("ge(t,2024-01-02T03:04:05+00:00)"), "ge(t,2024-01-02T03:04:05+00:00)");
    }
}
