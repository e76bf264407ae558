//! Behaviour of the client's core, without sockets and without real time.

mod authorize;
mod awaitable;
mod list;
mod retry;
mod support;
mod verdict;
