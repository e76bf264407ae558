//! Walking through a listing: pages and items.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use futures_core::Stream;
use http::Uri;

use crate::error::{Error, ErrorKind, Result};
use crate::list::{Cursor, Fetch, Fetched, List, Page};

/// Page after page of a listing. After an error it ends.
#[must_use = "pages are fetched only when asked for"]
pub struct Pages<T> {
    list: List<T>,
    /// Requests in flight or done, in page order; the first is the one to come next.
    ahead: VecDeque<Ahead<T>>,
    /// Where the page after those ahead begins.
    next: Next,
    /// Things handed out in pages so far.
    given: usize,
    /// A place seen earlier, moved up at powers of two: it meets any cycle of places.
    tortoise: Option<Cursor>,
    seen: u64,
    /// Distance between offsets and end of the listing, where both are known.
    stride: Option<(u64, u64)>,
    /// The base of the pages so far: links may lead there and nowhere else.
    home: Option<Uri>,
}

struct Ahead<T> {
    place: Option<Cursor>,
    state: State<T>,
}

enum State<T> {
    Running(Fetch<T>),
    Done(Box<Fetched<T>>),
}

enum Next {
    /// The first page, or the page after the last one given.
    At(Option<Cursor>),
    /// Only known when the page in flight arrives.
    Unknown,
    End,
}

impl<T> Pages<T> {
    pub(crate) fn new(mut list: List<T>) -> Self {
        list.settle();
        let start = list.start.take();
        let next = if list.max_items == Some(0) { Next::End } else { Next::At(start) };
        Self {
            list,
            ahead: VecDeque::new(),
            next,
            given: 0,
            tortoise: None,
            seen: 0,
            stride: None,
            home: None,
        }
    }

    fn end(&mut self) {
        self.ahead.clear();
        self.next = Next::End;
    }

    fn wanted(&self) -> usize {
        self.list.max_items.map_or(usize::MAX, |most| most.saturating_sub(self.given))
    }
}

impl<T: Send + 'static> Pages<T> {
    /// The next page; `None` at the end.
    ///
    /// # Errors
    /// Those of the page's call; [`ErrorKind::Unexpected`] if the service's cursor does not advance. The pages end then.
    pub async fn next(&mut self) -> Option<Result<Page<T>>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Starts as many requests as may be in flight.
    fn start(&mut self) {
        let most = if self.stride.is_some() { self.list.concurrency } else { 1 };
        while self.ahead.len() < most {
            let Next::At(place) = &self.next else { return };
            if let (Some((stride, _)), false) = (self.stride, self.ahead.is_empty()) {
                let coming = self.ahead.len() as u64 * stride;
                if coming >= self.wanted() as u64 {
                    return;
                }
            }
            let place = place.clone();
            let request = match self.stride {
                Some(_) => self.list.fetch_ahead(place.as_ref(), self.home.as_ref()),
                None => self.list.fetch(place.as_ref(), self.home.as_ref()),
            };
            self.next = match (self.stride, &place) {
                (Some((stride, total)), Some(Cursor::Offset(offset))) => match offset.checked_add(stride) {
                    Some(next) if next < total => Next::At(Some(Cursor::Offset(next))),
                    _ => Next::Unknown,
                },
                _ => Next::Unknown,
            };
            self.ahead.push_back(Ahead { place, state: State::Running(request) });
        }
    }

    /// Drives the requests in flight without taking a page.
    pub(crate) fn prefetch(&mut self, cx: &mut Context<'_>) {
        self.start();
        for ahead in &mut self.ahead {
            if let State::Running(request) = &mut ahead.state
                && let Poll::Ready(result) = request.as_mut().poll(cx)
            {
                ahead.state = State::Done(Box::new(result));
            }
        }
    }

    /// Takes a page over: checks its cursor and decides where the next one begins.
    fn take(&mut self, place: Option<&Cursor>, mut page: Page<T>) -> Result<Page<T>> {
        let length = page.items.len();
        self.given = self.given.saturating_add(length);
        if let Some(most) = self.list.max_items
            && self.given >= most
        {
            page.items.truncate(length - (self.given - most));
            self.given = most;
            self.end();
            return Ok(page);
        }
        let next = page.next.clone().filter(|_| length > 0 || page.sparse);
        let Some(next) = next else {
            self.end();
            return Ok(page);
        };
        self.check(place, &next)?;
        let expected = self.ahead.front().and_then(|ahead| ahead.place.as_ref());
        if expected.is_some_and(|expected| *expected != next) {
            // A short page in the middle: what is in flight begins at the wrong places.
            self.ahead.clear();
            self.list.concurrency = 1;
        }
        if self.ahead.is_empty() {
            self.stride = self.stride(place, &page, &next);
            self.next = Next::At(Some(next));
        }
        Ok(page)
    }

    fn stride(&self, place: Option<&Cursor>, page: &Page<T>, next: &Cursor) -> Option<(u64, u64)> {
        let (Cursor::Offset(next), Some(total)) = (next, page.total) else { return None };
        let here = match place {
            Some(Cursor::Offset(here)) => *here,
            None => 0,
            Some(_) => return None,
        };
        let stride = next.checked_sub(here)?;
        (self.list.concurrency > 1 && stride > 0 && stride == page.items.len() as u64)
            .then_some((stride, total))
    }

    fn check(&mut self, place: Option<&Cursor>, next: &Cursor) -> Result<()> {
        let backwards = match (place, next) {
            (Some(Cursor::Offset(here)), Cursor::Offset(next)) => next <= here,
            (None, Cursor::Offset(next)) => *next == 0,
            _ => false,
        };
        if backwards || place == Some(next) || self.tortoise.as_ref() == Some(next) {
            let message = "the listing does not advance: the service gave a place that was already read";
            return Err(Error::new(ErrorKind::Unexpected, message).with_op(self.list.op_id()));
        }
        self.seen += 1;
        if self.seen.is_power_of_two() {
            self.tortoise = Some(next.clone());
        }
        Ok(())
    }
}

