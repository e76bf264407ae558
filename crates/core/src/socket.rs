//! The seam to websocket connections.

use std::fmt::Debug;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

use crate::error::Result;
use crate::message::Request;

/// One websocket message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Bytes),
    /// The other side closes, with its code if it gave one.
    Close(Option<u16>),
}

/// The sending half of a socket.
pub trait FrameSink: Debug + Send + 'static {
    /// Sends one message and resolves when it is handed to the connection.
    fn send(&mut self, frame: Frame) -> BoxFuture<'_, Result<()>>;
    /// Closes the connection in order.
    fn close(&mut self) -> BoxFuture<'_, Result<()>>;
}

/// The receiving half of a socket; it ends when the connection ends.
pub type FrameStream = BoxStream<'static, Result<Frame>>;

/// Opens websocket connections.
pub trait Socket: Debug + Send + Sync + 'static {
    /// Connects and upgrades; pings are answered below this seam.
    fn open(&self, request: Request) -> BoxFuture<'_, Result<(Box<dyn FrameSink>, FrameStream)>>;
}
