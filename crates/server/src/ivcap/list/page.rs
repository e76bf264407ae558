//! Pages of a list.

use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use pentad_store::Tx;
use serde_json::{Map, Value, json};

use super::cursor::Place;
use super::query::Query;
use super::value::{Key, Seen, descend, weight};
use crate::clock::Stopwatch;
use crate::http::Reply;
use crate::ivcap::call::{self, Call};
use crate::ivcap::dialect::View;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::storage::Db;
use crate::ivcap::storage::aspects::Aspect;
use crate::ivcap::storage::things::{self, Held, Selection, Thing};

/// Rows that are looked at in one snapshot where only some of them are kept.
const SLICE: usize = 1000;
/// Bytes of documents that are read in one snapshot, unless a single one has more.
const SLICE_BYTES: usize = 8 << 20;
/// The same as long as the page has no room beside other large answers.
const FIRST_BYTES: usize = 1 << 20;
/// Bytes of the documents that one page shows, unless a single one has more.
const PAGE_BYTES: usize = 16 << 20;
/// Real time in which a page must be found.
const LONGEST: Duration = Duration::from_secs(20);

/// Where a row stands in the natural order of its list: microseconds and id.
pub(crate) type Mark = (i64, String);

/// Gets rows with the bytes of their documents.
pub(crate) type Each<'e, R> = &'e mut dyn FnMut(R, usize) -> Db<ControlFlow<()>>;

/// What a list shows of a row.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// What it is ordered by.
    pub(crate) keys: Vec<Key>,
    /// As the list shows it.
    pub(crate) item: Value,
    /// Bytes that this takes, about.
    pub(crate) weight: usize,
}

/// One record of a list that is small.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Settles ties.
    pub(crate) id: String,
    /// As the list shows it.
    pub(crate) item: Value,
    /// What filters and orders see beside the item.
    pub(crate) record: Value,
}

impl Entry {
    /// What is shown of it, unless the filter leaves it out.
    pub(crate) fn kept(self, query: &Query) -> Option<Kept> {
        let look =
            |name: &str| descend(&self.record, name).or_else(|| descend(&self.item, name)).map(Seen::Json);
        if !query.keeps(&look) {
            return None;
        }
        let keys = query.keys_of(&look);
        Some(Kept { keys, weight: weight(&self.item), item: self.item })
    }
}

/// What has a place in the natural order of a list.
pub(crate) trait Marked {
    /// Microseconds and id.
    fn mark(&self) -> Mark;
}

impl<T> Marked for Held<T> {
    fn mark(&self) -> Mark {
        things::mark(self)
    }
}

