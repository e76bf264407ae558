//! Results that come one after the other.

use std::io::Write;

use serde_json::Value;

use super::{Format, Output, View, cell, render, sort};
use crate::failure::Result;

/// So many rows of a table are laid out together; a longer table is written part by part.
const PART: usize = 1_000;

/// A list that is being written. [`Rows::finish`] closes the document; a list that is dropped stays open,
/// which is right only when writing has failed.
#[derive(Debug)]
pub(crate) struct Rows {
    view: View,
    live: bool,
    /// Neither queried nor sorted (again).
    raw: bool,
    count: u64,
    held: Vec<Value>,
    widths: Option<Vec<u16>>,
}

impl Rows {
    /// A list that ends: tables are laid out over many rows.
    pub(crate) const fn new(view: View) -> Self {
        Self { view, live: false, raw: false, count: 0, held: Vec::new(), widths: None }
    }

    /// A list that someone watches: tables are plain lines, and queries see one row at a time. Rows reach the reader
    /// with [`Output::flush`].
    pub(crate) fn live(view: View) -> Self {
        Self { live: true, ..Self::new(view) }
    }

    pub(super) const fn untouched(mut self) -> Self {
        self.raw = true;
        self
    }

    /// Writes one result, or keeps it where all of them are needed: for sorting and for queries.
    pub(crate) fn push(&mut self, output: &mut Output, item: &Value) -> Result<()> {
        let queried = output.shape.query.is_some() && !self.raw;
        if queried && self.live {
            // What a query leaves has columns of its own.
            self.view = View::ALL;
            for result in output.apply(item)? {
                self.write(output, &result)?;
            }
            return Ok(());
        }
        if queried || (output.shape.sort.is_some() && !self.live && !self.raw) {
            self.held.push(item.clone());
            return Ok(());
        }
        self.write(output, item)
    }

    fn write(&mut self, output: &mut Output, item: &Value) -> Result<()> {
        output.prepare()?;
        let text = match output.format {
            Format::Table if !self.live => {
                self.held.push(item.clone());
                if self.held.len() < PART {
                    return Ok(());
                }
                self.part(output)
            }
            Format::Table => {
                let columns = output.columns_for(self.view, Some(item));
                format!("{}\n", cell::safe_row(item, &columns).join("  "))
            }
            Format::Json => self.json_element(item)?,
            Format::Ndjson => format!("{item}\n"),
            Format::Yaml => render::yaml(&Value::Array(vec![item.clone()]))?,
            Format::Csv => self.csv_rows(output, item)?,
            Format::Value => render::values(item, output, self.view),
            Format::Template => output.templated(item)?,
        };
        self.count += 1;
        output.last = Some(item.clone());
        Ok(output.sink.write_all(text.as_bytes())?)
    }

    fn part(&mut self, output: &Output) -> String {
        render::table(&std::mem::take(&mut self.held), output, self.view, &mut self.widths)
    }

    /// Closes the list.
    pub(crate) fn finish(mut self, output: &mut Output) -> Result<()> {
        if !self.raw && !self.live {
            let mut held = std::mem::take(&mut self.held);
            if let Some(column) = output.shape.sort.clone() {
                sort::sort(&mut held, &column);
            }
            if output.shape.query.is_some() {
                return output.queried(&Value::Array(held));
            }
            if output.shape.sort.is_some() {
                for item in &held {
                    self.write(output, item)?;
                }
            } else {
                self.held = held;
            }
        }
        let empty = self.count == 0;
        let end = match output.format {
            Format::Table if !self.held.is_empty() => {
                output.last = self.held.last().cloned();
                self.part(output)
            }
            Format::Json | Format::Yaml if empty => "[]\n".to_owned(),
            Format::Json => "\n]\n".to_owned(),
            Format::Csv if empty && !output.shape.headless && !self.view.columns.is_empty() => {
                render::csv([output.columns_for(self.view, None)])?
            }
            _ => String::new(),
        };
        output.sink.write_all(end.as_bytes())?;
        output.flush()
    }

    fn json_element(&self, item: &Value) -> Result<String> {
        let body = render::json(item)?.replace('\n', "\n  ");
        Ok(format!("{}{body}", if self.count == 0 { "[\n  " } else { ",\n  " }))
    }

    fn csv_rows(&self, output: &Output, item: &Value) -> Result<String> {
        let columns = output.columns_for(self.view, Some(item));
        let header = (self.count == 0 && !output.shape.headless).then(|| columns.clone());
        render::csv(header.into_iter().chain([cell::row(item, &columns)]))
    }
}
