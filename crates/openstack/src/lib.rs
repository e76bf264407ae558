#![doc = include_str!("../README.md")]

pub mod auth;
pub mod catalog;
pub mod config;
pub mod discovery;
mod error;
pub mod ops;

pub use auth::{CloudAuth, Keystone};
pub use catalog::Catalog;
pub use config::{Cloud, Clouds};
pub use error::{ErrorExt, details};
