//! What is sent: JSON, bytes, files, streams, forms, multipart.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, StreamExt};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use pentad_core::message::ByteStream;
use pentad_core::{Body, Draft, Error, ErrorKind, Sent};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;
use tokio::io::AsyncReadExt;

/// Files are read in pieces of this size.
const PIECE: usize = 64 * 1024;

/// The body of a request.
///
/// An empty object or list is a body, too; nothing is [`Payload::none`]. Debug shows sizes only: bodies carry secrets.
#[derive(Default)]
#[must_use = "a payload does nothing until it is sent"]
pub struct Payload {
    pub(crate) json: Option<Value>,
    content_type: Option<String>,
    body: Body,
    refused: Option<Error>,
}

impl Payload {
    /// No body.
    pub fn none() -> Self {
        Self::default()
    }

    /// A JSON document.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => Self::from(value),
            Err(error) => {
                Self::refuse(Error::invalid("payload", "cannot be written as JSON").with_source(error))
            }
        }
    }

    /// Bytes of a content type, such as `text/markdown`.
    pub fn bytes(content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::of(content_type, Body::Bytes(bytes.into()))
    }

    /// A file, read while it is sent and once more for each attempt.
    pub fn file(content_type: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        match std::fs::metadata(&path) {
            Ok(meta) => {
                let source = move || file(path.clone());
                Self::of(content_type, Body::Replay(Arc::new(source), Some(meta.len())))
            }
            Err(error) => Self::refuse(no_file(&path, error, Sent::No)),
        }
    }

    /// A stream, and its length if that is known. It is read once, so the request is never sent twice.
    pub fn stream(content_type: impl Into<String>, stream: ByteStream, length: Option<u64>) -> Self {
        Self::of(content_type, Body::Once(stream, length))
    }

    /// Fields as `application/x-www-form-urlencoded`.
    pub fn form<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let escape = |text: &'a str| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let pairs: Vec<String> =
            fields.into_iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        Self::bytes("application/x-www-form-urlencoded", pairs.join("&"))
    }

    fn of(content_type: impl Into<String>, body: Body) -> Self {
        Self { content_type: Some(content_type.into()), body, ..Self::default() }
    }

    fn refuse(error: Error) -> Self {
        Self { refused: Some(error), ..Self::default() }
    }

    /// Refuses anything but an object, or nothing.
    pub(crate) fn object(mut self) -> Self {
        if self.json.as_ref().is_some_and(|value| !value.is_object()) {
            self.refused.get_or_insert(Error::invalid("payload", "must be an object"));
        }
        self
    }

    /// Several objects, at least one: a request without them could mean the whole collection.
    pub(crate) fn several(items: &[impl Serialize]) -> Self {
        if items.is_empty() {
            return Self::refuse(Error::invalid("payload", "must not be empty"));
        }
        Self::json(items)
    }

    pub(crate) fn is_none(&self) -> bool {
        self.content_type.is_none() && self.json.is_none() && self.refused.is_none()
    }

    pub(crate) fn put(self, draft: Draft) -> Draft {
        let draft = match self.refused {
            Some(error) => draft.refuse(error),
            None => draft,
        };
        if let Some(value) = self.json {
            return draft.json(&value);
        }
        match self.content_type {
            Some(kind) => draft.header_text(CONTENT_TYPE, &kind).body(self.body),
            None => draft,
        }
    }
}

impl From<Value> for Payload {
    fn from(value: Value) -> Self {
        Self { json: Some(value), ..Self::default() }
    }
}

impl From<&Value> for Payload {
    fn from(value: &Value) -> Self {
        Self::from(value.clone())
    }
}

/// Bytes of no particular content type.
impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::bytes("application/octet-stream", bytes)
    }
}

impl From<()> for Payload {
    fn from((): ()) -> Self {
        Self::none()
    }
}

impl<T: Into<Self>> From<Option<T>> for Payload {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(Self::none, Into::into)
    }
}

impl From<Multipart> for Payload {
    fn from(parts: Multipart) -> Self {
        parts.payload()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Payload");
        match &self.json {
            Some(value) => shown.field("json", &format_args!("{} bytes", value.to_string().len())),
            None => shown.field("content_type", &self.content_type).field("body", &self.body),
        };
        shown.field("refused", &self.refused).finish()
    }
}

