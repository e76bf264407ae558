//! Parsers of single argument values.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use pentad_core::numbers::lost_number;
use serde_json::Value;

use crate::failure::{Failure, Result};

/// A time span such as `90s`, `1h30m` or `PT5S`; a bare number counts seconds.
fn duration(text: &str) -> std::result::Result<Duration, String> {
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(Duration::from_secs(seconds.into()));
    }
    let span: jiff::SignedDuration =
        text.parse().map_err(|_| "not a time span such as 90s or 1h30m".to_owned())?;
    Duration::try_from(span).map_err(|_| "a time span cannot be negative".to_owned())
}

/// A limit on time: a time span that is longer than nothing.
pub(crate) fn timeout(text: &str) -> std::result::Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => {
            Err("no call ends in no time; leave it out for the built-in limit of 60s".to_owned())
        }
        time => Ok(time),
    }
}

/// `name=value`.
pub(crate) fn attribute(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// Reads a JSON document from a file, or from standard input for `-`.
///
/// # Errors
/// A usage failure that names the file if it cannot be read or is not JSON.
pub(crate) fn json_source(path: &Path) -> Result<Value> {
    let what = || format!("cannot use {}", path.display());
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|error| Failure::usage(what(), error.to_string()))?;
    exact(&text).map_err(|why| Failure::usage(what(), why))
}

/// JSON whose numbers all come out as they stand there.
///
/// # Errors
/// Why it is not JSON, or which number would lose digits.
pub(crate) fn exact(text: &str) -> std::result::Result<Value, String> {
    let value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    match lost_number(text.as_bytes()) {
        None => Ok(value),
        Some(number) => Err(format!("the number {number} would lose digits; a text keeps them")),
    }
}
