#![doc = include_str!("../README.md")]

mod archive;
mod artifact;
mod blocking;
mod client;
mod collection;
mod connect;
mod container;
mod dialect;
mod digest;
pub mod download;
mod error;
mod event;
mod follow;
mod job;
pub mod list;
mod local;
pub mod login;
mod many;
mod metadata;
pub mod model;
pub mod ops;
mod order;
mod package;
mod parameter;
mod project;
mod query;
mod queue;
mod raw;
mod retries;
mod search;
mod secret;
mod service;
pub mod settings;
pub mod upload;
mod urn;

// The client and how it is made.
pub use client::Client;
pub use connect::ClientBuilder;
pub use dialect::Dialect;
pub use login::Login;
pub use settings::{Access, Settings};

// Handles, and what is given to them.
pub use artifact::{AnyArtifact, Artifact};
pub use collection::Collection;
pub use container::{Sidecar, Task};
pub use job::{Answer, Job, Output, Requested};
pub use metadata::{NewRecord, Record, RecordChange};
pub use order::{NewOrder, Order};
pub use package::{PackagePart, PushStatus, Pushed};
pub use parameter::Arguments;
pub use project::{NewProject, Project};
pub use query::{ListQuery, RecordQuery, moment};
pub use queue::{NewQueue, Queue};
pub use service::{NewService, REQUEST_SCHEMA, Service};

// Contents.
pub use archive::TarMember;
pub use download::{Cache, Content, Download, Saved};
pub use local::{INLINE, Inline, LocalFile, LocalPlatform};
pub use upload::{Source, Upload, Uploaded};

// Names.
pub use urn::Urn;

// Errors.
pub use error::{ErrorExt, details};
