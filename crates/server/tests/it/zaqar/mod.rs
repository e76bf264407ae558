//! Zaqar over `Service::handle`, in process, on a clock that only the tests move.

mod claims;
mod exclusive;
mod home;
mod hostile;
mod limits;
mod matrix;
mod messages;
mod model;
mod order;
mod pools;
mod queues;
mod seed;
mod signed;
mod subscriptions;
mod topics;
mod websocket;
mod world;
