//! Route tables: which handler answers which verb and path, as data.
//!
//! Services differ in ways that general routers cannot express (`/topics/{topic}:publish`, decoding before
//! or after splitting, first match wins), so the matcher is ours: routes are tried in table order and
//! a variable takes anything but `/`, colons included.

use std::borrow::Cow;
use std::collections::HashMap;

use http::Method;
use percent_encoding::percent_decode_str;

/// One row of a route table.
#[derive(Debug, Clone)]
pub struct Route<H> {
    /// The verb.
    pub method: Method,
    /// The path: literals, `{name}` inside a segment (`{topic}:publish`), `{*name}` where the value may be empty,
    /// `{+name}` as the last segment for all that is left.
    pub template: &'static str,
    /// The name in metrics, logs and role tables.
    pub name: &'static str,
    /// What answers.
    pub handler: H,
}

impl<H> Route<H> {
    /// A row.
    pub const fn new(method: Method, template: &'static str, name: &'static str, handler: H) -> Self {
        Self { method, template, name, handler }
    }
}

/// What a service tells of one of its routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInfo {
    /// The verb.
    pub method: Method,
    /// The path template.
    pub template: &'static str,
    /// The name in metrics and logs.
    pub name: &'static str,
}

/// When percent-escapes are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Decoding {
    /// The path is split at `/` first: `%2F` is part of a value.
    #[default]
    Segments,
    /// The path is decoded first: `%2F` separates segments (AMS reference 1).
    Path,
}

/// The result of looking a request up.
#[derive(Debug)]
pub enum Outcome<'t, H> {
    /// A route answers.
    Matched(Matched<'t, H>),
    /// Some route has this path, but none with this verb.
    WrongMethod {
        /// The verbs that this path has, in the order of the table.
        allowed: Vec<Method>,
    },
    /// No route has this path.
    NotFound,
}

/// A route and the values of its variables.
#[derive(Debug)]
pub struct Matched<'t, H> {
    /// The row.
    pub route: &'t Route<H>,
    /// The variables in the order of the template, percent-decoded once.
    pub params: Vec<(&'static str, String)>,
}

impl<H> Matched<'_, H> {
    /// The value of a variable; empty if the template has no such variable.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }
}

/// A compiled route table.
#[derive(Debug)]
pub struct RouteTable<H> {
    routes: Vec<Route<H>>,
    patterns: Vec<Vec<Segment>>,
    /// Rows by their number of segments; rows that end in `{+name}` stand under `usize::MAX`.
    by_length: HashMap<usize, Vec<usize>>,
    decoding: Decoding,
}

