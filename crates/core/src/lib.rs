//! Vocabulary and policy of pentad's clients: errors, operations, awaitables, retry, authorization, time.
//!
//! No socket, no TLS, no runtime: those stand behind the traits [`Transport`], [`Socket`] and [`Clock`].
//! A service crate describes its operations as [`Op`] constants, a [`Session`] turns them into the four awaitables
//! [`Call`], [`List`], [`Work`] and [`Feed`], and one loop sends them.

mod authorize;
pub mod blocking;
mod call;
mod classify;
mod clock;
mod curl;
pub mod decode;
mod draft;
mod error;
mod feed;
mod list;
mod log;
mod message;
mod op;
mod page;
pub mod redact;
mod retry;
mod secret;
mod session;
mod socket;
mod target;
mod timing;
mod transport;
mod work;

// What fails, and how.
pub use error::{ApiDetails, Details, Error, ErrorKind, Result, Sent};
pub use secret::Secret;

// What is asked.
pub use decode::{Context, Decode};
pub use draft::{Draft, Redirect};
pub use op::{Api, Op, placeholders};
pub use session::{Session, SessionBuilder};

// The four awaitables.
pub use call::{Call, Meta};
pub use feed::{Feed, Opened};
pub use list::{Cursor, List, Page};
pub use page::{Items, Pages};
pub use work::{Event, Progress, Scope, Work};

// What is sent and what comes back.
pub use curl::{Reveal, curl};
pub use message::{Args, Body, ByteStream, Request, Response, ResponseBody};
pub use target::{Limits, Target};

// Seams.
pub use authorize::{
    Anonymous, Authorize, Exchange, Renewing, Stamp, StaticHeader, Token, TokenSource, sensitive,
};
pub use clock::Clock;
pub use socket::{Frame, FrameSink, FrameStream, Socket};
pub use timing::{Observer, Timing};
pub use transport::Transport;

// Sending again. The policy's scope is `RetryScope` here because `Scope` is what the steps of a work share.
pub use retry::{Budget, History, Networks, RetryPolicy, Schedule, Scope as RetryScope, Stop, Verdict};

pub use futures_core::Stream;
pub use futures_core::future::BoxFuture;
pub use futures_core::stream::BoxStream;
