//! The task that runs a connection, and the two halves that the caller holds.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt, stream};
use pentad_core::socket::{Frame, FrameSink, FrameStream};
use pentad_core::{Error, ErrorKind, Limits, Result, Sent};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error as WireError, Message};

use super::Stream;
use crate::failure::{self, Place};

/// Messages that wait for the reader before the sender is held up.
const QUEUE: usize = 16;

type Socket = WebSocketStream<Stream>;

/// A message on its way out, and who waits for it to be taken.
type Outgoing = (Message, oneshot::Sender<Result<()>>);

/// Starts the task of a connection.
pub(super) fn start(socket: Socket, limits: Limits, place: Place) -> (Box<dyn FrameSink>, FrameStream) {
    let (send, to_send) = mpsc::channel(1);
    let (arrive, arrived) = mpsc::channel(QUEUE);
    let (over, ended) = oneshot::channel();
    tokio::spawn(async move {
        run(socket, limits.idle, &place, to_send, arrive).await;
        // Nobody may be waiting for the end.
        let _ = over.send(());
    });
    let sink = Half { send, ended: Some(ended), patience: limits.connect };
    let frames = stream::unfold(arrived, |mut arrived| async move {
        let frame = arrived.recv().await?;
        Some((frame, arrived))
    });
    (Box::new(sink), frames.boxed())
}

async fn run(
    socket: Socket,
    idle: Duration,
    place: &Place,
    to_send: mpsc::Receiver<Outgoing>,
    arrive: mpsc::Sender<Result<Frame>>,
) {
    let (sink, frames) = socket.split();
    // Whoever stops reading and sending is done with the connection.
    let (ping, pings) = mpsc::channel(1);
    let abandoned = arrive.clone();
    let mut reading = pin!(read(frames, idle, place, arrive, ping));
    let mut writing = pin!(write(sink, idle, place, to_send, pings, abandoned));
    tokio::select! {
        complained = &mut reading => {
            if complained {
                let _ = within(idle, writing).await;
            }
        }
        () = &mut writing => {
            // Our close was written; the other side's answer ends the reading.
            let _ = within(idle, reading).await;
        }
    }
}

/// Hands on what comes until the connection ends; `true` if a complaint about it waits to be written.
async fn read(
    mut frames: SplitStream<Socket>,
    idle: Duration,
    place: &Place,
    arrive: mpsc::Sender<Result<Frame>>,
    ping: mpsc::Sender<Message>,
) -> bool {
    let mut pinged = false;
    loop {
        let next = match within(idle, frames.next()).await {
            Some(next) => next,
            None if pinged => {
                // A reader that left wants no report either, here and below.
                let _ = arrive.send(Err(failure::silence(idle.saturating_mul(2)))).await;
                return false;
            }
            None => {
                pinged = true;
                // Full: the last one still waits to be written.
                let _ = ping.try_send(Message::Ping(Bytes::new()));
                continue;
            }
        };
        pinged = false;
        let handed = match next {
            None => return false,
            Some(Ok(Message::Text(text))) => arrive.send(Ok(Frame::Text(text.as_str().to_owned()))).await,
            Some(Ok(Message::Binary(bytes))) => arrive.send(Ok(Frame::Binary(bytes))).await,
            Some(Ok(Message::Close(close))) => {
                arrive.send(Ok(Frame::Close(close.map(|close| close.code.into())))).await
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
            Some(Err(WireError::ConnectionClosed | WireError::AlreadyClosed)) => return false,
            Some(Err(error)) => {
                let complaint = complaint(&error);
                let _ = arrive.send(Err(failed(error, place))).await;
                return match complaint {
                    Some(code) => ping.send(closing(code)).await.is_ok(),
                    None => false,
                };
            }
        };
        // The caller may only want to send; what comes is then read for the sake of pings and the close.
        let _ = handed;
    }
}

/// Writes what is given until there is nobody left to give anything.
async fn write(
    mut sink: SplitSink<Socket, Message>,
    idle: Duration,
    place: &Place,
    mut to_send: mpsc::Receiver<Outgoing>,
    mut pings: mpsc::Receiver<Message>,
    reader: mpsc::Sender<Result<Frame>>,
) {
    let mut sending = true;
    loop {
        let (message, taken) = tokio::select! {
            given = to_send.recv(), if sending => match given {
                Some((message, taken)) => (message, Some(taken)),
                None => {
                    sending = false;
                    continue;
                }
            },
            Some(message) = pings.recv() => (message, None),
            () = reader.closed(), if !sending => (closing(CloseCode::Normal), None),
        };
        let last = message.is_close();
        let sent = match within(idle, sink.send(message)).await {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(failed(error, place)),
            None => Err(Error::new(ErrorKind::Timeout, format!("{place} took nothing for {idle:?}"))
                .with_sent(Sent::Maybe)),
        };
        let broken = sent.is_err();
        if let Some(taken) = taken {
            // Whoever sent it may have stopped waiting.
            let _ = taken.send(sent);
        }
        if last || broken {
            return;
        }
    }
}

/// `None` if it takes longer than `limit`.
async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    #[expect(clippy::disallowed_methods, reason = "a limit on real network input and output")]
    let done = tokio::time::timeout(limit, work).await;
    done.ok()
}