#[derive(Debug)]
enum Segment {
    Literal(&'static str),
    Variable {
        before: &'static str,
        name: &'static str,
        after: &'static str,
    },
    /// A whole segment, which may be empty.
    Any(&'static str),
    Rest(&'static str),
}

const OPEN_ENDED: usize = usize::MAX;

impl<H> RouteTable<H> {
    /// Compiles a table; earlier rows win.
    pub fn new(decoding: Decoding, routes: Vec<Route<H>>) -> Self {
        let patterns: Vec<Vec<Segment>> = routes.iter().map(|route| compile(route.template)).collect();
        let mut by_length: HashMap<usize, Vec<usize>> = HashMap::new();
        for (row, pattern) in patterns.iter().enumerate() {
            let length = match pattern.last() {
                Some(Segment::Rest(_)) => OPEN_ENDED,
                _ => pattern.len(),
            };
            by_length.entry(length).or_default().push(row);
        }
        Self { routes, patterns, by_length, decoding }
    }

    /// All rows in order.
    pub fn routes(&self) -> &[Route<H>] {
        &self.routes
    }

    /// All rows without their handlers.
    pub fn describe(&self) -> Vec<RouteInfo> {
        let info = |route: &Route<H>| RouteInfo {
            method: route.method.clone(),
            template: route.template,
            name: route.name,
        };
        self.routes.iter().map(info).collect()
    }

    /// Finds the row for a verb and a raw (percent-encoded) path.
    pub fn find(&self, method: &Method, raw_path: &str) -> Outcome<'_, H> {
        let segments: Vec<Cow<'_, str>> = match self.decoding {
            Decoding::Segments => split(raw_path).map(decode).collect(),
            Decoding::Path => match decode(raw_path) {
                Cow::Borrowed(path) => split(path).map(Cow::Borrowed).collect(),
                Cow::Owned(path) => split(&path).map(|s| Cow::Owned(s.to_owned())).collect(),
            },
        };
        let mut allowed: Vec<Method> = Vec::new();
        for &row in self.candidates(segments.len()) {
            if !fits(&self.patterns[row], &segments) {
                continue;
            }
            if self.routes[row].method == *method {
                let params = values(&self.patterns[row], &segments);
                return Outcome::Matched(Matched { route: &self.routes[row], params });
            }
            let verb = &self.routes[row].method;
            if !allowed.contains(verb) {
                allowed.push(verb.clone());
            }
        }
        if allowed.is_empty() { Outcome::NotFound } else { Outcome::WrongMethod { allowed } }
    }

    fn candidates(&self, length: usize) -> impl Iterator<Item = &usize> {
        let exact = self.by_length.get(&length).into_iter().flatten();
        exact.chain(self.by_length.get(&OPEN_ENDED).into_iter().flatten())
    }
}

/// The path that a canonical request would have had: no empty, `.` or `..` segments, as Go's router redirects to.
/// `None` if the path is canonical already.
pub fn canonical(raw_path: &str) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    for segment in raw_path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    let mut clean = format!("/{}", kept.join("/"));
    if raw_path.ends_with('/') && clean != "/" {
        clean.push('/');
    }
    (clean != raw_path).then_some(clean)
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

fn decode(text: &str) -> Cow<'_, str> {
    if text.contains('%') { percent_decode_str(text).decode_utf8_lossy() } else { Cow::Borrowed(text) }
}

fn compile(template: &'static str) -> Vec<Segment> {
    split_static(template).map(segment).collect()
}

fn split_static(template: &'static str) -> impl Iterator<Item = &'static str> {
    template.strip_prefix('/').unwrap_or(template).split('/')
}

fn segment(text: &'static str) -> Segment {
    let Some((before, rest)) = text.split_once('{') else { return Segment::Literal(text) };
    let Some((name, after)) = rest.split_once('}') else { return Segment::Literal(text) };
    match (name.strip_prefix('+'), name.strip_prefix('*')) {
        (Some(name), _) => Segment::Rest(name),
        (None, Some(name)) => Segment::Any(name),
        (None, None) => Segment::Variable { before, name, after },
    }
}

fn inner<'s>(text: &'s str, before: &str, after: &str) -> Option<&'s str> {
    text.strip_prefix(before)?.strip_suffix(after).filter(|value| !value.is_empty())
}

