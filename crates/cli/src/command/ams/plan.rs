//! One operation of the service as the command line sees it: what to send, what it does, how to show the answer.

use clap::Args;
use serde_json::{Value, json};

use super::{Role, Session};
use crate::args;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

/// What sending does to the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Read,
    Change,
    /// Something is gone afterwards; the text says what, e.g. `delete topic x`.
    Destroy(String),
}

impl Effect {
    /// True if the service is not the same afterwards.
    pub(crate) fn changes(&self) -> bool {
        *self != Self::Read
    }
}

/// What the answer looks like.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// One thing.
    Record,
    /// Things under this key, in pages.
    Pages(&'static str, Paging),
    /// Things under this key, all at once.
    Items(&'static str),
    /// Nothing to see: a person gets this note.
    Done(String),
}

/// How much of a list is wanted.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Paging {
    /// Stop after this many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Ask for pages of this size.
    #[arg(long, value_name = "N", default_value_t = 100)]
    page_size: usize,
}

/// One operation, ready to be sent or shown.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(super) op: &'static str,
    pub(super) args: Vec<(String, String)>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Option<Value>,
    pub(super) effect: Effect,
    /// Who does this on an installation of one's own.
    pub(super) role: Role,
    answer: Answer,
    view: View,
    /// The operation that reads the thing, if it is fine that it exists already.
    or_get: Option<&'static str>,
}

impl Plan {
    /// An operation that only reads.
    pub(super) fn read(op: &'static str) -> Self {
        Self {
            op,
            args: Vec::new(),
            query: Vec::new(),
            body: None,
            effect: Effect::Read,
            role: Role::ProjectAdmin,
            answer: Answer::Record,
            view: View::ALL,
            or_get: None,
        }
    }

    /// An operation that changes something.
    pub(super) fn change(op: &'static str) -> Self {
        Self { effect: Effect::Change, ..Self::read(op) }
    }

    /// An operation after which `what` is gone, e.g. `topic x`.
    pub(super) fn delete(op: &'static str, what: &str) -> Self {
        let plan = Self { effect: Effect::Destroy(format!("delete {what}")), ..Self::read(op) };
        plan.done(format!("deleted {what}"))
    }

    /// Fills a variable of the path.
    pub(super) fn arg(mut self, name: &str, value: impl Into<String>) -> Self {
        self.args.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a query parameter, if there is a value.
    pub(super) fn query(mut self, name: &str, value: Option<impl Into<String>>) -> Self {
        self.query.extend(value.map(|value| (name.to_owned(), value.into())));
        self
    }

    /// Sends this document.
    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Service administrators do this, not project administrators.
    pub(super) const fn by_service_admin(mut self) -> Self {
        self.role = Role::ServiceAdmin;
        self
    }

    /// Which columns matter.
    pub(super) const fn view(mut self, view: View) -> Self {
        self.view = view;
        self
    }

    /// The answer is a list under `key`, in pages.
    pub(super) fn pages(mut self, key: &'static str, paging: Paging, view: View) -> Self {
        self.answer = Answer::Pages(key, paging);
        self.view(view)
    }

    /// The answer is a list under `key`.
    pub(super) fn items(mut self, key: &'static str, view: View) -> Self {
        self.answer = Answer::Items(key);
        self.view(view)
    }

    /// The answer says nothing; people get this note.
    pub(super) fn done(mut self, note: impl Into<String>) -> Self {
        self.answer = Answer::Done(note.into());
        self
    }

    /// It is fine if the thing exists: then it is read.
    pub(super) const fn or_get(mut self, op: &'static str) -> Self {
        self.or_get = Some(op);
        self
    }

    /// Sends the operation and writes the answer.
    pub(super) async fn execute(self, session: &mut Session<'_>) -> Result<()> {
        match self.answer.clone() {
            Answer::Record => {
                let value = self.send_or_get(session).await?;
                session.output.record(&value, self.view)
            }
            Answer::Items(key) => {
                let value = session.send(&self).await?;
                session.output.list(items(&value, key), self.view)
            }
            Answer::Pages(key, paging) => self.pages_of(session, key, &paging).await,
            Answer::Done(note) => {
                let value = session.send(&self).await?;
                session.output.note(&note);
                let empty = value.is_null() || value == json!({});
                match session.output.is_json() {
                    true if empty => session.output.record(&json!({}), self.view),
                    _ if empty => Ok(()),
                    _ => session.output.record(&value, self.view),
                }
            }
        }
    }

    async fn send_or_get(&self, session: &mut Session<'_>) -> Result<Value> {
        match (session.send(self).await, self.or_get) {
            (Err(failure), Some(op)) if failure.exit == Exit::Conflict => {
                let get = Self { args: self.args.clone(), role: self.role, ..Self::read(op) };
                session.send(&get).await
            }
            (result, _) => result,
        }
    }

    async fn pages_of(self, session: &mut Session<'_>, key: &str, paging: &Paging) -> Result<()> {
        let mut left = paging.limit.unwrap_or(usize::MAX);
        let mut token = None::<String>;
        let mut kept = Vec::new();
        let streams = !matches!(session.output.format, crate::output::Format::Table);
        // Machine formats are written page by page; a table needs all of its rows.
        loop {
            let size = paging.page_size.min(left).max(1);
            let mut page = self.clone();
            page.query.push(("pageSize".to_owned(), size.to_string()));
            page.query.extend(token.take().map(|token| ("pageToken".to_owned(), token)));
            let mut value = session.send(&page).await?;
            let found =
                value.get_mut(key).and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
            let last = found.is_empty();
            kept.extend(found.into_iter().take(left));
            token = value["nextPageToken"].as_str().filter(|token| !token.is_empty()).map(str::to_owned);
            if last || token.is_none() || kept.len() >= left {
                return session.output.list(&kept, self.view);
            }
            if streams && session.output.format == crate::output::Format::Ndjson {
                left -= kept.len();
                session.output.list(&kept, self.view)?;
                kept.clear();
            } else {
                left = paging.limit.map_or(usize::MAX, |limit| limit - kept.len());
            }
        }
    }
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Any operation by its id.
#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// Id of the operation, e.g. ams.topic.get.
    op: String,
    /// Variables of the path.
    #[arg(value_name = "NAME=VALUE", value_parser = args::attribute)]
    args: Vec<(String, String)>,
    /// Query parameters.
    #[arg(long = "query", value_name = "NAME=VALUE", value_parser = args::attribute)]
    query: Vec<(String, String)>,
    /// JSON document to send; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    body: Option<std::path::PathBuf>,
}

impl CallArgs {
    pub(super) fn plan(self) -> Result<Plan> {
        let known = pentad_ams::ops::OPS.iter().find(|op| op.id == self.op);
        let op = known.ok_or_else(|| {
            let ids: Vec<_> = pentad_ams::ops::OPS.iter().map(|op| op.id).collect();
            Failure::usage(
                format!("there is no operation `{}`", self.op),
                format!("known: {}", ids.join(", ")),
            )
        })?;
        let body = self.body.as_deref().map(args::json_source).transpose()?;
        let reads = op.routes.iter().all(|(_, method, _)| *method == http::Method::GET);
        let plan = if reads { Plan::read(op.id) } else { Plan::change(op.id) };
        Ok(Plan { args: self.args, query: self.query, body, ..plan })
    }
}
