//! The one door to stdout: results in the format that was asked for.

mod cell;
mod progress;
mod render;
mod rows;

use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use serde_json::Value;

pub(crate) use self::progress::Progress;
pub(crate) use self::rows::Rows;
use crate::failure::Result;

/// How results are written: for people, as one document (JSON, YAML), one JSON object per line, with a header line
/// (CSV), or only the main column of each result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    #[default]
    Table,
    Json,
    Yaml,
    Ndjson,
    Csv,
    Value,
}

/// Which part of a result is shown when only some can be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// Columns of tables and CSV; empty shows the keys that are there.
    pub(crate) columns: &'static [&'static str],
    /// What `-o value` prints; empty takes the first column.
    pub(crate) value: &'static str,
}

impl View {
    /// Shows whatever keys the result has.
    pub(crate) const ALL: Self = Self { columns: &[], value: "" };

    /// Shows these columns, the first of them as the value.
    pub(crate) const fn of(columns: &'static [&'static str]) -> Self {
        Self { columns, value: "" }
    }
}

/// Where results go. Notes and progress go to stderr and never through here.
pub(crate) struct Output {
    sink: Box<dyn Write + Send>,
    /// The chosen format.
    pub(crate) format: Format,
    columns: Option<Vec<String>>,
    header: bool,
    quiet: bool,
    terminal: bool,
    notes: Notes,
}

/// Where notes for a person go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notes {
    Stderr,
    Stdout,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("format", &self.format)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl Output {
    /// Output to stdout.
    pub(crate) fn stdout(format: Format, columns: Option<Vec<String>>, header: bool, quiet: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let sink = Box::new(std::io::BufWriter::new(anstream::stdout()));
        Self { sink, format, columns, header, quiet, terminal, notes: Notes::Stderr }
    }

    /// The name of a format as it is typed.
    pub(crate) fn name_of(format: Format) -> String {
        format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// True where programs read: errors are JSON then too.
    pub(crate) const fn is_json(&self) -> bool {
        matches!(self.format, Format::Json | Format::Ndjson)
    }

    /// A line on stderr for a person: what was done, what to know. Not with `--quiet`.
    pub(crate) fn note(&self, text: &str) {
        if self.quiet {
            return;
        }
        // A closed stream leaves nobody to tell.
        let _ = match self.notes {
            Notes::Stderr => writeln!(anstream::stderr(), "{text}"),
            Notes::Stdout => writeln!(anstream::stdout(), "{text}"),
        };
    }

    /// For a demonstration, notes are part of what is shown.
    pub(crate) const fn notes_on_stdout(&mut self) {
        self.notes = Notes::Stdout;
    }

    /// A note that only a terminal needs.
    pub(crate) fn hint(&self, text: &str) {
        if std::io::stderr().is_terminal() {
            self.note(text);
        }
    }

    /// Text as it is: scripts, pages, printed calls.
    pub(crate) fn text(&mut self, text: &str) -> Result<()> {
        self.sink.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            self.sink.write_all(b"\n")?;
        }
        Ok(self.sink.flush()?)
    }

    /// One result.
    pub(crate) fn record(&mut self, value: &Value, view: View) -> Result<()> {
        let text = render::record(value, self, view)?;
        self.sink.write_all(text.as_bytes())?;
        Ok(self.sink.flush()?)
    }

    /// Several results at once.
    pub(crate) fn list(&mut self, items: &[Value], view: View) -> Result<()> {
        let mut rows = Rows::new(view);
        for item in items {
            rows.push(self, item)?;
        }
        rows.finish(self)
    }

    /// A bar on stderr for long work: hidden unless a person watches.
    pub(crate) fn progress(&self, doing: &'static str) -> Progress {
        Progress::new(doing, self.quiet)
    }

    fn columns_for(&self, view: View, sample: Option<&Value>) -> Vec<String> {
        if let Some(columns) = &self.columns {
            return columns.clone();
        }
        if !view.columns.is_empty() {
            return view.columns.iter().map(|&column| column.to_owned()).collect();
        }
        match sample {
            Some(Value::Object(map)) => map.keys().cloned().collect(),
            _ => vec![String::new()],
        }
    }

    /// What `-o value` prints of each result.
    fn value_columns(&self, view: View, sample: &Value) -> Vec<String> {
        match (&self.columns, view.value) {
            (Some(columns), _) => columns.clone(),
            (None, "") => self.columns_for(view, Some(sample)).into_iter().take(1).collect(),
            (None, column) => vec![column.to_owned()],
        }
    }
}
