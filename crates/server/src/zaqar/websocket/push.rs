//! Which connections are open, and the way to them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderName;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::Listening;

/// Notifications that wait for one connection to take them; beyond that they are dropped.
const WAITING: usize = 1024;
/// Where connections subscribe themselves if the server has no listener.
const NOWHERE: &str = "http://pentad.local/zaqar";

/// The open connections, by the address under which each of them subscribes.
#[derive(Debug, Default)]
pub(crate) struct Sockets(Mutex<HashMap<String, mpsc::Sender<Bytes>>>);

impl Sockets {
    fn open(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Bytes>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a connection its address.
    pub(super) fn enter(&self, listening: &Listening) -> (String, mpsc::Receiver<Bytes>) {
        let address = address(listening, &Uuid::new_v4().to_string());
        let (sender, receiver) = mpsc::channel(WAITING);
        self.open().insert(address.clone(), sender);
        (address, receiver)
    }

    pub(super) fn leave(&self, address: &str) {
        self.open().remove(address);
    }

    /// Whether a connection has this address.
    pub(crate) fn has(&self, address: &str) -> bool {
        self.open().contains_key(address)
    }

    /// Hands a notification to the connection of an address; `false` if no connection has it.
    pub(crate) fn push(&self, address: &str, json: Bytes) -> bool {
        let Some(sender) = self.open().get(address).cloned() else { return false };
        if sender.try_send(json).is_err() {
            tracing::warn!("a websocket connection does not take its notifications; one is dropped");
        }
        true
    }
}

/// What a node signs notifications with that it sends to connections of another one.
pub(crate) const SIGNATURE: HeaderName = HeaderName::from_static("x-notification-signature");
/// The path of connections below the root of the service.
const PATH: &str = "/ws/";

/// The address of a connection of this node.
pub(crate) fn address(listening: &Listening, connection: &str) -> String {
    format!("{}{connection}", prefix(listening))
}

/// Whether a subscriber may be a connection of any node.
pub(crate) fn is_address(subscriber: &str) -> bool {
    subscriber.rsplit_once(PATH).is_some_and(|(_, id)| Uuid::parse_str(id).is_ok())
}

/// What the addresses of connections begin with.
fn prefix(listening: &Listening) -> String {
    let places = listening.places("zaqar");
    let base = places.own_url().or_else(|| places.prefix_url("zaqar")).unwrap_or_else(|| NOWHERE.to_owned());
    format!("{base}{PATH}")
}

/// Whether a subscriber is a connection, be it open or not.
pub(crate) fn is_connection(listening: &Listening, subscriber: &str) -> bool {
    subscriber.strip_prefix(&prefix(listening)).is_some_and(|id| Uuid::parse_str(id).is_ok())
}
