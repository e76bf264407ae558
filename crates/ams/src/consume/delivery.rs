//! One delivered message.

use std::fmt;
use std::sync::Arc;

use pentad_core::Result;

use super::run::Consumer;
use super::window::Slot;
use crate::message::Message;
use crate::topic::Topic;

/// A message in hand. Finish it with [`ack`](Self::ack), give it back with [`release`](Self::release).
///
/// Dropping it does nothing: it stays unfinished, nothing behind it is committed, and after the feed's end it comes again.
#[must_use = "a delivery that is dropped is neither finished nor given back"]
pub struct Delivery {
    message: Option<Message>,
    offset: i64,
    attempt: u32,
    consumer: Arc<Consumer>,
    /// What a drop does: true in the middle of a release.
    comes_back: bool,
}

impl Delivery {
    pub(super) fn new(message: Message, offset: i64, attempt: u32, consumer: Arc<Consumer>) -> Self {
        Self { message: Some(message), offset, attempt, consumer, comes_back: false }
    }

    /// The message.
    pub fn message(&self) -> &Message {
        static NONE: std::sync::OnceLock<Message> = std::sync::OnceLock::new();
        // The message leaves only together with the delivery.
        self.message.as_ref().unwrap_or_else(|| NONE.get_or_init(Message::default))
    }

    /// The position of the message in its topic.
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// Which time this feed hands the message out, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Finishes the message. The acknowledgement is sent together with others, see [`Consume`](crate::Consume).
    ///
    /// # Errors
    /// Those of sending, if this call sends. The message stays finished, and the next one tries again.
    pub async fn ack(mut self) -> Result<()> {
        self.message = None;
        self.consumer.finish(self.offset).await
    }

    /// Finishes the message and sends the acknowledgement of the finished prefix now.
    ///
    /// # Errors
    /// Those of sending.
    pub async fn ack_now(mut self) -> Result<()> {
        self.message = None;
        self.consumer.mark(self.offset, Slot::Done);
        self.consumer.commit().await
    }

    /// Leaves the message until the feed ends: this feed does not hand it out again, and it does not count as in flight.
    /// Nothing behind it is committed, so it comes again after the feed's end, with all that follows it.
    ///
    /// For a single pass over a subscription in which some messages fail. The feed ends with an error when a thousand
    /// were set aside.
    pub fn set_aside(mut self) {
        self.message = None;
        self.consumer.mark(self.offset, Slot::Aside);
    }

    /// Gives the message back: it is handed out again after a pause, or goes to the dead-letter topic if it was handed
    /// out often enough.
    ///
    /// # Errors
    /// Those of publishing to the dead-letter topic; the message is then handed out again, as it is when this is given up in
    /// its middle.
    pub async fn release(mut self) -> Result<()> {
        let dead_letter = self.consumer.options().dead_letter.clone();
        if let Some((topic, attempts)) = dead_letter
            && self.attempt >= attempts
        {
            return self.dead_letter(&topic).await;
        }
        self.give_back();
        Ok(())
    }

    /// Publishes the message to another topic with attributes that say where it came from, and finishes it.
    ///
    /// The attributes are `pentad-subscription`, `pentad-offset` and `pentad-attempts`.
    ///
    /// # Errors
    /// Those of publishing; the message is then handed out again.
    pub async fn dead_letter(mut self, topic: &Topic) -> Result<()> {
        self.comes_back = true;
        let letter = Message::clone(self.message())
            .attribute("pentad-subscription", self.consumer.subscription().name())
            .attribute("pentad-offset", self.offset.to_string())
            .attribute("pentad-attempts", self.attempt.to_string());
        match topic.publish(letter).await {
            Ok(_) => self.ack().await,
            Err(error) => {
                self.give_back();
                Err(error)
            }
        }
    }

    fn give_back(&mut self) {
        if let Some(message) = self.message.take() {
            self.consumer.give_back(self.offset, message);
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if self.comes_back {
            self.give_back();
        } else if self.message.is_some() {
            self.consumer.mark(self.offset, Slot::Dropped);
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("offset", &self.offset)
            .field("attempt", &self.attempt)
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}