impl Marked for Aspect {
    fn mark(&self) -> Mark {
        (self.since.as_microsecond(), self.uid.to_string())
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
    item: impl Fn(&Held<T>, &View) -> Value + Send + Sync + 'static,
) -> Answer<Page> {
    some_things(call, query, parent, move |held: &Held<T>, view| Some(item(held, view))).await
}

/// The same, of those that `item` does not leave out.
pub(crate) async fn some_things<T: Thing>(
    call: &Call,
    query: &Query,
    parent: Option<&str>,
    item: impl Fn(&Held<T>, &View) -> Option<Value> + Send + Sync + 'static,
) -> Answer<Page> {
    let select = Selection {
        parent: parent.map(str::to_owned),
        caller: Some(call.caller.clone()),
        at: query.at(),
        stamps: Arc::clone(&call.core.stamps),
        desc: query.desc(),
    };
    let (view, asked) = (call.view.clone(), query.clone());
    let fetch = move |tx: &mut Tx<'_>, mark: Option<&Mark>, limit, each: Each<'_, Held<T>>| {
        things::list(tx, T::KIND, &select, mark, limit, each)
    };
    let judge = move |held: &Held<T>| {
        let record = json!({
            "account": held.account, "policy": held.policy, "created-at": held.created.to_string(),
        });
        let item = item(held, &view);
        Ok(item.and_then(|item| Entry { id: held.id.clone(), item, record }.kept(&asked)))
    };
    walk(call, query, fetch, judge).await
}

/// A page of whatever `fetch` gives in its natural order after a mark, up to a number of rows; it says where it stopped
/// unless that was the end. `judge` says what is shown, or leaves out.
///
/// Rows come one at a time, and a snapshot is held for a bounded number of them. The moment keeps them together.
pub(crate) async fn walk<R: Marked + 'static>(
    call: &Call,
    query: &Query,
    fetch: impl Fn(&mut Tx<'_>, Option<&Mark>, usize, Each<'_, R>) -> Db<Option<Mark>> + Send + Sync + 'static,
    judge: impl Fn(&R) -> Answer<Option<Kept>> + Send + Sync + 'static,
) -> Answer<Page> {
    let (reading, natural) = (Arc::new((fetch, judge)), query.order().is_empty());
    let mut mark = query.place().filter(|_| natural).map(|place| (place.at, place.id.clone()));
    let mut page = Found::default();
    let began = Stopwatch::start();
    let mut most = FIRST_BYTES;
    let mut rows = if query.filters() || !natural { SLICE } else { query.limit + 1 };
    loop {
        let (reading, asked, from) = (Arc::clone(&reading), query.clone(), mark.take());
        let room = Room {
            count: query.limit - page.rows.len().min(query.limit),
            bytes: PAGE_BYTES - page.weight.min(PAGE_BYTES),
            first: page.rows.is_empty(),
            read: most,
        };
        let slice = call.core.read(move |tx| {
            let mut slice = Slice::new(&asked, room, from.clone());
            let last =
                (reading.0)(tx, from.as_ref(), rows, &mut |row, bytes| slice.take(&row, bytes, &reading.1))?;
            slice.end(last)
        });
        let slice = slice.await?;
        if natural {
            page.weight += slice.found.weight;
            page.rows.extend(slice.found.rows);
            page.more = slice.found.more;
        } else {
            page.merge(slice.found, query);
        }
        mark = slice.goes_on;
        if mark.is_none() || (natural && page.more) {
            return finish(call, query, page);
        }
        if page.weight >= FIRST_BYTES / 2 && most == FIRST_BYTES {
            call.body.room_to_answer(PAGE_BYTES as u64).await;
            most = SLICE_BYTES;
        }
        if call.gone.is_cancelled() {
            return Err(Failure::unavailable());
        }
        if began.elapsed() > LONGEST {
            return Err(query.too_much());
        }
        rows = SLICE;
    }
}

/// A page of a list that is in memory as a whole, in the order that it has.
pub(crate) fn slice(call: &Call, query: &Query, entries: Vec<Entry>) -> Answer<Page> {
    let start = query.place().map_or(0, |place| usize::try_from(place.at).unwrap_or(usize::MAX));
    let natural = query.order().is_empty();
    let kept = entries.into_iter().filter_map(|entry| {
        let id = entry.id.clone();
        Some((id, entry.kept(query)?))
    });
    let mut page = Found::default();
    if natural {
        // The place of an entry is its number: what follows it begins there.
        for (at, (_, kept)) in kept.enumerate().skip(start) {
            if page.rows.len() == query.limit
                || (page.weight + kept.weight > PAGE_BYTES && !page.rows.is_empty())
            {
                page.more = true;
                break;
            }
            page.weight += kept.weight;
            page.rows.push(Row { mark: (i64::try_from(at + 1).unwrap_or(i64::MAX), String::new()), kept });
        }
    } else {
        for (id, kept) in kept {
            page.insert(Row { mark: (0, id), kept }, query);
        }
    }
    finish(call, query, page)
}

#[derive(Debug)]
struct Row {
    mark: Mark,
    kept: Kept,
}

/// What a page shows, as far as it is known.
#[derive(Debug, Default)]
struct Found {
    rows: Vec<Row>,
    weight: usize,
    /// Whether something follows the last one.
    more: bool,
}

