//! What a program writes becomes the log of its order.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

use crate::clock::real_sleep;
use crate::ivcap::core::Core;
use crate::ivcap::storage::work;

/// Read at once.
const PIECE: usize = 16 << 10;
/// What comes within this time is stored together.
const GATHER: Duration = Duration::from_millis(50);
/// So much of the last complaint is kept.
const LAST: usize = 500;
const CUT: &[u8] = b"\n(the log is cut off here: it is longer than it may be)\n";

/// Stores what both streams give until both end, and gives the end of the second, where programs complain.
pub(super) async fn keep(
    core: &Arc<Core>,
    id: &str,
    most: u64,
    out: impl AsyncRead + Unpin,
    err: impl AsyncRead + Unpin,
) -> String {
    let (sender, receiver) = mpsc::channel(4);
    let other = sender.clone();
    let (_, last, ()) =
        tokio::join!(pass_on(out, sender), pass_on(err, other), store(core, id, most, receiver));
    let text = String::from_utf8_lossy(&last);
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.chars().filter(|letter| !letter.is_control()).collect()
}

/// Gives pieces to the log; its own end is the result.
async fn pass_on(mut from: impl AsyncRead + Unpin, to: mpsc::Sender<Vec<u8>>) -> Vec<u8> {
    let (mut piece, mut last) = (vec![0; PIECE], Vec::new());
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let fresh = &piece[..length];
        last.extend_from_slice(fresh);
        let extra = last.len().saturating_sub(LAST);
        last.drain(..extra);
        // Nobody listens any more only if storing failed; the program must not wait for that.
        let _ = to.send(fresh.to_vec()).await;
    }
    last
}

/// Adds what has come already.
fn gather(content: &mut Vec<u8>, from: &mut mpsc::Receiver<Vec<u8>>) {
    while content.len() < PIECE * 4
        && let Ok(more) = from.try_recv()
    {
        content.extend_from_slice(&more);
    }
}

async fn store(core: &Arc<Core>, id: &str, most: u64, mut from: mpsc::Receiver<Vec<u8>>) {
    let (mut seq, mut left) = (1, most);
    while let Some(mut content) = from.recv().await {
        gather(&mut content, &mut from);
        // A trickle is worth a moment; a flood is not held up.
        if content.len() < PIECE {
            real_sleep(GATHER).await;
            gather(&mut content, &mut from);
        }
        if left == 0 {
            continue;
        }
        if content.len() as u64 > left {
            content.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            content.extend_from_slice(CUT);
            left = 0;
        } else {
            left -= content.len() as u64;
        }
        let (id, number) = (id.to_owned(), seq);
        let written = core.store.write_soft(move |tx| work::log(tx, &id, number, &content)).await;
        if let Err(error) = written {
            tracing::warn!(%error, "a piece of a log could not be stored");
        }
        seq += 1;
    }
}
