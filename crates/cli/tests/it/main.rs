//! The binary as a user runs it: real processes, scratch directories.

mod embedded;
mod house;
mod output;
mod serve;
mod settings;
mod words;
