//! The body of a request, read when a service wants it.

use std::fmt;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use http::StatusCode;
use http_body::Body;
use http_body_util::BodyExt;
use serde_json::json;

use crate::budget::{Budgets, Hold, SMALL};
use crate::clock::{Stopwatch, real_limit};
use crate::http::{BodyStream, Reply, ReplyBody};

/// The longest silence of a sender.
const SILENCE: Duration = Duration::from_secs(30);
/// The longest silence of a sender for which others may have to wait.
const SHORT_SILENCE: Duration = Duration::from_secs(10);
/// After this time such a sender must have kept the pace.
const GRACE: Duration = Duration::from_secs(10);
/// The least pace in bytes per second of a body for which others may have to wait.
const PACE: u64 = 128 * 1024;
/// How long, and how far, a body that nobody read is read on, so that its sender gets to read the answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bodies up to this size are kept for the request log.
pub(crate) const EXCERPT: usize = 2048;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Raw = Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>;

/// Why a body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyFault {
    /// It is longer than `--max-body`.
    #[error("the body is longer than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Its sender was silent for too long, or too slow for a body that others wait for.
    #[error("the body came too slowly")]
    Slow,
    /// The connection broke off.
    #[error("the body broke off: {0}")]
    Broken(String),
}

impl BodyFault {
    /// An answer for this fault. The shell puts the service's own 413 in its place, and breaks off a connection that
    /// is broken anyway, so that a service need not tell the faults apart.
    pub fn reply(&self) -> Reply {
        let status = match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        };
        Reply::json(status, &json!({"error": {"code": status.as_u16(), "message": self.to_string()}}))
    }
}

/// A body that is read when it is wanted: whole with [`bytes`](Self::bytes), or piece by piece.
///
/// Check route, token and role first. What is not read the shell discards. A client that sent
/// `expect: 100-continue` is asked for its body by the first read.
pub struct Incoming {
    state: State,
    ledger: Arc<Ledger>,
}

enum State {
    Whole(Bytes),
    /// In a mutex only so that requests can be shared between threads; never locked.
    Unread(Mutex<Raw>),
    Failed(BodyFault),
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            State::Whole(bytes) => write!(f, "Incoming({} bytes)", bytes.len()),
            State::Unread(_) => f.write_str("Incoming(unread)"),
            State::Failed(fault) => write!(f, "Incoming({fault})"),
        }
    }
}

impl Default for Incoming {
    /// An empty body.
    fn default() -> Self {
        Self::from(Bytes::new())
    }
}

impl From<Bytes> for Incoming {
    fn from(bytes: Bytes) -> Self {
        Self { state: State::Whole(bytes), ledger: Arc::default() }
    }
}

