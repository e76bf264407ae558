#![doc = include_str!("../README.md")]

mod claim;
mod client;
mod conf;
mod connect;
mod consume;
mod error;
mod flavor;
mod follow;
mod limit;
mod list;
mod listen;
mod message;
mod metadata;
pub mod model;
mod name;
pub mod ops;
mod outbox;
mod pool;
mod producer;
mod queue;
mod raw;
mod service;
mod share;
mod signed;
mod subscription;
mod version;
mod wire;
pub mod ws;

// The client and how it is made.
pub use client::Client;
pub use conf::Conf;
pub use connect::{ClientBuilder, NOAUTH_PROJECT, PROJECT_HEADER, SERVICE_TYPE, TOKEN_HEADER};
pub use signed::SignedUrl;
pub use version::Version;

// Handles, and what is given to them.
pub use claim::{Claim, NewClaim};
pub use flavor::{Flavor, NewFlavor};
pub use follow::Follow;
pub use message::{Message, MessageQuery, NewMessage};
pub use metadata::MetadataPatch;
pub use pool::{NewPool, Pool, PoolUpdate};
pub use queue::{Purge, Queue, QueueQuery};
pub use share::Share;
pub use subscription::{NewSubscription, Subscription, SubscriptionUpdate};

// Messages without end.
pub use consume::{Consume, Delivery, GiveBack, Processed};
pub use outbox::{Outbox, Receipt};
pub use producer::{Batch, Producer};

// Names and spans, checked.
pub use limit::{Delay, Grace, ServiceLimits, Ttl};
pub use name::{ClientId, ProjectId, QueueName};

// Errors.
pub use error::ErrorExt;
