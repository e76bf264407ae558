#![doc = include_str!("../README.md")]

mod batch;
mod blob;
mod engine;
mod error;
mod job;
mod lock;
mod migrate;
mod postgres;
mod queue;
mod room;
mod snapshot;
mod sql;
mod sqlite;
mod store;
mod tx;
mod value;
mod vault;
mod watch;
mod worker;

pub use blob::{BlobFuture, Blobs};
pub use engine::{Backend, Durability, Engine, ServiceClock, StoreOptions};
pub use error::{Result, StoreError, StoreErrorKind};
pub use migrate::Migration;
pub use store::Store;
pub use tx::{Row, Tx};
pub use value::{ToValue, Value};
pub use vault::Vault;
pub use watch::Changed;
