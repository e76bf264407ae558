#![doc = include_str!("../README.md")]

mod ack;
mod client;
mod connect;
mod consume;
mod credential;
mod ensure;
mod error;
mod list;
mod member;
mod message;
pub mod model;
pub mod name;
pub mod ops;
mod project;
mod publisher;
mod pull;
mod pull_ack;
mod push;
mod raw;
mod registration;
pub mod retry;
mod schema;
mod seek;
mod service;
mod subscription;
mod topic;
mod user;
mod when;
mod wire;

// The client and how it is made.
pub use client::Client;
pub use connect::{AUTHN_PORT, ClientBuilder};
pub use credential::{API_KEY, CertificateLogin};
pub use pentad_transport::Identity;

// Handles, and what is given to them.
pub use member::Member;
pub use project::{Project, ProjectUpdate};
pub use registration::{NewRegistration, Registration, RegistrationFilter};
pub use schema::{Schema, SchemaUpdate};
pub use service::Period;
pub use subscription::{NewSubscription, Subscription};
pub use topic::Topic;
pub use user::{NewUser, User, UserUpdate};

// Messages.
pub use ack::AckId;
pub use consume::{Consume, Delivery};
pub use message::{Message, Payload, RECORD_LIMIT, RECORD_LIMIT_BEFORE_1_7, Received};
pub use publisher::{Publisher, PublisherOptions, Receipt};
pub use pull::Pull;
pub use push::{PushAuthorization, PushConfig, PushRetry, PushTarget};
pub use seek::{Offsets, Seek, wire_time};

// Names, checked.
pub use name::{ProjectName, SchemaName, SubscriptionName, TopicName, UserName};

// Errors.
pub use error::{ErrorExt, details};
