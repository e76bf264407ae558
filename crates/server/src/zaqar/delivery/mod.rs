//! Telling subscribers of messages (Zaqar reference 10.3 to 10.6).
//!
//! A post learns in its own transaction whether its queue has subscriptions; only then its messages are handed over
//! (`lane`). A task of that queue finds the subscribers; each of them then gets the messages of a post in order, from a
//! task of its own that tries again by the retry policy (`send`). What is under way is bounded (`room`): beyond that
//! notifications are dropped and the log says so. Nothing of it is kept over a restart, as in the original.

pub(crate) mod confirmation;
mod lane;
mod mail;
mod retry;
mod room;
mod send;
mod trust;

use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};

use self::lane::Lanes;
use self::retry::Policy;
use self::room::{Gates, Room};
use super::storage::subscriptions::Subscription;
use super::websocket::push::is_address;
use super::{Posted, Zaqar};
use crate::Tasks;

/// What one subscriber gets.
#[derive(Debug)]
struct Parcel {
    project: String,
    subscription: Subscription,
    options: Map<String, Value>,
    content: Content,
    policy: Policy,
    purpose: Purpose,
}

/// One document for each request, in order, without the name of the queue.
#[derive(Debug)]
enum Content {
    Messages(Arc<[Posted]>),
    Document(Map<String, Value>),
}

impl Content {
    fn documents(&self) -> Vec<Map<String, Value>> {
        match self {
            Self::Messages(messages) => messages.iter().map(document).collect(),
            Self::Document(document) => vec![document.clone()],
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Messages(messages) => messages.iter().map(|message| message.body.len()).sum(),
            Self::Document(_) => 0,
        }
    }
}

/// What a parcel is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Messages, for those who want them.
    Notification,
    /// The question whether somebody wants them.
    Confirmation,
}

/// What waits for its delivery, and what is on its way.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    /// Absent until the background work starts.
    tasks: OnceLock<Tasks>,
    lanes: Lanes,
    room: Room,
    gates: Gates,
}

impl Delivery {
    /// Who does what outlives a request, once the background work has started.
    pub(crate) fn tasks(&self) -> Option<&Tasks> {
        self.tasks.get()
    }
}

/// From now on there are deliveries.
pub(super) fn start(zaqar: &Arc<Zaqar>, tasks: &Tasks) {
    // A second start changes nothing.
    let _ = zaqar.delivery.tasks.set(tasks.clone());
}

impl Zaqar {
    /// Sends a parcel on its way, if there is room for it.
    async fn dispatch(self: &Arc<Self>, parcel: Parcel) {
        let Some(tasks) = self.delivery.tasks.get() else { return };
        let one = format!("subscription {}", parcel.subscription.id);
        let Some(place) = self.delivery.room.take(&parcel.project, &one, parcel.content.bytes()) else {
            return;
        };
        // A connection of another node gets its messages in order; other receivers may get several at a time.
        let id = &parcel.subscription.id;
        let turn = match is_address(&parcel.subscription.subscriber) {
            true => Some(self.delivery.gates.turn(id).await),
            false => None,
        };
        let (zaqar, busy) = (Arc::clone(self), self.time.busy());
        tasks.spawn("zaqar subscriber", |stop| async move {
            let _turn = match turn {
                Some(mut turn) => {
                    turn.as_mut().await;
                    turn.as_mut().take_output().flatten()
                }
                None => None,
            };
            send::deliver(&zaqar, &parcel, &stop, busy).await;
            drop(place);
        });
    }
}

fn document(message: &Posted) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("ttl".to_owned(), json!(message.ttl));
    document.insert("body".to_owned(), serde_json::from_str(&message.body).unwrap_or_default());
    if let Some(delay) = message.delay {
        document.insert("delay".to_owned(), json!(delay));
    }
    document.insert("Message_Type".to_owned(), json!("Notification"));
    document
}

/// A document with the name of its queue, as it goes out.
fn named(mut document: Map<String, Value>, queue: &str) -> Map<String, Value> {
    document.insert("queue_name".to_owned(), json!(queue));
    document
}
