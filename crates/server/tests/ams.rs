//! AMS over `Service::handle`, in process, on a clock that only the tests move.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "ams/bodies.rs"]
mod bodies;
#[path = "ams/delivery.rs"]
mod delivery;
#[path = "ams/directory.rs"]
mod directory;
#[path = "ams/hostile.rs"]
mod hostile;
#[path = "ams/push.rs"]
mod push;
#[path = "ams/push_tls.rs"]
mod push_tls;
#[path = "ams/receiver.rs"]
mod receiver;
#[path = "ams/roles.rs"]
mod roles;
#[path = "ams/seed.rs"]
mod seed;
#[path = "ams/trace.rs"]
mod trace;
#[path = "ams/world.rs"]
mod world;
