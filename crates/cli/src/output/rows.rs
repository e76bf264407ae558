//! Results that come one after the other.

use std::io::Write;

use serde_json::Value;

use super::{Format, Output, View, cell, render};
use crate::failure::Result;

/// A list that is being written. [`Rows::finish`] closes the document; a list that is dropped stays open,
/// which is right only when writing has failed.
#[derive(Debug)]
pub(crate) struct Rows {
    view: View,
    live: bool,
    count: u64,
    held: Vec<Value>,
}

impl Rows {
    /// A list that is complete soon: tables are laid out over all rows.
    pub(crate) const fn new(view: View) -> Self {
        Self { view, live: false, count: 0, held: Vec::new() }
    }

    /// A list that someone watches: each row is written and flushed at once, tables as plain lines.
    pub(crate) fn live(view: View) -> Self {
        Self { live: true, ..Self::new(view) }
    }

    /// Writes one result, or keeps it where the format needs all of them (tables).
    pub(crate) fn push(&mut self, output: &mut Output, item: &Value) -> Result<()> {
        let text = match output.format {
            Format::Table if !self.live => {
                self.held.push(item.clone());
                return Ok(());
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
        };
        self.count += 1;
        output.sink.write_all(text.as_bytes())?;
        if self.live {
            output.sink.flush()?;
        }
        Ok(())
    }

    /// Closes the list.
    pub(crate) fn finish(self, output: &mut Output) -> Result<()> {
        let empty = self.count == 0;
        let end = match output.format {
            Format::Table if !self.held.is_empty() => render::table(&self.held, output, self.view),
            Format::Json | Format::Yaml if empty => "[]\n".to_owned(),
            Format::Json => "\n]\n".to_owned(),
            Format::Csv if empty && output.header && !self.view.columns.is_empty() => {
                render::csv([output.columns_for(self.view, None)])?
            }
            _ => String::new(),
        };
        output.sink.write_all(end.as_bytes())?;
        Ok(output.sink.flush()?)
    }

    fn json_element(&self, item: &Value) -> Result<String> {
        let body = render::json(item)?.replace('\n', "\n  ");
        Ok(format!("{}{body}", if self.count == 0 { "[\n  " } else { ",\n  " }))
    }

    fn csv_rows(&self, output: &Output, item: &Value) -> Result<String> {
        let columns = output.columns_for(self.view, Some(item));
        let header = (self.count == 0 && output.header).then(|| columns.clone());
        render::csv(header.into_iter().chain([cell::row(item, &columns)]))
    }
}
