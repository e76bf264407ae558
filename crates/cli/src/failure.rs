//! What went wrong, in the three lines that a person needs: what, why, what to do.

use std::io::Write;

use serde_json::{Value, json};

use crate::exit::Exit;

/// Shorthand of this crate: everything that can fail ends in one [`Failure`].
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the process ends.
    pub(crate) exit: Exit,
    /// Stable word for programs.
    pub(crate) code: &'static str,
    what: String,
    why: String,
    todo: Option<String>,
    status: Option<u16>,
    request_id: Option<String>,
    quiet: bool,
}

impl Failure {
    /// A failure with the line that says what and the line that says why.
    pub(crate) fn new(
        exit: Exit,
        code: &'static str,
        what: impl Into<String>,
        why: impl Into<String>,
    ) -> Self {
        Self {
            exit,
            code,
            what: what.into(),
            why: why.into(),
            todo: None,
            status: None,
            request_id: None,
            quiet: false,
        }
    }

    /// The arguments cannot be used; nothing was sent.
    pub(crate) fn usage(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", what, why)
    }

    /// A setting, a context or a file of ours cannot be used.
    pub(crate) fn config(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "config", what, why)
    }

    /// The local server could not do its part.
    pub(crate) fn local(what: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Self::new(Exit::Failure, "local", what, why.to_string())
    }

    /// Ends the process without words: everything was said already.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self { quiet: true, ..Self::new(exit, "silent", "", "") }
    }

    /// Adds the line that says what to do.
    pub(crate) fn hint(mut self, todo: impl Into<String>) -> Self {
        self.todo = Some(todo.into());
        self
    }

    /// Writes the failure on stderr: lines for people, one JSON object for programs.
    pub(crate) fn report(&self, as_json: bool) {
        if self.quiet {
            return;
        }
        let text = if as_json { format!("{}\n", self.to_json()) } else { self.lines() };
        // A closed stderr leaves nobody to tell.
        let _ = anstream::stderr().write_all(text.as_bytes());
    }

    fn lines(&self) -> String {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        let mut text = format!("{red}error{red:#}: {}\n", self.what);
        if !self.why.is_empty() {
            text.push_str(&format!("  why: {}\n", self.why));
        }
        if let Some(todo) = &self.todo {
            text.push_str(&format!("  try: {todo}\n"));
        }
        if let Some(id) = &self.request_id {
            text.push_str(&format!("  request: {id}\n"));
        }
        text
    }

    fn to_json(&self) -> Value {
        json!({"error": {
            "code": self.code, "what": self.what, "why": self.why, "todo": self.todo,
            "status": self.status, "request_id": self.request_id, "exit": self.exit.code(),
        }})
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.todo {
            Some(todo) => write!(f, "{}: {} ({todo})", self.what, self.why),
            None => write!(f, "{}: {}", self.what, self.why),
        }
    }
}

impl From<pentad_core::Error> for Failure {
    fn from(error: pentad_core::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&pentad_core::Error> for Failure {
    fn from(error: &pentad_core::Error) -> Self {
        let (exit, code) = Exit::of(error);
        let what = error.op().map_or_else(|| "the call failed".to_owned(), |op| format!("{op} failed"));
        let mut failure = Self::new(exit, code, what, reason(error));
        failure.todo = error.hint().map(ToString::to_string).or_else(|| advice(code).map(str::to_owned));
        failure.status = error.status().map(|status| status.as_u16());
        failure.request_id = error.request_id().map(ToString::to_string);
        failure
    }
}

/// What the library says about the error, with its chain of causes, on one line.
fn reason(error: &pentad_core::Error) -> String {
    let mut text = format!("{}: {}", error.kind().label(), error.message());
    if let Some(status) = error.status() {
        text.push_str(&format!(" ({})", status.as_u16()));
    }
    if error.attempts() > 1 {
        text.push_str(&format!(", {} attempts", error.attempts()));
    }
    if is_in_doubt(error) {
        text.push_str("; the service may have done it all the same");
    }
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text.replace('\n', " ")
}

/// True if nobody knows whether the service did it. An answer that says why it did not leaves no doubt.
fn is_in_doubt(error: &pentad_core::Error) -> bool {
    use pentad_core::ErrorKind::{Connection, Decode, Timeout, Unavailable, Unexpected};
    let open = matches!(error.kind(), Connection | Decode | Timeout | Unavailable | Unexpected);
    open && error.may_have_applied()
}

fn advice(code: &str) -> Option<&'static str> {
    match code {
        "unauthenticated" => {
            Some("check the token, or user and password: `pentad config explain` says where they come from")
        }
        "forbidden" => Some("ask for the role or the access list entry, or use another token"),
        "connection" => Some("`pentad doctor` shows which endpoint is used and what answers"),
        "config" => Some("`pentad config explain` shows every setting and where it comes from"),
        "timeout" => Some("a longer --timeout, or `pentad doctor` to see what answers"),
        _ => None,
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        // A reader that had enough (`… | head`) is success, not an error.
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::silent(Exit::Success);
        }
        Self::new(Exit::Failure, "io", "reading or writing failed", error.to_string())
    }
}
