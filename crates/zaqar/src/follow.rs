//! Following a queue by asking again and again.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use pentad_core::retry::Outage;
use pentad_core::{Cursor, Feed, Result, feed::Opened, work::Scope};

use crate::message::MessageQuery;
use crate::model::Message;
use crate::ops;
use crate::queue::Queue;

/// How to follow the messages of a queue.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Follow {
    query: MessageQuery,
    idle: (Duration, Duration),
    start: Option<Cursor>,
    page: u32,
}

impl Default for Follow {
    fn default() -> Self {
        let idle = (Duration::from_millis(200), Duration::from_secs(5));
        Self { query: MessageQuery::new(), idle, start: None, page: 20 }
    }
}

impl Follow {
    /// From the oldest message on, pauses from 200 ms to 5 s while there is nothing new.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which messages are shown.
    pub const fn query(mut self, query: MessageQuery) -> Self {
        self.query = query;
        self
    }

    /// Pauses after an empty answer: the first, doubled each time up to the longest.
    pub fn idle(mut self, first: Duration, longest: Duration) -> Self {
        self.idle = (first.max(Duration::from_millis(1)), longest.max(first));
        self
    }

    /// Begins at a place kept from earlier.
    pub fn start_at(mut self, place: Cursor) -> Self {
        self.start = Some(place);
        self
    }

    /// Asks for so many at a time, 1 to 20; others are refused.
    pub const fn page_size(mut self, size: u32) -> Self {
        self.page = size;
        self
    }
}

struct Follower {
    queue: Queue,
    options: Follow,
    scope: Scope,
    place: Option<Cursor>,
    ready: VecDeque<Message>,
    pause: Duration,
    outage: Outage,
}

impl Queue {
    /// Shows each message once, as it comes, and leaves it where it is. Follows markers, and waits at the end.
    ///
    /// On services that keep messages in Redis a place is the id of the last message shown: when that one is gone, the
    /// listing begins from the oldest again, and what is still there is shown once more.
    /// Messages that are claimed while the feed passes them are not shown later, unless claimed ones are asked for.
    /// # Source
    /// Zaqar reference 4, links.
    pub fn follow(&self, options: Follow) -> Feed<Message> {
        let size = self.client().service_limits().count("page size", options.page as usize);
        let preview = self.messages_draft(options.query).check(size).query("limit", options.page.to_string());
        let preview = preview.request();
        let queue = self.clone();
        Feed::lazy(self.client().session(), &ops::MESSAGE_LIST, preview, move |scope| {
            let outage = Outage::new(scope.reconnect().cloned().unwrap_or_default());
            let place = options.start.clone();
            let (ready, pause) = (VecDeque::new(), Duration::ZERO);
            let follower = Follower { queue, options, scope, place, ready, pause, outage };
            let stream = stream::unfold(Some(follower), |follower| async move {
                let mut follower = follower?;
                match follower.next().await {
                    Ok(message) => Some((Ok(message), Some(follower))),
                    Err(error) => Some((Err(error), None)),
                }
            });
            Opened::new(stream.boxed(), || Box::pin(std::future::ready(Ok(()))))
        })
    }
}

impl Follower {
    async fn next(&mut self) -> Result<Message> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Ok(message);
            }
            let clock = std::sync::Arc::clone(self.scope.session().clock());
            let mut list = self.queue.messages(self.options.query).page_size(self.options.page);
            if let Some(place) = &self.place {
                list = list.start_at(place.clone());
            }
            if let Some(left) = self.scope.remaining() {
                list = list.timeout(left);
            }
            let Some(page) = self.outage.survive(&*clock, list.await).await? else { continue };
            if page.items.is_empty() {
                let (first, longest) = self.options.idle;
                self.pause = (self.pause * 2).clamp(first, longest);
                self.scope.pause(self.pause).await?;
                continue;
            }
            self.pause = Duration::ZERO;
            self.place = page.next.or(self.place.take());
            self.ready = page.items.into();
        }
    }
}
