//! Connect over `Service::handle`, in process, on a clock that only the tests move.

mod actions;
mod collections;
mod document;
mod hostile;
mod queries;
mod seed;
mod world;
