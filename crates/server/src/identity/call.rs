//! One request on its way to a handler, and what answers are made of.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use pentad_store::Tx;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Core;
use super::access::Access;
use super::error::{Answer, Failure};
use super::storage::records::{self, Record, Select};
use crate::http::{Mount, Reply};
use crate::reply::python;

/// One request.
pub(crate) struct Call {
    pub(crate) core: Arc<Core>,
    /// The root of the service as the client sees it.
    pub(crate) base: String,
    /// Scheme and authority as the client sees them.
    pub(crate) origin: String,
    pub(crate) mount: Mount,
    pub(crate) headers: HeaderMap,
    /// The path below the base, without a slash at its end.
    pub(crate) path: String,
    pub(crate) raw_query: Option<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) params: Vec<(&'static str, String)>,
    pub(crate) access: Option<Arc<Access>>,
    pub(crate) body: Map<String, Value>,
}

impl fmt::Debug for Call {
    /// Without header fields, query and body, which hold tokens and passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("mount", &self.mount)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

impl Call {
    /// A variable of the path.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    /// The first value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether a query parameter is there and not a word for no.
    pub(crate) fn asks(&self, name: &str) -> bool {
        self.query(name).is_some_and(|value| !is_no(value))
    }

    /// The first value of a header field, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The caller.
    ///
    /// # Errors
    /// 401 without a token that counts.
    pub(crate) fn caller(&self) -> Answer<&Arc<Access>> {
        self.access.as_ref().ok_or_else(Failure::unauthorized)
    }

    /// The URL of a path of version 3.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/v3{path}", self.base)
    }

    /// The URL of this request.
    pub(crate) fn own_url(&self) -> String {
        let query = self.raw_query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{}{query}", self.base, self.path)
    }

    /// 200 `{"<collection>": [..], "links": ..}` with what the filters of the query leave.
    pub(crate) fn collection(&self, name: &str, items: Vec<Value>, filters: &[&str]) -> Answer<Reply> {
        let mut items: Vec<Value> = items.into_iter().filter(|item| self.fits_all(item, filters)).collect();
        if let Some(marker) = self.query("marker").filter(|_| !filters.is_empty()) {
            let at = items.iter().position(|item| item.get("id").and_then(Value::as_str) == Some(marker));
            items.drain(..=at.ok_or_else(|| no_marker(marker))?);
        }
        Ok(self.cut(name, items, self.limit(filters)))
    }

