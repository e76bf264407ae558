//! Operations as constants, and the path templates of their routes.

use std::fmt;
use std::time::Duration;

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::{Error, ErrorKind, Result};

/// A version or dialect of a service's API, such as `v2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Api(pub &'static str);

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One operation of a service: everything about it that does not change from call to call.
///
/// Each service crate has one table of these. It feeds retry, tracing, error text, help and the raw door.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use http::Method;
/// use pentad_core::{Api, Op};
/// const V1: Api = Api("v1");
/// static TOPIC_GET: Op = Op {
///     id: "ams.topic.get",
///     routes: &[(V1, Method::GET, "/projects/{project}/topics/{topic}")],
///     idempotent: true,
///     patience: Duration::ZERO,
///     source: "AMS reference 5.2",
/// };
/// assert!(TOPIC_GET.route(Api("v2")).is_err());
/// ```
#[derive(Debug)]
pub struct Op {
    /// Name in errors, traces and the raw door: `service.noun.verb`.
    pub id: &'static str,
    /// Method and path template per API version. `{name}` is one segment and `{+name}` spans segments, both escaped when
    /// they are filled; `{=name}` spans segments that the service crate has escaped.
    pub routes: &'static [(Api, Method, &'static str)],
    /// Whether sending it twice has the effect of sending it once.
    pub idempotent: bool,
    /// The longest silence that the service may keep before its first byte; attempt, idle and total limits grow by it.
    pub patience: Duration,
    /// Where the operation is documented.
    pub source: &'static str,
}

impl Op {
    /// Method and template of this operation in the given API.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] if the API lacks the operation; the message names those that have it.
    pub fn route(&self, api: Api) -> Result<(&'static Method, &'static str)> {
        if let Some((_, method, template)) = self.routes.iter().find(|route| route.0 == api) {
            return Ok((method, template));
        }
        let known: Vec<&str> = self.routes.iter().map(|route| route.0.0).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let message = format!("not in API {api}, only in: {known}");
        Err(Error::new(ErrorKind::Unsupported, message).with_op(self.id))
    }

    /// The name of a path argument as written in one of the templates.
    pub(crate) fn argument(&self, name: &str) -> Option<&'static str> {
        self.routes.iter().flat_map(|route| placeholders(route.2)).find(|known| *known == name)
    }
}

/// The operation of a table with this identifier.
pub fn find(ops: &[&'static Op], id: &str) -> Option<&'static Op> {
    ops.iter().copied().find(|op| op.id == id)
}

/// What a raw door says of an operation that its service does not have; `example` shows what identifiers look like.
pub fn unknown(id: &str, example: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("no operation is called {id:?}"))
        .with_hint(format!("identifiers look like {example}"))
}

/// What a raw door says when an operation that is no list shall be walked through.
pub fn no_list(id: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{id} gives no list"))
        .with_hint("call() sends every operation")
}

/// Names of the arguments in a template, in order.
pub fn placeholders(template: &'static str) -> impl Iterator<Item = &'static str> {
    template
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.strip_prefix(['+', '=']).unwrap_or(name))
}

/// Everything but the unreserved characters of RFC 3986: a name can never change the shape of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Fills a template: each value is escaped as one segment, or for `{+name}` segment by segment; `{=name}` is escaped
/// already.
pub(crate) fn fill<'a>(template: &str, value: impl Fn(&str) -> Option<&'a str>) -> Result<String> {
    let mut path = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((literal, tail)) = rest.split_once('{') {
        path.push_str(literal);
        let Some((name, tail)) = tail.split_once('}') else {
            return Err(Error::new(ErrorKind::Unexpected, "path template has an open brace"));
        };
        let (form, name) = match name.as_bytes().first() {
            Some(b'+') => (Form::Spanning, &name[1..]),
            Some(b'=') => (Form::Escaped, &name[1..]),
            _ => (Form::Segment, name),
        };
        let value = value(name).ok_or_else(|| Error::invalid(name, "is missing"))?;
        if form == Form::Escaped {
            push_escaped(&mut path, name, value)?;
        } else if form == Form::Spanning {
            for (index, segment) in value.trim_matches('/').split('/').enumerate() {
                if index > 0 {
                    path.push('/');
                }
                push_segment(&mut path, name, segment)?;
            }
        } else {
            push_segment(&mut path, name, value)?;
        }
        rest = tail;
    }
    path.push_str(rest);
    Ok(path)
}

