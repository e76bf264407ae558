//! One batch: messages until it is sealed, then one publish call, then an answer for each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::future::{self, BoxFuture, Shared as SharedFuture};
use pentad_core::{Error, ErrorKind, Result, Sent};
use tokio::sync::{Notify, oneshot};

use super::Shared;
use crate::message::Message;
use crate::ops;

pub(super) type Run = SharedFuture<BoxFuture<'static, ()>>;
pub(super) type Reply = oneshot::Receiver<Result<String>>;

pub(super) struct Batch {
    content: Mutex<Content>,
    sealed: Notify,
    due: Instant,
}

#[derive(Default)]
struct Content {
    messages: Vec<Message>,
    replies: Vec<oneshot::Sender<Result<String>>>,
    count: usize,
    bytes: usize,
}

impl Batch {
    pub(super) fn new(due: Instant) -> Self {
        Self { content: Mutex::default(), sealed: Notify::new(), due }
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, message: Message, bytes: usize) -> Reply {
        let (sender, receiver) = oneshot::channel();
        let mut content = self.lock();
        content.messages.push(message);
        content.replies.push(sender);
        content.count += 1;
        content.bytes += bytes;
        receiver
    }

    pub(super) fn count(&self) -> usize {
        self.lock().count
    }

    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    pub(super) fn seal(&self) {
        self.sealed.notify_one();
    }
}

/// Waits for the batch before it and for the seal, publishes, answers.
pub(super) async fn run(shared: Arc<Shared>, batch: Arc<Batch>, before: Option<Run>) {
    if let Some(before) = before {
        before.await;
    }
    let clock = shared.topic.client().session().clock();
    let left = batch.due.saturating_duration_since(clock.now());
    future::select(Box::pin(batch.sealed.notified()), clock.sleep(left)).await;
    shared.seal(&batch);
    let (messages, replies) = {
        let mut content = batch.lock();
        (std::mem::take(&mut content.messages), std::mem::take(&mut content.replies))
    };
    let count = replies.len();
    let call = shared.topic.publish(messages);
    let call = match shared.options.timeout {
        Some(limit) => call.timeout(limit),
        None => call,
    };
    let failure = match call.await {
        Ok(ids) if ids.len() == count => {
            for (reply, id) in replies.into_iter().zip(ids) {
                // Nobody may be waiting for this one any more.
                let _ = reply.send(Ok(id));
            }
            None
        }
        Ok(ids) => Some(mismatch(ids.len(), count, replies)),
        Err(error) => Some(spread(error, replies)),
    };
    shared.finished(&batch, count, failure);
}

fn mismatch(got: usize, sent: usize, replies: Vec<oneshot::Sender<Result<String>>>) -> Error {
    let message = format!("{sent} messages were sent and {got} identifiers came back");
    let error = Error::new(ErrorKind::Decode, message).with_op(ops::TOPIC_PUBLISH.id).with_sent(Sent::Maybe);
    spread(error, replies)
}

/// Gives every message its copy of the failure.
fn spread(error: Error, replies: Vec<oneshot::Sender<Result<String>>>) -> Error {
    let error = Arc::new(error);
    for reply in replies {
        let _ = reply.send(Err(Error::shared(&error)));
    }
    Error::shared(&error)
}
