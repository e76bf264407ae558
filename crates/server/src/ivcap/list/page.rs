//! Pages of a list.

use std::cmp::Ordering;

use pentad_store::Tx;
use serde_json::{Map, Value, json};

use super::query::{Place, Query};
use super::value::{Key, descend};
use crate::http::Reply;
use crate::ivcap::call::{self, Call};
use crate::ivcap::dialect::View;
use crate::ivcap::error::Answer;
use crate::ivcap::storage::Db;
use crate::ivcap::storage::aspects::{self, Aspect};
use crate::ivcap::storage::things::{self, Held, Selection, Thing};

/// Rows that are fetched at once where only some of them are kept.
const BATCH: usize = 256;

/// One record of a list.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Settles ties.
    pub(crate) id: String,
    /// As the list shows it.
    pub(crate) item: Value,
    /// What filters and orders see beside the item.
    pub(crate) record: Value,
    /// What they look into last.
    pub(crate) content: Option<Value>,
}

impl Entry {
    fn keys(&self, order: &[String]) -> Vec<Key> {
        let field = |name: &String| {
            let own = descend(&self.record, name).or_else(|| descend(&self.item, name));
            Key::of(own.or_else(|| descend(self.content.as_ref()?, name)))
        };
        order.iter().map(field).collect()
    }

    fn is_kept(&self, query: &Query) -> bool {
        let Some(filter) = &query.filter else { return true };
        let parts = [Some(&self.record), Some(&self.item), self.content.as_ref()];
        let parts: Vec<&Value> = parts.into_iter().flatten().collect();
        filter.keeps(&parts)
    }
}

/// What has a place in the natural order of a list.
pub(crate) trait Marked {
    /// Microseconds and id.
    fn mark(&self) -> (i64, String);
}

impl<T> Marked for Held<T> {
    fn mark(&self) -> (i64, String) {
        things::mark(self)
    }
}

impl Marked for Aspect {
    fn mark(&self) -> (i64, String) {
        let (at, uid) = aspects::mark_of(self);
        (at, uid.to_string())
    }
}

impl Marked for Entry {
    fn mark(&self) -> (i64, String) {
        (0, self.id.clone())
    }
}

/// One page.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    /// The cursor of the next page; `None` on the last one.
    pub(crate) next: Option<String>,
    /// The cursor of the first page of the same list.
    first: String,
    /// The moment.
    pub(crate) at: String,
}

impl Page {
    /// The answer in the form of the dialect; `key` is what old dialects call the items.
    pub(crate) fn reply(self, call: &Call, key: &str) -> Reply {
        call::ok(&Value::Object(self.body(call, key)))
    }

    /// The members of the answer.
    pub(crate) fn body(self, call: &Call, key: &str) -> Map<String, Value> {
        let links = self.links(call);
        let key = if call.view.dialect.is_modern() { "items" } else { key };
        let mut body = Map::new();
        body.insert(key.to_owned(), Value::Array(self.items));
        body.insert("at-time".to_owned(), json!(self.at));
        body.insert("links".to_owned(), links);
        body
    }

    /// `self`, `first` and, if there is one, `next`.
    pub(crate) fn links(&self, call: &Call) -> Value {
        let path = call.view.link(&call.path);
        let own = call.raw_query.as_deref().map_or(path.clone(), |query| format!("{path}?{query}"));
        let first =
            if call.text("page").is_some() { format!("{path}?page={}", self.first) } else { own.clone() };
        let mut links = vec![("self", own), ("first", first)];
        if let Some(next) = &self.next {
            links.push(("next", format!("{path}?page={next}")));
        }
        call.view.links(&links)
    }
}

/// A page of things that the caller may read, of one kind, below `parent` if there is one.
pub(crate) async fn things<T: Thing>(
    call: &Call,
    query: &Query,
    parent: Option<&str>,
    item: impl Fn(&Held<T>, &View) -> Value + Send + 'static,
) -> Answer<Page> {
    let select = Selection {
        parent: parent.map(str::to_owned),
        caller: Some(call.caller.clone()),
        at: query.at(),
        desc: query.desc(),
    };
    let view = call.view.clone();
    let fetch = move |tx: &mut Tx<'_>, mark: Option<&(i64, String)>, limit: i64| -> Db<Vec<Held<T>>> {
        things::list(tx, &select, mark, limit)
    };
    let entry = move |held: &Held<T>| {
        let record = json!({
            "account": held.account, "policy": held.policy, "created-at": held.created.to_string(),
        });
        Some(Entry { id: held.id.clone(), item: item(held, &view), record, content: None })
    };
    walk(call, query, query.filter.is_some(), fetch, entry).await
}

/// A page of whatever `fetch` gives, in its natural order after a mark; `entry` says what is shown, or leaves out.
/// `sifts` tells whether some will be left out.
pub(crate) async fn walk<R: Marked + Send + 'static>(
    call: &Call,
    query: &Query,
    sifts: bool,
    fetch: impl FnMut(&mut Tx<'_>, Option<&(i64, String)>, i64) -> Db<Vec<R>> + Send + 'static,
    entry: impl Fn(&R) -> Option<Entry> + Send + 'static,
) -> Answer<Page> {
    let (asked, mut fetch) = (query.clone(), fetch);
    let found = call.core.read(move |tx| {
        let mut fetch = |mark: Option<&(i64, String)>, limit| fetch(tx, mark, limit);
        let found = if asked.order().is_empty() {
            natural(&asked, sifts, &mut fetch, &entry)
        } else {
            sorted(&asked, &mut fetch, &entry)
        };
        Ok(found?)
    });
    finish(call, query, found.await?)
}