/// How the value of an argument stands in the path.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Segment,
    Spanning,
    Escaped,
}

fn push_segment(path: &mut String, name: &str, segment: &str) -> Result<()> {
    check_segment(name, segment)?;
    path.extend(utf8_percent_encode(segment, SEGMENT));
    Ok(())
}

fn push_escaped(path: &mut String, name: &str, escaped: &str) -> Result<()> {
    for segment in escaped.split('/') {
        check_segment(name, &percent_decode_str(segment).decode_utf8_lossy())?;
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&byte);
    if !escaped.bytes().all(fits) {
        return Err(Error::invalid(name, "must be escaped"));
    }
    path.push_str(escaped);
    Ok(())
}

fn check_segment(name: &str, segment: &str) -> Result<()> {
    match segment {
        "" => Err(Error::invalid(name, "must not be empty")),
        // Servers and proxies resolve these even when escaped, so the request would reach another path.
        "." | ".." => Err(Error::invalid(name, "must not be a relative path segment")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SAMPLE: Op = Op {
        id: "sample.get",
        routes: &[(Api("v1"), Method::GET, "/q/{queue}"), (Api("v2"), Method::POST, "/x/{+path}/{id}:go")],
        idempotent: true,
        patience: Duration::ZERO,
        source: "test",
    };

    fn filled(template: &str, args: &[(&str, &str)]) -> Result<String> {
        fill(template, |name| args.iter().find(|arg| arg.0 == name).map(|arg| arg.1))
    }

    #[test]
    fn route_is_found_by_api() {
        let (method, template) = SAMPLE.route(Api("v2")).unwrap();
        assert_eq!((method.as_str(), template), ("POST", "/x/{+path}/{id}:go"));
    }

    #[test]
    fn missing_api_is_unsupported_and_names_those_that_have_it() {
        let error = SAMPLE.route(Api("v3")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.to_string(), "sample.get: unsupported: not in API v3, only in: v1, v2");
    }

    #[test]
    fn names_come_from_the_templates() {
        assert_eq!(SAMPLE.argument("path"), Some("path"));
        assert_eq!(SAMPLE.argument("queue"), Some("queue"));
        assert_eq!(SAMPLE.argument("topic"), None);
    }

    #[test]
    fn a_value_stays_one_segment() {
        let path = filled("/topics/{t}:publish", &[("t", "a/b?c#d:e %ä")]).unwrap();
        assert_eq!(path, "/topics/a%2Fb%3Fc%23d%3Ae%20%25%C3%A4:publish");
    }

    #[test]
    fn a_spanning_value_keeps_its_slashes_only() {
        let path = filled("/c/{+path}/x", &[("path", "/a b/PR-1?/c")]).unwrap();
        assert_eq!(path, "/c/a%20b/PR-1%3F/c/x");
    }

    #[test]
    fn an_escaped_value_stands_as_it_is_and_must_fit() {
        assert_eq!(filled("/{=path}", &[("path", "a%2Fb/c(d)")]).unwrap(), "/a%2Fb/c(d)");
        for bad in ["a//b", "/a", "a/..", "a/%2E%2e", "a?b", "a#b", "ä", ""] {
            assert_eq!(filled("/{=path}", &[("path", bad)]).unwrap_err().kind(), ErrorKind::Invalid, "{bad}");
        }
    }

    #[test]
    fn empty_dotted_and_missing_values_are_refused() {
        for (value, why) in [("", "empty"), (".", "relative"), ("..", "relative")] {
            let error = filled("/t/{t}", &[("t", value)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.message().contains(why), "{error}");
        }
        assert!(filled("/t/{+t}", &[("t", "a/../b")]).is_err());
        assert!(filled("/t/{t}", &[]).unwrap_err().message().contains("t: is missing"));
    }
}
