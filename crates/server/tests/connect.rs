//! Connect over `Service::handle`, in process, on a clock that only the tests move.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "connect/actions.rs"]
mod actions;
#[path = "connect/collections.rs"]
mod collections;
#[path = "connect/document.rs"]
mod document;
#[path = "connect/hostile.rs"]
mod hostile;
#[path = "connect/queries.rs"]
mod queries;
#[path = "connect/seed.rs"]
mod seed;
#[path = "connect/world.rs"]
mod world;
