//! The crate from outside.

mod build;
mod defects;
mod evaluate;
mod generate;
mod hostile;
mod parse;
mod properties;
mod vectors;