fn fits(pattern: &[Segment], segments: &[Cow<'_, str>]) -> bool {
    for (index, part) in pattern.iter().enumerate() {
        let Some(text) = segments.get(index) else { return false };
        let fit = match part {
            Segment::Literal(literal) => text == literal,
            Segment::Variable { before, after, .. } => inner(text, before, after).is_some(),
            Segment::Any(_) => true,
            Segment::Rest(_) => return true,
        };
        if !fit {
            return false;
        }
    }
    pattern.len() == segments.len()
}

fn values(pattern: &[Segment], segments: &[Cow<'_, str>]) -> Vec<(&'static str, String)> {
    let mut params = Vec::new();
    for (index, part) in pattern.iter().enumerate() {
        match part {
            Segment::Literal(_) => {}
            Segment::Variable { before, name, after } => {
                let value = inner(&segments[index], before, after).unwrap_or_default();
                params.push((*name, value.to_owned()));
            }
            Segment::Any(name) => params.push((*name, segments[index].clone().into_owned())),
            Segment::Rest(name) => params.push((*name, segments[index..].join("/"))),
        }
    }
    params
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(decoding: Decoding) -> RouteTable<u8> {
        RouteTable::new(
            decoding,
            vec![
                Route::new(Method::POST, "/projects/{project}/topics/{topic}:publish", "topics:publish", 1),
                Route::new(Method::GET, "/projects/{project}/topics/{topic}", "topics:show", 2),
                Route::new(Method::GET, "/users:byToken/{token}", "users:byToken", 3),
                Route::new(Method::GET, "/users/profile", "users:profile", 4),
                Route::new(Method::GET, "/users/{user}", "users:show", 5),
                Route::new(Method::GET, "/files/{+path}", "files", 6),
                Route::new(Method::GET, "/queues/{*queue}/stats", "queues:stats", 7),
            ],
        )
    }

    fn look(method: &Method, path: &str) -> Result<(u8, Vec<String>), bool> {
        match table(Decoding::Segments).find(method, path) {
            Outcome::Matched(hit) => Ok((hit.route.handler, hit.params.into_iter().map(|p| p.1).collect())),
            Outcome::WrongMethod { .. } => Err(true),
            Outcome::NotFound => Err(false),
        }
    }

    #[test]
    fn a_verb_suffix_belongs_to_the_route_that_has_it() {
        assert_eq!(
            look(&Method::POST, "/projects/p/topics/t:publish"),
            Ok((1, vec!["p".into(), "t".into()]))
        );
        assert_eq!(
            look(&Method::POST, "/projects/p/topics/t%3Apublish"),
            Ok((1, vec!["p".into(), "t".into()]))
        );
    }

    #[test]
    fn variables_swallow_everything_but_a_slash() {
        assert_eq!(
            look(&Method::GET, "/projects/p/topics/t:publish"),
            Ok((2, vec!["p".into(), "t:publish".into()]))
        );
        assert_eq!(look(&Method::GET, "/users/a%20b%2Fc"), Ok((5, vec!["a b/c".into()])));
        assert_eq!(look(&Method::GET, "/files/a/b%20c"), Ok((6, vec!["a/b c".into()])));
    }

    #[test]
    fn a_value_may_be_empty_where_the_table_says_so() {
        assert_eq!(look(&Method::GET, "/queues//stats"), Ok((7, vec![String::new()])));
        assert_eq!(look(&Method::GET, "/queues/q%20r/stats"), Ok((7, vec!["q r".into()])));
        assert_eq!(look(&Method::GET, "/queues/stats"), Err(false));
    }

    #[test]
    fn decoding_first_lets_an_escaped_slash_separate() {
        let table = table(Decoding::Path);
        assert!(matches!(table.find(&Method::GET, "/users/a%2Fb"), Outcome::NotFound));
        assert!(matches!(table.find(&Method::GET, "%2Fusers%2Fa"), Outcome::Matched(_)));
    }

    #[test]
    fn earlier_rows_win() {
        assert_eq!(look(&Method::GET, "/users/profile"), Ok((4, vec![])));
    }

    #[test]
    fn a_known_path_with_another_verb_is_told_apart_from_an_unknown_path() {
        assert_eq!(look(&Method::PATCH, "/users/a"), Err(true));
        assert_eq!(look(&Method::HEAD, "/projects/p/topics/t"), Err(true));
        assert_eq!(look(&Method::GET, "/users/a/"), Err(false));
        assert_eq!(look(&Method::GET, "/users/"), Err(false));
        assert_eq!(look(&Method::GET, "/"), Err(false));
    }

    #[test]
    fn a_wrong_verb_comes_with_those_that_the_path_has() {
        let table = table(Decoding::Segments);
        let Outcome::WrongMethod { allowed } = table.find(&Method::PUT, "/projects/p/topics/t:publish")
        else {
            panic!("the path is known")
        };
        assert_eq!(allowed, [Method::POST, Method::GET]);
    }

    #[test]
    fn only_paths_that_are_not_canonical_have_a_canonical_form() {
        assert_eq!(canonical("/v1//users").as_deref(), Some("/v1/users"));
        assert_eq!(canonical("/v1/./users/../topics/").as_deref(), Some("/v1/topics/"));
        assert_eq!(canonical("/v1/users"), None);
        assert_eq!(canonical("/v1/users/"), None);
        assert_eq!(canonical("/"), None);
    }
}
