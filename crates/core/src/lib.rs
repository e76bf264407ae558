//! Vocabulary and policy of pentad's clients: errors, operations, awaitables, retry, authorization, time.
//!
//! No socket, no TLS, no runtime: those stand behind the traits [`Transport`], [`Socket`](socket::Socket) and [`Clock`].
//! A service crate describes its operations as [`Op`] constants, a [`Session`] turns them into the four awaitables
//! [`Call`], [`List`], [`Work`] and [`Feed`], and one loop sends them.
//!
//! | to | see |
//! | --- | --- |
//! | describe a service | [`Op`], [`Api`], [`Session::op`], [`Draft`], [`decode`], [`ApiDetails`], [`message`] |
//! | log in | [`auth`]: [`Authorize`], [`auth::Renewing`], [`auth::TokenSource`], [`auth::TokenStore`] |
//! | decide about failures | [`Error`], [`ErrorKind`], [`RetryPolicy`], [`retry`] |
//! | walk a listing | [`list`]: [`List`], [`Cursor`], [`Page`] |
//! | wait for a state | [`Work::until`], [`work::Polling`] |
//! | live through outages | [`Feed::reconnect`], [`feed`], [`retry::Reconnect`] |
//! | show what is sent | [`curl()`], [`redact`], [`Observer`] |
//! | carry it otherwise | [`Transport`], [`socket`], [`Clock`], [`blocking`] |

// The four awaitables, what they are made from, and what they give on the way.
mod aside;
mod call;
mod draft;
pub mod feed;
pub mod list;
mod name;
pub mod op;
mod page;
mod session;
mod together;
mod until;
pub mod work;

// What is sent and what comes back.
mod classify;
pub mod curl;
pub mod decode;
pub mod error;
pub mod message;
pub mod numbers;
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
pub mod timing;
mod transport;
#[cfg(unix)]
pub mod unix;

// The four awaitables.
pub use call::{Call, Meta};
pub use feed::Feed;
pub use list::{Cursor, List, Page};
pub use work::Work;

// What a service crate is written with.
pub use decode::Context;
pub use draft::{Draft, Redirect};
pub use op::{Api, Op};
pub use session::{Session, SessionBuilder};

// What every user meets.
pub use curl::curl;
pub use error::{ApiDetails, Error, ErrorKind, Result, Sent};
pub use retry::RetryPolicy;
pub use secret::Secret;
pub use timing::Observer;

// What goes through the seams.
pub use message::{Body, Request, Response};
pub use target::{Limits, Target};

// The seams.
pub use auth::Authorize;
pub use clock::Clock;
pub use socket::Socket;
pub use transport::Transport;

pub use futures_core::Stream;
pub use futures_core::future::BoxFuture;
