//! `pentad zaqar message consume` and `claim run`: claim, hand on or write, delete.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use pentad_core::BoxFuture;
use pentad_zaqar::{Consume, Delivery, Grace, MessageQuery, NewClaim, Ttl};
use serde_json::{Value, json};

use super::message::MESSAGE;
use super::post::plain;
use super::{Run, complete};
use crate::command::exec::ExecArgs;
use crate::command::flow::{Messages, Reach, flow};
use crate::command::plan::Effect;
use crate::exit::Exit;
use crate::failure::Result;

#[derive(Args, Debug)]
pub(crate) struct ConsumeArgs {
    #[arg(add = ArgValueCompleter::new(complete::queues))]
    queue: String,
    /// Wait for more when none is left, until Ctrl-C.
    #[arg(short, long)]
    follow: bool,
    /// Stop after this many.
    #[arg(short = 'n', long, value_name = "N")]
    max: Option<u64>,
    /// Claim so many at a time, 1 to 20.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    batch: u32,
    /// How long a claim lasts, in seconds; it is renewed at half of that.
    #[arg(long, default_value_t = 300, value_name = "N")]
    ttl: u64,
    /// How much longer than their claim messages live at least, in seconds.
    #[arg(long, default_value_t = 60, value_name = "N")]
    grace: u64,
    /// Move a message to this queue when it was not handled for the last time.
    #[arg(long, value_name = "QUEUE")]
    dead_letter: Option<String>,
    /// How often a message is tried before that.
    #[arg(long, default_value_t = 5, value_name = "N", requires = "dead_letter")]
    attempts: u32,
    #[command(flatten)]
    exec: ExecArgs,
}

impl ConsumeArgs {
    /// Claims, writes or hands on, and deletes, in that order: what was not handled comes again.
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let (ttl, grace) = (Ttl::seconds(self.ttl), Grace::seconds(self.grace));
        let most = self.max.and_then(|max| u32::try_from(max).ok()).unwrap_or(u32::MAX);
        let batch = self.batch.min(most);
        if run.is_shown(&Effect::Change) {
            let claim = NewClaim::new().limit(batch).ttl(ttl).grace(grace);
            let make =
                |client: &pentad_zaqar::Client| client.queue(self.queue.as_str()).claim_messages(claim);
            return run.call(Effect::Change, make, MESSAGE).await;
        }
        let client = run.client(None).await?;
        let queue = client.queue(self.queue.as_str());
        let mut options = Consume::new().batch(batch).ttl(ttl).grace(grace);
        if self.exec.exec.is_some() {
            // Commands are slow: what waits for them should not be held longer than it must.
            options = options.max_in_flight(self.exec.parallel.max(1) * 2);
        }
        if let Some(name) = &self.dead_letter {
            options = options.dead_letter(client.queue(name.as_str()), self.attempts);
        }
        let reach = Reach { view: MESSAGE, max: self.max, follow: self.follow, exec: self.exec };
        let feed = queue.consume(options);
        let owed = Arc::new(AtomicUsize::new(0));
        let attempts = self.dead_letter.map(|_| self.attempts);
        let claimed = Claimed { attempts, owed: Arc::clone(&owed) };
        let looks = Cell::new(0);
        flow(claimed, feed, reach, run.output, async |_| {
            // What is free is listed; counts fail on some releases while messages are claimed.
            let free = queue.messages(MessageQuery::new().echo(true)).page_size(1).await?;
            looks.set(if free.items.is_empty() { looks.get() + 1 } else { 0 });
            // What was given back to be tried again is free in a moment, unless somebody else took it.
            let enough = if owed.load(Ordering::Relaxed) > 0 { LOOKS } else { 1 };
            Ok(looks.get() >= enough)
        })
        .await
    }
}

/// Looks in a row, with growing pauses, after which a message that was given back is somebody else's.
const LOOKS: u32 = 6;

/// Messages of claims.
struct Claimed {
    /// How often a message is tried before it goes to the dead-letter queue, if there is one.
    attempts: Option<u32>,
    /// Messages that were given back and are still to be tried again.
    owed: Arc<AtomicUsize>,
}

impl Claimed {
    /// A message that was owed has come.
    fn came(&self, item: &Delivery) {
        if item.attempt() > 1 {
            let _ = self.owed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |owed| owed.checked_sub(1));
        }
    }
}

impl Messages for Claimed {
    type Item = Delivery;

    fn row(&self, item: &Delivery) -> Value {
        let mut row = json!(item.message());
        row["claim_id"] = json!(item.claim_id());
        row
    }

    fn data(&self, item: &Delivery) -> Bytes {
        Bytes::from(plain(&item.message().body.value()))
    }

    fn variables(&self, item: &Delivery) -> Vec<(String, String)> {
        let message = item.message();
        let mut variables = vec![
            ("PENTAD_MESSAGE_ID".to_owned(), message.id.clone()),
            ("PENTAD_MESSAGE_CLAIM_ID".to_owned(), item.claim_id().to_owned()),
            ("PENTAD_MESSAGE_TTL".to_owned(), message.ttl.to_string()),
            ("PENTAD_MESSAGE_AGE".to_owned(), message.age.to_string()),
            ("PENTAD_MESSAGE_ATTEMPT".to_owned(), item.attempt().to_string()),
        ];
        // No value may hold a zero byte.
        variables.retain(|(_, value)| !value.contains('\0'));
        variables
    }

    fn position(&self, _: &Delivery) -> Option<i64> {
        None
    }

    fn finish(&self, item: Delivery) -> BoxFuture<'static, pentad_core::Result<()>> {
        self.came(&item);
        Box::pin(item.ack())
    }

    fn give_back(&self, item: Delivery) -> BoxFuture<'static, pentad_core::Result<()>> {
        Box::pin(item.release())
    }

    fn leave(&self, item: Delivery) -> BoxFuture<'static, pentad_core::Result<()>> {
        self.came(&item);
        match self.attempts {
            // It is tried until it may go to the dead-letter queue.
            Some(attempts) => {
                if item.attempt() < attempts {
                    self.owed.fetch_add(1, Ordering::Relaxed);
                }
                Box::pin(item.release())
            }
            // Free, it would be claimed again before anything behind it.
            None => {
                item.set_aside();
                Box::pin(std::future::ready(Ok(())))
            }
        }
    }
}
