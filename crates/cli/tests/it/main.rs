//! The binary as a user runs it: real processes, scratch directories.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod embedded;
mod house;
mod output;
mod serve;
mod settings;
mod words;
