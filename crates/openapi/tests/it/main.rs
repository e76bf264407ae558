//! What users of the crate rely on.

mod cache;
mod check;
mod hostile;
mod place;
mod read;
mod support;
