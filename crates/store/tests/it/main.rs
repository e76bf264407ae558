//! The behaviour of the store, the same on every back end.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod backend;
mod blobs;
mod changes;
mod engine;
mod migrations;
mod nodes;
mod snapshot;
mod statements;
mod vault;
mod writes;
