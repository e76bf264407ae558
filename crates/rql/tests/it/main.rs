//! The crate from outside.

#![expect(clippy::unwrap_used, reason = "a test whose preparation fails has failed")]

mod build;
mod defects;
mod evaluate;
mod generate;
mod hostile;
mod parse;
mod properties;
mod vectors;
