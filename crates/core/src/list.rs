//! `List<T>`: pages of one kind of thing.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::response::Parts;
use http::{HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;

pub use crate::aside::Spawner;
use crate::aside::aside;
use crate::call::{Planned, again};
use crate::curl::Reveal;
use crate::decode::{Context, ELSEWHERE};
use crate::draft::{Options, repeatable};
use crate::error::{Error, ErrorKind, Result};
use crate::message::{Request, ResponseBody};
pub use crate::page::{Items, Pages};
use crate::retry::RetryPolicy;
use crate::target::{Target, same_origin};

/// A place in a listing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cursor {
    /// Number of things to skip.
    Offset(u64),
    /// The last thing seen.
    Marker(String),
    /// An opaque token.
    Token(String),
    /// The absolute URL of the next page; [`Context::link`] makes one from what an answer says.
    Link(Uri),
    /// A query that the service wants back verbatim.
    Raw(String),
}

impl Cursor {
    /// The place for a service that pages by the query parameter `name`: the marker or token itself, or what stands under
    /// that name in the query of a link. A link's host and other parameters are thereby without effect.
    pub fn parameter(&self, name: &str) -> Option<String> {
        match self {
            Self::Marker(text) | Self::Token(text) => Some(text.clone()),
            Self::Link(link) => parameter(link.query().unwrap_or_default(), name),
            Self::Raw(query) => parameter(query, name),
            Self::Offset(_) => None,
        }
    }
}

/// The value of a parameter in the query of a link, decoded; `None` if it is missing or no text.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()?.replace('+', " ");
    percent_decode_str(&value).decode_utf8().ok().map(Cow::into_owned)
}

/// One page of a listing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The things, in the service's order.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Cursor>,
    /// Number of things in the whole listing, if the service says so.
    pub total: Option<u64>,
    /// Whether an empty page may be followed by one that is not; otherwise an empty page ends the listing.
    pub sparse: bool,
    /// The answer as it came.
    pub raw: Bytes,
}

impl<T> Page<T> {
    /// A last page.
    pub fn new(items: Vec<T>) -> Self {
        Self { items, next: None, total: None, sparse: false, raw: Bytes::new() }
    }

    /// Sets where the next page begins.
    pub fn next(mut self, next: Option<Cursor>) -> Self {
        self.next = next;
        self
    }

    /// Sets the size of the whole listing.
    pub const fn total(mut self, total: Option<u64>) -> Self {
        self.total = total;
        self
    }

    /// Says that empty pages do not end the listing.
    pub const fn sparse(mut self) -> Self {
        self.sparse = true;
        self
    }

    /// Keeps the answer as it came.
    pub fn raw(mut self, raw: Bytes) -> Self {
        self.raw = raw;
        self
    }

    /// Changes each thing.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        let items = self.items.into_iter().map(change).collect();
        Page { items, next: self.next, total: self.total, sparse: self.sparse, raw: self.raw }
    }
}

/// How an answer becomes a page.
type ReadPage<T> = fn(&Context, &Parts, Bytes) -> Result<Page<T>>;

/// As [`ReadPage`], with what was changed about its things.
type ChangedPage<T> = dyn Fn(&Context, &Parts, Bytes) -> Result<Page<T>> + Send + Sync;

enum Reader<T> {
    Plain(ReadPage<T>),
    Changed(Arc<ChangedPage<T>>),
}

impl<T> Reader<T> {
    fn read(&self, context: &Context, parts: &Parts, body: Bytes) -> Result<Page<T>> {
        match self {
            Self::Plain(read) => read(context, parts, body),
            Self::Changed(read) => read(context, parts, body),
        }
    }
}

impl<T> Clone for Reader<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Plain(read) => Self::Plain(*read),
            Self::Changed(read) => Self::Changed(Arc::clone(read)),
        }
    }
}

/// A page with the base that was asked.
pub(crate) type Fetched<T> = Result<(Page<T>, Option<Uri>)>;
/// A page on its way.
pub(crate) type Fetch<T> = BoxFuture<'static, Fetched<T>>;

/// A listing: a value that describes what will be asked. Awaiting it gives the first page.
#[must_use = "a list does nothing until it is awaited or iterated"]
pub struct List<T> {
    plan: Planned,
    cursor: fn(&Cursor, &mut Request),
    page: Reader<T>,
    size_name: Option<&'static str>,
    page_size: Option<u32>,
    /// Page sizes that the service takes.
    sizes: Option<RangeInclusive<u32>>,
    pub(crate) max_items: Option<usize>,
    pub(crate) start: Option<Cursor>,
    /// The first offset beyond what the caller wants, where places are offsets.
    end: Option<u64>,
    pub(crate) concurrency: usize,
    spawner: Option<Spawner>,
}

impl<T> List<T> {
    pub(crate) fn new(
        context: Context,
        request: Result<Request>,
        options: Options,
        cursor: fn(&Cursor, &mut Request),
        page: ReadPage<T>,
    ) -> Self {
        let request = request.and_then(repeatable);
        let plan = Planned { context, request, retry: None, options };
        Self {
            plan,
            cursor,
            page: Reader::Plain(page),
            size_name: None,
            page_size: None,
            sizes: None,
            max_items: None,
            start: None,
            end: None,
            concurrency: 1,
            spawner: None,
        }
    }

