//! Vocabulary and policy of pentad's clients: errors, operations, awaitables, retry, authorization, time.
//!
//! No socket, no TLS, no runtime: those stand behind the traits [`Transport`], [`Socket`](socket::Socket) and [`Clock`].
//! A service crate describes its operations as [`Op`] constants, a [`Session`] turns them into the four awaitables
//! [`Call`], [`List`], [`Work`] and [`Feed`], and one loop sends them.
//!
//! | to | see |
//! | --- | --- |
//! | describe a service | [`Op`], [`Api`], [`Session::op`], [`Draft`], [`decode`], [`ApiDetails`] |
//! | log in | [`auth`]: [`Authorize`], [`auth::Renewing`], [`auth::TokenSource`], [`auth::TokenStore`] |
//! | decide about failures | [`Error`], [`ErrorKind`], [`RetryPolicy`], [`retry`] |
//! | wait for a state | [`Work::until`], [`Polling`] |
//! | live through outages | [`Feed::reconnect`], [`retry::Reconnect`] |
//! | show what is sent | [`curl()`], [`redact`], [`Observer`] |
//! | carry it otherwise | [`Transport`], [`socket`], [`Clock`], [`blocking`] |

// The four awaitables, and what they are made from.
mod call;
mod draft;
mod feed;
mod list;
mod op;
mod page;
mod session;
mod until;
mod work;

// What is sent and what comes back.
mod classify;
mod curl;
pub mod decode;
mod error;
mod message;
mod target;

// Policy.
pub mod auth;
pub mod redact;
pub mod retry;
mod secret;

// Seams, and what they see.
pub mod blocking;
mod clock;
mod log;
pub mod socket;
mod timing;
mod transport;

pub use call::{Call, Meta};
pub use feed::{Feed, Link, Opened};
pub use list::{Cursor, List, Page};
pub use page::{Items, Pages};
pub use until::{Observed, Polling, Until};
pub use work::{Event, Progress, Scope, Work};

pub use decode::{Context, Decode};
pub use draft::{Draft, Redirect};
pub use op::{Api, Op, placeholders};
pub use session::{Session, SessionBuilder};

pub use error::{ApiDetails, Details, Error, ErrorKind, Result, Sent};
pub use retry::RetryPolicy;
pub use secret::Secret;

pub use curl::{Reveal, curl};
pub use message::{Args, Body, ByteStream, Request, Response, ResponseBody};
pub use target::{Limits, Target};

pub use auth::{Authorize, Exchange};
pub use clock::Clock;
pub use socket::{Frame, FrameSink, FrameStream, Socket};
pub use timing::{Observer, Timing};
pub use transport::Transport;

pub use futures_core::Stream;
pub use futures_core::future::BoxFuture;
pub use futures_core::stream::BoxStream;
