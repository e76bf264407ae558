//! One request on its way to a handler, and what answers are made of.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use http::StatusCode;
use pentad_store::Tx;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::error::{self, Answer, Failure};
use super::limits::RateView;
use super::quirks::Quirks;
use super::settings::Settings;
use super::storage::records::{self, Record, Select};
use crate::http::Reply;

/// Who calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) user: String,
    /// The project of the token.
    pub(crate) project: String,
    pub(crate) is_admin: bool,
}

/// A request that was let in.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) caller: Caller,
    pub(crate) params: Vec<(&'static str, String)>,
    pub(crate) query: Vec<(String, String)>,
    /// The body; absent if there was none, or none that says what it is.
    pub(crate) body: Option<Value>,
    /// Host and port as the client sees them.
    pub(crate) host: String,
    /// The path of the request as the client sees it.
    pub(crate) path: String,
    pub(crate) settings: Arc<Settings>,
    pub(crate) quirks: Quirks,
    /// The limits of the caller's calls.
    pub(crate) rates: Vec<RateView>,
}

/// A list as clients get it: one page, and where the next one begins.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// What is left as it is in a quoted marker.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b'/');

impl fmt::Debug for Call {
    /// Without query and body, which hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("caller", &self.caller).field("path", &self.path).finish_non_exhaustive()
    }
}

impl Call {
    /// A variable of the path.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    /// The last value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The same, unless it is empty.
    pub(crate) fn filter(&self, name: &str) -> Option<&str> {
        self.query(name).filter(|value| !value.is_empty())
    }

