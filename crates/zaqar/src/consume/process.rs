//! Consuming with a handler: the feed is kept going while handlers run.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::{self, FuturesUnordered};
use pentad_core::{BoxFuture, Feed, Result};

use super::{Consume, Delivery, start};
use crate::model::Message;
use crate::queue::Queue;

/// What became of one message.
#[derive(Debug)]
#[non_exhaustive]
pub struct Processed {
    /// Its id.
    pub message_id: String,
    /// Which time it was handed out.
    pub attempt: u32,
    /// What the handler said. An error means that the message was given back, or went to the dead-letter queue.
    pub result: Result<()>,
}

type Handler = Arc<dyn Fn(Message) -> BoxFuture<'static, Result<()>> + Send + Sync>;

impl Queue {
    /// Claims messages without end and hands them out one by one; see [`Consume`](crate::Consume).
    ///
    /// # Source
    /// Zaqar reference 8.
    pub fn consume(&self, options: Consume) -> Feed<Delivery> {
        start(self.clone(), options)
    }

    /// Consumes with a handler, up to `concurrency` messages at a time: what it handles is deleted, what it fails at is
    /// given back. Leases are renewed while handlers run, as long as the feed is asked for the next outcome.
    ///
    /// Closing the feed gives back what handlers have begun and not finished.
    ///
    /// # Errors
    /// The feed ends with errors of the service that time does not heal; those of handlers are outcomes.
    pub fn process<F>(&self, options: Consume, concurrency: usize, handler: F) -> Feed<Processed>
    where
        F: Fn(Message) -> BoxFuture<'static, Result<()>> + Send + Sync + 'static,
    {
        let deliveries = self.consume(options.max_in_flight(concurrency));
        let handler: Handler = Arc::new(handler);
        let state = State { deliveries: Some(deliveries), running: FuturesUnordered::new(), handler };
        let shared = Arc::new(tokio::sync::Mutex::new(state));
        let closing = Arc::clone(&shared);
        let stream = stream::unfold(Some(shared), |shared| async move {
            let shared = shared?;
            let outcome = shared.lock().await.next().await;
            match outcome {
                Some(Ok(processed)) => Some((Ok(processed), Some(shared))),
                Some(Err(error)) => Some((Err(error), None)),
                None => None,
            }
        });
        Feed::new(stream.boxed(), move || {
            Box::pin(async move {
                let mut state = closing.lock().await;
                state.running.clear();
                match state.deliveries.take() {
                    Some(deliveries) => deliveries.close().await,
                    None => Ok(()),
                }
            })
        })
    }
}

struct State {
    deliveries: Option<Feed<Delivery>>,
    running: FuturesUnordered<BoxFuture<'static, Processed>>,
    handler: Handler,
}

impl State {
    async fn next(&mut self) -> Option<Result<Processed>> {
        loop {
            let deliveries = self.deliveries.as_mut()?;
            if self.running.is_empty() {
                match deliveries.next().await? {
                    Ok(delivery) => self.begin(delivery),
                    Err(error) => return Some(Err(error)),
                }
                continue;
            }
            // The feed is asked also when no more can be begun: it renews leases, and hands nothing out beyond its bound.
            let arrived = {
                let next = std::pin::pin!(deliveries.next());
                match select(self.running.next(), next).await {
                    Either::Left((outcome, _)) => return outcome.map(Ok),
                    Either::Right((arrived, _)) => arrived?,
                }
            };
            match arrived {
                Ok(delivery) => self.begin(delivery),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn begin(&self, delivery: Delivery) {
        let work = (self.handler)(delivery.message().clone());
        self.running.push(Box::pin(async move {
            let (message_id, attempt) = (delivery.message().id.clone(), delivery.attempt());
            let result = match work.await {
                // A lease that was lost meanwhile is an outcome of this message, not the end of the feed.
                Ok(()) => delivery.ack().await,
                Err(error) => delivery.release().await.and(Err(error)),
            };
            Processed { message_id, attempt, result }
        }));
    }
}
