//! From answers to values.

use bytes::Bytes;
use http::Uri;
use http::response::Parts;
use serde_core::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result, Sent};
use crate::list::Cursor;
use crate::message::{Args, ByteStream, Response};
use crate::op::Op;
use crate::session::Session;
use crate::target::{resolve, same_origin};

/// What a decoder may know beside the answer.
#[derive(Clone, Debug)]
pub struct Context {
    session: Session,
    op: &'static Op,
    args: Args,
    /// Known once there is an answer.
    pub(crate) base: Option<Uri>,
    /// Escaped path and query below the base, kept for listings only.
    pub(crate) path: Option<String>,
}

impl Context {
    pub(crate) fn new(session: Session, op: &'static Op, args: Args) -> Self {
        Self { session, op, args, base: None, path: None }
    }

    /// The session, so that decoders can return handles.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The operation.
    pub fn op(&self) -> &'static Op {
        self.op
    }

    /// The base URL that was asked, prefix included, after a catalog resolved the target; a redirect does not change it.
    /// `None` only before there is an answer.
    pub fn uri(&self) -> Option<&Uri> {
        self.base.as_ref()
    }

    /// Turns a link in an answer, absolute or relative, into the place of the next page.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if it is no URL; [`ErrorKind::Unexpected`] if it points to another origin than the one that
    /// was asked, where the credential would follow it.
    pub fn link(&self, href: &str) -> Result<Cursor> {
        let wrong = |kind, message: &'static str| {
            Error::new(kind, message).with_op(self.op.id).with_sent(Sent::Answered)
        };
        let base = self.base.as_ref().ok_or_else(|| {
            wrong(ErrorKind::Unexpected, "a link cannot be resolved before there is an answer")
        })?;
        let path = self.path.as_deref().unwrap_or_default();
        let here = below(base, path).and_then(|here| resolve(&here, href));
        let there = here.ok_or_else(|| wrong(ErrorKind::Decode, "the link to the next page is no URL"))?;
        if same_origin(base, &there) {
            return Ok(Cursor::Link(there));
        }
        Err(wrong(ErrorKind::Unexpected, "the link to the next page points to another origin")
            .with_hint(ELSEWHERE))
    }

    /// A path argument of the call, as it was given.
    pub fn arg(&self, name: &str) -> Option<&str> {
        self.args.get(name)
    }
}

/// What to do about links to other origins.
pub(crate) const ELSEWHERE: &str = "the credential would follow it; check the service's public address";

/// The URL of a path and query below a base.
fn below(base: &Uri, path: &str) -> Option<Uri> {
    let (scheme, authority) = (base.scheme_str()?, base.authority()?);
    format!("{scheme}://{authority}{}{path}", base.path().trim_end_matches('/')).parse().ok()
}

/// How an answer becomes a value. Function pointers, so that calls have no hidden type parameters.
#[derive(Debug)]
#[non_exhaustive]
pub enum Decode<T> {
    /// Reads the body as a whole, within the attempt and its limits.
    Whole(fn(&Context, Parts, Bytes) -> Result<T>),
    /// Takes the body while it arrives; a failure in its middle is not retried.
    Streaming(fn(&Context, Response) -> Result<T>),
}

impl<T> Clone for Decode<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Decode<T> {}

/// A JSON document of a type.
///
/// # Errors
/// [`ErrorKind::Decode`] with the place in the document and the expected type; never with its content.
#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
pub fn json<T: DeserializeOwned>(context: &Context, _parts: Parts, body: Bytes) -> Result<T> {
    from_json(context.op, &body)
}

/// As [`json`], for the callers that have no answer's head.
///
/// # Errors
/// [`ErrorKind::Decode`].
pub fn from_json<T: DeserializeOwned>(op: &'static Op, body: &[u8]) -> Result<T> {
    // The plain reader is the fast one, and faster if it need not ask of each string whether it is UTF-8; the one that
    // knows where it is runs only to explain a failure.
    let read = match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(body),
    };
    read.map_err(|error| explain::<T>(op, body, &error))
}

fn explain<T: DeserializeOwned>(op: &'static Op, body: &[u8], error: &serde_json::Error) -> Error {
    let place = format!("at line {} column {}", error.line(), error.column());
    let expected = std::any::type_name::<T>().rsplit("::").next().unwrap_or_default().trim_end_matches('>');
    let message = if body.is_empty() {
        format!("the answer is empty, expected {expected}")
    } else if error.is_data() {
        let mut reader = serde_json::Deserializer::from_slice(body);
        let path =
            serde_path_to_error::deserialize::<_, T>(&mut reader).err().map(|error| error.path().to_string());
        let path = path.filter(|path| path != ".").map(|path| format!(".{path} ")).unwrap_or_default();
        format!("{path}({place}) is not what {expected} has there")
    } else {
        format!("the answer is not JSON {place}, expected {expected}")
    };
    Error::new(ErrorKind::Decode, message).with_op(op.id).with_sent(Sent::Answered)
}

/// Success whatever the body says.
///
/// # Errors
/// None.
pub fn empty(_context: &Context, _parts: Parts, _body: Bytes) -> Result<()> {
    Ok(())
}

/// The body as it is.
///
/// # Errors
/// None.
pub fn bytes(_context: &Context, _parts: Parts, body: Bytes) -> Result<Bytes> {
    Ok(body)
}

/// Any JSON document; an empty body is `null`.
///
/// # Errors
/// [`ErrorKind::Decode`] if there is a body and it is not JSON.
pub fn value(context: &Context, parts: Parts, body: Bytes) -> Result<Value> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    json(context, parts, body)
}

/// The body while it arrives: `draft.call_with(Decode::Streaming(decode::stream))`.
///
/// # Errors
/// None here; the stream itself gives the errors of the connection.
pub fn stream(_context: &Context, response: Response) -> Result<ByteStream> {
    Ok(response.body.into_stream())
}
