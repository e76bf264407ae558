//! One open connection: one asker, listeners, and no task behind them. Whoever waits reads, and hands the others what is
//! theirs. Nothing is held between two polls, so that one who is not asked for a while stops nobody else.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::StreamExt;
use futures_util::future::poll_fn;
use pentad_core::{
    Error, ErrorKind, Result, Sent,
    socket::{Frame, FrameSink, FrameStream},
};
use serde_json::Value;
use tokio::sync::Mutex as Turn;

use super::is_pushed;
use crate::model::Notification;

/// Notifications that a listener has not asked for yet; the oldest go when there are more.
const KEPT: usize = 4096;

/// What frames carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON as text.
    Text,
    /// MessagePack as binary.
    Binary,
}

impl Form {
    fn frame(self, document: &Value) -> Result<Frame> {
        match self {
            Self::Text => Ok(Frame::Text(document.to_string())),
            Self::Binary => rmp_serde::to_vec_named(document)
                .map(|bytes| Frame::Binary(bytes.into()))
                .map_err(|error| Error::invalid("body", "does not fit into MessagePack").with_source(error)),
        }
    }
}

/// The document of a binary frame.
fn unpacked(bytes: &[u8]) -> Option<Value> {
    rmp_serde::from_slice(bytes).ok()
}

pub(crate) struct Link {
    form: Form,
    sink: Turn<Box<dyn FrameSink>>,
    stream: Mutex<FrameStream>,
    inbox: Mutex<Inbox>,
    waiting: Arc<Waiting>,
    broken: AtomicBool,
}

/// Everybody who waits for a frame: the stream itself remembers only the last one who asked.
#[derive(Default)]
struct Waiting(Mutex<Vec<Waker>>);

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, waker: &Waker) {
        let mut all = self.lock();
        if !all.iter().any(|other| other.will_wake(waker)) {
            all.push(waker.clone());
        }
    }

    fn wake_all(&self) {
        let all = std::mem::take(&mut *self.lock());
        all.into_iter().for_each(Waker::wake);
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }
}

#[derive(Default)]
struct Inbox {
    answer: Option<Value>,
    /// Of queues that no listener takes.
    pushed: VecDeque<Notification>,
    /// What this connection is subscribed to by listeners, by queue.
    heard: HashMap<String, Heard>,
    /// What ended the connection.
    end: Option<(ErrorKind, String)>,
}

/// The subscription of one queue's listener.
struct Heard {
    subscription: String,
    /// False if the listener was dropped: the service goes on pushing what nobody wants.
    listening: bool,
    pushed: VecDeque<Notification>,
}

impl Inbox {
    /// Keeps a notification for whom it concerns; true if an older one had to go for it.
    fn keep(&mut self, notification: Notification) -> bool {
        let pushed = match self.heard.get_mut(&notification.queue_name) {
            Some(heard) if !heard.listening => return false,
            Some(heard) => &mut heard.pushed,
            None => &mut self.pushed,
        };
        let full = pushed.len() == KEPT;
        if full {
            pushed.pop_front();
        }
        pushed.push_back(notification);
        full
    }
}

impl Link {
    pub(super) fn new(sink: Box<dyn FrameSink>, stream: FrameStream, form: Form) -> Self {
        Self {
            form,
            sink: Turn::new(sink),
            stream: Mutex::new(stream),
            inbox: Mutex::default(),
            waiting: Arc::default(),
            broken: AtomicBool::new(false),
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::SeqCst)
    }

    /// Nobody may ask on this connection any more.
    pub(super) fn give_up(&self) {
        self.end(ErrorKind::Connection, "the connection was given up in the middle of a call".to_owned());
    }

    pub(super) async fn close(&self) -> Result<()> {
        self.end(ErrorKind::Connection, "the connection was closed".to_owned());
        self.sink.lock().await.close().await
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, kind: ErrorKind, why: String) {
        self.broken.store(true, Ordering::SeqCst);
        self.inbox().end.get_or_insert((kind, why));
        self.waiting.wake_all();
    }

    /// Sends a frame and waits for its answer. One asker at a time.
    pub(super) async fn ask(&self, frame: &Value) -> Result<Value> {
        self.inbox().answer = None;
        self.sink.lock().await.send(self.form.frame(frame)?).await?;
        self.wait(|inbox| inbox.answer.take(), Sent::Maybe).await
    }

    async fn wait<T>(&self, take: impl Fn(&mut Inbox) -> Option<T>, sent: Sent) -> Result<T> {
        poll_fn(|cx| self.poll_wait(cx, &take, sent)).await
    }

