//! One open connection: one asker, one listener, and no task behind them. Whoever waits reads, and hands the other one
//! what is theirs.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use pentad_core::{
    Error, ErrorKind, Result, Sent,
    socket::{Frame, FrameSink, FrameStream},
};
use serde_json::Value;
use tokio::sync::{Mutex as Turn, Notify};

use super::is_pushed;
use crate::model::Notification;

/// Notifications that nobody has asked for yet; the oldest go when there are more.
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
    stream: Turn<FrameStream>,
    inbox: Mutex<Inbox>,
    changed: Notify,
    broken: AtomicBool,
}

#[derive(Default)]
struct Inbox {
    answer: Option<Value>,
    pushed: VecDeque<Notification>,
    /// What ended the connection.
    end: Option<(ErrorKind, String)>,
}

impl Link {
    pub(super) fn new(sink: Box<dyn FrameSink>, stream: FrameStream, form: Form) -> Self {
        Self {
            form,
            sink: Turn::new(sink),
            stream: Turn::new(stream),
            inbox: Mutex::default(),
            changed: Notify::new(),
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
        self.changed.notify_waiters();
    }

    /// Sends a frame and waits for its answer. One asker at a time.
    pub(super) async fn ask(&self, frame: &Value) -> Result<Value> {
        self.inbox().answer = None;
        self.sink.lock().await.send(self.form.frame(frame)?).await?;
        self.wait(|inbox| inbox.answer.take(), Sent::Maybe).await
    }

    async fn wait<T>(&self, take: impl Fn(&mut Inbox) -> Option<T>, sent: Sent) -> Result<T> {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            {
                let mut inbox = self.inbox();
                if let Some(found) = take(&mut inbox) {
                    return Ok(found);
                }
                if let Some((kind, why)) = &inbox.end {
                    return Err(Error::new(*kind, why.clone()).with_sent(sent));
                }
            }
            // Whoever gets the stream reads for both; the other one is told.
            match select(std::pin::pin!(self.read()), changed).await {
                Either::Left(_) | Either::Right(_) => {}
            }
        }
    }

    /// Reads one frame into the inbox.
    async fn read(&self) {
        let mut stream = self.stream.lock().await;
        match stream.next().await {
            Some(Ok(frame)) => self.take(frame),
            Some(Err(error)) => self.end(error.kind(), error.message().to_owned()),
            None => self.end(ErrorKind::Connection, "the service closed the connection".to_owned()),
        }
        self.changed.notify_waiters();
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
                let mut inbox = self.inbox();
                if inbox.pushed.len() == KEPT {
                    inbox.pushed.pop_front();
                    tracing::warn!("notifications come faster than they are taken: the oldest is dropped");
                }
                inbox.pushed.push_back(notification);
            }
            Err(error) => tracing::warn!(%error, "a frame is neither answer nor notification"),
        }
    }
}

/// The next notification.
pub(super) async fn pushed(link: Arc<Link>) -> Result<Notification> {
    link.wait(|inbox| inbox.pushed.pop_front(), Sent::Answered).await
}

/// The next notification of one queue; those of others stay for their listeners.
pub(crate) async fn pushed_of(link: Arc<Link>, queue: &str) -> Result<Notification> {
    let take = |inbox: &mut Inbox| {
        let place = inbox.pushed.iter().position(|notification| notification.queue_name == queue)?;
        inbox.pushed.remove(place)
    };
    link.wait(take, Sent::Answered).await
}
