//! Behaviour of the OpenStack client over scripted answers.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod config;
mod endpoint;
mod login;
mod openid;
mod renew;
mod shared;
mod stage;
