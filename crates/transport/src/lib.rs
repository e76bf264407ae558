//! The HTTP stack of pentad's clients: connections, TLS, proxies, time limits, decompression.
//!
//! This is the only crate that names it. The others see [`pentad_core::Transport`] (one request, one answer, no
//! retry, no redirect), [`pentad_core::Socket`] and [`pentad_core::Clock`].
//!
//! | item | what it is |
//! | --- | --- |
//! | [`HyperTransport`] | HTTP/1.1 and HTTP/2 over TCP and TLS, through proxies, pooled |
//! | [`shared`] | one of them with default settings, for the whole process |
//! | [`unix`] | HTTP/1.1 over a unix socket |
//! | [`WebSocket`] | websocket connections over TCP, TLS, proxies and unix sockets |
//! | [`TlsOptions`], [`Identity`], [`Proxy`] | its settings |
//! | [`SystemClock`] | real time |
//! | [`background`] | what is to be tidied up after nobody waits any more |
//! | [`Wiring`], [`wiring_setters!`] | what every client's builder has in common |
//!
//! ```no_run
//! // Needs a server to talk to.
//! # async fn example(request: pentad_core::Request) -> pentad_core::Result<()> {
//! use pentad_core::Transport;
//! use pentad_transport::{HyperTransport, Identity, TlsOptions};
//!
//! let tls = TlsOptions::new().ca_file("ca.pem").identity(Identity::files("me.pem", "me.key"));
//! let transport = HyperTransport::builder().tls(tls).build()?;
//! let answer = transport.send(request).await?;
//! println!("{}", answer.status);
//! # Ok(())
//! # }
//! ```
//!
//! Not here: retries, redirects, authentication and the limits on attempts and calls (the session in the core
//! has them), cookies, caching.

mod background;
#[cfg(feature = "blocking")]
pub mod blocking;
mod clock;
mod connect;
mod download;
mod exchange;
mod failure;
mod line;
mod pool;
mod proxy;
mod tls;
mod transport;
#[cfg(unix)]
mod unix;
mod upload;
mod websocket;
mod wiring;

pub use background::background;
pub use clock::SystemClock;
pub use proxy::Proxy;
pub use tls::{Identity, TlsOptions};
pub use transport::{HyperTransport, HyperTransportBuilder, shared};
#[cfg(unix)]
pub use unix::unix;
pub use websocket::{WebSocket, WebSocketBuilder};
pub use wiring::{Wired, Wiring};

/// Names that [`wiring_setters!`] writes into a client's crate.
#[doc(hidden)]
pub mod reexport {
    pub use http::{HeaderName, HeaderValue};
    pub use pentad_core::{Clock, Limits, Observer, RetryPolicy, Session, Transport};
}

use transport::PoolOptions;