/// A page of a list that is in memory as a whole, in the order that it has.
pub(crate) fn slice(call: &Call, query: &Query, entries: Vec<Entry>) -> Answer<Page> {
    let mut all = Some(entries);
    let mut fetch = |_: Option<&(i64, String)>, _: i64| Ok(all.take().unwrap_or_default());
    let start = query.place().map_or(0, |place| usize::try_from(place.at).unwrap_or(usize::MAX));
    let found = if query.order().is_empty() {
        let kept = fetch(None, 0)?.into_iter().filter(|entry| entry.is_kept(query)).enumerate();
        let kept = kept.skip(start).take(query.limit + 1);
        kept.map(|(at, entry)| numbered(at, entry)).collect()
    } else {
        sorted(query, &mut fetch, &|entry: &Entry| Some(entry.clone()))?
    };
    finish(call, query, found)
}

/// An entry whose place is its number: what follows it begins there.
fn numbered(at: usize, entry: Entry) -> Found {
    let mark = (i64::try_from(at + 1).unwrap_or(i64::MAX), String::new());
    Found { keys: Vec::new(), mark, item: entry.item }
}

struct Found {
    keys: Vec<Key>,
    mark: (i64, String),
    item: Value,
}

fn finish(call: &Call, query: &Query, mut found: Vec<Found>) -> Answer<Page> {
    let more = found.len() > query.limit;
    found.truncate(query.limit);
    let last = found.last().filter(|_| more);
    let place = last.map(|last| Place { keys: last.keys.clone(), at: last.mark.0, id: last.mark.1.clone() });
    let next = place.map(|place| query.cursor(&call.core, Some(place))).transpose()?;
    let first = query.cursor(&call.core, None)?;
    let items = found.into_iter().map(|found| found.item).collect();
    Ok(Page { items, next, first, at: query.at_time() })
}

type Fetch<'f, R> = &'f mut dyn FnMut(Option<&(i64, String)>, i64) -> Db<Vec<R>>;

/// Reads on in the natural order until the page is full and it is known whether something follows.
fn natural<R: Marked>(
    query: &Query,
    sifts: bool,
    fetch: Fetch<'_, R>,
    entry: &impl Fn(&R) -> Option<Entry>,
) -> Db<Vec<Found>> {
    let wanted = query.limit + 1;
    let mut mark = query.place().map(|place| (place.at, place.id.clone()));
    let mut found = Vec::new();
    let mut batch = if sifts { wanted.max(32) } else { wanted };
    loop {
        let rows = fetch(mark.as_ref(), i64::try_from(batch).unwrap_or(i64::MAX))?;
        let all = rows.len() < batch;
        for (row, one) in rows.iter().filter_map(|row| Some((row, entry(row)?))) {
            if one.is_kept(query) {
                found.push(Found { keys: Vec::new(), mark: row.mark(), item: one.item });
            }
            if found.len() == wanted {
                return Ok(found);
            }
        }
        if all {
            return Ok(found);
        }
        mark = rows.last().map(Marked::mark);
        batch = (batch * 2).min(BATCH);
    }
}

/// Reads the whole list and keeps the first ones after the place, in the order of the fields and then of the ids.
fn sorted<R: Marked>(
    query: &Query,
    fetch: Fetch<'_, R>,
    entry: &impl Fn(&R) -> Option<Entry>,
) -> Db<Vec<Found>> {
    let wanted = query.limit + 1;
    let (mut mark, mut found): (_, Vec<Found>) = (None, Vec::new());
    loop {
        let rows = fetch(mark.as_ref(), i64::try_from(BATCH).unwrap_or(i64::MAX))?;
        let all = rows.len() < BATCH;
        for (row, one) in rows.iter().filter_map(|row| Some((row, entry(row)?))) {
            if !one.is_kept(query) {
                continue;
            }
            let one = Found { keys: one.keys(query.order()), mark: row.mark(), item: one.item };
            let passed = query.place().is_some_and(|place| {
                order(query, (&one.keys, &one.mark.1), (&place.keys, &place.id)) != Ordering::Greater
            });
            if passed {
                continue;
            }
            let at = found.partition_point(|other| {
                order(query, (&other.keys, &other.mark.1), (&one.keys, &one.mark.1)) == Ordering::Less
            });
            if at < wanted {
                found.insert(at, one);
                found.truncate(wanted);
            }
        }
        if all {
            return Ok(found);
        }
        mark = rows.last().map(Marked::mark);
    }
}

fn order(query: &Query, one: (&[Key], &str), other: (&[Key], &str)) -> Ordering {
    let fields = one.0.iter().zip(other.0).map(|(a, b)| a.order(b)).find(|order| order.is_ne());
    let order = fields.unwrap_or_else(|| one.1.cmp(other.1));
    if query.desc() { order.reverse() } else { order }
}
