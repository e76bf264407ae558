//! The local server of pentad: the services, their data and their quirks in one process.
//!
//! A [`Server`] is opened on [`ServerOptions`], serves in process through its [`door`](Server::door) and, once told to
//! [`listen`](Server::listen), on plain and TLS listeners.
//!
//! | module | holds |
//! | --- | --- |
//! | [`service`] | what the shell asks of a service and gives to it |
//! | [`websocket`] | connections that services keep open |
//! | [`identity`] | how services check each other's tokens |
//! | [`http`], [`route`], [`reply`] | requests, route tables, byte layouts of answers |
//! | [`clock`] | service time, the only clock |
//! | [`embedded`] | the server on a user's own data, opened or joined |
//! | [`confined`] | running foreign programs within limits |
//! | [`guarded`] | calls that users make the server send |
//! | [`holder`] | finding the process that holds a data directory |

pub mod ams;
mod announcement;
mod body;
mod budget;
pub mod clock;
pub mod confined;
pub mod connect;
mod control;
mod credentials;
pub mod database;
pub mod door;
pub mod embedded;
mod error;
pub mod guarded;
pub mod holder;
pub mod http;
pub mod identity;
mod incoming;
pub mod ivcap;
mod listener;
mod options;
mod private_file;
mod quirks;
mod records;
pub mod reply;
pub mod route;
pub mod seed;
mod server;
pub mod service;
mod shell;
pub mod tls;
mod upgrade;
pub mod websocket;
pub mod zaqar;

pub use announcement::{ClientFiles, Listening, Places};
pub use clock::ServiceTime;
pub use embedded::Embedded;
pub use error::ServerError;
pub use guarded::GuardedClient;
pub use options::{Durability, ListenOptions, ServerOptions, Tls};
pub use seed::Seed;
pub use server::{OpenService, Server, ServerBuilder};
pub use service::{Context, Mode, Root, SeedError, SeenThrough, Service, Tasks, TenantFault, Told};

/// The services that come with this crate, in the order in which they are opened.
fn services() -> Vec<(&'static str, OpenService)> {
    vec![
        ("ams", |context| Ok(ams::Ams::open(context)?)),
        ("connect", |context| Ok(connect::Connect::open(context)?)),
        ("database", |context| Ok(database::Trove::open(context)?)),
        ("identity", |context| Ok(identity::Keystone::open(context)?)),
        ("ivcap", |context| Ok(ivcap::Ivcap::open(context)?)),
        ("zaqar", |context| Ok(zaqar::Zaqar::open(context)?)),
    ]
}

/// The names of the services that come with this crate: each may have a listener of its own.
pub fn service_names() -> Vec<&'static str> {
    services().into_iter().map(|(name, _)| name).collect()
}
