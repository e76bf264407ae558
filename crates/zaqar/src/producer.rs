//! Posting many messages in batches.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::Poll;

use futures_core::Stream;
use futures_util::future::poll_fn;
use futures_util::stream::{self, FuturesOrdered, StreamExt};
use pentad_core::{BoxFuture, Error, ErrorKind, Feed, Result};

use crate::message::NewMessage;
use crate::model::Posted;
use crate::queue::Queue;

/// How messages are put together.
///
/// A batch takes what is there when the service is ready for it, within the service's limits: single messages when they
/// come slowly, full batches when they come fast. Nothing waits for a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Producer {
    messages: usize,
    bytes: Option<usize>,
    concurrency: usize,
    pub(crate) capacity: usize,
    pub(crate) capacity_bytes: usize,
}

impl Default for Producer {
    /// Up to 20 messages and the service's size of a post; one post at a time, so that the order is kept. 10 000 messages or
    /// 64 MB may wait in an outbox.
    fn default() -> Self {
        Self { messages: 20, bytes: None, concurrency: 1, capacity: 10_000, capacity_bytes: 64_000_000 }
    }
}

impl Producer {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most this many messages in a post.
    pub const fn batch_messages(mut self, count: usize) -> Self {
        self.messages = if count == 0 { 1 } else { count };
        self
    }

    /// At most this many bytes in a post; a larger message goes alone, and is refused above the service's limit.
    pub const fn batch_bytes(mut self, bytes: usize) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// Lets at most this many messages of an [`Outbox`](crate::Outbox) wait for their answers, at least 1;
    /// [`Outbox::send`](crate::Outbox::send) waits beyond that.
    pub const fn capacity(mut self, messages: usize) -> Self {
        self.capacity = if messages == 0 { 1 } else { messages };
        self
    }

    /// Lets at most this many bytes of an outbox wait for their answers; a single larger message is still taken.
    pub const fn capacity_bytes(mut self, bytes: usize) -> Self {
        self.capacity_bytes = bytes;
        self
    }

    /// Messages and bytes of messages that fit into one post to a queue.
    pub(crate) fn limits(self, queue: &Queue) -> (usize, usize) {
        let limit = queue.client().service_limits().post_bytes;
        (self.messages, self.bytes.unwrap_or(limit).min(limit).saturating_sub(Queue::POST_FRAME).max(1))
    }

    /// Up to this many posts in flight, of a stream. With more than one, batches may be stored in another order.
    pub const fn concurrency(mut self, posts: usize) -> Self {
        self.concurrency = if posts == 0 { 1 } else { posts };
        self
    }
}

/// The messages of one post.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Batch {
    /// How many messages were posted before these.
    pub first: u64,
    /// What became of them.
    pub posted: Posted,
}

struct Posting<S> {
    queue: Queue,
    options: Producer,
    most: usize,
    source: Option<Pin<Box<S>>>,
    /// Taken from the source, too large for the batch before.
    next: Option<NewMessage>,
    begun: u64,
    running: FuturesOrdered<BoxFuture<'static, Result<Batch>>>,
    failed: bool,
}

impl Queue {
    /// Posts everything that comes out of a stream, in batches, and gives the outcome of each batch in order. Ends when the
    /// stream does. The stream is not asked for more than fits into the posts that may be in flight.
    ///
    /// # Errors
    /// Those of [`post`](Self::post); the feed ends with the first. Its message says which of the messages it concerns.
    /// # Retry
    /// Each post is not idempotent, as [`post`](Self::post).
    pub fn post_all<S>(&self, messages: S, options: Producer) -> Feed<Batch>
    where
        S: Stream<Item = NewMessage> + Send + 'static,
    {
        let (_, most) = options.limits(self);
        let posting = Posting {
            queue: self.clone(),
            options,
            most,
            source: Some(Box::pin(messages)),
            next: None,
            begun: 0,
            running: FuturesOrdered::new(),
            failed: false,
        };
        let stream = stream::unfold(posting, |mut posting| async move {
            let outcome = posting.outcome().await?;
            posting.failed = outcome.is_err();
            Some((outcome, posting))
        });
        Feed::new(stream.boxed(), || Box::pin(std::future::ready(Ok(()))))
    }
}

impl<S: Stream<Item = NewMessage> + Send> Posting<S> {
    async fn outcome(&mut self) -> Option<Result<Batch>> {
        if self.failed {
            return None;
        }
        poll_fn(|cx| {
            while self.running.len() < self.options.concurrency {
                match self.gather(cx) {
                    Poll::Ready(batch) if !batch.is_empty() => self.begin(batch),
                    _ => break,
                }
            }
            match (self.running.is_empty(), &self.source) {
                (false, _) => self.running.poll_next_unpin(cx),
                (true, None) => Poll::Ready(None),
                (true, Some(_)) => Poll::Pending,
            }
        })
        .await
    }

    /// What is there for the next batch; empty at the end of the source, pending if nothing is there yet.
    fn gather(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Vec<NewMessage>> {
        let mut batch: VecDeque<NewMessage> = self.next.take().into_iter().collect();
        let mut bytes: usize = batch.iter().map(NewMessage::size).sum();
        while batch.len() < self.options.messages {
            let Some(source) = &mut self.source else { break };
            match source.as_mut().poll_next(cx) {
                Poll::Ready(Some(message)) if !batch.is_empty() && bytes + message.size() > self.most => {
                    self.next = Some(message);
                    break;
                }
                Poll::Ready(Some(message)) => {
                    bytes += message.size();
                    batch.push_back(message);
                }
                Poll::Ready(None) => self.source = None,
                Poll::Pending if batch.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(batch.into())
    }

    fn begin(&mut self, batch: Vec<NewMessage>) {
        let (first, count) = (self.begun, batch.len() as u64);
        self.begun += count;
        let post = self.queue.post(batch);
        self.running.push_back(Box::pin(async move {
            match post.await {
                Ok(posted) => Ok(Batch { first, posted }),
                Err(error) => Err(concerning(error, first, count)),
            }
        }));
    }
}

/// Says which messages a failure concerns; what the service said stays on it.
fn concerning(error: Error, first: u64, count: u64) -> Error {
    let range = format!("messages {first} to {} of the stream were not posted", first + count - 1);
    let hint = match error.hint() {
        Some(hint) => format!("{hint}; {range}"),
        None if error.may_have_applied() && error.kind() != ErrorKind::Invalid => {
            format!("messages {first} to {} of the stream may or may not have been posted", first + count - 1)
        }
        None => range,
    };
    error.with_hint(hint)
}
