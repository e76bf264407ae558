//! Things as the platform shows them: one form above the three dialects.
//!
//! Fields that the platform sends beyond those named here are kept in `other`.

mod account;
mod artifact;
mod job;
mod order;
mod queue;
mod record;
mod service;
mod shape;

pub use account::{Dashboard, Member, Project, ProjectStatus, SecretName, SecretValue};
pub use artifact::{Artifact, ArtifactStatus};
pub use job::{Job, JobEvent, JobItem};
pub use order::{Given, MetadataLink, Order, OrderItem, Product, State, Usage};
pub use queue::{Queue, QueueMessage};
pub use record::Record;
pub use service::{Choice, Parameter, ParameterType, Service, ServiceStatus};
