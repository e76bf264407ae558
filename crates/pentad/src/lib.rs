//! One toolkit for cloud-service APIs: async clients, and a local server that speaks them. ARGO Messaging is the first.
//!
//! It brings the crates together, one feature per service, and `local` opens a server of one's own.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> pentad::Result<()> {
//! use pentad::ams::{Message, NewSubscription, Pull};
//!
//! // With the feature `local`. A real service: `ams::Client::new("ams.example.org", "DEMO").token(token).build()?`
//! let local = pentad::local::memory().await?;
//! let client = local.ams("project_admin")?;
//! let inbox = client.subscription("inbox");
//! client.topic("alerts").ensure().await?;
//! inbox.ensure(&NewSubscription::new("alerts")).await?;
//!
//! client.topic("alerts").publish(Message::new("disk full")).await?;
//! assert_eq!(inbox.pull(Pull::new(10)).await?[0].message.data()?, "disk full");
//!
//! // Every call can be looked at in place of being sent.
//! println!("{}", inbox.pull(Pull::new(10)).curl()?);
//! local.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! | feature | what it brings |
//! | --- | --- |
//! | `ams` (default) | `pentad::ams`: the ARGO Messaging Service |
//! | `connect` | `pentad::connect`: CloudBlue Connect, with RQL, OpenAPI and a mock of the service |
//! | `ivcap` | `pentad::ivcap`: the IVCAP science platform, its three dialects, resumable uploads, metadata with time travel |
//! | `openstack` | `pentad::openstack`: Keystone logins, the catalog, `clouds.yaml`, one identity for several services |
//! | `trove` | `pentad::trove`: OpenStack databases, and `openstack` with it |
//! | `zaqar` | `pentad::zaqar`: OpenStack messaging, API v1, v1.1 and v2, over HTTP and websocket |
//! | `local` | `pentad::local`: a server of one's own without a port: in memory, on a directory, on the user's data |
//! | `blocking` | `.wait()` on every call |
//!
//! Errors, retry, authorization and what calls, lists, works and feeds have in common is in [`core`](pentad_core); how
//! requests travel, and `SystemClock`, in [`transport`](pentad_transport).

#[cfg(feature = "ams")]
pub use pentad_ams as ams;
#[cfg(feature = "connect")]
pub use pentad_connect as connect;
pub use pentad_core as core;
pub use pentad_core::{Error, ErrorKind, Result, RetryPolicy, Secret};
#[cfg(feature = "ivcap")]
pub use pentad_ivcap as ivcap;
#[cfg(feature = "openstack")]
pub use pentad_openstack as openstack;
pub use pentad_transport as transport;
#[cfg(feature = "trove")]
pub use pentad_trove as trove;
#[cfg(feature = "zaqar")]
pub use pentad_zaqar as zaqar;

#[cfg(feature = "local")]
pub mod local;

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
