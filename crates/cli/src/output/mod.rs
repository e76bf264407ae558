//! The one door to stdout: results in the format that was asked for.

mod cell;
mod choice;
mod pager;
mod progress;
mod query;
mod render;
mod rows;
mod sort;
mod template;

use std::io::{IsTerminal, Write};

use serde_json::Value;

pub(crate) use self::choice::{Choice, Format};
use self::pager::Pager;
pub(crate) use self::progress::Progress;
use self::query::Compiled;
pub(crate) use self::query::{Query, jmes, jq};
pub(crate) use self::rows::Rows;
use self::template::Template;
use crate::failure::Result;

/// Which part of a result is shown when only some can be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// Columns of tables and CSV; empty shows the keys that are there.
    pub(crate) columns: &'static [&'static str],
    /// What `-o value` prints; empty takes the first column.
    pub(crate) value: &'static str,
    /// Keys that tables leave out unless they are asked for.
    pub(crate) hidden: &'static [&'static str],
}

impl View {
    /// Shows whatever keys the result has.
    pub(crate) const ALL: Self = Self { columns: &[], value: "", hidden: &[] };

    /// Shows these columns, the first of them as the value.
    pub(crate) const fn of(columns: &'static [&'static str]) -> Self {
        Self { columns, ..Self::ALL }
    }

    /// Shows whatever keys the result has, tables without these.
    pub(crate) const fn without(hidden: &'static [&'static str]) -> Self {
        Self { hidden, ..Self::ALL }
    }
}

/// What is wanted of results beside their format.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// Columns, in this order.
    pub(crate) columns: Option<Vec<String>>,
    /// No header in tables and CSV.
    pub(crate) headless: bool,
    /// Lists are sorted by this column.
    pub(crate) sort: Option<String>,
    /// What is left of each result.
    pub(crate) query: Option<Query>,
    /// No notes.
    pub(crate) quiet: bool,
    /// Through a pager, if there is a terminal.
    pub(crate) pager: bool,
}

/// Where results go. Notes and progress go to stderr and never through here.
pub(crate) struct Output {
    sink: Box<dyn Write>,
    /// The chosen format.
    pub(crate) format: Format,
    template: Option<String>,
    ready: Option<Template>,
    query: Option<Compiled>,
    shape: Shape,
    terminal: bool,
    notes: Notes,
    /// The last result, where somebody wants to go on with it.
    last: Option<Value>,
}

/// Where notes for a person go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notes {
    Stderr,
    Stdout,
}

impl Notes {
    /// A line for a person.
    pub(crate) fn say(self, text: &str) {
        // A closed stream leaves nobody to tell.
        let _ = match self {
            Self::Stderr => writeln!(anstream::stderr(), "{text}"),
            Self::Stdout => writeln!(anstream::stdout(), "{text}"),
        };
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("format", &self.format)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

impl Output {
    /// Output to stdout.
    pub(crate) fn stdout(choice: Choice, shape: Shape) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let pager = if shape.pager && terminal { Pager::start() } else { None };
        let sink: Box<dyn Write> = match pager {
            Some(pager) => Box::new(std::io::BufWriter::new(pager)),
            None => Box::new(std::io::BufWriter::new(anstream::stdout())),
        };
        let Choice { format, template } = choice;
        Self {
            sink,
            format,
            template,
            ready: None,
            query: None,
            shape,
            terminal,
            notes: Notes::Stderr,
            last: None,
        }
    }

    /// The text at a path of the last result that was written.
    pub(crate) fn last_text(&self, path: &str) -> Option<String> {
        cell::at(self.last.as_ref()?, path).map(|value| cell::text(Some(value)))
    }

    /// True where programs read: errors are JSON then too.
    pub(crate) const fn is_json(&self) -> bool {
        matches!(self.format, Format::Json | Format::Ndjson)
    }

    /// A line on stderr for a person: what was done, what to know. Not with `--quiet`.
    pub(crate) fn note(&self, text: &str) {
        if let Some(notes) = self.notes() {
            notes.say(text);
        }
    }

    /// Where notes go; nowhere with `--quiet`.
    pub(crate) fn notes(&self) -> Option<Notes> {
        (!self.shape.quiet).then_some(self.notes)
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
        if self.shape.query.is_some() {
            return self.queried(value);
        }
        self.plain_record(value, view)
    }

    fn plain_record(&mut self, value: &Value, view: View) -> Result<()> {
        self.last = Some(value.clone());
        self.prepare()?;
        let text = render::record(value, self, view)?;
        self.sink.write_all(text.as_bytes())?;
        Ok(self.sink.flush()?)
    }

    /// What the query leaves of a result: one value as a record or a list, several as a list.
    fn queried(&mut self, value: &Value) -> Result<()> {
        let mut results = self.apply(value)?;
        match results.as_mut_slice() {
            [Value::Array(items)] => {
                let items = std::mem::take(items);
                self.plain_list(&items)
            }
            [one] => {
                let one = one.take();
                self.plain_record(&one, View::ALL)
            }
            _ => self.plain_list(&results),
        }
    }

    fn plain_list(&mut self, items: &[Value]) -> Result<()> {
        let mut rows = Rows::new(View::ALL).untouched();
        for item in items {
            rows.push(self, item)?;
        }
        rows.finish(self)
    }

    fn apply(&mut self, value: &Value) -> Result<Vec<Value>> {
        if let (None, Some(query)) = (&self.query, &self.shape.query) {
            self.query = Some(Compiled::new(query)?);
        }
        match &self.query {
            Some(query) => query.apply(value),
            None => Ok(vec![value.clone()]),
        }
    }

    fn prepare(&mut self) -> Result<()> {
        if let (None, Some(text)) = (&self.ready, &self.template) {
            self.ready = Some(Template::new(text.clone())?);
        }
        Ok(())
    }

    fn templated(&self, value: &Value) -> Result<String> {
        match &self.ready {
            Some(template) => template.render(value),
            None => Ok(String::new()),
        }
    }

    /// Hands what was written on to the reader.
    pub(crate) fn flush(&mut self) -> Result<()> {
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
        Progress::new(doing, self.shape.quiet)
    }

    /// The same for contents: it counts bytes.
    pub(crate) fn bytes(&self, doing: &'static str) -> Progress {
        Progress::bytes(doing, self.shape.quiet)
    }

    fn columns_for(&self, view: View, sample: Option<&Value>) -> Vec<String> {
        if let Some(columns) = &self.shape.columns {
            return columns.clone();
        }
        if !view.columns.is_empty() {
            return view.columns.iter().map(|&column| column.to_owned()).collect();
        }
        match sample {
            Some(Value::Object(map)) => {
                let hidden = if self.format == Format::Table { view.hidden } else { &[] };
                map.keys().filter(|key| !hidden.contains(&key.as_str())).cloned().collect()
            }
            _ => vec![String::new()],
        }
    }

    /// What `-o value` prints of each result.
    fn value_columns(&self, view: View, sample: &Value) -> Vec<String> {
        match (&self.shape.columns, view.value) {
            (Some(columns), _) => columns.clone(),
            (None, "") => self.columns_for(view, Some(sample)).into_iter().take(1).collect(),
            (None, column) => vec![column.to_owned()],
        }
    }
}