/// Fields and files as `multipart/form-data`. Everything is read anew for each attempt. Debug shows names and sizes only.
///
/// # Example
/// ```
/// use pentad_connect::{Client, Multipart};
/// # fn main() -> pentad_core::Result<()> {
/// # let client = Client::new("ApiKey SU-000-000-000:key").build()?;
/// let parts = Multipart::new().text("title", "Logo").bytes("file", "logo.png", "image/png", &b"png"[..]);
/// let upload = client.collection("products").resource("PRD-1").collection("media").create(parts);
/// # let _ = upload;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
#[must_use = "a payload does nothing until it is sent"]
pub struct Multipart {
    parts: Vec<(String, Source)>,
}

#[derive(Clone)]
enum Source {
    Bytes(Bytes),
    File(PathBuf),
}

impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.parts.iter().map(|(head, source)| (head.trim_end(), source))).finish()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Multipart {
    /// No parts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    pub fn text(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parts.push((head(name, None, None), Source::Bytes(value.into().into())));
        self
    }

    /// Adds a file from memory.
    pub fn bytes(mut self, name: &str, file_name: &str, content_type: &str, bytes: impl Into<Bytes>) -> Self {
        self.parts.push((head(name, Some(file_name), Some(content_type)), Source::Bytes(bytes.into())));
        self
    }

    /// Adds a file; its name is the last part of the path.
    pub fn file(mut self, name: &str, content_type: &str, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.parts.push((head(name, Some(&file_name), Some(content_type)), Source::File(path)));
        self
    }

    fn payload(self) -> Payload {
        let boundary = format!("pentad-{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        let mut pieces = Vec::with_capacity(2 * self.parts.len() + 1);
        let mut length = 0;
        for (head, source) in self.parts {
            let line = format!("{}--{boundary}\r\n{head}\r\n", if pieces.is_empty() { "" } else { "\r\n" });
            length += line.len() as u64;
            length += match &source {
                Source::Bytes(bytes) => bytes.len() as u64,
                Source::File(path) => match std::fs::metadata(path) {
                    Ok(meta) => meta.len(),
                    Err(error) => return Payload::refuse(no_file(path, error, Sent::No)),
                },
            };
            pieces.extend([Source::Bytes(line.into()), source]);
        }
        let end = format!("{}--{boundary}--\r\n", if pieces.is_empty() { "" } else { "\r\n" });
        length += end.len() as u64;
        pieces.push(Source::Bytes(end.into()));
        let source = move || -> ByteStream {
            stream::iter(pieces.clone())
                .flat_map(|piece| match piece {
                    Source::Bytes(bytes) => stream::iter([Ok(bytes)]).boxed(),
                    Source::File(path) => file(path),
                })
                .boxed()
        };
        Payload::of(
            format!("multipart/form-data; boundary={boundary}"),
            Body::Replay(Arc::new(source), Some(length)),
        )
    }
}

fn head(name: &str, file_name: Option<&str>, content_type: Option<&str>) -> String {
    // As browsers do: what would end the quotes or the line is escaped.
    let escape = |text: &str| text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    let mut head = format!("Content-Disposition: form-data; name=\"{}\"", escape(name));
    if let Some(file_name) = file_name {
        head.push_str(&format!("; filename=\"{}\"", escape(file_name)));
    }
    head.push_str("\r\n");
    if let Some(kind) = content_type.filter(|kind| HeaderValue::from_str(kind).is_ok()) {
        head.push_str(&format!("Content-Type: {kind}\r\n"));
    }
    head
}

/// The content of a file in pieces.
fn file(path: PathBuf) -> ByteStream {
    enum Step {
        Closed(PathBuf),
        Open(tokio::fs::File, PathBuf),
    }
    stream::try_unfold(Step::Closed(path), |step| async move {
        let (mut file, path) = match step {
            Step::Open(file, path) => (file, path),
            Step::Closed(path) => match tokio::fs::File::open(&path).await {
                Ok(file) => (file, path),
                Err(error) => return Err(no_file(&path, error, Sent::Maybe)),
            },
        };
        let mut piece = BytesMut::with_capacity(PIECE);
        match file.read_buf(&mut piece).await {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some((piece.freeze(), Step::Open(file, path)))),
            Err(error) => Err(no_file(&path, error, Sent::Maybe)),
        }
    })
    .boxed()
}

fn no_file(path: &Path, error: std::io::Error, sent: Sent) -> Error {
    let message = format!("cannot read the file {}", path.display());
    Error::new(ErrorKind::Config, message).with_source(error).with_sent(sent)
}

/// The body as JSON where that is known without reading anything.
pub(crate) fn known(payload: &Payload) -> Option<Option<&Value>> {
    (payload.json.is_some() || payload.is_none()).then_some(payload.json.as_ref())
}