    /// The same with what is stored, as `view` shows it: no more is read than the page shows.
    pub(crate) fn listing<R: Record>(
        &self,
        tx: &mut Tx<'_>,
        (name, filters): (&str, &[&str]),
        select: Select<'_>,
        view: impl Fn(&R) -> Answer<Option<Value>>,
    ) -> Answer<Reply> {
        let shown = |one: &R| Ok(view(one)?.filter(|item| self.fits_all(item, filters)));
        let after = match self.query("marker").filter(|_| !filters.is_empty()) {
            Some(marker) => self.after::<R>(tx, marker, shown)?,
            None => 0,
        };
        let limit = self.limit(filters);
        let (mut items, mut failed) = (Vec::new(), None);
        records::each_by_age(tx, select, after, |one| {
            match shown(&one) {
                Ok(item) => items.extend(item),
                Err(failure) => failed = Some(failure),
            }
            // One more tells that there is another page.
            let is_full = limit.is_some_and(|limit| items.len() > limit);
            if is_full || failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        match failed {
            Some(failure) => Err(failure),
            None => Ok(self.cut(name, items, limit)),
        }
    }

    /// The place of a marker, if it is in the list.
    fn after<R: Record>(
        &self,
        tx: &mut Tx<'_>,
        marker: &str,
        shown: impl Fn(&R) -> Answer<Option<Value>>,
    ) -> Answer<i64> {
        let known = records::get::<R>(tx, marker)?.ok_or_else(|| no_marker(marker))?;
        shown(&known)?.ok_or_else(|| no_marker(marker))?;
        records::age::<R>(tx, marker)?.ok_or_else(|| no_marker(marker))
    }

    /// The page size that was asked for, where there are pages.
    fn limit(&self, filters: &[&str]) -> Option<usize> {
        let limit = self.query("limit").filter(|_| !filters.is_empty())?.parse().ok();
        limit.filter(|limit| *limit > 0)
    }

    /// One page of what is left, with a link to the next one if there is more.
    fn cut(&self, name: &str, mut items: Vec<Value>, limit: Option<usize>) -> Reply {
        let mut links = json!({"next": null, "self": self.own_url(), "previous": null});
        if let Some(limit) = limit.filter(|limit| *limit < items.len()) {
            items.truncate(limit);
            if let Some(last) = items.last().and_then(|item| item.get("id")).and_then(Value::as_str) {
                links["next"] = json!(self.next_url(limit, last));
            }
        }
        let mut all = Map::new();
        all.insert(name.to_owned(), Value::Array(items));
        all.insert("links".to_owned(), links);
        ok(&all)
    }

    fn next_url(&self, limit: usize, marker: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.query.iter().filter(|(name, _)| name != "marker" && name != "limit") {
            query.append_pair(name, value);
        }
        query.append_pair("limit", &limit.to_string()).append_pair("marker", marker);
        format!("{}{}?{}", self.base, self.path, query.finish())
    }

    fn fits_all(&self, item: &Value, filters: &[&str]) -> bool {
        filters.iter().all(|filter| self.fits(item, filter))
    }

    /// Whether an item is what a query parameter of this name (or with a comparison behind it) asks for.
    fn fits(&self, item: &Value, filter: &str) -> bool {
        self.query.iter().all(|(name, wanted)| {
            let Some(comparison) = name.strip_prefix(filter) else { return true };
            let value = item.get(filter).unwrap_or(&Value::Null);
            match comparison {
                "" => equals(value, wanted),
                _ => compares(value, comparison, wanted),
            }
        })
    }
}

fn no_marker(marker: &str) -> Failure {
    Failure::not_found(format!("Marker {marker} could not be found."))
}

fn equals(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Bool(flag) => *flag != is_no(wanted),
        Value::String(text) => text == wanted,
        Value::Null => wanted.is_empty() || wanted.eq_ignore_ascii_case("null") || wanted == "None",
        other => {
            let text = other.to_string();
            text == wanted
        }
    }
}

fn compares(value: &Value, comparison: &str, wanted: &str) -> bool {
    let text = value.as_str().unwrap_or_default();
    let (low, wanted_low) = (text.to_lowercase(), wanted.to_lowercase());
    match comparison {
        "__contains" => text.contains(wanted),
        "__startswith" => text.starts_with(wanted),
        "__endswith" => text.ends_with(wanted),
        "__icontains" => low.contains(&wanted_low),
        "__istartswith" => low.starts_with(&wanted_low),
        "__iendswith" => low.ends_with(&wanted_low),
        // Another parameter whose name only begins alike, or a comparison that does not exist.
        _ => true,
    }
}

fn is_no(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off" | "f" | "n")
}

/// 200 with a body.
pub(crate) fn ok(value: &impl Serialize) -> Reply {
    with_status(StatusCode::OK, value)
}

/// 201 with a body.
pub(crate) fn created(value: &impl Serialize) -> Reply {
    with_status(StatusCode::CREATED, value)
}

/// 204.
pub(crate) fn no_content() -> Reply {
    Reply::new(StatusCode::NO_CONTENT)
}

/// A body with a status.
pub(crate) fn with_status(status: StatusCode, value: &impl Serialize) -> Reply {
    Reply::new(status).content_type("application/json").body(python::dumps(value))
}

/// `{"<name>": value}`.
pub(crate) fn member(name: &str, value: Value) -> Value {
    let mut all = Map::new();
    all.insert(name.to_owned(), value);
    Value::Object(all)
}

/// The record with this id, of a kind whose absence is told with its title and no colon.
///
/// # Errors
/// 404.
pub(crate) fn find_for<R: Record>(tx: &mut Tx<'_>, id: &str) -> Answer<R> {
    records::get(tx, id)?.ok_or_else(|| Failure::missing_for(R::TITLE, id))
}

/// The record with this id.
///
/// # Errors
/// 404.
pub(crate) fn find<R: Record>(tx: &mut Tx<'_>, id: &str) -> Answer<R> {
    records::get(tx, id)?.ok_or_else(|| Failure::missing(R::TITLE, id))
}
