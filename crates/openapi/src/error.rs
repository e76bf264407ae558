//! What can go wrong, where, and what to do about it.

use std::fmt;

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Classes of failure, by what the caller does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file could not be read or written.
    Io,
    /// The text is neither YAML nor JSON; [`Error::position`] tells where.
    Syntax,
    /// A limit was passed: size, depth, number of values, expansion of aliases.
    TooLarge,
    /// Sound, but not what this crate reads: another OpenAPI version, a reference to another document.
    Unsupported,
    /// The document has another form than OpenAPI prescribes; [`Error::pointer`] tells where.
    Invalid,
    /// A `$ref` leads nowhere, or only to itself.
    Reference,
    /// The document knows no such path, method or media type; [`Error::nearest`] tells what it knows.
    NotFound,
}

/// One failure: what, where, and what to do.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    position: Option<(usize, usize)>,
    pointer: Option<String>,
    hint: Option<String>,
    nearest: Vec<String>,
    source: Option<std::io::Error>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            position: None,
            pointer: None,
            hint: None,
            nearest: Vec::new(),
            source: None,
        }))
    }

    pub(crate) fn io(message: impl Into<String>, source: std::io::Error) -> Self {
        let mut error = Self::new(ErrorKind::Io, message);
        error.0.source = Some(source);
        error
    }

    pub(crate) fn at(mut self, line: usize, column: usize) -> Self {
        self.0.position = Some((line, column));
        self
    }

    pub(crate) fn pointed(mut self, pointer: impl Into<String>) -> Self {
        self.0.pointer = Some(pointer.into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn near(mut self, nearest: Vec<String>) -> Self {
        self.0.nearest = nearest;
        self
    }

    /// What the caller can do next.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, without place and advice.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Line and column in the source, both counted from one.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.0.position
    }

    /// The JSON pointer of the place in the document.
    pub fn pointer(&self) -> Option<&str> {
        self.0.pointer.as_deref()
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The names nearest to one that does not exist, best first.
    pub fn nearest(&self) -> &[String] {
        &self.0.nearest
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.message)?;
        if let Some((line, column)) = self.0.position {
            write!(out, " at line {line}, column {column}")?;
        }
        if let Some(pointer) = &self.0.pointer {
            write!(out, " at `{pointer}`")?;
        }
        if !self.0.nearest.is_empty() {
            write!(out, "; nearest: {}", self.0.nearest.join(", "))?;
        }
        match &self.0.hint {
            Some(hint) => write!(out, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}
