//! The shell of the server, seen from outside: sockets, the door and the control API around a service made for it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod afar;
mod announcement;
mod bodies;
mod clock;
mod confined;
mod connect;
mod control;
mod database;
mod door;
mod fixture;
mod guarded;
mod holder;
mod identity;
mod ivcap;
mod ivcap_work;
mod limit;
mod routing;
mod secrets;
mod snapshots;
mod stop;
mod tls;
mod upgrade;
mod zaqar;
