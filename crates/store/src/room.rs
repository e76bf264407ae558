//! Whether there is room to write. The log says it once when the disk is full, and once when it no longer is.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{StoreError, StoreErrorKind};

/// What the writes of all services of an engine found.
#[derive(Debug)]
pub(crate) struct Room {
    /// Where the data is, for the log.
    place: String,
    full: AtomicBool,
}

impl Room {
    pub(crate) const fn new(place: String) -> Self {
        Self { place, full: AtomicBool::new(false) }
    }

    /// Whether a write found no room, and none since then found some.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Something was written.
    pub(crate) fn written(&self) {
        // Looked at first: a store that every commit writes to would be fought over by all writers.
        if self.is_full() && self.full.swap(false, Ordering::Relaxed) {
            tracing::info!(data = self.place, "there is room on the disk again");
        }
    }

    /// A write failed.
    pub(crate) fn refused(&self, error: &StoreError) {
        if error.kind() == StoreErrorKind::Full && !self.full.swap(true, Ordering::Relaxed) {
            tracing::error!(data = self.place, %error, "the disk is full: nothing can be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_full_from_the_first_refusal_to_the_next_commit() {
        let room = Room::new("here".to_owned());
        room.refused(&StoreError::new(StoreErrorKind::Io, "broken"));
        assert!(!room.is_full());
        room.refused(&StoreError::io("write", std::io::ErrorKind::StorageFull.into()));
        assert!(room.is_full());
        room.written();
        assert!(!room.is_full());
    }
}
