//! Following what an order writes.

use std::collections::VecDeque;
use std::future::ready;

use futures_util::stream;
use pentad_core::feed::Opened;
use pentad_core::retry::Outage;
use pentad_core::work::{Polling, Scope};
use pentad_core::{Feed, Result};

use crate::ops;
use crate::order::{Order, text};

/// Lines already handed on, and where the platform's text goes on.
struct Follower {
    order: Order,
    polling: Polling,
    scope: Scope,
    outage: Outage,
    /// Bytes of the log that were handed on.
    read: usize,
    lines: VecDeque<String>,
    looks: u32,
    over: bool,
}

pub(crate) fn lines(order: Order, polling: Polling) -> Feed<String> {
    let (session, preview) = (order.client().session().clone(), order.logs_request());
    Feed::lazy(&session, &ops::ORDER_LOGS, preview, move |scope| {
        let outage = Outage::new(polling.reconnect.clone());
        let follower = Follower {
            order,
            polling,
            scope,
            outage,
            read: 0,
            lines: VecDeque::new(),
            looks: 0,
            over: false,
        };
        let lines = stream::unfold(Some(follower), |follower| async move {
            let mut follower = follower?;
            match follower.next().await {
                Ok(Some(line)) => Some((Ok(line), Some(follower))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        Opened::new(Box::pin(lines), || Box::pin(ready(Ok(()))))
    })
}

impl Follower {
    async fn next(&mut self) -> Result<Option<String>> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(Some(line));
            }
            if self.over {
                return Ok(None);
            }
            let clock = self.scope.session().clock().clone();
            let looked = self.look().await;
            if self.outage.survive(&*clock, looked).await?.is_none() || self.over || !self.lines.is_empty() {
                continue;
            }
            let pause = self.polling.schedule.pause(self.looks, clock.jitter());
            self.looks = self.looks.saturating_add(1);
            self.scope.pause(pause).await?;
        }
    }

    /// Asks for the order first: what it wrote before its end is then in the text that follows.
    async fn look(&mut self) -> Result<()> {
        let ended = self.scope.run(self.order.get()).await?.status.is_final();
        let log = text(self.scope.run(self.order.logs(None, None)).await?).await?;
        let fresh = log.get(self.read..).unwrap_or_default();
        let whole =
            if ended { fresh.len() } else { fresh.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1) };
        let taken = String::from_utf8_lossy(&fresh[..whole]);
        self.lines.extend(taken.lines().map(str::to_owned));
        if whole > 0 {
            self.looks = 0;
        }
        self.read += whole;
        self.over = ended;
        Ok(())
    }
}
