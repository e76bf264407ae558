//! The client's end of a websocket through the door.

use futures_util::future::BoxFuture;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt, future};
use pentad_core::socket::{Frame, FrameSink, FrameStream};
use pentad_core::{Error, ErrorKind, Result, Sent};
use tokio::io::DuplexStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{self, Message};

/// Both halves of a socket over a stream whose handshake is done.
pub(super) async fn split(stream: DuplexStream) -> (Box<dyn FrameSink>, FrameStream) {
    let socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    let (sink, messages) = socket.split();
    let frames = messages.filter_map(|message| future::ready(frame(message))).boxed();
    (Box::new(Sink(sink)), frames)
}

fn frame(message: tungstenite::Result<Message>) -> Option<Result<Frame>> {
    match message {
        Ok(Message::Text(text)) => Some(Ok(Frame::Text(text.as_str().to_owned()))),
        Ok(Message::Binary(bytes)) => Some(Ok(Frame::Binary(bytes))),
        Ok(Message::Close(frame)) => Some(Ok(Frame::Close(frame.map(|frame| frame.code.into())))),
        Ok(_) | Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed) => None,
        Err(error) => Some(Err(broken(error))),
    }
}

#[derive(Debug)]
struct Sink(SplitSink<WebSocketStream<DuplexStream>, Message>);

impl FrameSink for Sink {
    fn send(&mut self, frame: Frame) -> BoxFuture<'_, Result<()>> {
        let message = match frame {
            Frame::Text(text) => Message::text(text),
            Frame::Binary(bytes) => Message::binary(bytes),
            Frame::Close(code) => {
                Message::Close(code.map(|code| CloseFrame { code: code.into(), reason: Default::default() }))
            }
            other => {
                let error = Error::new(ErrorKind::Unsupported, format!("{other:?} cannot be sent"));
                return Box::pin(future::ready(Err(error)));
            }
        };
        Box::pin(async move { self.0.send(message).await.map_err(broken) })
    }

    fn close(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.0.close().await.map_err(broken) })
    }
}

fn broken(error: tungstenite::Error) -> Error {
    Error::new(ErrorKind::Connection, "the websocket broke off").with_source(error).with_sent(Sent::Maybe)
}
