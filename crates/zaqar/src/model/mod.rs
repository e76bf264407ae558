//! What the service answers. Unknown members are ignored.

mod body;
mod claim;
mod message;
mod metadata;
mod notification;
mod pool;
mod queue;
mod service;
mod shown;
mod subscription;

pub use body::Body;
pub use claim::{Claim, Claimed};
pub(crate) use message::last_segment;
pub use message::{Message, Posted};
pub use metadata::Metadata;
pub(crate) use metadata::RESERVED;
pub use notification::{Confirmation, Notification};
pub use pool::{Flavor, Pool};
pub use queue::{Edge, Queue, Stats};
pub use service::{Health, Home, Resource, ServiceVersion};
pub(crate) use shown::{Address, Names};
pub use subscription::Subscription;
