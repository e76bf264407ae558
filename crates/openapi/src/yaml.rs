//! YAML to a block of values: events in, no recursion, aliases as offsets.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use crate::error::{Error, ErrorKind, Result};
use crate::tree::{Builder, DEPTH, Limits, Tree};

/// Reads one YAML 1.2 document.
pub(crate) fn read(text: &str, limits: Limits) -> Result<Tree> {
    let mut reader = Reader::new(text.len(), limits);
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| syntax(&error))?;
        reader.take(event, span).map_err(|error| match error.position() {
            Some(_) => error,
            None => error.at(span.start.line(), span.start.col() + 1),
        })?;
    }
    match reader.root {
        Some(root) => Ok(reader.builder.finish(root)),
        None => Err(Error::new(ErrorKind::Syntax, "the document is empty").hint("expected `openapi: 3.…`")),
    }
}

fn syntax(error: &ScanError) -> Error {
    let kind = match error.kind() {
        granit_parser::ErrorKind::RecursionLimitExceeded => ErrorKind::TooLarge,
        _ => ErrorKind::Syntax,
    };
    let mark = error.marker();
    let hint = match kind {
        ErrorKind::TooLarge => "values nest too deep for an OpenAPI document",
        _ => {
            "check the indentation (spaces, no tabs) and quote values that contain `: ` or ` #` or begin with a sign"
        }
    };
    Error::new(kind, format!("not YAML: {}", error.info())).at(mark.line(), mark.col() + 1).hint(hint)
}

/// A finished value: where it is, how many values it stands for, how deep it goes.
#[derive(Clone, Copy)]
struct Done {
    at: u32,
    values: usize,
    height: usize,
}

struct Frame {
    map: bool,
    line: usize,
    anchor: usize,
    /// Where this frame's parts begin in the common stack.
    first: usize,
    key: Option<u32>,
    merge: bool,
    merged: Vec<u32>,
    values: usize,
    height: usize,
}

struct Reader {
    builder: Builder,
    frames: Vec<Frame>,
    parts: Vec<u32>,
    anchors: HashMap<usize, Done>,
    root: Option<u32>,
    documents: usize,
}

impl Reader {
    fn new(source: usize, limits: Limits) -> Self {
        Self {
            builder: Builder::new(limits, source),
            frames: Vec::new(),
            parts: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            documents: 0,
        }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<()> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Error::new(ErrorKind::Syntax, "a second YAML document begins")
                        .hint("keep one document per file"));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref()),
            Event::SequenceStart(_, anchor, _) => self.open(false, anchor, span.start.line()),
            Event::MappingStart(_, anchor, _) => self.open(true, anchor, span.start.line()),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(id) => self.alias(id),
            _ => Ok(()),
        }
    }

    /// Whether the next value is a key.
    fn at_key(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.map && frame.key.is_none() && !frame.merge)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, tag: Option<&Tag>) -> Result<()> {
        self.builder.count(1)?;
        let at = if self.at_key() {
            self.builder.string(text)?
        } else {
            let string = !matches!(style, ScalarStyle::Plain) || tag.is_some_and(|tag| tag.suffix() == "str");
            if string { self.builder.string(text)? } else { plain(&mut self.builder, text)? }
        };
        let done = Done { at, values: 1, height: 1 };
        if anchor != 0 {
            self.anchors.insert(anchor, done);
        }
        if self.at_key() && text == "<<" && matches!(style, ScalarStyle::Plain) {
            if let Some(frame) = self.frames.last_mut() {
                frame.merge = true;
            }
            return Ok(());
        }
        self.place(done)
    }

    fn open(&mut self, map: bool, anchor: usize, line: usize) -> Result<()> {
        if self.at_key() {
            return Err(Error::new(ErrorKind::Unsupported, "a list or an object is used as a key")
                .hint("keys of an OpenAPI document are names"));
        }
        if self.frames.len() >= DEPTH {
            return Err(too_deep());
        }
        self.builder.count(1)?;
        self.frames.push(Frame {
            map,
            line,
            anchor,
            first: self.parts.len(),
            key: None,
            merge: false,
            merged: Vec::new(),
            values: 1,
            height: 0,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let mut own = self.parts.split_off(frame.first);
        let at = if frame.map {
            if !frame.merged.is_empty() {
                // What stands in the object itself wins over what is merged into it.
                let mut all = frame.merged;
                all.append(&mut own);
                own = all;
            }
            self.builder.object(frame.line, &own)?
        } else {
            self.builder.array(frame.line, &own)?
        };
        let done = Done { at, values: frame.values, height: frame.height + 1 };
        if frame.anchor != 0 {
            self.anchors.insert(frame.anchor, done);
        }
        self.place(done)
    }

    fn alias(&mut self, id: usize) -> Result<()> {
        let Some(done) = self.anchors.get(&id).copied() else {
            return Err(Error::new(ErrorKind::Syntax, "an alias stands inside the value that it names"));
        };
        self.builder.count(done.values)?;
        if self.frames.len() + done.height > DEPTH {
            return Err(too_deep());
        }
        if self.at_key() {
            let tree_key = self.builder.text_of(done.at).ok_or_else(|| {
                Error::new(ErrorKind::Unsupported, "an alias to something other than text is used as a key")
            })?;
            let at = self.builder.string(&tree_key)?;
            return self.place(Done { at, ..done });
        }
        self.place(done)
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, done: Done) -> Result<()> {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(done.at);
            return Ok(());
        };
        frame.values = frame.values.saturating_add(done.values);
        frame.height = frame.height.max(done.height);
        if !frame.map {
            self.parts.push(done.at);
        } else if frame.merge {
            frame.merge = false;
            self.merge(done.at)?;
        } else if let Some(key) = frame.key.take() {
            self.parts.extend([key, done.at]);
        } else {
            frame.key = Some(done.at);
        }
        Ok(())
    }

    /// `<<: *base` and `<<: [*first, *second]`: earlier ones win, so they are written later.
    fn merge(&mut self, at: u32) -> Result<()> {
        let sources = match self.builder.items(at) {
            Some(items) => items.into_iter().rev().collect(),
            None => vec![at],
        };
        for source in sources {
            let entries = self.builder.entries(source).ok_or_else(|| {
                Error::new(ErrorKind::Syntax, "`<<` merges something other than an object")
                    .hint("quote the key if it is meant as a name")
            })?;
            self.builder.count(entries.len() / 2)?;
            if let Some(frame) = self.frames.last_mut() {
                frame.merged.extend(entries);
            }
        }
        Ok(())
    }
}

fn too_deep() -> Error {
    Error::new(ErrorKind::TooLarge, format!("values nest deeper than {DEPTH}"))
        .hint("no OpenAPI document needs that; use references")
}

/// A plain scalar by the core schema of YAML 1.2.
fn plain(builder: &mut Builder, text: &str) -> Result<u32> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(builder.null()),
        "true" | "True" | "TRUE" => return Ok(builder.bool(true)),
        "false" | "False" | "FALSE" => return Ok(builder.bool(false)),
        _ => {}
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.')) {
        return builder.string(text);
    }
    if let Some(value) = integer(text) {
        return builder.signed(value);
    }
    if let Ok(value) = text.parse::<u64>() {
        return builder.unsigned(value);
    }
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    match text.parse::<f64>() {
        Ok(value) if numeric && value.is_finite() => builder.float(value),
        _ => builder.string(text),
    }
}

fn integer(text: &str) -> Option<i64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then(|| i64::from_str_radix(digits, 16).ok())?;
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| i64::from_str_radix(digits, 8).ok())?;
    }
    text.parse().ok()
}