impl Found {
    /// Puts a row in its place; what no longer fits behind it falls off.
    fn insert(&mut self, row: Row, query: &Query) {
        let passed = query.place().is_some_and(|place| {
            order(query, (&row.kept.keys, &row.mark.1), (&place.keys, &place.id)) != Ordering::Greater
        });
        if passed {
            return;
        }
        let at = self.rows.partition_point(|other| {
            order(query, (&other.kept.keys, &other.mark.1), (&row.kept.keys, &row.mark.1)) == Ordering::Less
        });
        if at >= query.limit {
            self.more = true;
            return;
        }
        self.weight += row.kept.weight;
        self.rows.insert(at, row);
        while self.rows.len() > query.limit || (self.weight > PAGE_BYTES && self.rows.len() > 1) {
            self.weight -= self.rows.pop().map_or(0, |row| row.kept.weight);
            self.more = true;
        }
    }

    /// Adds what was found elsewhere.
    fn merge(&mut self, other: Self, query: &Query) {
        self.more |= other.more;
        for row in other.rows {
            self.insert(row, query);
        }
    }
}

/// How much more a page can show.
#[derive(Debug, Clone, Copy)]
struct Room {
    count: usize,
    bytes: usize,
    /// Whether it shows nothing yet: then one row has room, whatever its size.
    first: bool,
    /// Bytes of documents that may be read at once.
    read: usize,
}

/// What is found in one snapshot.
struct Slice<'q> {
    query: &'q Query,
    room: Room,
    found: Found,
    failure: Option<Failure>,
    read: usize,
    /// The last row that was looked at.
    at: Option<Mark>,
    stopped: bool,
}

/// The same at its end, with where to go on.
struct Sliced {
    found: Found,
    goes_on: Option<Mark>,
}

impl<'q> Slice<'q> {
    fn new(query: &'q Query, room: Room, at: Option<Mark>) -> Self {
        Self { query, room, found: Found::default(), failure: None, read: 0, at, stopped: false }
    }

    fn take<R: Marked>(
        &mut self,
        row: &R,
        bytes: usize,
        judge: &impl Fn(&R) -> Answer<Option<Kept>>,
    ) -> Db<ControlFlow<()>> {
        let flow = match judge(row) {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some(kept)) => self.keep(row.mark(), kept),
            Err(failure) => {
                self.failure = Some(failure);
                ControlFlow::Break(())
            }
        };
        self.read += bytes;
        self.at = Some(row.mark());
        self.stopped = flow.is_break() || self.read > self.room.read;
        Ok(if self.stopped { ControlFlow::Break(()) } else { flow })
    }

    fn keep(&mut self, mark: Mark, kept: Kept) -> ControlFlow<()> {
        if !self.query.order().is_empty() {
            self.found.insert(Row { mark, kept }, self.query);
            return ControlFlow::Continue(());
        }
        let is_first = self.room.first && self.found.rows.is_empty();
        let fits = self.found.weight + kept.weight <= self.room.bytes || is_first;
        if self.found.rows.len() >= self.room.count || !fits {
            self.found.more = true;
            return ControlFlow::Break(());
        }
        self.found.weight += kept.weight;
        self.found.rows.push(Row { mark, kept });
        ControlFlow::Continue(())
    }

    fn end(self, last: Option<Mark>) -> Answer<Sliced> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(Sliced { found: self.found, goes_on: if self.stopped { self.at } else { last } }),
        }
    }
}

fn finish(call: &Call, query: &Query, found: Found) -> Answer<Page> {
    let last = found.rows.last().filter(|_| found.more);
    let place =
        last.map(|last| Place { keys: last.kept.keys.clone(), at: last.mark.0, id: last.mark.1.clone() });
    let next = place.map(|place| query.cursor(&call.core, Some(place))).transpose()?;
    let first = query.cursor(&call.core, None)?;
    let items = found.rows.into_iter().map(|row| row.kept.item).collect();
    Ok(Page { items, next, first, at: query.at_time() })
}

fn order(query: &Query, one: (&[Key], &str), other: (&[Key], &str)) -> Ordering {
    let fields = one.0.iter().zip(other.0).map(|(a, b)| a.order(b)).find(|order| order.is_ne());
    let order = fields.unwrap_or_else(|| one.1.cmp(other.1));
    if query.desc() { order.reverse() } else { order }
}
