//! What a program and all that it started take at the moment.

use std::fs;
use std::path::Path;

use super::tree;

/// Bytes of a page, as far as this matters.
const PAGE: u64 = 4096;
/// Ticks of the processor clock in a second: what Linux tells programs, whatever it counts itself.
const TICKS: u64 = 100;

/// What is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Milliseconds of processor time.
    pub cpu: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of the files of a directory.
    pub storage: u64,
}

/// What the descendants of a process take, and the files of a directory; what cannot be seen counts nothing.
pub fn usage(keeper: u32, dir: &Path) -> Usage {
    let mut usage = Usage::default();
    for pid in i32::try_from(keeper).map(tree::below).unwrap_or_default() {
        let own = Path::new("/proc").join(pid.to_string());
        let stat = fs::read_to_string(own.join("stat")).unwrap_or_default();
        // The name of the program may hold anything; numbers follow its last parenthesis.
        let numbers: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| numbers.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        usage.cpu += (ticks(11) + ticks(12)) * 1000 / TICKS;
        let pages = fs::read_to_string(own.join("statm")).unwrap_or_default();
        let resident = pages.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        usage.memory += resident * PAGE;
    }
    usage.storage = stored(dir, 16);
    usage
}

fn stored(dir: &Path, depth: u32) -> u64 {
    let mut bytes = 0;
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let Ok(metadata) = fs::symlink_metadata(entry.path()) else { continue };
        bytes += metadata.len();
        if metadata.is_dir() && depth > 0 {
            bytes += stored(&entry.path(), depth - 1);
        }
    }
    bytes
}