    fn poll_wait<T>(
        &self,
        cx: &Context<'_>,
        take: impl Fn(&mut Inbox) -> Option<T>,
        sent: Sent,
    ) -> Poll<Result<T>> {
        self.waiting.add(cx.waker());
        loop {
            {
                let mut inbox = self.inbox();
                if let Some(found) = take(&mut inbox) {
                    return Poll::Ready(Ok(found));
                }
                if let Some((kind, why)) = &inbox.end {
                    return Poll::Ready(Err(Error::new(*kind, why.clone()).with_sent(sent)));
                }
            }
            match self.poll_frame() {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => self.take(frame),
                Poll::Ready(Some(Err(error))) => self.end(error.kind(), error.message().to_owned()),
                Poll::Ready(None) => {
                    self.end(ErrorKind::Connection, "the service closed the connection".to_owned());
                }
            }
            // What came may be somebody else's.
            self.waiting.wake_all();
        }
    }

    /// The next frame, for whomever; all who wait are woken when there is one.
    fn poll_frame(&self) -> Poll<Option<Result<Frame>>> {
        let waker = Waker::from(Arc::clone(&self.waiting));
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream.poll_next_unpin(&mut Context::from_waker(&waker))
    }

    fn take(&self, frame: Frame) {
        let (value, document) = match frame {
            Frame::Text(text) => (serde_json::from_str(&text).ok(), text.into_bytes()),
            Frame::Binary(bytes) => {
                let value = unpacked(&bytes);
                let json = value.as_ref().map(Value::to_string).unwrap_or_default();
                (value, json.into_bytes())
            }
            Frame::Close(Some(4003)) => {
                let why = "the service closed the connection: its authentication expired".to_owned();
                return self.end(ErrorKind::Connection, why);
            }
            _ => return self.end(ErrorKind::Connection, "the service closed the connection".to_owned()),
        };
        let Some(value) = value else {
            let why = "a frame of the service is neither JSON nor MessagePack";
            return self.end(ErrorKind::Decode, why.to_owned());
        };
        if !is_pushed(&value) {
            self.inbox().answer = Some(value);
            return;
        }
        match serde_json::from_slice::<Notification>(&document) {
            Ok(notification) => {
                if self.inbox().keep(notification) {
                    tracing::warn!("notifications come faster than they are taken: the oldest is dropped");
                }
            }
            Err(error) => tracing::warn!(%error, "a frame is neither answer nor notification"),
        }
    }
}

/// The next notification.
pub(super) async fn pushed(link: Arc<Link>) -> Result<Notification> {
    link.wait(|inbox| inbox.pushed.pop_front(), Sent::Answered).await
}

impl Link {
    /// The subscription that a listener of the queue left behind.
    pub(crate) fn left_behind(&self, queue: &str) -> Option<String> {
        let inbox = self.inbox();
        inbox.heard.get(queue).filter(|heard| !heard.listening).map(|heard| heard.subscription.clone())
    }

    /// What was left behind is gone: nothing of it comes any more.
    pub(crate) fn forget(&self, queue: &str) {
        self.inbox().heard.retain(|name, heard| heard.listening || name != queue);
    }
}

/// The listener of one queue on one connection; what comes for it stays here until it is asked for.
pub(crate) struct Ear {
    link: Arc<Link>,
    queue: String,
}

impl Ear {
    /// Listens on the connection to what this subscription pushes.
    pub(crate) fn new(link: Arc<Link>, queue: &str, subscription: String) -> Self {
        let mut inbox = link.inbox();
        // The first of them may have come together with the answer to the subscription.
        let all = std::mem::take(&mut inbox.pushed);
        let (pushed, others) = all.into_iter().partition(|notification| notification.queue_name == queue);
        inbox.pushed = others;
        inbox.heard.insert(queue.to_owned(), Heard { subscription, listening: true, pushed });
        drop(inbox);
        Self { link, queue: queue.to_owned() }
    }

    /// The same listener with another subscription, perhaps on another connection.
    pub(crate) fn moved(self, link: Arc<Link>, subscription: String) -> Self {
        if !Arc::ptr_eq(&self.link, &link) {
            return Self::new(link, &self.queue, subscription);
        }
        if let Some(heard) = self.link.inbox().heard.get_mut(&self.queue) {
            heard.subscription = subscription;
        }
        self
    }

    /// The subscription that pushes.
    pub(crate) fn subscription(&self) -> Option<String> {
        self.link.inbox().heard.get(&self.queue).map(|heard| heard.subscription.clone())
    }

    /// The next notification.
    pub(crate) async fn next(&self) -> Result<Notification> {
        let take = |inbox: &mut Inbox| inbox.heard.get_mut(&self.queue)?.pushed.pop_front();
        self.link.wait(take, Sent::Answered).await
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        if let Some(heard) = self.link.inbox().heard.get_mut(&self.queue) {
            heard.listening = false;
            heard.pushed.clear();
        }
    }
}
