//! Logs of a database, and what is published of them (OpenStack reference C8).

use bytes::Bytes;
use http::response::Parts;
use pentad_core::work::{Event, Scope};
use pentad_core::{Call, Context, Cursor, Draft, Error, ErrorKind, List, Op, Request, Result, Work, decode};
use serde_json::{Map, Value, json};

use crate::instance::Instance;
use crate::model::Part;
use crate::{list, model, name, ops, wire};

/// The header of a part that says how many lines it has.
const LINES: &str = "x-object-meta-lines";

/// What happens with a log. Several things at once, but not enabling and disabling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct LogChange {
    enable: bool,
    disable: bool,
    publish: bool,
    discard: bool,
}

impl LogChange {
    /// Nothing: the log is shown.
    pub const fn new() -> Self {
        Self { enable: false, disable: false, publish: false, discard: false }
    }

    /// Begins to write it.
    pub const fn enable(mut self) -> Self {
        self.enable = true;
        self
    }

    /// Ends to write it.
    pub const fn disable(mut self) -> Self {
        self.disable = true;
        self
    }

    /// Copies what is new to the object store.
    pub const fn publish(mut self) -> Self {
        self.publish = true;
        self
    }

    /// Forgets what was published.
    pub const fn discard(mut self) -> Self {
        self.discard = true;
        self
    }

    fn check(self) -> Result<()> {
        if self.enable && self.disable {
            return Err(Error::invalid("log", "cannot be enabled and disabled"));
        }
        Ok(())
    }
}

/// A handle on one log of an instance. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Log {
    instance: Instance,
    name: String,
}

impl Instance {
    /// The logs of the database; all in one page.
    ///
    /// # Source
    /// OpenStack reference C8.
    pub fn logs(&self) -> List<model::Log> {
        list::of(self.op(&ops::LOG_LIST))
    }

    /// A log by name, such as `general`; nothing is sent.
    pub fn log(&self, name: impl Into<String>) -> Log {
        Log { instance: self.clone(), name: name.into() }
    }
}

impl Log {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the log's state.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for an unknown name; [`Forbidden`](ErrorKind::Forbidden) for a log that only
    /// administrators see.
    /// # Source
    /// OpenStack reference C8.
    pub fn get(&self) -> Call<model::Log> {
        self.change(LogChange::new())
    }

    /// Changes the log.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) for a datastore without logs.
    /// # Source
    /// OpenStack reference C8.
    pub fn change(&self, change: LogChange) -> Call<model::Log> {
        self.draft(change).call(wire::one)
    }

    fn draft(&self, change: LogChange) -> Draft {
        let mut body = Map::from_iter([("name".to_owned(), json!(self.name))]);
        let LogChange { enable, disable, publish, discard } = change;
        for (key, wanted) in
            [("enable", enable), ("disable", disable), ("publish", publish), ("discard", discard)]
        {
            if wanted {
                body.insert(key.to_owned(), json!(1));
            }
        }
        let draft = self.instance.op(&ops::LOG_ACTION).check(name::id("log", &self.name));
        draft.check(change.check()).json(&Value::Object(body))
    }

    /// What is published of the log: its last lines, or all of it for `None`. Oldest first.
    ///
    /// The text comes from the object store of the same cloud, found by the catalog or by
    /// [`object_store`](crate::ClientBuilder::object_store).
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if nothing is published.
    /// # Source
    /// OpenStack reference C8 and C21.1 (`log_generator`, `log_save`).
    pub fn content(&self, lines: Option<u64>) -> Work<String> {
        let log = self.clone();
        let preview = self.draft(LogChange::new()).request();
        Work::new(self.instance.client().session(), &ops::LOG_PART, preview, move |scope| {
            Box::pin(async move {
                let mut text = Vec::new();
                let keep = |piece: &[u8]| {
                    text.extend_from_slice(piece);
                    Ok(())
                };
                log.read(&scope, LogChange::new(), lines, keep).await?;
                Ok(String::from_utf8_lossy(&text).into_owned())
            })
        })
    }

