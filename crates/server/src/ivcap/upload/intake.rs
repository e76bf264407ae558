//! Storing a body as it comes: a bounded number of bytes in memory, whatever its length.

use pentad_disk::{Buffer, Buffers};
use pentad_store::{StoreError, StoreErrorKind};
use tokio::task::JoinHandle;

use super::turn::Turn;
use crate::http::Incoming;

/// Stored at once, where the disk has its blocks.
const PART: usize = 1 << 20;
/// So many parts are in memory: one on its way to the disk, one that is filled.
const PARTS: usize = 2;

/// How a body ended.
#[derive(Debug)]
pub(crate) enum End {
    /// All of it is stored.
    Whole,
    /// It broke off; what came is stored.
    Broken,
    /// It is longer than this, for which there is room; so much of it is stored.
    TooLong(u64),
    /// Somebody else took over; what came is stored.
    Overtaken,
    /// The store refused.
    Failed(StoreError),
}

impl End {
    /// Whether all of the body is stored.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }
}

/// What became of a body.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) turn: Turn,
    pub(crate) end: End,
}

impl Turn {
    /// Stores a body behind the first `offset` bytes, at most `room` bytes of it. What has come is stored even if
    /// the result is not waited for.
    pub(crate) fn take_in(self, offset: u64, room: Option<u64>, body: Incoming) -> JoinHandle<Taken> {
        let tracker = self.uploads.tracker.clone();
        let room = room.unwrap_or(u64::MAX);
        let parts = Buffers::new(PART, PARTS);
        tracker.spawn(
            Intake { turn: self, offset, room, most: room, parts, part: None, writing: None }.run(body),
        )
    }
}

struct Intake {
    turn: Turn,
    /// Where the next part goes.
    offset: u64,
    /// How many bytes may still come.
    room: u64,
    /// How many could come at first.
    most: u64,
    parts: Buffers,
    /// The part that is filled, and how far.
    part: Option<(Buffer, usize)>,
    /// The part that is on its way.
    writing: Option<JoinHandle<Result<u64, StoreError>>>,
}

impl Intake {
    async fn run(mut self, mut body: Incoming) -> Taken {
        let end = loop {
            let piece = tokio::select! {
                piece = body.piece() => piece,
                () = self.turn.wanted.cancelled() => break End::Overtaken,
            };
            let mut piece = match piece {
                Ok(Some(piece)) => piece,
                Ok(None) => break End::Whole,
                Err(_) => break End::Broken,
            };
            let is_too_long = piece.len() as u64 > self.room;
            if is_too_long {
                piece.truncate(usize::try_from(self.room).unwrap_or(usize::MAX));
            }
            self.room -= piece.len() as u64;
            if let Err(error) = self.add(&piece).await {
                break End::Failed(error);
            }
            if is_too_long {
                break End::TooLong(self.most);
            }
        };
        let stored = match self.store().await {
            Ok(()) => self.stored().await,
            failed => failed,
        };
        let end = stored.map_or_else(End::Failed, |()| end);
        Taken { turn: self.turn, end }
    }

    async fn add(&mut self, mut piece: &[u8]) -> Result<(), StoreError> {
        while !piece.is_empty() {
            let (mut part, filled) = self.part.take().unwrap_or_else(|| (self.parts.take(), 0));
            // From an odd offset on up to the next block.
            let until = PART - usize::try_from(self.offset % PART as u64).unwrap_or_default();
            let (now, later) = piece.split_at(piece.len().min(until - filled));
            part.bytes_mut()[filled..filled + now.len()].copy_from_slice(now);
            piece = later;
            let filled = filled + now.len();
            self.part = Some((part, filled));
            if filled == until {
                self.store().await?;
            }
        }
        Ok(())
    }

    /// Sends what was filled on its way once the part before it has arrived.
    async fn store(&mut self) -> Result<(), StoreError> {
        self.stored().await?;
        let Some((part, filled)) = self.part.take() else { return Ok(()) };
        let part = self.parts.lend(part, filled);
        let offset = self.offset;
        self.offset += part.len() as u64;
        self.turn.running.add(offset, &part);
        let (blobs, key) = (self.turn.uploads.blobs.clone(), self.turn.key.clone());
        self.writing = Some(tokio::spawn(async move { blobs.append(&key, offset, part).await }));
        Ok(())
    }

    /// Waits for the part that is on its way.
    async fn stored(&mut self) -> Result<(), StoreError> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        let written = match writing.await {
            Ok(written) => written.map(drop),
            Err(error) => Err(StoreError::new(StoreErrorKind::Io, format!("storing content: {error}"))),
        };
        if written.is_err() {
            // What is stored decides; the digest is made anew from it.
            *self.turn.running = super::digest::Running::default();
        }
        written
    }
}
