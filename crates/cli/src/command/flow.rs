//! Messages that flow: received, written or handed to a command, acknowledged, in that order, until told to stop.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::join;
use futures_util::stream::{FuturesUnordered, StreamExt};
use pentad_core::{BoxFuture, Clock, Feed};
use pentad_transport::SystemClock;
use serde_json::Value;

use super::exec::{ExecArgs, exec};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Progress, Rows, View};
use crate::signal;

/// So many messages are written before their acknowledgement is sent.
const TOGETHER: usize = 500;

/// How a service's messages are shown, worked on and finished.
pub(crate) trait Messages: Send + Sync + 'static {
    /// One received message.
    type Item: Send + 'static;
    /// The message as a result.
    fn row(&self, item: &Self::Item) -> Value;
    /// What the message carries.
    fn data(&self, item: &Self::Item) -> Bytes;
    /// Variables for `--exec`: names begin with `PENTAD_MESSAGE_`.
    fn variables(&self, item: &Self::Item) -> Vec<(String, String)>;
    /// Its place in the order of the source, where there is one.
    fn position(&self, item: &Self::Item) -> Option<i64>;
    /// It was handled.
    fn finish(&self, item: Self::Item) -> BoxFuture<'static, pentad_core::Result<()>>;
    /// It was not handled and shall come again soon.
    fn give_back(&self, item: Self::Item) -> BoxFuture<'static, pentad_core::Result<()>>;
    /// It was not handled, and this run ends when there is nothing else: it goes on without the message, and leaves it to a
    /// later run.
    fn leave(&self, item: Self::Item) -> BoxFuture<'static, pentad_core::Result<()>>;
}

/// How far a flow goes.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) view: View,
    /// Stop after this many.
    pub(crate) max: Option<u64>,
    /// Wait for more when none is left.
    pub(crate) follow: bool,
    pub(crate) exec: ExecArgs,
}

/// Lets messages flow. Nothing is acknowledged that was not written and flushed, or handled by its command. The first
/// signal ends it in order: commands that run may end, what they handled is acknowledged, the rest comes again.
///
/// `all_seen` is asked, without `follow`, when nothing has arrived for a while: with the highest position seen.
///
/// # Errors
/// Those of the feed, of writing and of acknowledging; what was handled before is acknowledged all the same.
pub(crate) async fn flow<M: Messages>(
    messages: M,
    feed: Feed<M::Item>,
    reach: Reach,
    output: &mut Output,
    all_seen: impl AsyncFn(Option<i64>) -> Result<bool>,
) -> Result<Exit> {
    let bar = output.progress("handled");
    let mut flow = Flow {
        messages: Arc::new(messages),
        rows: Some(Rows::live(reach.view)),
        reach,
        output,
        bar,
        taken: 0,
        seen: None,
        waiting: VecDeque::new(),
        running: FuturesUnordered::new(),
        unhandled: 0,
        failure: None,
    };
    let ended = flow.run(feed, all_seen).await;
    flow.bar.done();
    if let Some(failure) = flow.failure {
        return Err(failure);
    }
    if let Some(rows) = flow.rows {
        rows.finish(flow.output)?;
    }
    Ok(match ended {
        Exit::Success if flow.unhandled > 0 => Exit::Partial,
        exit => exit,
    })
}

/// What became of some messages.
enum Outcome {
    Handled(u64),
    Unhandled(String),
    Failed(Failure),
}

struct Flow<'a, M: Messages> {
    messages: Arc<M>,
    reach: Reach,
    output: &'a mut Output,
    rows: Option<Rows>,
    bar: Progress,
    taken: u64,
    seen: Option<i64>,
    /// Received, its command not started.
    waiting: VecDeque<M::Item>,
    running: FuturesUnordered<BoxFuture<'static, Outcome>>,
    unhandled: u64,
    failure: Option<Failure>,
}

