//! One operation of a service as the command line sees it: what to send, what it does, how to show the answer.

use clap::Args;
use serde_json::Value;

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
pub(crate) enum Answer {
    /// One thing.
    Record,
    /// A list in pages, as the library walks through them.
    Pages(Paging),
    /// A list under this key of the answer, all at once; an empty key is the answer itself.
    Items(&'static str),
    /// Nothing to see: a person gets this note.
    Done(String),
}

/// How much of a list is wanted.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Paging {
    /// Stop after this many.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Ask for pages of this size.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) page_size: u32,
}

/// One operation, ready to be sent or shown.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Id of the operation.
    pub(crate) op: &'static str,
    pub(crate) args: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    pub(crate) effect: Effect,
    /// Who does this on an installation of one's own, if not the service's usual user.
    pub(crate) actor: Option<&'static str>,
    pub(crate) answer: Answer,
    pub(crate) view: View,
    /// The operation that reads the thing, if it is fine that it exists already.
    pub(crate) or_get: Option<&'static str>,
}

impl Plan {
    /// An operation that only reads.
    pub(crate) fn read(op: &'static str) -> Self {
        Self {
            op,
            args: Vec::new(),
            query: Vec::new(),
            body: None,
            effect: Effect::Read,
            actor: None,
            answer: Answer::Record,
            view: View::ALL,
            or_get: None,
        }
    }

    /// An operation that changes something.
    pub(crate) fn change(op: &'static str) -> Self {
        Self { effect: Effect::Change, ..Self::read(op) }
    }

    /// An operation after which `what` is gone, e.g. `topic x`.
    pub(crate) fn delete(op: &'static str, what: &str) -> Self {
        let plan = Self { effect: Effect::Destroy(format!("delete {what}")), ..Self::read(op) };
        plan.done(format!("deleted {what}"))
    }

    /// Fills a variable of the path.
    pub(crate) fn arg(mut self, name: &str, value: impl Into<String>) -> Self {
        self.args.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a query parameter, if there is a value.
    pub(crate) fn query(mut self, name: &str, value: Option<impl Into<String>>) -> Self {
        self.query.extend(value.map(|value| (name.to_owned(), value.into())));
        self
    }

    /// Sends this document.
    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// This user does it on an installation of one's own.
    pub(crate) const fn by(mut self, actor: &'static str) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Which columns matter.
    pub(crate) const fn view(mut self, view: View) -> Self {
        self.view = view;
        self
    }

    /// The answer is a list in pages.
    pub(crate) fn pages(mut self, paging: Paging, view: View) -> Self {
        self.answer = Answer::Pages(paging);
        self.view(view)
    }

    /// The answer is a list under `key`.
    pub(crate) fn items(mut self, key: &'static str, view: View) -> Self {
        self.answer = Answer::Items(key);
        self.view(view)
    }

    /// The answer says nothing; people get this note.
    pub(crate) fn done(mut self, note: impl Into<String>) -> Self {
        self.answer = Answer::Done(note.into());
        self
    }

    /// It is fine if the thing exists: then it is read.
    pub(crate) const fn or_get(mut self, op: &'static str) -> Self {
        self.or_get = Some(op);
        self
    }
}
