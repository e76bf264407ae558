//! Posting message by message, in batches, with a receipt for each.

use std::collections::VecDeque;
use std::fmt;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{Either, select};
use pentad_core::{BoxFuture, Error, ErrorKind, Result, Sent};
use tokio::sync::{Mutex as Turn, oneshot};

use crate::message::NewMessage;
use crate::producer::Producer;
use crate::queue::Queue;

/// Takes messages one by one and posts them in batches; each has a [`Receipt`] that gives its id.
///
/// It has no task of its own: awaiting a receipt or [`flush`](Self::flush) posts what waits, oldest first, one post at a
/// time, so that messages are stored in the order of their sending. What nobody waits for is not posted.
#[derive(Clone)]
pub struct Outbox(Arc<Shared>);

struct Shared {
    queue: Queue,
    options: Producer,
    waiting: Mutex<VecDeque<Waiting>>,
    /// Held for the length of one post.
    turn: Turn<()>,
}

struct Waiting {
    message: NewMessage,
    reply: oneshot::Sender<Result<String>>,
}

impl Queue {
    /// An outbox with a receipt for each message. Nothing is sent.
    pub fn outbox(&self, options: Producer) -> Outbox {
        let (queue, waiting, turn) = (self.clone(), Mutex::default(), Turn::new(()));
        Outbox(Arc::new(Shared { queue, options, waiting, turn }))
    }
}

impl Outbox {
    /// Takes a message; it is posted when somebody waits for it, or for a later one.
    #[must_use = "the message is posted when its receipt is awaited, or with flush"]
    pub fn send(&self, message: NewMessage) -> Receipt {
        let (reply, answer) = oneshot::channel();
        self.0.lock().push_back(Waiting { message, reply });
        Receipt { outbox: self.clone(), answer }
    }

    /// How many messages wait to be posted.
    pub fn waiting(&self) -> usize {
        self.0.lock().len()
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
        let _turn = self.0.turn.lock().await;
        while let Some(posted) = self.0.post().await {
            outcome = outcome.and(posted);
        }
        outcome
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the next post takes.
    fn batch(&self) -> Vec<Waiting> {
        let (most, bytes) = self.options.limits(&self.queue);
        let (mut waiting, mut batch, mut size) = (self.lock(), Vec::new(), 0);
        while let Some(next) = waiting.pop_front() {
            size += next.message.size();
            if batch.len() == most || (size > bytes && !batch.is_empty()) {
                waiting.push_front(next);
                break;
            }
            batch.push(next);
        }
        batch
    }

    /// Posts one batch; `None` if nothing waits.
    async fn post(&self) -> Option<Result<()>> {
        let batch = self.batch();
        if batch.is_empty() {
            return None;
        }
        let (messages, replies): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|waiting| (waiting.message, waiting.reply)).unzip();
        match self.queue.post(messages).await {
            Ok(posted) => {
                let ids = posted.ids().map(|id| Ok(id.to_owned()));
                let missing = || Err(Error::new(ErrorKind::Decode, "the service gave too few ids"));
                for (reply, id) in replies.into_iter().zip(ids.chain(std::iter::repeat_with(missing))) {
                    // Whoever dropped the receipt does not want to know.
                    let _ = reply.send(id);
                }
                Some(Ok(()))
            }
            Err(error) => {
                for reply in replies {
                    let _ = reply.send(Err(again(&error)));
                }
                Some(Err(error))
            }
        }
    }
}

/// The same failure for another message of the post.
fn again(error: &Error) -> Error {
    let sent = if error.may_have_applied() { Sent::Maybe } else { error.sent() };
    let mut copy = Error::new(error.kind(), error.message().to_owned()).with_sent(sent);
    if let Some(status) = error.status() {
        copy = copy.with_status(status);
    }
    match error.api() {
        Some(api) => copy.with_api(api.clone()),
        None => copy,
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
            let shared = Arc::clone(&self.outbox.0);
            let turn = match select(&mut self.answer, std::pin::pin!(shared.turn.lock())).await {
                Either::Left((answer, _)) => return answer.unwrap_or_else(|_| Err(given_up())),
                Either::Right((turn, _)) => turn,
            };
            // It may have been posted while this one waited for its turn.
            match self.answer.try_recv() {
                Ok(answer) => return answer,
                Err(oneshot::error::TryRecvError::Closed) => return Err(given_up()),
                Err(oneshot::error::TryRecvError::Empty) => drop(shared.post().await),
            }
            drop(turn);
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
    let text = "whoever posted the message gave up in the middle: it may or may not have been stored";
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