impl Incoming {
    /// A body that is still to be read, and the shell's view of it.
    pub(crate) fn new<B>(body: B, limit: u64, budgets: &Budgets) -> (Self, Arc<Ledger>)
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let ledger = Arc::new(Ledger { limit, budgets: Some(budgets.clone()), seen: Mutex::default() });
        let state = match body.is_end_stream() {
            true => State::Whole(Bytes::new()),
            false => State::Unread(Mutex::new(Box::pin(body.map_err(Into::into)))),
        };
        (Self { state, ledger: Arc::clone(&ledger) }, ledger)
    }

    /// Waits until an answer that is large has room beside the others; the room is kept until the answer was sent. To be
    /// asked for once, before the answer is put together; `length` is about what that takes.
    pub(crate) async fn room_to_answer(&self, length: u64) {
        if let Some(budgets) = &self.ledger.budgets {
            let hold = budgets.answers.hold(length).await;
            self.ledger.seen().answer = Some(hold);
        }
    }

    /// The declared length in bytes, if there is one.
    pub fn declared(&self) -> Option<u64> {
        match &self.state {
            State::Whole(bytes) => Some(bytes.len() as u64),
            State::Unread(raw) => raw.lock().unwrap_or_else(PoisonError::into_inner).size_hint().exact(),
            State::Failed(_) => None,
        }
    }

    /// The whole body, at most `--max-body` bytes. Reading it again gives the same.
    ///
    /// Large bodies wait for their turn, so that many at once do not exhaust memory; the room is given back when both
    /// the request is answered and every clone of the bytes is dropped.
    ///
    /// # Errors
    /// [`BodyFault`]; answer with [`BodyFault::reply`].
    /// # Cancellation
    /// What was read is lost.
    pub async fn bytes(&mut self) -> Result<Bytes, BodyFault> {
        let read = match &mut self.state {
            State::Whole(bytes) => return Ok(bytes.clone()),
            State::Failed(fault) => return Err(fault.clone()),
            State::Unread(raw) => {
                let raw = raw.get_mut().unwrap_or_else(PoisonError::into_inner);
                self.ledger.read(raw).await
            }
        };
        match read {
            Ok(bytes) => {
                self.state = State::Whole(bytes.clone());
                Ok(bytes)
            }
            Err(fault) => {
                self.ledger.seen().fault = Some(fault.clone());
                self.fail(fault.clone());
                Err(fault)
            }
        }
    }

    /// What [`bytes`](Self::bytes) has read; empty before.
    pub fn whole(&self) -> &[u8] {
        match &self.state {
            State::Whole(bytes) => bytes,
            _ => &[],
        }
    }

    /// The next piece, `None` at the end. There is no limit of length.
    ///
    /// # Errors
    /// [`BodyFault::Slow`] after 30 s of silence, [`BodyFault::Broken`]; what came before counts.
    /// # Cancellation
    /// Safe: nothing is lost.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, BodyFault> {
        let next = match &mut self.state {
            State::Whole(bytes) => return Ok(Some(mem::take(bytes)).filter(|bytes| !bytes.is_empty())),
            State::Failed(fault) => return Err(fault.clone()),
            State::Unread(raw) => next(raw.get_mut().unwrap_or_else(PoisonError::into_inner), SILENCE).await,
        };
        match &next {
            Ok(Some(data)) => self.ledger.seen().length += data.len() as u64,
            Ok(None) => self.state = State::Whole(Bytes::new()),
            Err(fault) => self.fail(fault.clone()),
        }
        next
    }

    /// The body piece by piece, without a limit of length: for uploads that are stored as they come.
    pub fn stream(self) -> BodyStream {
        Box::pin(stream::unfold(Some(self), |incoming| async {
            let mut incoming = incoming?;
            match incoming.piece().await {
                Ok(Some(data)) => Some((Ok(data), Some(incoming))),
                Ok(None) => None,
                Err(fault) => Some((Err(io::Error::other(fault)), None)),
            }
        }))
    }

    fn fail(&mut self, fault: BodyFault) {
        let readable = matches!(fault, BodyFault::TooLarge { .. });
        if let State::Unread(raw) = mem::replace(&mut self.state, State::Failed(fault))
            && readable
        {
            self.ledger.seen().left = Some(raw.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Drop for Incoming {
    /// Leaves what was not read to the shell.
    fn drop(&mut self) {
        if let State::Unread(raw) = mem::replace(&mut self.state, State::Whole(Bytes::new())) {
            self.ledger.seen().left = Some(raw.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// What the shell knows of a body that a service reads.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    limit: u64,
    budgets: Option<Budgets>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
pub(crate) struct Seen {
    /// Bytes read so far.
    pub(crate) length: u64,
    /// A short body that was read whole.
    pub(crate) excerpt: Option<Bytes>,
    /// Why reading it whole failed.
    pub(crate) fault: Option<BodyFault>,
    /// What nobody read.
    pub(crate) left: Option<Raw>,
    /// Room in the budget, kept until the request is answered.
    hold: Option<Arc<Hold>>,
    /// The room of a large answer.
    answer: Option<Hold>,
}

impl Seen {
    /// The body of the answer, which holds its room until it was sent or dropped.
    pub(crate) fn in_its_room(&mut self, body: ReplyBody) -> ReplyBody {
        match (body, self.answer.take()) {
            (ReplyBody::Full(bytes), Some(hold)) => {
                ReplyBody::Full(Bytes::from_owner(Held { bytes, _hold: Arc::new(hold) }))
            }
            (ReplyBody::Stream(stream), Some(hold)) => {
                ReplyBody::Stream(Box::pin(stream.inspect(move |_| {
                    let _ = &hold;
                })))
            }
            (body, None) => body,
        }
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen")
            .field("length", &self.length)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

/// Bytes together with their room in the budget.
struct Held {
    bytes: Bytes,
    _hold: Arc<Hold>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Ledger {
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, raw: &mut Raw) -> Result<Bytes, BodyFault> {
        let (bytes, hold) = self.collect(raw).await?;
        let mut seen = self.seen();
        seen.length = bytes.len() as u64;
        if bytes.len() <= EXCERPT {
            // A copy: a slice would keep the connection's whole buffer alive.
            seen.excerpt = Some(Bytes::copy_from_slice(&bytes));
        }
        let Some(mut hold) = hold else { return Ok(bytes) };
        hold.shrink(seen.length);
        let hold = Arc::new(hold);
        seen.hold = Some(Arc::clone(&hold));
        Ok(Bytes::from_owner(Held { bytes, _hold: hold }))
    }

    async fn collect(&self, raw: &mut Raw) -> Result<(Bytes, Option<Hold>), BodyFault> {
        let declared = raw.size_hint().exact();
        let too_large = || BodyFault::TooLarge { limit: self.limit };
        if declared.is_some_and(|length| length > self.limit) {
            return Err(too_large());
        }
        let mut hold = match declared {
            Some(length) if length > SMALL => self.hold(length).await,
            _ => None,
        };
        let mut watch = Stopwatch::start();
        let mut whole = BytesMut::new();
        loop {
            let silence = if hold.is_some() { SHORT_SILENCE } else { SILENCE };
            let Some(data) = next(raw, silence).await? else { return Ok((whole.freeze(), hold)) };
            let length = (whole.len() + data.len()) as u64;
            if length > self.limit {
                return Err(too_large());
            }
            // Most bodies are one piece, which is handed on as it is.
            if whole.is_empty() && raw.is_end_stream() {
                return Ok((data, hold));
            }
            if hold.is_none() && length > SMALL {
                // Nothing tells how long it will be: room for the longest.
                hold = self.hold(self.limit).await;
                watch = Stopwatch::start();
                whole.reserve(room(self.limit - whole.len() as u64));
            }
            if hold.is_some() && is_slow(length, watch.elapsed()) {
                return Err(BodyFault::Slow);
            }
            if whole.is_empty() {
                whole.reserve(declared.map_or(data.len(), room));
            }
            whole.extend_from_slice(&data);
        }
    }

    async fn hold(&self, length: u64) -> Option<Hold> {
        Some(self.budgets.as_ref()?.bodies.hold(length).await)
    }
}

/// What is reserved at once. Memory that is not written to costs nothing, but a limit may be absurd.
fn room(length: u64) -> usize {
    usize::try_from(length.min(256 << 20)).unwrap_or_default()
}

fn is_slow(length: u64, elapsed: Duration) -> bool {
    elapsed > GRACE && length < (elapsed - GRACE).as_secs() * PACE
}

async fn next(raw: &mut Raw, silence: Duration) -> Result<Option<Bytes>, BodyFault> {
    loop {
        let frame = match real_limit(silence, raw.as_mut().frame()).await {
            None => return Err(BodyFault::Slow),
            Some(None) => return Ok(None),
            Some(Some(Err(error))) => return Err(BodyFault::Broken(error.to_string())),
            Some(Some(Ok(frame))) => frame,
        };
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}

/// Reads on for a while without keeping anything.
pub(crate) async fn discard(mut raw: Raw, most: u64) {
    let mut left = most;
    let reading = async {
        while let Ok(Some(data)) = next(&mut raw, PATIENCE).await {
            left = left.saturating_sub(data.len() as u64);
            if left == 0 {
                return;
            }
        }
    };
    real_limit(PATIENCE, reading).await;
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt};
    use http_body::Frame;
    use http_body_util::StreamBody;

    use super::*;

    fn pieces(sizes: &'static [usize]) -> impl Body<Data = Bytes, Error = io::Error> + Send + 'static {
        let frames = sizes.iter().map(|size| Ok(Frame::data(Bytes::from(vec![b'x'; *size]))));
        StreamBody::new(stream::iter(frames))
    }

    #[tokio::test]
    async fn a_body_is_read_once_and_given_again() {
        let (mut body, ledger) = Incoming::new(pieces(&[3, 4]), 10, &Budgets::new(10));
        assert_eq!(body.whole(), b"");
        assert_eq!(body.bytes().await.unwrap().len(), 7);
        assert_eq!(body.bytes().await.unwrap().len(), 7);
        assert_eq!(body.whole().len(), 7);
        assert_eq!(ledger.seen().length, 7);
    }

    #[tokio::test]
    async fn what_nobody_reads_is_left_to_the_shell() {
        let (body, ledger) = Incoming::new(pieces(&[3, 4]), 10, &Budgets::new(10));
        drop(body);
        assert!(ledger.seen().left.is_some());
        let (body, ledger) = Incoming::new(pieces(&[3, 4]), 10, &Budgets::new(10));
        let mut stream = body.stream();
        assert_eq!(stream.next().await.unwrap().unwrap().len(), 3);
        drop(stream);
        assert!(ledger.seen().left.is_some());
    }

    #[tokio::test]
    async fn a_stream_has_no_limit_and_a_whole_body_has_one() {
        let (body, _) = Incoming::new(pieces(&[8, 8]), 10, &Budgets::new(10));
        assert_eq!(body.stream().count().await, 2);
        let (mut body, ledger) = Incoming::new(pieces(&[8, 8]), 10, &Budgets::new(10));
        assert_eq!(body.bytes().await, Err(BodyFault::TooLarge { limit: 10 }));
        assert!(ledger.seen().fault.is_some());
    }

    #[tokio::test]
    async fn a_large_body_of_unknown_length_waits_for_its_turn_and_keeps_it_until_the_bytes_are_gone() {
        const SIZES: &[usize] = &[1 << 19, 1 << 19, 1 << 19];
        let budget = Budgets::new(2 << 20);
        let (mut first, ledger) = Incoming::new(pieces(SIZES), 2 << 20, &budget);
        let bytes = first.bytes().await.unwrap();
        drop((first, ledger));
        let (mut second, _) = Incoming::new(pieces(SIZES), 2 << 20, &budget);
        let (mut small, _) = Incoming::new(pieces(&[1 << 20]), 2 << 20, &budget);
        assert!(small.bytes().now_or_never().is_some(), "a small body never waits");
        assert!(second.bytes().now_or_never().is_none());
        let (mut second, _) = Incoming::new(pieces(SIZES), 2 << 20, &budget);
        drop(bytes);
        assert!(second.bytes().now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_sender_of_a_large_body_gives_its_place_back() {
        let budget = Budgets::new(2 << 20);
        let pieces = stream::iter([Ok::<_, io::Error>(Frame::data(Bytes::from(vec![b'x'; 1 << 21])))]);
        let silent = StreamBody::new(pieces.chain(stream::pending()));
        let (mut body, _ledger) = Incoming::new(silent, 2 << 20, &budget);
        assert_eq!(body.bytes().await, Err(BodyFault::Slow));
        assert!(budget.bodies.hold(2 << 20).now_or_never().is_some());
    }

    #[test]
    fn only_who_is_slower_than_the_pace_after_the_grace_is_slow() {
        assert!(!is_slow(0, GRACE));
        assert!(!is_slow(PACE * 5, GRACE + Duration::from_secs(5)));
        assert!(is_slow(PACE * 5 - 1, GRACE + Duration::from_secs(5)));
    }

    #[tokio::test]
    async fn a_large_answer_keeps_its_room_until_it_is_sent_and_bodies_that_come_in_do_not_mind() {
        let budgets = Budgets::new(2 << 20);
        let (first, ledger) = Incoming::new(pieces(&[1]), 10, &budgets);
        first.room_to_answer(2 << 20).await;
        let answer = ledger.seen().in_its_room(ReplyBody::Full(Bytes::from_static(b"sent")));
        drop((first, ledger));
        let (second, _) = Incoming::new(pieces(&[1]), 10, &budgets);
        assert!(second.room_to_answer(2 << 20).now_or_never().is_none());
        assert!(budgets.bodies.hold(2 << 20).now_or_never().is_some());
        drop(answer);
        assert!(second.room_to_answer(2 << 20).now_or_never().is_some());
    }
}
