//! A call in the making: operation, arguments, query, headers, body.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::response::Parts;
use http::{HeaderMap, StatusCode};
use serde_core::Serialize;

use crate::call::Call;
use crate::decode::{Context, Decode};
use crate::error::{Error, ErrorKind, Result};
use crate::list::{Cursor, List, Page};
use crate::message::{Args, Body, Request, shown_arg};
use crate::op::{Op, fill};
use crate::session::Session;
use crate::target::Target;

/// What happens when a service answers with a redirect. Only GET and HEAD are ever redirected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redirect {
    /// The redirect is the answer and goes to the decoder.
    Never,
    /// Followed to the same scheme, host and port, with the credential; anything else is an error.
    #[default]
    SameOrigin,
    /// Followed anywhere; to another origin without credential, cookies or any header that may identify the caller.
    AnyWithoutCredentials,
}

/// A call in the making. The first wrong argument is kept and surfaces when the call is awaited or looked at.
#[must_use = "a draft does nothing until it is called"]
pub struct Draft {
    session: Session,
    op: &'static Op,
    args: Vec<(&'static str, String)>,
    target: Option<Target>,
    query: Vec<(Cow<'static, str>, String)>,
    raw_query: Option<String>,
    headers: HeaderMap,
    body: Body,
    patience: Duration,
    options: Options,
    error: Option<Error>,
}

/// What a call adds to the session's settings.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    pub(crate) redirect: Option<Redirect>,
    pub(crate) accept: Option<fn(StatusCode, &HeaderMap) -> bool>,
    /// Whether the answer's head is kept for [`Meta`](crate::Meta).
    pub(crate) meta: bool,
    /// A limit from outside: the scope of a `Work`, the call that an authentication serves.
    pub(crate) deadline: Option<Instant>,
}

impl Draft {
    pub(crate) fn new(session: Session, op: &'static Op) -> Self {
        let headers = session.shared().headers.clone();
        Self {
            session,
            op,
            args: Vec::new(),
            target: None,
            query: Vec::new(),
            raw_query: None,
            headers,
            body: Body::Empty,
            patience: op.patience,
            options: Options::default(),
            error: None,
        }
    }

    /// Fills `{name}` (escaped as one segment) or `{+name}` (escaped segment by segment) of the operation's path.
    pub fn arg(mut self, name: &str, value: impl Into<String>) -> Self {
        match self.op.argument(name) {
            Some(known) => self.args.push((known, value.into())),
            None => self.keep(Error::invalid(name, "is not an argument of this operation")),
        }
        self
    }

    /// Adds a pair to the query.
    pub fn query(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Fills path arguments and adds pairs to the query, as raw doors are given them.
    pub fn fill(self, args: &[(&str, &str)], query: &[(&str, &str)]) -> Self {
        let draft = args.iter().fold(self, |draft, (name, value)| draft.arg(name, *value));
        query.iter().fold(draft, |draft, (name, value)| draft.query((*name).to_owned(), *value))
    }

    /// Adds a pair to the query if there is a value.
    pub fn query_opt(self, name: impl Into<Cow<'static, str>>, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sets a query that is already escaped, without `?`; pairs come after it.
    pub fn raw_query(mut self, query: impl Into<String>) -> Self {
        self.raw_query = Some(query.into());
        self
    }

    /// Sets the body to a JSON document.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => {
                self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                self.body = Body::Bytes(Bytes::from(bytes));
            }
            Err(error) => self.keep(Error::invalid("body", "cannot be written as JSON").with_source(error)),
        }
        self
    }

    /// Sets the body; its content type is a header of its own.
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Sets a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets a header from text.
    pub fn header_text(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => {
                self.headers.insert(name, value);
            }
            Err(error) => {
                self.keep(Error::invalid(name.as_str(), "cannot stand in a header").with_source(error));
            }
        }
        self
    }

    /// Sends this call somewhere else than the session's target.
    pub fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// Sets what happens with redirects.
    pub const fn redirect(mut self, redirect: Redirect) -> Self {
        self.options.redirect = Some(redirect);
        self
    }

    /// Takes further answers as success: those for which the function says yes go to the decoder, such as a 401 that
    /// carries the receipt for the next step of a login.
    pub fn accept(mut self, answers: fn(StatusCode, &HeaderMap) -> bool) -> Self {
        self.options.accept = Some(answers);
        self
    }

    /// Replaces the operation's patience, where a call itself says how long the service may stay silent.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Refuses the call before it is sent. The first refusal stays.
    pub fn refuse(mut self, error: Error) -> Self {
        self.keep(error);
        self
    }

    /// Checks an argument: a failure refuses the call.
    pub fn check(self, argument: Result<()>) -> Self {
        match argument {
            Ok(()) => self,
            Err(error) => self.refuse(error),
        }
    }

    pub(crate) fn deadline(mut self, deadline: Option<Instant>) -> Self {
        self.options.deadline = deadline;
        self
    }

    /// A call whose answer is read as a whole and decoded, as by [`decode::json`](crate::decode::json).
    pub fn call<T>(self, decode: fn(&Context, Parts, Bytes) -> Result<T>) -> Call<T> {
        self.call_with(Decode::Whole(decode))
    }

    /// A call with either way of decoding.
    pub fn call_with<T>(self, decode: Decode<T>) -> Call<T> {
        let (context, request, options) = self.finish();
        Call::new(context, request, options, decode)
    }

    /// A listing: `cursor` puts a place into the first request, `page` reads an answer.
    pub fn list<T>(
        self,
        cursor: fn(&Cursor, &mut Request),
        page: fn(&Context, &Parts, Bytes) -> Result<Page<T>>,
    ) -> List<T> {
        let (context, request, options) = self.finish();
        List::new(context, request, options, cursor, page)
    }

    /// The request that the call would send.
    ///
    /// # Errors
    /// The first wrong argument.
    pub fn request(self) -> Result<Request> {
        self.finish().1
    }

    fn keep(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    fn finish(self) -> (Context, Result<Request>, Options) {
        let op = self.op;
        let args = Args::new(self.args);
        let context = Context::new(self.session, op, args.clone());
        if let Some(error) = self.error {
            return (context, Err(error.with_op(op.id)), self.options);
        }
        let shared = context.session().shared();
        let limits = shared.limits.grown(self.patience);
        let target = self.target.unwrap_or_else(|| shared.target.clone());
        let request = op.route(shared.api).and_then(|(method, template)| {
            let path = fill(template, |name| args.get(name))?;
            Ok(Request {
                op,
                method: method.clone(),
                target,
                path,
                query: self.query,
                raw_query: self.raw_query,
                headers: self.headers,
                body: self.body,
                args: args.clone(),
                limits,
            })
        });
        (context, request.map_err(|error| error.with_op(op.id)), self.options)
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<_> =
            self.args.iter().map(|(name, value)| (name, shown_arg((name, value.as_str())))).collect();
        f.debug_struct("Draft").field("op", &self.op.id).field("args", &args).finish_non_exhaustive()
    }
}

/// Refuses bodies that can be read once where several requests follow from one.
pub(crate) fn repeatable(request: Request) -> Result<Request> {
    if request.body.is_replayable() {
        return Ok(request);
    }
    let message = "a body that can be read once cannot be part of a listing";
    Err(Error::new(ErrorKind::Invalid, message).with_op(request.op.id))
}