    /// As [`content`](Self::content), but hands each part to `write` as it arrives and keeps none of them: for logs that
    /// are larger than one wants to hold. `first` is done with the log before, such as publishing what is new.
    ///
    /// # Errors
    /// As [`content`](Self::content), and those of `write`, which end the work.
    /// # Source
    /// OpenStack reference C8 and C21.1 (`log_save`).
    pub fn copy(
        &self,
        first: LogChange,
        lines: Option<u64>,
        write: impl FnMut(&[u8]) -> Result<()> + Send + 'static,
    ) -> Work<()> {
        let log = self.clone();
        let preview = self.draft(first).request();
        Work::new(self.instance.client().session(), &ops::LOG_PART, preview, move |scope| {
            Box::pin(async move { log.read(&scope, first, lines, write).await })
        })
    }

    async fn read(
        &self,
        scope: &Scope,
        first: LogChange,
        lines: Option<u64>,
        mut write: impl FnMut(&[u8]) -> Result<()> + Send,
    ) -> Result<()> {
        let log = scope.run(self.change(first)).await?;
        let (Some(container), Some(prefix)) = (log.container, log.prefix) else {
            return Err(self.unpublished());
        };
        let mut parts = scope.all(self.parts(&container, &prefix)).await?;
        if parts.is_empty() {
            return Err(self.unpublished());
        }
        parts.sort_by(|a, b| (a.last_modified, &a.name).cmp(&(b.last_modified, &b.name)));
        let (parts, first) = match lines {
            None => (parts, None),
            Some(wanted) => self.last(scope, &container, parts, wanted).await?,
        };
        let count = parts.len() as u64;
        for (index, part) in parts.iter().enumerate() {
            scope.progress(Event::new("reading").done(index as u64).total(count));
            let part = self.part(&ops::LOG_PART, &container, &part.name).call(decode::bytes);
            let piece = scope.run(part).await?;
            match first.filter(|_| index == 0) {
                Some(keep) => write(tail(&piece, keep))?,
                None => write(&piece)?,
            }
        }
        Ok(())
    }

    /// The newest parts that together have the wanted lines, and how many of the first of them to keep.
    async fn last(
        &self,
        scope: &Scope,
        container: &str,
        parts: Vec<Part>,
        wanted: u64,
    ) -> Result<(Vec<Part>, Option<u64>)> {
        let mut missing = wanted;
        for (index, part) in parts.iter().enumerate().rev() {
            let head = self.part(&ops::LOG_PART_HEAD, container, &part.name).call(lines_of);
            let lines = scope.run(head).await?;
            if lines >= missing {
                return Ok((parts[index..].to_vec(), Some(missing)));
            }
            missing -= lines;
        }
        Ok((parts, None))
    }

    /// The published parts.
    fn parts(&self, container: &str, prefix: &str) -> List<Part> {
        let draft = self.instance.client().op(&ops::LOG_PARTS).arg("container", container);
        draft.query("format", "json").query("prefix", prefix).list(marker, list::objects::<Part>)
    }

    fn part(&self, op: &'static Op, container: &str, object: &str) -> Draft {
        self.instance.client().op(op).arg("container", container).arg("object", object)
    }

    fn unpublished(&self) -> Error {
        let message = format!("nothing of the log {} is published", self.name);
        Error::new(ErrorKind::NotFound, message).with_op(ops::LOG_PART.id).with_hint("publish it first")
    }
}

fn marker(place: &Cursor, request: &mut Request) {
    list::cursor(place, request);
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
fn lines_of(_: &Context, parts: Parts, _: Bytes) -> Result<u64> {
    let text = parts.headers.get(LINES).and_then(|value| value.to_str().ok());
    // A part that does not say counts as none, so that the ones before it are read, too.
    Ok(text.and_then(|text| text.trim().parse().ok()).unwrap_or(0))
}

/// The last lines of a text.
fn tail(text: &[u8], lines: u64) -> &[u8] {
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    let mut from = body.len();
    for _ in 0..lines {
        match body[..from].iter().rposition(|byte| *byte == b'\n') {
            Some(at) => from = at,
            None => return text,
        }
    }
    if lines == 0 { b"" } else { &text[from + 1..] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_a_text_are_found() {
        assert_eq!(tail(b"a\nb\nc\n", 2), b"b\nc\n");
        assert_eq!(tail(b"a\nb\nc", 1), b"c");
        assert_eq!(tail(b"a\nb\n", 5), b"a\nb\n");
        assert_eq!(tail(b"a\n", 0), b"");
    }
}
