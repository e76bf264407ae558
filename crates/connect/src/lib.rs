#![doc = include_str!("../README.md")]

mod action;
mod answer;
mod asked;
mod body;
mod check;
mod client;
mod collection;
mod connect;
mod error;
mod filter;
mod help;
mod items;
mod log;
pub mod mock;
mod node;
pub mod ops;
mod page;
mod path;
mod project;
mod raw;
mod resource;
pub mod retry;
mod set;
mod specs;
mod spot;

// The client and how it is made.
pub use client::Client;
pub use connect::{ClientBuilder, ENDPOINT, PAGE_SIZE, SPECS};
pub use log::RequestLog;
pub use specs::{Specs, Validate};

// Handles, and what is given to them.
pub use action::Action;
pub use body::{Multipart, Payload};
pub use collection::Collection;
pub use filter::IntoFilter;
pub use node::{Node, Ns};
pub use resource::Resource;
pub use set::{Configure, ResourceSet};

// What comes back.
pub use answer::Answer;
pub use error::{ErrorExt, details};

// The pure crates that it speaks with.
pub use pentad_openapi as openapi;
pub use pentad_rql as rql;
pub use pentad_rql::{R, field};
