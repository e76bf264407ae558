//! Connections that wait for their next request.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Sender;
use crate::clock::Stopwatch;

/// How long a connection waits at most: shorter than what servers commonly allow.
const LONGEST: Duration = Duration::from_secs(30);
/// How many connections wait at once; the oldest goes first.
const MOST: usize = 64;

/// Where a connection leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The name, which TLS has checked.
    pub(super) host: String,
    pub(super) secure: bool,
    /// The address, which was checked when the connection was made.
    pub(super) addr: SocketAddr,
}

/// Connections without a request, oldest first.
#[derive(Default)]
pub(super) struct Idle(Mutex<Vec<(Place, Sender, Stopwatch)>>);

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Idle(..)")
    }
}

impl Idle {
    /// A connection to one of the addresses that the name has, and that may be called, now.
    pub(super) fn take(&self, host: &str, secure: bool, addrs: &[SocketAddr]) -> Option<(Place, Sender)> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|(_, sender, since)| !sender.is_closed() && since.elapsed() < LONGEST);
        let leads =
            |place: &Place| place.host == host && place.secure == secure && addrs.contains(&place.addr);
        let index = waiting.iter().rposition(|(place, ..)| leads(place))?;
        let (place, sender, _) = waiting.remove(index);
        Some((place, sender))
    }

    pub(super) fn keep(&self, place: Place, sender: Sender) {
        if sender.is_closed() {
            return;
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() == MOST {
            waiting.remove(0);
        }
        waiting.push((place, sender, Stopwatch::start()));
    }
}
