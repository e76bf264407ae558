//! Publishing in batches.

mod batch;
mod receipt;

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{join_all, select_all};
use pentad_core::{Error, ErrorKind, Result};

use self::batch::{Batch, Run};
pub use self::receipt::Receipt;
use crate::message::Message;
use crate::topic::Topic;

/// When a batch is sent, and how much may wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherOptions {
    batch_messages: usize,
    batch_bytes: usize,
    delay: Duration,
    capacity: usize,
    capacity_bytes: usize,
    concurrency: usize,
    timeout: Option<Duration>,
}

impl Default for PublisherOptions {
    /// Batches of 100 messages or 1 MB after at most 50 ms, one at a time; 10 000 messages or 64 MB may wait.
    fn default() -> Self {
        Self {
            batch_messages: 100,
            batch_bytes: 1_000_000,
            delay: Duration::from_millis(50),
            capacity: 10_000,
            capacity_bytes: 64_000_000,
            concurrency: 1,
            timeout: None,
        }
    }
}

impl PublisherOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a batch when it has this many messages, at least 1.
    #[must_use]
    pub fn batch_messages(mut self, count: usize) -> Self {
        self.batch_messages = count.max(1);
        self
    }

    /// Sends a batch when its messages would take this many bytes.
    #[must_use]
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = bytes.max(1);
        self
    }

    /// Sends a batch this long after its first message at the latest.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Lets at most this many messages wait for their answers, at least 1; [`Publisher::send`] waits beyond that.
    #[must_use]
    pub fn capacity(mut self, messages: usize) -> Self {
        self.capacity = messages.max(1);
        self
    }

    /// Lets at most this many bytes wait for their answers; a single larger message is still taken.
    #[must_use]
    pub fn capacity_bytes(mut self, bytes: usize) -> Self {
        self.capacity_bytes = bytes;
        self
    }

    /// Keeps up to this many batches in flight. With more than one, batches may be stored in another order.
    #[must_use]
    pub fn concurrency(mut self, batches: usize) -> Self {
        self.concurrency = batches.max(1);
        self
    }

    /// Gives each batch this long, all attempts included, instead of the session's limit.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }
}

/// Collects messages into batches; each message has a future of its own for its identifier.
///
/// It has no task of its own: what is polled does the work, whether a [`Receipt`], [`flush`](Self::flush),
/// [`close`](Self::close) or a [`send`](Self::send) that waits for room. Each of them drives all batches before its own, so
/// messages are stored in the order of their sending. Dropping the publisher without a flush drops what no
/// receipt asks for, and says so in the log.
///
/// A batch is one publish call: not idempotent, so a batch whose fate is unknown is not resent, and all of its receipts
/// give the error ([`may_have_applied`](pentad_core::Error::may_have_applied)).
pub struct Publisher {
    shared: Arc<Shared>,
}

struct Shared {
    topic: Topic,
    options: PublisherOptions,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The batch that still takes messages.
    open: Option<Arc<Batch>>,
    /// All batches without an answer, oldest first; the open one is the last.
    running: Vec<(Arc<Batch>, Run)>,
    waiting: usize,
    waiting_bytes: usize,
    failed: usize,
    failure: Option<Error>,
    closed: bool,
}

/// More batches than this are never queued: each drives the one before it, and the chain stays short.
const MOST_BATCHES: usize = 128;

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the batch off the list and its messages off the count.
    fn finished(&self, batch: &Arc<Batch>, count: usize, error: Option<Error>) {
        let mut state = self.lock();
        state.running.retain(|(other, _)| !Arc::ptr_eq(other, batch));
        state.waiting = state.waiting.saturating_sub(count);
        state.waiting_bytes = state.waiting_bytes.saturating_sub(batch.bytes());
        if let Some(error) = error {
            state.failed += count;
            state.failure.get_or_insert(error);
        }
    }

    /// From now on the batch takes no more messages.
    fn seal(&self, batch: &Arc<Batch>) {
        let mut state = self.lock();
        if state.open.as_ref().is_some_and(|open| Arc::ptr_eq(open, batch)) {
            state.open = None;
        }
    }
}

impl State {
    fn has_room(&self, options: &PublisherOptions, bytes: usize) -> bool {
        let fits = self.waiting < options.capacity
            && (self.waiting == 0 || self.waiting_bytes + bytes <= options.capacity_bytes);
        fits && (self.open.is_some() || self.running.len() < MOST_BATCHES)
    }

    fn seal_open(&mut self) {
        if let Some(batch) = self.open.take() {
            batch.seal();
        }
    }

    fn runs(&self) -> Vec<Run> {
        self.running.iter().map(|(_, run)| run.clone()).collect()
    }
}

impl Publisher {
    pub(crate) fn new(topic: Topic, options: PublisherOptions) -> Self {
        Self { shared: Arc::new(Shared { topic, options, state: Mutex::default() }) }
    }

    /// The topic.
    pub fn topic(&self) -> &Topic {
        &self.shared.topic
    }

