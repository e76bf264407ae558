//! The transport against small real servers on the loopback interface.

mod body;
mod failure;
mod pool;
mod proxy;
mod support;
mod tls;
#[cfg(unix)]
mod unix;
