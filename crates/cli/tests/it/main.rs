//! The binary as a user runs it: real processes, scratch directories.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod bench;
mod complete;
mod config;
mod connect;
mod connect_bulk;
mod db;
mod embedded;
mod exit;
mod house;
mod ivcap;
mod ivcap_crash;
mod ivcap_cut;
mod message;
mod openstack;
mod output;
mod query;
mod serve;
mod settings;
mod words;
mod zaqar;