    /// Says how pages that are asked for ahead are read beside the task that takes them, on other threads (called by
    /// service crates whose pages are large).
    pub const fn spawn_with(mut self, spawner: Spawner) -> Self {
        self.spawner = Some(spawner);
        self
    }

    /// Names the query member that asks for a page size (called by service crates).
    pub const fn size_query(mut self, name: &'static str) -> Self {
        self.size_name = Some(name);
        self
    }

    /// Says which page sizes the service takes; others are refused before sending (called by service crates).
    pub const fn page_sizes(mut self, sizes: RangeInclusive<u32>) -> Self {
        self.sizes = Some(sizes);
        self
    }

    /// Hints at the number of things per page; the service may give fewer.
    ///
    /// Where the service is known to refuse a size, the list is [`Invalid`](crate::ErrorKind::Invalid).
    pub fn page_size(mut self, size: u32) -> Self {
        self.page_size = Some(size);
        if let Some(sizes) = self.sizes.as_ref().filter(|sizes| !sizes.contains(&size))
            && self.plan.request.is_ok()
        {
            let why = format!("{size} is not within {} and {}", sizes.start(), sizes.end());
            self.plan.request = Err(Error::invalid("page size", why));
        }
        self
    }

    /// Promises the caller no more than this many things; pages beyond are not asked for.
    pub const fn max_items(mut self, most: usize) -> Self {
        self.max_items = Some(most);
        self
    }

    /// Begins at a place kept from earlier.
    pub fn start_at(mut self, place: Cursor) -> Self {
        self.start = Some(place);
        self
    }

    /// Keeps up to `pages` requests in flight where the service gives a total and offsets; items still come in order.
    pub fn concurrency(mut self, pages: usize) -> Self {
        self.concurrency = pages.max(1);
        self
    }

    /// Limits each page's call, attempts and pauses included.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.plan.timeout(limit);
        self
    }

    /// Replaces the session's retry policy.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.plan.retry = Some(policy);
        self
    }

    /// Sets a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.plan.header(name, value);
        self
    }

    /// Adds a pair to the query.
    pub fn query(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.plan.query(name.into(), value.into());
        self
    }

    /// The first page's request, complete but for the credential. Nothing is sent.
    ///
    /// # Errors
    /// The first wrong argument.
    pub fn request(&self) -> Result<Request> {
        self.at(self.start.as_ref(), None)
    }

    /// The first page's request as one line for a shell, secrets as shell variables.
    ///
    /// # Errors
    /// The first wrong argument.
    pub fn curl(&self) -> Result<String> {
        self.planned(self.request()).shown(Reveal::No)
    }

    /// Page after page.
    pub fn pages(self) -> Pages<T> {
        Pages::new(self)
    }

    /// Thing after thing.
    pub fn items(self) -> Items<T> {
        Items::new(self)
    }

    /// The request for a place, with its page size. `home` is the base of the pages before, which is where links go to
    /// when a catalog resolves the target.
    fn at(&self, place: Option<&Cursor>, home: Option<&Uri>) -> Result<Request> {
        let base = self.plan.request.as_ref().map_err(again)?;
        let mut request = base.clone_head();
        let most = self.wanted_at(place).and_then(|most| u32::try_from(most).ok());
        let size = match (self.page_size, most) {
            (Some(size), Some(most)) => Some(size.min(most.max(1))),
            (size, _) => size,
        };
        if let (Some(name), Some(size)) = (self.size_name, size) {
            request.set_query(name, size.to_string());
        }
        let Some(place) = place else { return Ok(request) };
        if let Cursor::Link(link) = place {
            self.refuse_elsewhere(link, home)?;
            if let (Target::Service { .. }, Some(home)) = (&request.target, home) {
                request.target = Target::Url(home.clone());
            }
        }
        (self.cursor)(place, &mut request);
        if let Target::Url(now) = &request.target {
            self.refuse_elsewhere(now, home)?;
        }
        Ok(request)
    }

    /// How many things the caller still wants from a place on, as far as that is known.
    fn wanted_at(&self, place: Option<&Cursor>) -> Option<u64> {
        let most = self.max_items? as u64;
        match (self.end, place) {
            (Some(end), Some(Cursor::Offset(here))) => Some(end.saturating_sub(*here).min(most)),
            _ => Some(most),
        }
    }

    /// Settles where the listing ends, before its pages are asked for.
    pub(crate) fn settle(&mut self) {
        let start = match &self.start {
            None => 0,
            Some(Cursor::Offset(start)) => *start,
            Some(_) => return,
        };
        self.end = self.max_items.map(|most| start.saturating_add(most as u64));
    }

    /// Changes each thing.
    pub fn map<U>(self, change: impl Fn(T) -> U + Send + Sync + 'static) -> List<U>
    where
        T: 'static,
    {
        let read = self.page;
        List {
            plan: self.plan,
            cursor: self.cursor,
            page: Reader::Changed(Arc::new(move |context: &Context, parts: &Parts, body| {
                Ok(read.read(context, parts, body)?.map(&change))
            })),
            size_name: self.size_name,
            page_size: self.page_size,
            sizes: self.sizes,
            max_items: self.max_items,
            start: self.start,
            end: self.end,
            concurrency: self.concurrency,
            spawner: self.spawner,
        }
    }

    /// The credential would follow a link to another origin. While the target is a service in a catalog that no page
    /// resolved yet its origin is not known, so then no link with a host of its own is followed.
    fn refuse_elsewhere(&self, link: &Uri, home: Option<&Uri>) -> Result<()> {
        let Ok(Request { target, op, .. }) = &self.plan.request else { return Ok(()) };
        let base = match target {
            Target::Url(base) => Some(base),
            Target::Service { .. } => home,
        };
        if link.authority().is_none() || base.is_some_and(|base| same_origin(base, link)) {
            return Ok(());
        }
        let message = "the link to the next page points to another origin";
        Err(Error::new(ErrorKind::Unexpected, message).with_op(op.id).with_hint(ELSEWHERE))
    }

    fn planned(&self, request: Result<Request>) -> Planned {
        Planned {
            context: self.plan.context.clone(),
            request,
            retry: self.plan.retry.clone(),
            options: self.plan.options,
        }
    }

    pub(crate) fn plan_mut(&mut self) -> &mut Planned {
        &mut self.plan
    }

    pub(crate) fn op_id(&self) -> &'static str {
        self.plan.context.op().id
    }
}

