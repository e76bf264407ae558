//! What services, orders, jobs and artifacts keep beside what every thing has.

mod artifact;
mod parameter;
mod service;
mod task;

pub(crate) use artifact::{Artifact, State, blob_key, blob_path};
pub(crate) use parameter::{Given, Parameter, check_given, check_parameters, text};
pub(crate) use service::{Command, Service};
pub(crate) use task::{Job, Order, Run, Status, Task};
