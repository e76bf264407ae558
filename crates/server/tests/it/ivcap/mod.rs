//! IVCAP: requests to the service itself, on a store in memory and a frozen clock.

mod access;
mod aspects;
mod history;
mod lists;
mod login;
mod metadata;
mod projects;
mod queues;
mod search;
mod secrets;
mod time;
pub(crate) mod world;
