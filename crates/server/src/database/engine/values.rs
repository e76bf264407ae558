//! The values of a configuration group: written for a cluster, tried before that, and taken back when a cluster does not
//! start with them.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use super::cluster::{Cluster, GROUP, Made, told};
use super::process::sentence;
use super::programs::Programs;

/// The values with which a cluster started last, beside its data.
const LAST: &str = "group.last";

/// A text as the value of a setting.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''").replace('\n', " "))
}

fn lines(values: &Map<String, Value>) -> String {
    let line = |(name, value): (&String, &Value)| {
        let text = match value {
            Value::String(text) => quoted(text),
            other => quoted(&other.to_string()),
        };
        format!("{name} = {text}\n")
    };
    values.iter().map(line).collect()
}

/// Asks PostgreSQL whether it takes values; why not. Whether the machine has enough for them is seen when it starts.
///
/// # Errors
/// If it cannot be asked.
pub(crate) async fn refusal(
    programs: &Programs,
    folder: &Path,
    values: &Map<String, Value>,
) -> Made<Option<String>> {
    if values.is_empty() {
        return Ok(None);
    }
    let cannot = |error: io::Error| format!("the values cannot be tried: {error}");
    // In a file, not as arguments, which others on this machine can read.
    let place = tempfile::Builder::new().prefix("values").tempdir_in(folder).map_err(cannot)?;
    programs.give(place.path()).map_err(cannot)?;
    for (name, text) in [("postgresql.conf", lines(values)), ("postgresql.auto.conf", String::new())] {
        let path = place.path().join(name);
        std::fs::write(&path, text).and_then(|()| programs.give(&path)).map_err(cannot)?;
    }
    let mut told = Vec::new();
    for name in ["max_connections", "superuser_reserved_connections"] {
        let arguments: [&OsStr; 4] = ["-D".as_ref(), place.path().as_ref(), "-C".as_ref(), name.as_ref()];
        let (done, said) = programs.try_run("postgres", &arguments).await?;
        if !done {
            return Ok(Some(sentence(&said)));
        }
        told.push(said.trim().parse::<u32>().unwrap_or_default());
    }
    // It asks for this only when it starts.
    let (most, reserved) = (told[0], told[1]);
    Ok((reserved >= most && most > 0).then(|| {
        format!("superuser_reserved_connections ({reserved}) must be less than max_connections ({most})")
    }))
}

impl Cluster {
    /// Writes the values of a configuration group; they count from the next start or reload on.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn configure(&self, values: &Map<String, Value>) -> Made<()> {
        self.put(GROUP, &lines(values))
    }

    /// Keeps the values with which it runs.
    ///
    /// # Errors
    /// Of the file system.
    pub(super) fn keep_values(&self) -> Made<()> {
        let text = self.values()?;
        let path = self.folder().join(LAST);
        std::fs::write(&path, text).map_err(|error| told("cannot write", &path, &error))?;
        self.programs().give(&path).map_err(|error| told("cannot give away", &path, &error))
    }

    /// Takes the values back with which it ran before; whether those are others.
    ///
    /// # Errors
    /// Of the file system.
    pub(super) fn take_values_back(&self) -> Made<bool> {
        let path = self.folder().join(LAST);
        let Some(last) = text_of(&path)?.filter(|last| self.values().is_ok_and(|now| now != *last)) else {
            return Ok(false);
        };
        self.put(GROUP, &last).map(|()| true)
    }

    fn values(&self) -> Made<String> {
        Ok(text_of(&self.data().join(GROUP))?.unwrap_or_default())
    }
}

fn text_of(path: &Path) -> Made<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(told("cannot read", path, &error)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::lines;

    #[test]
    fn values_are_one_line_each_whatever_they_hold() {
        let values = json!({"log_statement": "al'l\nport = 1", "work_mem": 64, "x": "a\\"});
        let text = lines(values.as_object().unwrap());
        assert_eq!(text, "log_statement = 'al''l port = 1'\nwork_mem = '64'\nx = 'a\\\\'\n");
    }
}
