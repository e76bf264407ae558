//! `pentad tour`: the main job of every service, live, on a server in memory.

use clap::Parser;
use pentad_core::Clock;
use pentad_transport::SystemClock;

use crate::args::{Cli, Command, Global};
use crate::connect::Local;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::settings::Settings;

/// One step: what it is for, and the command that does it.
#[derive(Debug)]
struct Step {
    why: &'static str,
    words: &'static [&'static str],
}

const AMS: &[Step] = &[
    Step { why: "A topic is where messages are published.", words: &["ams", "topic", "create", "greetings"] },
    Step {
        why: "A subscription receives what is published from now on.",
        words: &["ams", "subscription", "create", "inbox", "--topic", "greetings"],
    },
    Step {
        why: "Publish three messages, with an attribute.",
        words: &["ams", "publish", "greetings", "hello", "bonjour", "καλημέρα", "--attr", "from=tour"],
    },
    Step {
        why: "Receive them. They stay until they are acknowledged.",
        words: &["ams", "pull", "inbox", "-n", "3"],
    },
    Step {
        why: "Acknowledge: the highest offset stands for all before it.",
        words: &["ams", "ack", "inbox", "2"],
    },
    Step { why: "Nothing is left behind.", words: &["ams", "subscription", "offsets", "inbox"] },
    Step { why: "Go back in time …", words: &["ams", "seek", "inbox", "begin"] },
    Step {
        why: "… and receive everything again, as lines of JSON, acknowledging as it goes.",
        words: &["ams", "consume", "inbox", "-o", "ndjson"],
    },
    Step {
        why: "Any call can be shown in place of being sent; secrets stay out.",
        words: &["ams", "publish", "greetings", "hello", "--curl"],
    },
];

/// Runs all steps and leaves nothing behind.
pub(super) async fn run(global: &Global) -> Result<Exit> {
    let clock = SystemClock;
    let started = clock.now();
    let mut output = super::plain(global);
    let local = Local::in_memory().await?;
    output.text("ARGO Messaging Service (AMS)\n")?;
    let mut result = Ok(Exit::Success);
    for step in AMS {
        result = play(step, &local, &mut output).await;
        if result.is_err() {
            break;
        }
    }
    local.close().await?;
    let exit = result?;
    let time = clock.now().saturating_duration_since(started);
    output.text(&format!(
        "{} steps in {:.2} s, on a server in this process that is gone now.\n\
         The same commands work on your own data without any set-up; `pentad serve` gives it a port.",
        AMS.len(),
        time.as_secs_f64()
    ))?;
    Ok(exit)
}

async fn play(step: &Step, local: &Local, output: &mut Output) -> Result<Exit> {
    output.text(&format!("# {}\n$ pentad {}\n", step.why, shell(step.words)))?;
    let words = std::iter::once("pentad").chain(step.words.iter().copied());
    let cli = Cli::try_parse_from(words).map_err(|error| Failure::local("cannot read the tour", error))?;
    let Command::Ams(args) = cli.command else {
        return Err(Failure::local("cannot follow the tour", step.words.join(" ")));
    };
    let settings = Settings::built_in(&cli.global)?;
    let mut step_output = super::output(&cli.global, &settings);
    // Notes belong to what a step shows: the tour is read on one screen.
    step_output.notes_on_stdout();
    let exit = super::ams::run(args, &cli.global, &settings, &mut step_output, Some(local)).await?;
    output.text("\n")?;
    Ok(exit)
}

/// The words as they are typed.
fn shell(words: &[&str]) -> String {
    words.join(" ")
}