    /// How many messages wait for their answers.
    pub fn waiting(&self) -> usize {
        self.shared.lock().waiting
    }

    /// Takes a message, and waits for room if too many wait already.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) and [`TooLarge`](ErrorKind::TooLarge) as [`Topic::publish`], for this message alone;
    /// [`Config`](ErrorKind::Config) after [`close`](Self::close).
    pub async fn send(&self, message: impl Into<Message>) -> Result<Receipt> {
        let message = message.into();
        self.shared.topic.client().check_messages(std::slice::from_ref(&message))?;
        let bytes = message.stored_size();
        let mut message = Some(message);
        loop {
            let (added, runs) = self.add(&mut message, bytes)?;
            match added {
                Some((receipt, sealed)) => {
                    if sealed {
                        nudge(runs).await;
                    }
                    return Ok(receipt);
                }
                None if runs.is_empty() => {}
                None => drop(select_all(runs).await),
            }
        }
    }

    /// Takes a message and waits for its identifier.
    ///
    /// # Errors
    /// As [`send`](Self::send) and [`Topic::publish`].
    pub async fn publish(&self, message: impl Into<Message>) -> Result<String> {
        self.send(message).await?.await
    }

    /// Adds the message if there is room; says whether a batch was completed by it.
    #[expect(clippy::type_complexity, reason = "one private pair, named at its only use")]
    fn add(
        &self,
        message: &mut Option<Message>,
        bytes: usize,
    ) -> Result<(Option<(Receipt, bool)>, Vec<Run>)> {
        let options = &self.shared.options;
        let mut state = self.shared.lock();
        if state.closed {
            return Err(Error::new(ErrorKind::Config, "the publisher is closed"));
        }
        if !state.has_room(options, bytes) {
            state.seal_open();
            return Ok((None, state.runs()));
        }
        let Some(message) = message.take() else { return Ok((None, Vec::new())) };
        if state.open.as_ref().is_some_and(|open| open.bytes() + bytes > options.batch_bytes) {
            state.seal_open();
        }
        let batch = match &state.open {
            Some(open) => Arc::clone(open),
            None => {
                let (batch, run) = self.start(&state);
                state.running.push((Arc::clone(&batch), run));
                state.open = Some(Arc::clone(&batch));
                batch
            }
        };
        let reply = batch.push(message, bytes);
        state.waiting += 1;
        state.waiting_bytes += bytes;
        let sealed = batch.count() >= options.batch_messages || batch.bytes() >= options.batch_bytes;
        if sealed {
            state.seal_open();
        }
        let runs = state.runs();
        let run =
            state.running.iter().find(|(other, _)| Arc::ptr_eq(other, &batch)).map(|(_, run)| run.clone());
        Ok((Some((Receipt::new(reply, run), sealed)), runs))
    }

    /// A new batch, which waits for the one `concurrency` places before it.
    fn start(&self, state: &State) -> (Arc<Batch>, Run) {
        let clock = self.shared.topic.client().session().clock();
        let batch = Arc::new(Batch::new(clock.now() + self.shared.options.delay));
        let place = state.running.len().checked_sub(self.shared.options.concurrency);
        let before = place.and_then(|place| state.running.get(place)).map(|(_, run)| run.clone());
        let run = batch::run(Arc::clone(&self.shared), Arc::clone(&batch), before).boxed().shared();
        (batch, run)
    }

    /// Sends what waits, and waits for all answers.
    ///
    /// # Errors
    /// The first failure since the last flush, if any message failed, saying how many; their receipts have it too.
    pub async fn flush(&self) -> Result<()> {
        let runs = {
            let mut state = self.shared.lock();
            state.seal_open();
            state.runs()
        };
        join_all(runs).await;
        let mut state = self.shared.lock();
        let failed = std::mem::take(&mut state.failed);
        match state.failure.take() {
            Some(error) => {
                Err(error.with_hint(format!("{failed} messages were not acknowledged by the service")))
            }
            None => Ok(()),
        }
    }

    /// Flushes and takes no more messages.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn close(&self) -> Result<()> {
        self.shared.lock().closed = true;
        self.flush().await
    }
}

/// Lets every batch take a step, so that a completed one is on its way before anybody waits for it.
async fn nudge(mut runs: Vec<Run>) {
    poll_fn(|cx| {
        for run in &mut runs {
            let _ = run.poll_unpin(cx);
        }
        Poll::Ready(())
    })
    .await;
}

impl Drop for Publisher {
    fn drop(&mut self) {
        let (lost, running) = {
            let mut state = self.shared.lock();
            state.closed = true;
            state.seal_open();
            (state.waiting, std::mem::take(&mut state.running))
        };
        if lost > 0 {
            let topic = self.shared.topic.name();
            tracing::warn!(
                topic,
                messages = lost,
                "publisher dropped without a flush: only awaited messages are sent"
            );
        }
        drop(running);
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("topic", &self.shared.topic.name())
            .field("options", &self.shared.options)
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}
