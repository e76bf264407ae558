//! Progress on stderr, for a person who waits.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A counter on a terminal; nothing at all elsewhere.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(doing: &'static str, quiet: bool) -> Self {
        // indicatif itself hides a bar whose stderr is not a terminal.
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(5) };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}: {human_pos} ({per_sec}, {elapsed})")
        {
            bar.set_style(style);
        }
        bar.set_message(doing);
        Self(bar)
    }

    /// A bar that counts bytes.
    pub(super) fn bytes(doing: &'static str, quiet: bool) -> Self {
        let progress = Self::new(doing, quiet);
        let template = "{spinner} {msg}: {bytes} of {total_bytes} ({bytes_per_sec}, {eta}) {wide_bar}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            progress.0.set_style(style);
        }
        progress
    }

    /// Counts finished items.
    pub(crate) fn add(&self, items: u64) {
        self.0.inc(items);
    }

    /// Shows a step, and how far it is.
    pub(crate) fn step(&self, step: &str, done: Option<u64>, total: Option<u64>) {
        self.0.set_message(step.to_owned());
        if let Some(total) = total {
            self.0.set_length(total);
        }
        if let Some(done) = done {
            self.0.set_position(done);
        }
        self.0.tick();
    }

    /// Takes the bar off the screen.
    pub(crate) fn done(self) {
        self.0.finish_and_clear();
    }
}
