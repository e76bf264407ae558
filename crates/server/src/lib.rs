//! The local server of pentad: the services, their data and their quirks in one process.

pub mod ams;
pub mod clock;
pub mod guarded;
pub mod http;
pub mod reply;
pub mod route;
pub mod service;

pub use clock::ServiceTime;
pub use guarded::GuardedClient;
pub use service::{Context, Mode, SeedError, Service, Tasks};
