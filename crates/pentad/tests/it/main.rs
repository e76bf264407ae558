//! The facade from a user's side.

#![cfg(all(feature = "local", feature = "ams"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod example;
mod ivcap;

mod local;
