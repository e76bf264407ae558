//! Test doubles for pentad: scripted transport, manual clock, fault injection, documents of known size, and a runner that notices when a future
//! waits for something that will never come.
//!
//! # Example
//! ```
//! use std::{sync::Arc, time::Duration};
//! use pentad_core::{Api, Op, Session, Target, decode};
//! use pentad_testkit::{ManualClock, ScriptedTransport, run};
//!
//! static PING: Op = Op {
//!     id: "sample.ping",
//!     routes: &[(Api("v1"), http::Method::GET, "/ping")],
//!     idempotent: true,
//!     patience: Duration::ZERO,
//!     source: "example",
//! };
//! let transport = ScriptedTransport::new().answer(503, "").answer(200, "\"pong\"");
//! let clock = ManualClock::auto();
//! let target = Target::parse("http://service.test").unwrap();
//! let session = Session::builder(transport.shared(), clock.shared(), target).build();
//! let pong: String = run(session.op(&PING).call(decode::json)).unwrap();
//! assert_eq!(pong, "pong");
//! assert_eq!(transport.requests().len(), 2);
//! ```

mod clock;
pub mod document;
mod faulty;
mod runner;
mod scripted;
mod shown;

pub use clock::ManualClock;
pub use faulty::{Fault, FaultRates, Faulty};
pub use runner::{Task, run};
pub use scripted::{Recorded, ScriptedTransport};
pub use shown::{Show, Shown, shown};
