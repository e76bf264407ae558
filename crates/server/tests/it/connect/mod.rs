//! Connect over `Service::handle`, in process, on a clock that only the tests move.

mod actions;
mod bulk;
mod collections;
mod document;
mod hostile;
mod lasting;
mod queries;
mod seed;
mod world;
