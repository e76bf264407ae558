#![doc = include_str!("../README.md")]

mod body;
mod cache;
mod check;
mod document;
mod error;
mod guard;
mod help;
mod json;
mod near;
mod operation;
mod parameter;
mod place;
mod route;
mod schema;
mod tree;
mod yaml;

// Reading.
pub use cache::{Cache, Digest};
pub use document::{Document, Line};
pub use error::{Error, ErrorKind, Result};
pub use tree::{Kind, Limits, Node};

// What there is.
pub use body::{Media, RequestBody, Response};
pub use operation::{METHODS, Operation, PathItem};
pub use parameter::{Location, Parameter};
pub use place::{Named, Place, Role};

// Whether a value fits.
pub use check::{Part, Problem, ProblemKind, Way};
