//! Zaqar over `Service::handle`, in process, on a clock that only the tests move.

mod claims;
mod exclusive;
mod hostile;
mod limits;
mod messages;
mod model;
mod order;
mod queues;
mod world;
