//! The behaviour of the store, the same on every back end.

mod backend;
mod blobs;
mod changes;
mod engine;
mod migrations;
mod statements;
mod vault;
mod writes;
