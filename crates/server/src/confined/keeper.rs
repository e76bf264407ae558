//! The ancestor of everything that a program starts.
//!
//! Its standard input is held by the server: a byte asks the program to end, the end of it takes everything down.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, kill_process_group, wait};

use super::cgroup::Group;
use super::{INNER, Plan, UNUSABLE, tree};

/// Set once everything is to be taken down: what is found then is killed, whatever it is.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Runs the plan to its end and ends the same way as the program did.
pub(super) fn run(mut plan: Plan) -> ExitCode {
    #[cfg(target_os = "linux")]
    if rustix::process::set_child_subreaper(Some(getpid())).is_err() {
        return ExitCode::from(UNUSABLE);
    }
    let group = Group::make(&plan.limits);
    plan.cgroup = group.as_ref().map(|group| group.dir().to_owned());
    let Some(program) = start(&plan) else { return ExitCode::from(UNUSABLE) };
    thread::spawn(move || obey(program));
    let ended = reap(program);
    take_down(group);
    end_like(ended)
}

fn start(plan: &Plan) -> Option<Pid> {
    let plan = serde_json::to_string(plan).ok()?;
    let mut command = Command::new(if cfg!(target_os = "linux") {
        "/proc/self/exe".into()
    } else {
        std::env::current_exe().ok()?
    });
    // A group of its own, so that asking it to end does not ask the keeper.
    command.arg(INNER).arg(plan).stdin(Stdio::null()).process_group(0);
    let child = command.spawn().ok()?;
    Some(Pid::from_child(&child))
}

/// Listens to the server until it is gone.
fn obey(program: Pid) {
    let mut word = [0; 1];
    while matches!(std::io::stdin().read(&mut word), Ok(1)) {
        // What is stopped hears nothing.
        let _ = kill_process_group(program, Signal::TERM);
        let _ = kill_process_group(program, Signal::CONT);
    }
    ENDING.store(true, Ordering::Relaxed);
    tree::kill_below(getpid().as_raw_pid());
}

/// Waits for the program, and buries what others left behind.
fn reap(program: Pid) -> Option<WaitStatus> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == program => return Some(status),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
        if ENDING.load(Ordering::Relaxed) {
            tree::kill_below(getpid().as_raw_pid());
        }
    }
}

/// What the program left behind ends with it.
fn take_down(group: Option<Group>) {
    loop {
        tree::kill_below(getpid().as_raw_pid());
        match wait(WaitOptions::empty()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => break,
        }
    }
    drop(group);
}

fn end_like(ended: Option<WaitStatus>) -> ExitCode {
    let Some(ended) = ended else { return ExitCode::from(UNUSABLE) };
    if let Some(signal) = ended.terminating_signal().and_then(Signal::from_named_raw) {
        // The core limit is inherited only by the program; nothing of ours is worth a dump.
        let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
        let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
        // Twice: the first only takes away the handler that the runtime has for overflown stacks.
        let _ = kill_process(getpid(), signal);
        let _ = kill_process(getpid(), signal);
    }
    let code = ended.exit_status().and_then(|code| u8::try_from(code).ok());
    // A signal that ends no keeper, such as the one for a broken pipe.
    let by_signal = ended.terminating_signal().and_then(|signal| u8::try_from(128 + signal).ok());
    ExitCode::from(code.or(by_signal).unwrap_or(UNUSABLE))
}
