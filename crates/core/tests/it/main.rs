//! Behaviour of the client's core, without sockets and without real time.

#![expect(clippy::unwrap_used, reason = "a test whose preparation fails has failed")]

mod authorize;
mod awaitable;
mod link;
mod list;
mod login;
mod property;
mod reconnect;
mod retry;
mod support;
mod until;
mod verdict;