impl<T: Send + 'static> List<T> {
    /// Asks for the page at a place; gives the base that was asked beside it.
    pub(crate) fn fetch(&self, place: Option<&Cursor>, home: Option<&Uri>) -> Fetch<T> {
        let mut planned = Box::new(self.planned(self.at(place, home)));
        planned.context.path = planned.request.as_ref().ok().map(Request::path_and_query);
        let reader = self.page.clone();
        Box::pin(async move {
            let answer = planned.send(true).await.result?;
            let context = &mut planned.context;
            let ResponseBody::Full(body) = answer.body else {
                return Err(Error::new(ErrorKind::Unexpected, "the answer was not read as a whole"));
            };
            let page =
                reader.read(context, &answer.parts, body).map_err(|error| error.with_op(context.op().id))?;
            Ok((page, context.base.take()))
        })
    }

    /// As [`fetch`](Self::fetch), beside this task where that is possible.
    pub(crate) fn fetch_ahead(&self, place: Option<&Cursor>, home: Option<&Uri>) -> Fetch<T> {
        let page = self.fetch(place, home);
        match self.spawner {
            Some(spawner) => aside(spawner, page),
            None => page,
        }
    }

    /// All things, up to [`max_items`](Self::max_items).
    ///
    /// # Errors
    /// Those of any page; the things seen before are dropped.
    pub async fn all(self) -> Result<Vec<T>> {
        let mut pages = self.pages();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page?;
            if all.is_empty() {
                all = page.items;
            } else {
                all.extend(page.items);
            }
        }
        Ok(all)
    }

    /// The first thing: one request.
    ///
    /// # Errors
    /// Those of the first page.
    pub async fn first(mut self) -> Result<Option<T>> {
        self.max_items = Some(1);
        self.page_size = Some(1);
        Ok(self.await?.items.into_iter().next())
    }

    /// The first page, blocking the calling thread.
    ///
    /// # Errors
    /// Those of the first page; [`ErrorKind::Config`] within an async context, or without the feature `blocking`.
    pub fn wait(self) -> Result<Page<T>> {
        crate::blocking::wait(self.into_future())
    }
}

impl<T: Send + 'static> IntoFuture for List<T> {
    type Output = Result<Page<T>>;
    type IntoFuture = BoxFuture<'static, Result<Page<T>>>;

    fn into_future(self) -> Self::IntoFuture {
        let page = self.fetch(self.start.as_ref(), None);
        let most = self.max_items.unwrap_or(usize::MAX);
        Box::pin(async move {
            let (mut page, _) = page.await?;
            page.items.truncate(most);
            Ok(page)
        })
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").field("request", &self.plan.request).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_in_links_by_the_name_of_their_parameter_and_decoded() {
        let link =
            Cursor::Link(Uri::from_static("http://elsewhere.test/q?limit=1&detailed=false&marker=a%20b%2Fc"));
        assert_eq!(link.parameter("marker").as_deref(), Some("a b/c"));
        assert_eq!(
            Cursor::Raw("marker=jobs+1&limit=1".to_owned()).parameter("marker").as_deref(),
            Some("jobs 1")
        );
        assert_eq!(Cursor::Marker("a%20b".to_owned()).parameter("marker").as_deref(), Some("a%20b"));
        for none in [
            Cursor::Raw("limit=1&xmarker=2".to_owned()),
            Cursor::Raw("marker=%ff".to_owned()),
            Cursor::Offset(7),
        ] {
            assert_eq!(none.parameter("marker"), None, "{none:?}");
        }
    }
}
