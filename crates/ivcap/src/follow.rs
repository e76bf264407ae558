//! Following what an order writes.

use std::collections::VecDeque;
use std::future::ready;

use bytes::Buf;
use futures_util::{StreamExt, stream};
use pentad_core::feed::Opened;
use pentad_core::retry::Outage;
use pentad_core::work::{Polling, Scope};
use pentad_core::{Error, ErrorKind, Feed, Result, Sent};

use crate::ops;
use crate::order::Order;

/// A log up to this length is read again as a whole at each look.
const SHORT: u64 = 64 * 1024;
/// So much of what was handed on, in whole lines, marks the place in a text that begins later.
const MARK: usize = 4 * 1024;
/// The most that is taken of a log at one look; the rest at the next.
const MOST: usize = 4 * 1024 * 1024;
/// A line may be this late: its platform collects what containers write.
const LATE: i64 = 60;
/// Places in time that are kept.
const PLACES: usize = 64;

/// Lines already handed on, and where the platform's text goes on.
struct Follower {
    order: Order,
    polling: Polling,
    scope: Scope,
    outage: Outage,
    /// Bytes of the log that were handed on.
    read: u64,
    /// The last lines of them.
    mark: Vec<u8>,
    /// When, by the platform's clock, how much had been handed on.
    places: VecDeque<(i64, u64)>,
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
            mark: Vec::new(),
            places: VecDeque::new(),
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
        let later = match self.begin() {
            Some(from) => self.later(from).await?,
            None => None,
        };
        let fresh = match later {
            Some(fresh) => fresh,
            None => self.all().await?,
        };
        self.over = ended && !fresh.more;
        let last = fresh.text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        // A line without an end in sight is handed on in parts.
        let whole = if self.over || (fresh.more && last == 0) { fresh.text.len() } else { last };
        self.take(&fresh.text[..whole]);
        if let Some(at) = fresh.at {
            self.places.push_back((at, self.read));
            if self.places.len() > PLACES {
                self.places.pop_front();
            }
        }
        Ok(())
    }

    fn take(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        self.looks = 0;
        self.read += text.len() as u64;
        self.lines.extend(String::from_utf8_lossy(text).lines().map(str::to_owned));
        self.mark.extend_from_slice(text);
        // Whole lines, at least so many bytes of them.
        let most = self.mark.len().saturating_sub(MARK);
        let begin = self.mark[..most].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.mark.drain(..begin);
    }

    /// From which second on the text is wanted, if that spares anything: a moment after which a whole mark came.
    fn begin(&self) -> Option<i64> {
        let is_before = |place: &&(i64, u64)| self.read - place.1 >= self.mark.len() as u64;
        let place = self.places.iter().rev().find(is_before)?;
        (self.read > SHORT).then(|| place.0.saturating_sub(LATE))
    }

    /// What follows the mark in the text from this second on; nothing if it is not there, or there twice.
    async fn later(&self, from: i64) -> Result<Option<Fresh>> {
        let fresh = self.fetch(Some(from), 0).await?;
        let text = &fresh.text;
        let begins = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        let mut found = std::iter::once(0).chain(begins).filter(|at| text[*at..].starts_with(&self.mark));
        Ok(match (found.next(), found.next()) {
            (Some(at), None) => Some(Fresh { text: text[at + self.mark.len()..].to_vec(), ..fresh }),
            _ => None,
        })
    }

    /// What follows in the whole text.
    async fn all(&self) -> Result<Fresh> {
        self.fetch(None, self.read).await
    }

    async fn fetch(&self, from: Option<i64>, mut skip: u64) -> Result<Fresh> {
        let (at, mut pieces) = self.scope.run(self.order.dated_logs(from)).await?;
        let mut fresh = Fresh { text: Vec::new(), more: false, at };
        while let Some(mut piece) = pieces.next().await.transpose()? {
            let known = usize::try_from(skip).unwrap_or(usize::MAX).min(piece.len());
            skip -= known as u64;
            piece.advance(known);
            let room = MOST - fresh.text.len();
            fresh.text.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.len() > room {
                fresh.more = true;
                return Ok(fresh);
            }
        }
        if skip > 0 {
            let message = "the platform has cut the log: what follows cannot be told from what came before";
            return Err(Error::new(ErrorKind::Unexpected, message).with_sent(Sent::Answered));
        }
        Ok(fresh)
    }
}

/// What a look brought.
struct Fresh {
    text: Vec<u8>,
    /// There is more already.
    more: bool,
    /// The platform's second.
    at: Option<i64>,
}
