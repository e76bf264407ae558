//! The crash test: kills the server at random instants under load, starts it again on the same data, and
//! compares what is there with what was answered.
//!
//! Held against the answers: every answered publish is there once, under its id, with its content; ids are
//! positions without a gap; no answered acknowledgement is undone. For `durable`, a trace of system calls
//! shows that no answer leaves before the log is on disk. A server that answers before it commits must be
//! caught, or the test proves nothing.

mod ams;
mod arguments;
mod ivcap;
mod kill;
mod ledger;
mod load;
mod trace;
mod verify;
mod zaqar;

use std::path::Path;
use std::process::ExitCode;

use pentad_benches::{Result, say};

use crate::ams::Ams;
use crate::arguments::Arguments;
use crate::ivcap::Ivcap;
use crate::kill::Subject;
use crate::zaqar::Zaqar;

fn main() -> ExitCode {
    let outcome = Arguments::parse(std::env::args().skip(1)).and_then(|arguments| {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(&arguments))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&format!("torture: FAILED: {why}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    say(&format!("torture: seed {}, {} kills per durability", arguments.seed, arguments.instants));
    if arguments.wants("ams") {
        both::<Ams>(arguments).await?;
    }
    if arguments.wants("zaqar") {
        both::<Zaqar>(arguments).await?;
    }
    if arguments.wants("ivcap") {
        both::<Ivcap>(arguments).await?;
    }
    say(&format!("torture: system calls: {}", trace::check(&arguments.binary).await?));
    let Some(seeded) = &arguments.seeded else { return Ok(()) };
    caught(arguments, seeded).await
}

/// Kills a server that answers before it commits, which must be noticed.
async fn caught(arguments: &Arguments, seeded: &Path) -> Result<()> {
    let sound = arguments.binary.as_path();
    let instants = arguments.instants.max(50);
    let report = kill::rounds::<Ams>(sound, seeded, "durable", instants, arguments.seed).await?;
    match report.fault {
        Some(fault) => {
            say(&format!("torture: the server that answers before it commits was caught: {fault}"));
            Ok(())
        }
        None => {
            Err(format!("a server that answers before it commits was not caught: {}", report.summary).into())
        }
    }
}

/// Kills one service's server at both durabilities.
async fn both<S: Subject>(arguments: &Arguments) -> Result<()> {
    let sound = arguments.binary.as_path();
    for durability in ["buffered", "durable"] {
        let report = kill::rounds::<S>(sound, sound, durability, arguments.instants, arguments.seed).await?;
        if let Some(fault) = report.fault {
            return Err(format!("{}, {durability}: {fault}", S::NAME).into());
        }
        say(&format!("torture: {}, {durability}: {}", S::NAME, report.summary));
    }
    Ok(())
}
