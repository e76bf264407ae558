//! Results as documents and tables.

use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::{Map, Value};

use super::{Format, Output, View, cell};
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// One result in the chosen format.
pub(super) fn record(value: &Value, output: &Output, view: View) -> Result<String> {
    match output.format {
        Format::Table => Ok(record_table(value, output)),
        Format::Json => Ok(format!("{}\n", json(value)?)),
        Format::Ndjson => Ok(format!("{value}\n")),
        Format::Yaml => yaml(value),
        Format::Csv => {
            let columns = output.columns_for(view, Some(value));
            let header = (!output.shape.headless).then_some(&columns);
            csv(header.into_iter().cloned().chain([cell::row(value, &columns)]))
        }
        Format::Value => Ok(values(value, output, view)),
        Format::Template => output.templated(value),
    }
}

/// The line that `-o value` prints for one result.
pub(super) fn values(value: &Value, output: &Output, view: View) -> String {
    format!("{}\n", cell::row(value, &output.value_columns(view, value)).join("\t"))
}

/// Some of many results as a table. The first part has the header and decides how wide columns are at least in the
/// others: so a long list can be shown in parts and still read as one table.
pub(super) fn table(items: &[Value], output: &Output, view: View, widths: &mut Option<Vec<u16>>) -> String {
    let columns = output.columns_for(view, items.first());
    let mut table = plain(output);
    let first = widths.is_none();
    if first && !output.shape.headless {
        table.set_header(columns.iter().map(|name| Cell::new(heading(name))));
    }
    for item in items {
        table.add_row(cell::safe_row(item, &columns));
    }
    match widths {
        None => *widths = Some(table.column_max_content_widths()),
        Some(widths) => {
            for (column, width) in table.column_iter_mut().zip(widths) {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(*width + 2)));
            }
        }
    }
    finish(&table)
}

/// One JSON document, indented.
pub(super) fn json(value: &Value) -> Result<String> {
    serde_json::to_string_pretty(value).map_err(|error| unwritable(&error))
}

/// One YAML document.
pub(super) fn yaml(value: &Value) -> Result<String> {
    let text = serde_saphyr::to_string(value).map_err(|error| unwritable(&error))?;
    Ok(if text.ends_with('\n') { text } else { format!("{text}\n") })
}

/// CSV rows.
pub(super) fn csv(rows: impl IntoIterator<Item = Vec<String>>) -> Result<String> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row).map_err(|error| unwritable(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| unwritable(&error))?;
    String::from_utf8(bytes).map_err(|error| unwritable(&error))
}

fn record_table(value: &Value, output: &Output) -> String {
    let Value::Object(map) = value else { return format!("{}\n", cell::line(Some(value))) };
    let mut table = plain(output);
    let names = output.shape.columns.clone().unwrap_or_else(|| said(map));
    for name in names {
        let text = cell::line(cell::at(value, &name));
        table.add_row([name, text]);
    }
    finish(&table)
}

/// The keys that say something: a person need not read a sub-object in which nothing is set.
fn said(map: &Map<String, Value>) -> Vec<String> {
    map.iter().filter(|(_, value)| !(value.is_object() && blank(value))).map(|(key, _)| key.clone()).collect()
}

fn blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(blank),
    }
}

/// Columns of a terminal below which folding makes nothing easier to read.
const NARROWEST: u16 = 20;

fn plain(output: &Output) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    // Only a terminal has a width worth folding for: a pipe gets whole lines.
    // Some terminals say that they have no width at all.
    let folds = output.terminal && table.width().is_some_and(|width| width >= NARROWEST);
    let arrangement = if folds { ContentArrangement::Dynamic } else { ContentArrangement::Disabled };
    table.set_content_arrangement(arrangement);
    table
}

fn finish(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim());
        text.push('\n');
    }
    text
}

fn heading(column: &str) -> String {
    if column.is_empty() { "VALUE".to_owned() } else { column.to_uppercase() }
}

fn unwritable(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Failure, "output", "the result cannot be written in this format", error.to_string())
}
