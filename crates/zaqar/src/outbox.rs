//! Posting message by message, in batches, with a receipt for each.

use std::collections::VecDeque;
use std::fmt;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_util::FutureExt;
use futures_util::future::Shared;
use pentad_core::{BoxFuture, Error, ErrorKind, Result, Sent};
use tokio::sync::oneshot;

use crate::message::NewMessage;
use crate::producer::Producer;
use crate::queue::Queue;

/// Takes messages one by one and posts them in batches; each has a [`Receipt`] that gives its id.
///
/// It has no task of its own: awaiting a receipt, [`flush`](Self::flush) or a [`send`](Self::send) that waits for room posts
/// what waits, oldest first, one post at a time, so that messages are stored in the order of their sending. Whoever waits
/// drives the post that is under way, also for the others: one who gives up takes nobody's message along. What nobody waits
/// for is not posted.
#[derive(Clone)]
pub struct Outbox(Arc<Content>);

struct Content {
    queue: Queue,
    options: Producer,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// Messages without an answer, and their bytes: waiting or in the post under way.
    count: usize,
    bytes: usize,
    running: Option<Run>,
}

struct Waiting {
    message: NewMessage,
    bytes: usize,
    reply: oneshot::Sender<Result<String>>,
}

/// A post that several drive. Its value is its failure.
type Run = Shared<BoxFuture<'static, Option<Arc<Error>>>>;

impl Queue {
    /// An outbox with a receipt for each message. Nothing is sent.
    pub fn outbox(&self, options: Producer) -> Outbox {
        Outbox(Arc::new(Content { queue: self.clone(), options, state: Mutex::default() }))
    }
}

impl Outbox {
    /// Takes a message, and waits for room if too many wait already. It is posted when somebody waits for it, or for a later
    /// one.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid), [`TooLarge`](ErrorKind::TooLarge) and [`Unsupported`](ErrorKind::Unsupported) as
    /// [`Queue::post`], for this message alone.
    pub async fn send(&self, message: impl Into<NewMessage>) -> Result<Receipt> {
        let message = message.into();
        self.0.queue.check_message(&message)?;
        let bytes = message.size();
        loop {
            {
                let mut state = self.0.lock();
                if state.has_room(bytes, self.0.options) {
                    let (reply, answer) = oneshot::channel();
                    state.count += 1;
                    state.bytes += bytes;
                    state.waiting.push_back(Waiting { message, bytes, reply });
                    return Ok(Receipt { outbox: self.clone(), answer });
                }
            }
            if let Some(run) = self.0.run() {
                run.await;
            }
        }
    }

    /// How many messages wait to be posted; those of the post under way do not.
    pub fn waiting(&self) -> usize {
        self.0.lock().waiting.len()
    }

    /// Posts all that waits.
    ///
    /// # Errors
    /// Those of [`Queue::post`]: the first, after all posts were tried. Receipts that are still held tell which messages
    /// it concerns.
    /// # Retry
    /// Each post is not idempotent, as [`Queue::post`].
    pub async fn flush(&self) -> Result<()> {
        let mut outcome = Ok(());
        while let Some(run) = self.0.run() {
            if let Some(error) = run.await {
                outcome = outcome.and(Err(Error::shared(&error)));
            }
        }
        outcome
    }
}

impl State {
    fn has_room(&self, bytes: usize, options: Producer) -> bool {
        let fits = self.count == 0 || self.bytes.saturating_add(bytes) <= options.capacity_bytes;
        fits && self.count < options.capacity
    }

    /// What the next post takes.
    fn batch(&mut self, most: usize, bytes: usize) -> Vec<Waiting> {
        let (mut batch, mut size) = (Vec::new(), 0);
        while let Some(next) = self.waiting.pop_front() {
            size += next.bytes;
            if batch.len() == most || (size > bytes && !batch.is_empty()) {
                self.waiting.push_front(next);
                break;
            }
            batch.push(next);
        }
        batch
    }
}

impl Content {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The post that is under way, else the next one; `None` if nothing waits.
    fn run(self: &Arc<Self>) -> Option<Run> {
        let mut state = self.lock();
        if let Some(run) = &state.running {
            return Some(run.clone());
        }
        let (most, bytes) = self.options.limits(&self.queue);
        let batch = state.batch(most, bytes);
        if batch.is_empty() {
            return None;
        }
        // Weak, because the outbox itself keeps the post.
        let run = post(self.queue.clone(), Arc::downgrade(self), batch).boxed().shared();
        state.running = Some(run.clone());
        Some(run)
    }

    fn done(&self, count: usize, bytes: usize) {
        let mut state = self.lock();
        state.count = state.count.saturating_sub(count);
        state.bytes = state.bytes.saturating_sub(bytes);
        state.running = None;
    }
}

/// Posts a batch, and answers each of its messages.
async fn post(queue: Queue, outbox: Weak<Content>, batch: Vec<Waiting>) -> Option<Arc<Error>> {
    let bytes = batch.iter().map(|waiting| waiting.bytes).sum();
    let (messages, replies): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|waiting| (waiting.message, waiting.reply)).unzip();
    let posted = queue.post(messages).await;
    if let Some(outbox) = outbox.upgrade() {
        outbox.done(replies.len(), bytes);
    }
    match posted {
        Ok(posted) => {
            let ids = posted.ids().map(|id| Ok(id.to_owned()));
            let missing = || Err(Error::new(ErrorKind::Decode, "the service gave too few ids"));
            for (reply, id) in replies.into_iter().zip(ids.chain(std::iter::repeat_with(missing))) {
                // Whoever dropped the receipt does not want to know.
                let _ = reply.send(id);
            }
            None
        }
        Err(error) => {
            let error = Arc::new(error);
            for reply in replies {
                let _ = reply.send(Err(Error::shared(&error)));
            }
            Some(error)
        }
    }
}

/// The id of one message, when it is posted.
#[must_use = "a message is posted when its receipt is awaited, or with flush"]
pub struct Receipt {
    outbox: Outbox,
    answer: oneshot::Receiver<Result<String>>,
}

impl Receipt {
    async fn id(mut self) -> Result<String> {
        loop {
            match self.answer.try_recv() {
                Ok(answer) => return answer,
                Err(oneshot::error::TryRecvError::Closed) => return Err(given_up()),
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            match self.outbox.0.run() {
                Some(run) => drop(run.await),
                None => return Err(given_up()),
            }
        }
    }
}

impl IntoFuture for Receipt {
    type Output = Result<String>;
    type IntoFuture = BoxFuture<'static, Result<String>>;

    /// Posts what waits before this message, and it.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.id())
    }
}

fn given_up() -> Error {
    let text = "the post ended without an answer: the message may or may not have been stored";
    Error::new(ErrorKind::Unexpected, text).with_sent(Sent::Maybe)
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("queue", &self.0.queue.name()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipt(..)")
    }
}