impl<M: Messages> Flow<'_, M> {
    async fn run(
        &mut self,
        mut feed: Feed<M::Item>,
        all_seen: impl AsyncFn(Option<i64>) -> Result<bool>,
    ) -> Exit {
        let mut stop = pin!(signal::stop());
        let mut pause = FIRST_PAUSE;
        let mut ended = Exit::Success;
        // The feed is asked all the time: acknowledgements share its place in line with its own requests.
        while self.failure.is_none() && self.left() > 0 {
            tokio::select! {
                biased;
                exit = &mut stop => {
                    self.waiting.clear();
                    ended = exit;
                    break;
                }
                Some(outcome) = self.running.next(), if !self.running.is_empty() => self.tally(outcome),
                next = feed.next() => {
                    pause = FIRST_PAUSE;
                    match next {
                        None => break,
                        Some(Err(error)) => self.failure = Some(error.into()),
                        Some(Ok(item)) => self.take(item, &mut feed),
                    }
                }
                () = SystemClock.sleep(pause), if !self.reach.follow && self.is_idle() => {
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    match all_seen(self.seen).await {
                        Ok(true) => break,
                        Ok(false) => {}
                        Err(failure) => self.failure = Some(failure),
                    }
                }
            }
        }
        let (closed, ()) = join(feed.close(), self.settle()).await;
        if let (Err(error), None) = (closed, &self.failure) {
            self.failure = Some(error.into());
        }
        ended
    }

    fn left(&self) -> u64 {
        self.reach.max.map_or(u64::MAX, |max| max - self.taken.min(max))
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    /// Takes a message, and those that are there already.
    fn take(&mut self, first: M::Item, feed: &mut Feed<M::Item>) {
        let mut items = vec![first];
        while items.len() < TOGETHER && (items.len() as u64) < self.left() {
            match feed.next().now_or_never() {
                Some(Some(Ok(item))) => items.push(item),
                Some(Some(Err(error))) => {
                    self.failure = Some(error.into());
                    break;
                }
                _ => break,
            }
        }
        self.taken += items.len() as u64;
        self.seen = items.iter().filter_map(|item| self.messages.position(item)).max().max(self.seen);
        if self.reach.exec.exec.is_some() {
            self.waiting.extend(items);
            self.start();
        } else if let Err(failure) = self.write(items) {
            self.failure = Some(failure);
        }
    }

    /// Writes messages, and acknowledges them once the reader has them.
    fn write(&mut self, items: Vec<M::Item>) -> Result<()> {
        if let Some(rows) = &mut self.rows {
            for item in &items {
                rows.push(self.output, &self.messages.row(item))?;
            }
        }
        self.output.flush()?;
        let messages = Arc::clone(&self.messages);
        self.running.push(Box::pin(async move {
            let count = items.len() as u64;
            for item in items {
                if let Err(error) = messages.finish(item).await {
                    return Outcome::Failed(error.into());
                }
            }
            Outcome::Handled(count)
        }));
        Ok(())
    }

    /// Starts commands for messages that wait, as many as may run.
    fn start(&mut self) {
        let Some(command) = self.reach.exec.exec.clone() else { return };
        while self.running.len() < self.reach.exec.parallel.max(1) {
            let Some(item) = self.waiting.pop_front() else { return };
            let (messages, command) = (Arc::clone(&self.messages), command.clone());
            let again = self.reach.follow;
            self.running.push(Box::pin(async move { handled(&*messages, item, &command, again).await }));
        }
    }

    fn tally(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Handled(count) => self.bar.add(count),
            Outcome::Unhandled(note) => {
                self.unhandled += 1;
                self.output.note(&note);
            }
            Outcome::Failed(failure) => {
                self.failure.get_or_insert(failure);
            }
        }
        self.start();
    }

    /// Lets everything that was begun end.
    async fn settle(&mut self) {
        while let Some(outcome) = self.running.next().await {
            self.tally(outcome);
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

async fn handled<M: Messages>(messages: &M, item: M::Item, command: &str, again: bool) -> Outcome {
    let variables = messages.variables(&item);
    let name = variables.first().map_or_else(String::new, |(_, id)| id.clone());
    let done = match exec(command, messages.data(&item), variables).await {
        Ok(Ok(())) => messages.finish(item).await.map(|()| Outcome::Handled(1)),
        Ok(Err(why)) => {
            let note = format!("message {name} was not handled: {why}");
            let given = if again { messages.give_back(item).await } else { messages.leave(item).await };
            given.map(|()| Outcome::Unhandled(note))
        }
        Err(failure) => return Outcome::Failed(failure),
    };
    done.unwrap_or_else(|error| Outcome::Failed(error.into()))
}
