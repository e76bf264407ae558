//! Trove over `Service::handle`, in process, on a clock that only the tests move.

mod access;
mod actions;
mod backups;
mod clusters;
mod configurations;
mod create;
mod engine;
mod engine_ends;
mod engine_faults;
mod engine_rights;
mod engine_watch;
mod hostile;
mod inside;
mod lists;
mod matrix;
mod mgmt;
mod modules;
mod world;
