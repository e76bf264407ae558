//! Resource sets: a collection, filtered, ordered, selected, sliced; read as a list.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeBounds;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use pentad_core::list::{Items, Pages};
use pentad_core::{Call, Cursor, Draft, Error, List, Op, Result, RetryPolicy};
use pentad_rql::{BuildError, R};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::asked::Asked;
use crate::filter::IntoFilter;
use crate::page::{self, LIMIT, OFFSET, SEARCH};
use crate::path::escape_query;
use crate::project::project;
use crate::spot::Spot;
use crate::{check, help, ops};

/// Resources of a collection. A set is a question, not an answer: it sends nothing by itself and keeps nothing; every
/// method that changes it gives another set.
///
/// | to have | use |
/// | --- | --- |
/// | one after the other | [`items`](Self::items) |
/// | page by page | [`pages`](Self::pages) |
/// | all of them at once | [`collect`](Self::collect) |
/// | the listing as a value | [`list`](Self::list) |
/// | the first, or none | [`first`](Self::first) |
/// | the one at a position | [`nth`](Self::nth) |
/// | those between positions | [`slice`](Self::slice) |
/// | how many | [`count`](Self::count) |
///
/// # Example
/// ```
/// use pentad_connect::{Client, field};
/// # fn main() -> pentad_core::Result<()> {
/// let client = Client::new("ApiKey SU-000-000-000:key").build()?;
/// let drafts = client.collection("products").filter(field("status").in_(["draft", "published"])).order_by(["-id"]);
/// assert_eq!(
///     drafts.slice(10..20).list().request()?.path_and_query(),
///     "/products?in(status,(draft,published))&ordering(-id)&limit=10&offset=10"
/// );
/// # Ok(())
/// # }
/// ```
pub struct ResourceSet<T = Value> {
    spot: Spot,
    asked: Asked,
    configured: Configure,
    page_size: u32,
    concurrency: usize,
    item: PhantomData<fn() -> T>,
}

/// What every request of a set carries besides the query: parameters, headers, time limit, retry policy.
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing until a set is configured with them"]
pub struct Configure {
    pub(crate) params: Vec<(Cow<'static, str>, String)>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    timeout: Option<Duration>,
    retry: Option<RetryPolicy>,
}

impl Configure {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter. `limit`, `offset` and the set's own `search` replace those of the same name.
    pub fn param(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Sets a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Limits each request, attempts and pauses included.
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Replaces the client's retry policy.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }
}

impl<T> ResourceSet<T> {
    pub(crate) fn new(spot: Spot) -> Self {
        let page_size = spot.client.page_size();
        Self {
            spot,
            asked: Asked::default(),
            configured: Configure::new(),
            page_size,
            concurrency: 1,
            item: PhantomData,
        }
    }

    /// The path of the collection, not escaped.
    pub fn path(&self) -> String {
        self.spot.path.to_string()
    }

    /// The condition so far.
    pub fn query(&self) -> &R {
        self.asked.query.condition()
    }

    /// Selection, filter and ordering as RQL text, not escaped.
    ///
    /// # Errors
    /// The first argument of which no RQL can be made.
    pub fn to_rql(&self) -> Result<String, BuildError> {
        self.asked.query.to_rql()
    }

    /// The same set with resources of another type: a struct of what is needed, or
    /// [`RawValue`](serde_json::value::RawValue) for text that is read later.
    pub fn typed<U>(self) -> ResourceSet<U> {
        ResourceSet {
            spot: self.spot,
            asked: self.asked,
            configured: self.configured,
            page_size: self.page_size,
            concurrency: self.concurrency,
            item: PhantomData,
        }
    }

    /// Those for which this condition holds, too: an [`R`], or RQL as text, which is sent as it stands.
    #[must_use]
    pub fn filter(mut self, condition: impl IntoFilter) -> Self {
        self.asked.filter(condition);
        self
    }

    /// In this order; `-` is descending. Further calls add to it.
    #[must_use]
    pub fn order_by<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.asked.order_by(fields);
        self
    }

