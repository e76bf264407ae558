//! Behaviour of the OpenStack client over scripted answers.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod canary;
mod config;
mod endpoint;
mod failures;
mod identity;
mod login;
mod manager;
mod migration;
mod openid;
mod plugins;
mod renew;
mod shared;
mod stage;
mod vectors;