fn closing(code: CloseCode) -> Message {
    Message::Close(Some(CloseFrame { code, reason: "".into() }))
}

/// The close code for a fault of the other side that it should hear of.
fn complaint(error: &WireError) -> Option<CloseCode> {
    match error {
        WireError::Capacity(_) => Some(CloseCode::Size),
        WireError::Utf8(_) => Some(CloseCode::Invalid),
        _ => None,
    }
}

fn failed(error: WireError, place: &Place) -> Error {
    match error {
        WireError::Io(error) => failure::cut(error, place),
        WireError::Capacity(error) => {
            Error::new(ErrorKind::TooLarge, format!("a message from {place} is longer than the limit"))
                .with_source(error)
                .with_sent(Sent::Answered)
        }
        WireError::ConnectionClosed | WireError::AlreadyClosed => closed(),
        WireError::Protocol(error) => {
            use tokio_tungstenite::tungstenite::error::ProtocolError as Fault;
            let message = match error {
                Fault::ResetWithoutClosingHandshake => {
                    format!("{place} closed the connection without a word")
                }
                Fault::SendAfterClosing | Fault::ReceivedAfterClosing => return closed(),
                _ => {
                    return Error::new(ErrorKind::Decode, format!("{place} broke the websocket protocol"))
                        .with_source(error)
                        .with_sent(Sent::Maybe);
                }
            };
            Error::new(ErrorKind::Connection, message).with_sent(Sent::Maybe)
        }
        WireError::Utf8(_) => Error::new(ErrorKind::Decode, format!("{place} sent text that is not UTF-8"))
            .with_sent(Sent::Maybe),
        // Others may repeat what was to be sent.
        _ => Error::new(ErrorKind::Connection, format!("the connection to {place} broke"))
            .with_sent(Sent::Maybe),
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Connection, "the websocket is closed")
}

/// The sending half.
#[derive(Debug)]
struct Half {
    send: mpsc::Sender<Outgoing>,
    /// Resolves when the task has ended.
    ended: Option<oneshot::Receiver<()>>,
    patience: Duration,
}

impl Half {
    async fn give(&self, message: Message) -> Result<()> {
        let (taken, outcome) = oneshot::channel();
        // The task is gone: the message never left.
        self.send.send((message, taken)).await.map_err(|_| closed())?;
        outcome.await.unwrap_or_else(|_| Err(closed().with_sent(Sent::Maybe)))
    }
}

impl FrameSink for Half {
    fn send(&mut self, frame: Frame) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let message = match frame {
                Frame::Text(text) => Message::Text(text.into()),
                Frame::Binary(bytes) => Message::Binary(bytes),
                Frame::Close(code) => closing(code.map_or(CloseCode::Normal, CloseCode::from)),
                _ => return Err(Error::new(ErrorKind::Unsupported, "a websocket has no such message")),
            };
            self.give(message).await
        })
    }

    fn close(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let Some(ended) = self.ended.take() else { return Ok(()) };
            // Closed by the other side already: then there is nothing to say.
            let _ = self.give(closing(CloseCode::Normal)).await;
            let _ = within(self.patience, ended).await;
            Ok(())
        })
    }
}
