//! What runs on this machine, as far as the system tells.

use std::collections::BTreeSet;
use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// One process.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Status {
    pub(super) pid: i32,
    pub(super) parent: i32,
    pub(super) user: u32,
    pub(super) threads: u64,
    pub(super) is_dead: bool,
}

/// All processes that can be seen; none where the system has no `/proc`.
pub(super) fn statuses() -> impl Iterator<Item = Status> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        // A process that ended meanwhile has no file.
        Some(parse(pid, &fs::read_to_string(entry.path().join("status")).ok()?))
    })
}

fn parse(pid: i32, text: &str) -> Status {
    let mut status = Status { pid, ..Status::default() };
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let first = value.split_whitespace().next().unwrap_or_default();
        match key {
            "PPid" => status.parent = first.parse().unwrap_or_default(),
            "Uid" => status.user = first.parse().unwrap_or_default(),
            "Threads" => status.threads = first.parse().unwrap_or_default(),
            "State" => status.is_dead = matches!(first, "Z" | "X"),
            _ => {}
        }
    }
    status
}

/// All that descends from `ancestor` and is not dead yet.
pub(super) fn below(ancestor: i32) -> Vec<i32> {
    let all: Vec<Status> = statuses().collect();
    let mut family = BTreeSet::from([ancestor]);
    loop {
        let before = family.len();
        family.extend(
            all.iter().filter(|status| family.contains(&status.parent)).map(|s| s.pid).collect::<Vec<_>>(),
        );
        if family.len() == before {
            break;
        }
    }
    all.iter().filter(|s| s.pid != ancestor && !s.is_dead && family.contains(&s.pid)).map(|s| s.pid).collect()
}

/// Kills all that descends from `ancestor`. What keeps multiplying is stopped before it is killed: what is stopped
/// does not start anything.
pub(super) fn kill_below(ancestor: i32) {
    let mut stopped = BTreeSet::new();
    loop {
        let found = below(ancestor);
        let fresh: Vec<i32> = found.iter().copied().filter(|pid| stopped.insert(*pid)).collect();
        if fresh.is_empty() {
            found.iter().for_each(|pid| signal(*pid, Signal::KILL));
            return;
        }
        fresh.iter().for_each(|pid| signal(*pid, Signal::STOP));
    }
}

fn signal(pid: i32, signal: Signal) {
    // It may have ended meanwhile.
    let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, signal));
}