    /// Whether a query parameter is the word `true`.
    pub(crate) fn says_true(&self, name: &str) -> bool {
        self.query(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether a query parameter is one of the words for yes.
    pub(crate) fn says_yes(&self, name: &str) -> bool {
        let word = self.query(name).map(|value| value.trim().to_ascii_lowercase());
        matches!(word.as_deref(), Some("1" | "t" | "true" | "on" | "y" | "yes"))
    }

    /// The object under the one key of the body.
    ///
    /// # Errors
    /// 500 without it, as the original fails.
    pub(crate) fn object(&self, name: &str) -> Answer<&Map<String, Value>> {
        let inner = self.body.as_ref().and_then(|body| body.get(name));
        inner.and_then(Value::as_object).ok_or_else(Failure::crash)
    }

    /// The list under the one key of the body.
    ///
    /// # Errors
    /// 500 without it, as the original fails.
    pub(crate) fn list(&self, name: &str) -> Answer<&Vec<Value>> {
        let inner = self.body.as_ref().and_then(|body| body.get(name));
        inner.and_then(Value::as_array).ok_or_else(Failure::crash)
    }

    /// The page size that was asked for, at most the longest.
    ///
    /// # Errors
    /// 500 for what is no number, as the original fails.
    pub(crate) fn limit(&self) -> Answer<usize> {
        let asked = self.number("limit")?.unwrap_or(self.settings.page_size);
        Ok(asked.min(self.settings.page_size))
    }

    fn number(&self, name: &str) -> Answer<Option<usize>> {
        let Some(text) = self.filter(name) else { return Ok(None) };
        let number: i64 = text.trim().parse().map_err(|_| Failure::crash())?;
        usize::try_from(number).map(Some).map_err(|_| Failure::crash())
    }

    /// The page after the marker, of things in the order of their keys.
    ///
    /// # Errors
    /// 500 for a limit that is no number, or none at all.
    pub(crate) fn page<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Answer<Page<T>> {
        let limit = self.limit()?;
        items.sort_by_cached_key(&key);
        if let Some(marker) = self.filter("marker") {
            let start = items.partition_point(|item| key(item).as_str() <= marker);
            items.drain(..start);
        }
        cut(items, limit, key)
    }

    /// The page after the marker of what is stored and `keep` leaves, in the order of ids.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub(crate) fn stored_page<R: Record>(
        &self,
        tx: &mut Tx<'_>,
        select: Select<'_>,
        keep: impl Fn(&R) -> bool,
    ) -> Answer<Page<R>> {
        let limit = self.limit()?;
        let mut items: Vec<R> = Vec::new();
        records::each_by_name(tx, select, self.filter("marker").unwrap_or_default(), |item| {
            if keep(&item) {
                items.push(item);
            }
            if items.len() > limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        cut(items, limit, |item| item.id().to_owned())
    }

    /// The page from an offset on, of what is stored as one of the kinds, the last changed first: a full page has a next one.
    ///
    /// # Errors
    /// 500 for a limit or a marker that is no number.
    pub(crate) fn page_by_offset<R: Record>(
        &self,
        tx: &mut Tx<'_>,
        kinds: &[&str],
        select: Select<'_>,
        keep: Option<impl Fn(&R) -> bool>,
    ) -> Answer<Page<R>> {
        let limit = self.number("limit")?.unwrap_or(self.settings.page_size);
        let offset = self.number("marker")?.unwrap_or(0);
        // What is looked at one by one is counted here; all else the store skips.
        let (skip, mut left) = if keep.is_some() { (0, offset) } else { (offset, 0) };
        let keeps = move |item: &R| keep.as_ref().is_none_or(|keep| keep(item));
        let mut items: Vec<R> = Vec::new();
        let mut take = |item: R| {
            if keeps(&item) {
                match left.checked_sub(1) {
                    Some(less) => left = less,
                    None => items.push(item),
                }
            }
            if items.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        if limit > 0 {
            records::each_by_rank(tx, kinds, select, i64::try_from(skip).unwrap_or(i64::MAX), &mut take)?;
        }
        let next = (items.len() >= limit).then(|| offset.saturating_add(limit).to_string());
        Ok(Page { items, next })
    }

    /// 200 with a page of a list.
    pub(crate) fn paged(&self, name: &str, items: Vec<Value>, next: Option<&str>) -> Done {
        let mut all = Map::new();
        all.insert(name.to_owned(), Value::Array(items));
        if let Some(next) = next {
            all.insert("links".to_owned(), json!([{"rel": "next", "href": self.next_url(next)}]));
        }
        Done::ok(Value::Object(all))
    }

    /// Where the next page is. The marker is quoted, and then quoted again with the rest of the query.
    fn next_url(&self, marker: &str) -> String {
        let marker = utf8_percent_encode(marker, &PLAIN).to_string();
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for (name, value) in self.query.iter().filter(|(_, value)| !value.is_empty()) {
            let value = if name == "marker" { marker.as_str() } else { value };
            match pairs.iter_mut().find(|(known, _)| known == name) {
                Some(pair) => pair.1 = value,
                None => pairs.push((name, value)),
            }
        }
        if !pairs.iter().any(|(name, _)| *name == "marker") {
            pairs.push(("marker", &marker));
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("https://{}{}?{query}", self.host, self.path)
    }

    /// The two links of a thing. They always say `https`.
    pub(crate) fn links(&self, kind: &str, id: &str) -> Value {
        let (host, project) = (&self.host, &self.caller.project);
        json!([
            {"href": format!("https://{host}/v1.0/{project}/{kind}/{id}"), "rel": "self"},
            {"href": format!("https://{host}/{kind}/{id}"), "rel": "bookmark"},
        ])
    }

    /// Refuses callers without the role of administrators.
    ///
    /// # Errors
    /// 401.
    pub(crate) fn need_admin(&self) -> Answer<()> {
        if self.caller.is_admin { Ok(()) } else { Err(Failure::not_admin()) }
    }

    /// Whether the caller may see what belongs to a project.
    pub(crate) fn sees(&self, tenant: &str) -> bool {
        self.caller.is_admin || self.caller.project == tenant
    }
}

/// A page of what comes next, of which there is one thing more if there is another page.
fn cut<T>(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Answer<Page<T>> {
    if limit == 0 && !items.is_empty() {
        return Err(Failure::crash());
    }
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| has_more).map(key);
    Ok(Page { items, next })
}

/// The id in a reference, which may be a URL.
pub(crate) fn id_of(reference: &str) -> &str {
    let path = reference.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

/// Whether Python takes a value for true.
pub(crate) fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        _ => false,
    }
}

/// An answer that is no refusal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Done {
    status: StatusCode,
    body: Option<Value>,
}

impl Done {
    /// 200 with a body.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body: Some(body) }
    }

    /// 202 without a body.
    pub(crate) fn accepted() -> Self {
        Self { status: StatusCode::ACCEPTED, body: None }
    }

    /// 202 with a body.
    pub(crate) fn accepted_with(body: Value) -> Self {
        Self { status: StatusCode::ACCEPTED, body: Some(body) }
    }

    /// 200 without a body.
    pub(crate) fn empty() -> Self {
        Self { status: StatusCode::OK, body: None }
    }

    /// 204.
    pub(crate) fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None }
    }

    /// The answer as it is sent.
    pub(crate) fn reply(&self) -> Reply {
        match &self.body {
            Some(body) => error::body(self.status, body),
            None => error::empty(self.status),
        }
    }
}