    /// With these fields added, or with `-` left out. Further calls add to it.
    #[must_use]
    pub fn select<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.asked.select(fields);
        self
    }

    /// Those in which the text is found; an empty text is no search. The last call counts.
    #[must_use]
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.asked.search(text.into());
        self
    }

    /// Sets the size of pages, 1 or more. It does not end the set: [`slice`](Self::slice) does.
    #[must_use]
    pub const fn limit(mut self, page_size: u32) -> Self {
        if page_size == 0 && self.asked.bad.is_none() {
            self.asked.bad = Some(("limit", "must be a positive, non-zero integer"));
        }
        self.page_size = page_size;
        self
    }

    /// Replaces what every request carries besides the query.
    #[must_use]
    pub fn configure(mut self, options: Configure) -> Self {
        self.configured = options;
        self
    }

    /// Keeps up to `pages` requests in flight; resources still come in order. On a runtime of several threads they are also read
    /// on those: a page costs ten times its way when it becomes generic values.
    #[must_use]
    pub fn concurrency(mut self, pages: usize) -> Self {
        self.concurrency = pages.max(1);
        self
    }

    /// Those between two positions of this set: `10..20`, `..5`, `3..`. A slice of a slice counts from the slice's start.
    #[must_use]
    pub fn slice(mut self, positions: impl RangeBounds<u64>) -> Self {
        self.asked.slice(positions);
        self
    }

    /// How many there are: all that the query finds, for a slice those within it. One request without resources.
    ///
    /// # Errors
    /// [`Decode`](pentad_core::ErrorKind::Decode) if the service does not say.
    /// # Source
    /// Connect reference 8.5.
    pub fn count(&self) -> Call<u64> {
        let (from, to) = (self.asked.from, self.asked.to);
        let call = self.at(&ops::COLLECTION_COUNT, 0, from).call(page::total);
        self.configured(call).map(move |total| match (from, to) {
            (0, None) => total,
            (from, to) => to.map_or(total, |to| total.min(to)).saturating_sub(from),
        })
    }

    /// What can be searched for, as Markdown, from the OpenAPI document.
    pub fn help(&self) -> String {
        help::search(self.spot.client.document(), &self.spot.path)
    }

    /// A request for the page at a position.
    fn at(&self, op: &'static Op, limit: u64, offset: u64) -> Draft {
        let mut draft = self.spot.draft(op);
        if let Some((field, why)) = self.asked.bad {
            draft = draft.refuse(Error::invalid(field, why));
        }
        match self.asked.query.to_rql() {
            Err(error) => draft = draft.refuse(Error::invalid("filter", &error).with_source(error)),
            Ok(text) => {
                if let (Some(document), Ok(path)) = (self.spot.client.strict(), self.spot.path.escaped()) {
                    let pairs = self.params(limit, offset);
                    draft = draft.check(check::query(document, ops::method(op), path, &text, &pairs));
                }
                draft = draft.raw_query(escape_query(&text));
            }
        }
        for (name, value) in self.params(limit, offset) {
            draft = draft.query(name, value);
        }
        for (name, value) in &self.configured.headers {
            draft = draft.header(name.clone(), value.clone());
        }
        draft
    }

    /// The configured parameters, then `limit`, `offset` and `search`, which take the place of those of their name.
    fn params(&self, limit: u64, offset: u64) -> Vec<(Cow<'static, str>, String)> {
        let mut params = self.configured.params.clone();
        let own = [
            (LIMIT, Some(limit.to_string())),
            (OFFSET, Some(offset.to_string())),
            (SEARCH, self.asked.search.clone()),
        ];
        for (name, value) in own {
            let Some(value) = value else { continue };
            match params.iter_mut().find(|param| param.0 == name) {
                Some(param) => param.1 = value,
                None => params.push((Cow::Borrowed(name), value)),
            }
        }
        params
    }

    fn configured<U>(&self, call: Call<U>) -> Call<U> {
        let call = match self.configured.timeout {
            Some(limit) => call.timeout(limit),
            None => call,
        };
        match &self.configured.retry {
            Some(policy) => call.retry(policy.clone()),
            None => call,
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> ResourceSet<T> {
    /// The set as a listing: awaiting it gives the first page, [`request`](List::request) shows what is sent.
    ///
    /// # Errors
    /// [`Decode`](pentad_core::ErrorKind::Decode) if a page is not an array.
    /// # Source
    /// Connect reference 8.4.
    pub fn list(&self) -> List<T> {
        let (from, to) = (self.asked.from, self.asked.to);
        let size = match to {
            Some(to) => to.saturating_sub(from).min(self.page_size.into()),
            None => self.page_size.into(),
        };
        let draft = self.at(&ops::COLLECTION_LIST, size, from);
        let mut list = draft
            .list(page::cursor, page::page::<T>)
            .size_query(LIMIT)
            .page_size(self.page_size)
            .start_at(Cursor::Offset(from))
            .concurrency(self.concurrency)
            .spawn_with(page::spawn);
        // A set that is refused says so, however little is wanted of it.
        if let Some(to) = to.filter(|_| self.asked.bad.is_none()) {
            list = list.max_items(usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX));
        }
        if let Some(limit) = self.configured.timeout {
            list = list.timeout(limit);
        }
        match &self.configured.retry {
            Some(policy) => list.retry(policy.clone()),
            None => list,
        }
    }

    /// Page after page; the next one is asked for when it is wanted.
    ///
    /// # Errors
    /// Each page has its own: those of its call, and [`Unexpected`](pentad_core::ErrorKind::Unexpected) if the service's
    /// listing does not advance. The pages end with the first one.
    pub fn pages(&self) -> Pages<T> {
        self.list().pages()
    }

    /// Resource after resource. Nothing is kept, however many there are.
    ///
    /// # Errors
    /// As [`pages`](Self::pages), told in place of the first resource of the page that failed.
    pub fn items(&self) -> Items<T> {
        self.list().items()
    }

    /// All of them at once.
    ///
    /// # Errors
    /// Those of any page; what was read before is dropped.
    pub async fn collect(&self) -> Result<Vec<T>> {
        self.list().all().await
    }

    /// The first one, or nothing. Of a slice it is the slice's first.
    ///
    /// # Source
    /// Connect reference 8.5.
    pub fn first(&self) -> Call<Option<T>> {
        self.nth(0)
    }

    /// The one at a position, or nothing if there are not so many. Positions of a slice count from its start.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) before sending for a position behind the end of a slice.
    /// # Source
    /// Connect reference 8.5.
    pub fn nth(&self, position: u64) -> Call<Option<T>> {
        let place = self.asked.from.saturating_add(position);
        let mut draft = self.at(&ops::COLLECTION_LIST, 1, place);
        if self.asked.to.is_some_and(|to| place >= to) {
            draft = draft.refuse(Error::invalid("position", "is behind the end of the slice"));
        }
        self.configured(draft.call(page::first))
    }
}

impl ResourceSet {
    /// The chosen fields of each resource in order; dots lead into objects, what is missing is null.
    ///
    /// The service sends whole resources all the same; [`select`](Self::select) makes them smaller.
    ///
    /// # Source
    /// Connect reference 8.6.
    pub fn values_list<S: Into<String>>(
        &self,
        fields: impl IntoIterator<Item = S>,
    ) -> List<Map<String, Value>> {
        let fields: Vec<String> = fields.into_iter().map(Into::into).collect();
        self.list().map(move |item| match (fields.is_empty(), item) {
            (true, Value::Object(whole)) => whole,
            (_, item) => project(&item, &fields),
        })
    }
}

impl<T> Clone for ResourceSet<T> {
    fn clone(&self) -> Self {
        Self {
            spot: self.spot.clone(),
            asked: self.asked.clone(),
            configured: self.configured.clone(),
            item: PhantomData,
            ..*self
        }
    }
}

impl<T> fmt::Debug for ResourceSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceSet")
            .field("path", &self.path())
            .field("query", &self.asked.query)
            .field("search", &self.asked.search)
            .field("from", &self.asked.from)
            .field("to", &self.asked.to)
            .finish_non_exhaustive()
    }
}
