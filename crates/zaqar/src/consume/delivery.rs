//! One message in hand.

use std::fmt;
use std::sync::Arc;

use pentad_core::Result;

use super::lease::Lease;
use super::run::Consumer;
use crate::model::Message;
use crate::queue::Queue;

/// A message in hand. Finish it with [`ack`](Self::ack), give it back with [`release`](Self::release).
///
/// Dropping it gives it back, also when that drops one of its futures in the middle.
#[must_use = "a delivery that is dropped is given back"]
pub struct Delivery {
    message: Message,
    attempt: u32,
    lease: Arc<Lease>,
    consumer: Arc<Consumer>,
    open: bool,
}

impl Delivery {
    pub(super) fn new(message: Message, attempt: u32, lease: Arc<Lease>, consumer: Arc<Consumer>) -> Self {
        Self { message, attempt, lease, consumer, open: true }
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The claim that holds it.
    pub fn claim_id(&self) -> &str {
        self.lease.id()
    }

    /// Which time this feed hands the message out, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether the lease still holds by this machine's clock: `false` means that somebody else may have the message.
    pub fn is_live(&self) -> bool {
        self.lease.is_live(self.consumer.now())
    }

    /// Deletes the message, as the holder of its claim.
    ///
    /// # Errors
    /// [`is_claim_lost`](crate::ErrorExt::is_claim_lost) if the lease was lost: somebody else has the message, or will.
    /// Others are those of the exchange; the message then comes again when its claim ends, if it was not deleted.
    ///
    /// Given up in its middle, it gives the message back, which comes again unless it was deleted by then.
    pub async fn ack(mut self) -> Result<()> {
        let done = self.consumer.delete(&self.message.id, &self.lease).await;
        // Until here a drop gives back: the place in the flow control and the lease are never lost.
        self.open = false;
        self.consumer.finished(&self.lease);
        done
    }

    /// Gives the message back, or posts it to the dead-letter queue if it was handed out often enough.
    ///
    /// # Errors
    /// Those of posting to the dead-letter queue; the message is given back then.
    pub async fn release(self) -> Result<()> {
        match self.consumer.dead_letter() {
            Some((queue, attempts)) if self.attempt >= attempts => self.dead_letter(&queue).await,
            _ => {
                drop(self);
                Ok(())
            }
        }
    }

    /// Leaves the message until the feed ends: this feed does not hand it out again, its lease is kept so that nobody else
    /// gets it, and the end of the feed frees it. It does not count as in flight.
    ///
    /// For a single pass over a queue in which some messages fail.
    pub fn set_aside(mut self) {
        self.open = false;
        self.consumer.set_aside(&self.lease);
    }

    /// Posts the message to another queue and deletes it here. Its life begins again there.
    ///
    /// # Errors
    /// Those of posting; the message is given back then.
    pub async fn dead_letter(self, queue: &Queue) -> Result<()> {
        let letter = crate::message::NewMessage::new(self.message.body.clone());
        self.consumer.post_letter(queue, letter).await?;
        self.ack().await
    }

    /// Begins its lease again from now.
    ///
    /// # Errors
    /// [`is_claim_lost`](crate::ErrorExt::is_claim_lost) if it was lost.
    pub async fn extend(&self) -> Result<()> {
        self.consumer.renew(&self.lease).await
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if self.open {
            self.consumer.give_back(&self.lease);
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("message", &self.message.id)
            .field("claim", &self.lease.id())
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
