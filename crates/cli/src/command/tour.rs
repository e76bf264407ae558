//! `pentad tour`: the main job of every service, live, on a server in memory.

use std::collections::BTreeMap;

use clap::{Args, Parser};
use pentad_core::Clock;
use pentad_transport::SystemClock;

use super::run::Desk;
use super::services::PARTS;
use crate::args::{Cli, Global};
use crate::connect::Local;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::settings::Settings;

#[derive(Args, Debug)]
pub(crate) struct TourArgs {
    /// Only these services.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(PARTS.iter().map(|part| part.service)))]
    services: Vec<String>,
}

/// The tour of one service. Each service has one in a file of its own.
#[derive(Debug)]
pub(crate) struct Part {
    /// Word of the command line.
    pub(crate) service: &'static str,
    /// Name for people.
    pub(crate) title: &'static str,
    pub(crate) steps: &'static [Step],
}

/// One step: what it is for, and the command that does it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    why: &'static str,
    /// The words of the command; `{name}` stands for what an earlier step kept.
    words: &'static [&'static str],
    /// What later steps need of the result: a name, and the path in the last result.
    keep: Option<(&'static str, &'static str)>,
}

impl Step {
    /// A step.
    pub(crate) const fn new(why: &'static str, words: &'static [&'static str]) -> Self {
        Self { why, words, keep: None }
    }

    /// Keeps a part of the result under a name for the words of later steps.
    pub(crate) const fn keep(self, name: &'static str, path: &'static str) -> Self {
        Self { keep: Some((name, path)), ..self }
    }
}

/// Runs all steps and leaves nothing behind.
pub(super) async fn run(args: &TourArgs, global: &Global) -> Result<Exit> {
    let clock = SystemClock;
    let started = clock.now();
    let mut output = super::plain(global);
    let local = Local::in_memory().await?;
    let wanted = PARTS
        .iter()
        .filter(|part| args.services.is_empty() || args.services.iter().any(|s| s == part.service));
    let mut count = 0;
    let mut result = Ok(());
    for part in wanted {
        result = play_part(part, &local, &mut output, &mut count).await;
        if result.is_err() {
            break;
        }
    }
    local.close().await?;
    result?;
    let time = clock.now().saturating_duration_since(started);
    output.text(&format!(
        "{count} steps in {:.2} s, on a server in this process that is gone now.\n\
         The same commands work on your own data without any set-up; `pentad serve` gives it a port.",
        time.as_secs_f64()
    ))?;
    Ok(Exit::Success)
}

async fn play_part(part: &Part, local: &Local, output: &mut Output, count: &mut usize) -> Result<()> {
    output.text(&format!("{}\n", part.title))?;
    let mut kept = BTreeMap::new();
    for step in part.steps {
        play(step, local, output, &mut kept).await?;
        *count += 1;
    }
    Ok(())
}

async fn play(
    step: &Step,
    local: &Local,
    output: &mut Output,
    kept: &mut BTreeMap<&'static str, String>,
) -> Result<()> {
    let words: Vec<_> = step.words.iter().map(|word| filled(word, kept)).collect();
    output.text(&format!("# {}\n$ pentad {}\n", step.why, shell(&words)))?;
    let line = std::iter::once("pentad").chain(words.iter().map(String::as_str));
    let cli = Cli::try_parse_from(line).map_err(|error| Failure::local("cannot read the tour", error))?;
    let settings = Settings::built_in(&cli.global)?;
    let mut step_output = super::output(&cli.global, &settings);
    // Notes belong to what a step shows: the tour is read on one screen.
    step_output.notes_on_stdout();
    let desk =
        Desk { global: &cli.global, settings: &settings, output: &mut step_output, local: Some(local) };
    match super::services::act(cli.command, desk).await? {
        Exit::Success => {}
        other => return Err(Failure::silent(other)),
    }
    if let Some((name, path)) = step.keep {
        let value = step_output.last_text(path);
        kept.insert(
            name,
            value.ok_or_else(|| {
                Failure::local("cannot follow the tour", format!("`{}` gave no {path}", words.join(" ")))
            })?,
        );
    }
    output.text("\n")
}

fn filled(word: &str, kept: &BTreeMap<&'static str, String>) -> String {
    kept.iter().fold(word.to_owned(), |word, (name, value)| word.replace(&format!("{{{name}}}"), value))
}

/// The words as they are typed.
fn shell(words: &[String]) -> String {
    let quoted = |word: &String| match word.contains([' ', '"', '{', '$', '|', '*', '?']) || word.is_empty() {
        true => format!("'{word}'"),
        false => word.clone(),
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}
