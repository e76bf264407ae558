//! Requests as a mock compares them.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};
use pentad_rql::{Expr, parse};
use serde_json::Value;

use super::Seen;
use crate::path::{decoded, taken_apart};

/// The path below the endpoint: what follows `/public/v1`, or all of it, escapes resolved.
pub(super) fn below(path: &str) -> String {
    let rest = path.split_once("/public/v1").map_or(path, |(_, rest)| rest);
    decoded(rest.trim_matches('/'))
}

/// A request, taken apart: what concerns the page and plain parameters stand apart from the query's meaning.
pub(super) struct Incoming {
    pub(super) method: Method,
    pub(super) path: String,
    raw: String,
    pub(super) rql: Vec<String>,
    pub(super) params: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Incoming {
    pub(super) fn new(
        method: Method,
        path: String,
        query: Option<&str>,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        let raw = query.unwrap_or_default().to_owned();
        let (rql, params) = taken_apart(&raw);
        Self { method, path, raw, rql, params, headers, body }
    }

    pub(super) fn seen(&self) -> Seen {
        Seen {
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.raw.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
        }
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|param| param.0 == name).map(|param| param.1.as_str())
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.param(name)?.parse().ok()
    }

    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Selection, filter and ordering as one text.
    pub(super) fn text(&self) -> String {
        self.rql.join("&")
    }
}

impl fmt::Display for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if !self.raw.is_empty() {
            write!(f, "?{}", decoded(&self.raw))?;
        }
        Ok(())
    }
}

/// Whether two queries ask for the same. Selections are compared as sets, orderings in order, filters by meaning; what
/// is not RQL is compared as text.
pub(super) fn same(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    match (parse(left), parse(right)) {
        (Ok(left), Ok(right)) => parts(&left.canonical()) == parts(&right.canonical()),
        _ => false,
    }
}

/// Filter, ordering and selection of a query.
fn parts(query: &Expr) -> (Vec<String>, Vec<String>, Vec<String>) {
    let (mut filter, mut ordering, mut select) = (Vec::new(), Vec::new(), Vec::new());
    let terms = match query {
        Expr::And(terms) => terms.as_slice(),
        other => std::slice::from_ref(other),
    };
    for term in terms {
        match term {
            Expr::Ordering(fields) => ordering.extend(fields.iter().map(|field| format!("{field:?}"))),
            Expr::Select(fields) => select.extend(fields.iter().map(|field| format!("{field:?}"))),
            other => filter.push(other.to_rql().unwrap_or_default()),
        }
    }
    filter.sort();
    select.sort();
    (filter, ordering, select)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stand_apart_from_the_query() {
        let (rql, params) =
            taken_apart("select(a)&and(eq(a,1),b=2)&limit=10&offset=0&search=two+words%21&eq(n,%22x%26y%22)");
        assert_eq!(rql, ["select(a)", "and(eq(a,1),b=2)", "eq(n,\"x&y\")"]);
        let expected = [("limit", "10"), ("offset", "0"), ("search", "two words!")];
        assert_eq!(params, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn queries_are_the_same_by_meaning() {
        assert!(same("and(eq(a,1),eq(b,2))", "eq(b,\"2\")&eq(a,1)"));
        assert!(same("not(not(eq(a,1)))", "eq(a,1)") || parse("not(not(eq(a,1)))").is_err());
        assert!(same("ordering(-a)&select(x,y)&eq(a,1)", "select(y,x)&eq(a,1)&ordering(-a)"));
        assert!(!same("eq(a,1)", "eq(a,2)"));
        assert!(!same("ordering(a,b)", "ordering(b,a)"));
        assert!(!same("", "eq(a,1)"));
    }

    #[test]
    fn paths_are_told_below_the_endpoint_and_without_escapes() {
        assert_eq!(below("/public/v1/products/a%20b/"), "products/a b");
        assert_eq!(below("/products"), "products");
    }
}
