//! The stages of a run: their order, their times, and the table at the end.
#![expect(clippy::disallowed_methods, reason = "the table shows how long the stages really took")]

use std::time::{Duration, Instant};

use crate::{Result, process::say};

/// What became of a stage.
enum Ending {
    Passed(Vec<String>),
    Skipped(String),
}

/// The stages run so far.
pub(crate) struct Stages {
    began: Instant,
    rows: Vec<(&'static str, Duration, Ending)>,
}

impl Stages {
    /// Starts the clock of the whole run.
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), rows: Vec::new() }
    }

    /// Runs one stage and keeps its time and the lines it returns.
    ///
    /// # Errors
    /// What the stage said, with its name; the table of what ran before is printed first.
    pub(crate) fn run(
        &mut self,
        name: &'static str,
        stage: impl FnOnce() -> Result<Vec<String>>,
    ) -> Result<()> {
        say(&format!("\n=== {name}"));
        let began = Instant::now();
        match stage() {
            Ok(lines) => {
                self.rows.push((name, began.elapsed(), Ending::Passed(lines)));
                Ok(())
            }
            Err(why) => {
                say(&self.table());
                Err(format!("stage {name:?} failed after {}: {why}", seconds(began.elapsed())))
            }
        }
    }

    /// Notes a stage that cannot run here, with the reason.
    pub(crate) fn skip(&mut self, name: &'static str, why: &str) {
        say(&format!("\n=== {name}: skipped: {why}"));
        self.rows.push((name, Duration::ZERO, Ending::Skipped(why.to_owned())));
    }

    /// The time table, with each runner's own closing lines.
    pub(crate) fn table(&self) -> String {
        let mut lines = vec![String::from("\n=== time table")];
        for (name, took, ending) in &self.rows {
            match ending {
                Ending::Skipped(why) => lines.push(format!("{name:<24}{:>9}  {why}", "skipped")),
                Ending::Passed(closing) => {
                    lines.push(format!("{name:<24}{:>9}", seconds(*took)));
                    lines.extend(closing.iter().map(|line| format!("{:<35}{line}", "")));
                }
            }
        }
        lines.push(format!("{:<24}{:>9}", "total", seconds(self.began.elapsed())));
        lines.join("\n")
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