impl<T> Unpin for Pages<T> {}

impl<T: Send + 'static> Stream for Pages<T> {
    type Item = Result<Page<T>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.prefetch(cx);
        match self.ahead.front() {
            None => return Poll::Ready(None),
            Some(Ahead { state: State::Running(_), .. }) => return Poll::Pending,
            Some(Ahead { state: State::Done(_), .. }) => {}
        }
        let Some(Ahead { place, state: State::Done(result) }) = self.ahead.pop_front() else {
            return Poll::Ready(None);
        };
        let result = result.and_then(|(page, base)| {
            self.home = base.or(self.home.take());
            self.take(place.as_ref(), page)
        });
        if result.is_err() {
            self.end();
        }
        Poll::Ready(Some(result))
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("list", &self.list).field("given", &self.given).finish_non_exhaustive()
    }
}

/// Thing after thing of a listing. The next page is asked for when the caller goes beyond a page's first thing.
#[must_use = "items are fetched only when asked for"]
pub struct Items<T> {
    pages: Pages<T>,
    page: vec::IntoIter<T>,
    /// Things of this page handed out.
    taken: usize,
}

impl<T> Items<T> {
    pub(crate) fn new(list: List<T>) -> Self {
        Self { pages: Pages::new(list), page: Vec::new().into_iter(), taken: 0 }
    }
}

impl<T: Send + 'static> Items<T> {
    /// The next thing; `None` at the end.
    ///
    /// # Errors
    /// Those of a page's call, see [`Pages::next`]. The items end then.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T> Unpin for Items<T> {}

impl<T: Send + 'static> Stream for Items<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.page.next() {
                self.taken += 1;
                if self.taken > 1 {
                    self.pages.prefetch(cx);
                }
                return Poll::Ready(Some(Ok(item)));
            }
            match Pin::new(&mut self.pages).poll_next(cx) {
                Poll::Ready(Some(Ok(page))) => {
                    self.page = page.items.into_iter();
                    self.taken = 0;
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("pages", &self.pages).finish_non_exhaustive()
    }
}
