#![doc = include_str!("../README.md")]

pub mod auth;
pub mod catalog;
pub mod config;
pub mod discovery;
mod error;

pub mod identity;
mod log;
pub mod manager;
pub mod ops;
mod raw;
mod shared;

pub use auth::{CloudAuth, Keystone};
pub use catalog::Catalog;
pub use config::{Cloud, Clouds};
pub use error::{ErrorExt, HttpClass, details, no_unique_match};
pub use identity::{Client, Identity};
pub use log::CurlLog;
pub use manager::{Manager, Object, Resource};
pub use raw::RawService;
pub use shared::{HttpClient, HttpClientBuilder, Service, concat_url, select_version};
