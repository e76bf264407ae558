//! The transport against small real servers on the loopback interface.
#![expect(clippy::unwrap_used, reason = "the servers of the tests fail the test, too")]

#[cfg(feature = "blocking")]
mod blocking;
mod body;
mod failure;
mod pool;
mod product;
mod property;
mod proxy;
mod support;
mod tls;
#[cfg(unix)]
mod unix;
mod websocket;
