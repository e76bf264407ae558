//! One toolkit for cloud-service APIs: async clients, and a local server that speaks them. ARGO Messaging is the first.
//!
//! This crate has no logic: it brings the crates together, one feature per service.
//!
//! | feature | what it brings |
//! | --- | --- |
//! | `ams` (default) | `pentad::ams`: the ARGO Messaging Service |
//! | `local` | `pentad::local`: a server of one's own without a port: in memory, on a directory, on the user's data |
//! | `blocking` | `.wait()` on every call |

#[cfg(feature = "ams")]
pub use pentad_ams as ams;
pub use pentad_core as core;
pub use pentad_core::{Error, ErrorKind, Result, RetryPolicy, Secret};
pub use pentad_transport as transport;

#[cfg(feature = "local")]
pub mod local;

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
