//! What a consumer holds, and what the service's single window allows. Pure: time comes in as an argument.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::message::{Message, Received};

/// The fate of a held offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// Not handed out, or given back.
    Ready,
    /// Being worked on.
    Out,
    /// Its delivery was dropped without a word.
    Dropped,
    /// Left until the feed ends.
    Aside,
    /// Finished, not committed.
    Done,
}

/// A message that can be handed out.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) offset: i64,
    pub(super) message: Message,
    not_before: Option<Instant>,
}

/// The service's window: what the last pull delivered.
#[derive(Debug, Clone, Copy)]
struct Open {
    end: i64,
    at: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Window {
    base: Option<i64>,
    held: BTreeMap<i64, (Slot, usize)>,
    ready: VecDeque<Waiting>,
    attempts: HashMap<i64, u32>,
    open: Option<Open>,
}

impl Window {
    /// Takes in the answer of a pull: a new window, new messages, and the news that some offsets were committed.
    /// Gives the number of messages that were not held yet.
    pub(super) fn merge(&mut self, received: Vec<Received>, now: Instant) -> usize {
        let Some(first) = received.first().map(Received::offset) else {
            // The position is at the end: whatever was held was committed, here or elsewhere.
            self.forget_below(i64::MAX);
            self.open = None;
            return 0;
        };
        self.forget_below(first);
        self.base = Some(first);
        let mut fresh = 0;
        for Received { ack_id, message } in received {
            let offset = ack_id.offset();
            self.open = Some(Open { end: offset + 1, at: now });
            if self.held.contains_key(&offset) {
                continue;
            }
            fresh += 1;
            self.held.insert(offset, (Slot::Ready, message.wire_len()));
            self.ready.push_back(Waiting { offset, message, not_before: None });
        }
        fresh
    }

    fn forget_below(&mut self, base: i64) {
        self.held.retain(|offset, _| *offset >= base);
        self.ready.retain(|waiting| waiting.offset >= base);
        self.attempts.retain(|offset, _| *offset >= base);
    }

    /// The next message to hand out, and which attempt it is.
    pub(super) fn take(&mut self, now: Instant) -> Option<(Waiting, u32)> {
        let place = self.ready.iter().position(|waiting| waiting.not_before.is_none_or(|at| at <= now))?;
        let waiting = self.ready.remove(place)?;
        if let Some(slot) = self.held.get_mut(&waiting.offset) {
            slot.0 = Slot::Out;
        }
        let attempt = self.attempts.entry(waiting.offset).or_insert(0);
        *attempt += 1;
        Some((waiting, *attempt))
    }

    /// When a message that was given back may be handed out again.
    pub(super) fn next_ready(&self) -> Option<Instant> {
        self.ready.iter().filter_map(|waiting| waiting.not_before).min()
    }

    /// Changes the fate of an offset; offsets that were committed elsewhere are no longer held.
    pub(super) fn mark(&mut self, offset: i64, fate: Slot) {
        if let Some(slot) = self.held.get_mut(&offset) {
            slot.0 = fate;
        }
    }

    /// Takes a message back to hand it out again.
    pub(super) fn give_back(&mut self, offset: i64, message: Message, not_before: Instant) {
        if let Some(slot) = self.held.get_mut(&offset) {
            slot.0 = Slot::Ready;
            self.ready.push_back(Waiting { offset, message, not_before: Some(not_before) });
        }
    }

    /// The end (inclusive) of the finished prefix.
    fn prefix(&self) -> Option<i64> {
        let mut expected = self.base?;
        for (offset, (slot, _)) in &self.held {
            if *offset != expected || *slot != Slot::Done {
                break;
            }
            expected += 1;
        }
        (Some(expected) > self.base).then(|| expected - 1)
    }

    pub(super) fn has_prefix(&self) -> bool {
        self.prefix().is_some()
    }

    /// The offset whose acknowledgement commits most of the prefix within the service's window.
    pub(super) fn ack_target(&self) -> Option<i64> {
        let target = self.prefix()?.min(self.open?.end - 1);
        (Some(target) >= self.base).then_some(target)
    }

    /// The acknowledgement of `target` was accepted: the position moved, the window is closed.
    pub(super) fn committed(&mut self, target: i64) {
        self.forget_below(target + 1);
        self.base = Some(target + 1);
        self.open = None;
    }

    /// The window is not what it was thought to be.
    pub(super) fn doubt(&mut self) {
        self.open = None;
    }

    /// How many messages from the position on cover all that is held.
    pub(super) fn span(&self) -> u32 {
        let (Some(base), Some((last, _))) = (self.base, self.held.last_key_value()) else { return 0 };
        u32::try_from(last + 1 - base).unwrap_or(u32::MAX)
    }

    /// Until when the window can be relied on.
    pub(super) fn fresh_until(&self, deadline: Duration) -> Option<Instant> {
        // The service counts whole seconds, and requests take their time: two thirds are safe.
        self.open.map(|open| open.at + deadline * 2 / 3)
    }

    /// Messages that are not finished, but for those that were set aside, and their bytes.
    pub(super) fn unfinished(&self) -> (usize, usize) {
        let open = self.held.values().filter(|(slot, _)| !matches!(slot, Slot::Done | Slot::Aside));
        open.fold((0, 0), |(count, bytes), (_, size)| (count + 1, bytes + size))
    }

    /// How many messages are being worked on.
    pub(super) fn out(&self) -> usize {
        self.held.values().filter(|(slot, _)| *slot == Slot::Out).count()
    }

    /// How many deliveries were dropped without a word.
    pub(super) fn dropped(&self) -> usize {
        self.held.values().filter(|(slot, _)| *slot == Slot::Dropped).count()
    }

    /// How many messages were set aside.
    pub(super) fn aside(&self) -> usize {
        self.held.values().filter(|(slot, _)| *slot == Slot::Aside).count()
    }

    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }
}
