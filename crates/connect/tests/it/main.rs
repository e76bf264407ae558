//! What users of the client rely on.

#![expect(clippy::unwrap_used, reason = "a test whose preparation fails has failed")]

mod body;
mod checklist;
mod defect;
mod error;
mod log;
mod mock;
mod operation;
mod option;
mod set;
mod specs;
mod support;
