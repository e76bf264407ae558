//! Zaqar over `Service::handle`, in process, on a clock that only the tests move.

mod claims;
mod exclusive;
mod home;
mod hostile;
mod limits;
mod messages;
mod model;
mod order;
mod pools;
mod queues;
mod signed;
mod subscriptions;
mod world;
