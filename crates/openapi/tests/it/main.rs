//! What users of the crate rely on.

#![expect(clippy::unwrap_used, reason = "a test whose preparation fails has failed")]

mod cache;
mod check;
mod hostile;
mod place;
mod read;
mod support;
