//! The question of a list: from its parameters, or from the cursor of a page before.

use std::collections::BTreeMap;

use super::cursor::{self, Place, Question};
use super::filter::Filter;
use super::value::{Key, Seen, same};
use crate::ivcap::call::Call;
use crate::ivcap::core::Core;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::storage::time;

/// What cursors are sealed for.
const SEALED: &str = "ivcap.page";
/// Records of a page without `limit`.
const LIMIT: i64 = 10;
/// Fields to order by.
const ORDERS: usize = 8;

/// What is particular to one list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// Tells its cursors from those of other lists.
    pub(crate) name: &'static str,
    /// Its own parameters, beside those of all lists; the first of several names for one stands first.
    pub(crate) keys: &'static [&'static [&'static str]],
    /// Fields by which to order is the natural order of the list.
    pub(crate) natural: &'static [&'static str],
    /// Whether the last come first without `order-desc`; absent, as the dialect has it.
    pub(crate) desc: Option<bool>,
    /// Whether `filter` is in the filter language.
    pub(crate) filters: bool,
    /// The largest `limit`.
    pub(crate) most: i64,
}

impl Kind {
    /// A list in order of creation, up to 50 a page, without parameters of its own.
    pub(crate) const fn new(name: &'static str) -> Self {
        let natural: &[&str] = &["created-at", "ordered-at", "requested-at"];
        Self { name, keys: &[], natural, desc: None, filters: true, most: 50 }
    }
}

/// A question that was understood.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    question: Question,
    pub(super) filter: Option<Filter>,
    /// Records of a page.
    pub(crate) limit: usize,
}

impl Query {
    /// The question of a request. With `page`, everything but `limit` comes from the cursor.
    ///
    /// # Errors
    /// 422 naming the parameter.
    pub(crate) fn of(call: &Call, kind: Kind) -> Answer<Self> {
        Self::read(call, kind, None)
    }

    /// The same with a text that the body holds, under a name among the list's own parameters.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(crate) fn of_text(call: &Call, kind: Kind, name: &str, text: &str) -> Answer<Self> {
        Self::read(call, kind, Some((name, text)))
    }

    fn read(call: &Call, kind: Kind, own: Option<(&str, &str)>) -> Answer<Self> {
        let limit = call.number("limit", 1..=kind.most)?.unwrap_or(LIMIT);
        let question = match call.text("page") {
            Some(cursor) => open(call, kind, cursor)?,
            None => {
                let mut question = ask(call, kind)?;
                question.keys.extend(own.map(|(name, text)| (name.to_owned(), text.to_owned())));
                question
            }
        };
        let filter = match &question.filter {
            Some(text) if kind.filters => {
                let filter = Filter::parse(text).map_err(|why| Failure::invalid("filter", text, why))?;
                Some(filter)
            }
            _ => None,
        };
        Ok(Self { question, filter, limit: usize::try_from(limit).unwrap_or(1) })
    }

    /// The moment, in microseconds.
    pub(crate) fn at(&self) -> i64 {
        self.question.at
    }

    /// The moment as answers say it.
    pub(crate) fn at_time(&self) -> String {
        time(self.question.at).to_string()
    }

    /// Whether the last come first.
    pub(crate) fn desc(&self) -> bool {
        self.question.desc
    }

    /// The fields to order by; none for the natural order.
    pub(super) fn order(&self) -> &[String] {
        &self.question.order
    }

    /// Whether records are left out by a filter.
    pub(crate) fn filters(&self) -> bool {
        self.filter.is_some()
    }

    /// Whether the filter keeps a record; `look` gives its fields.
    pub(crate) fn keeps<'v>(&self, look: &dyn Fn(&str) -> Option<Seen<'v>>) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.keeps(look))
    }

    /// What a record is ordered by.
    pub(crate) fn keys_of<'v>(&self, look: &dyn Fn(&str) -> Option<Seen<'v>>) -> Vec<Key> {
        self.order().iter().map(|name| Key::of(look(name))).collect()
    }

    /// Whether one of the fields that filter and order look at is so.
    pub(crate) fn looks_at(&self, is: &dyn Fn(&str) -> bool) -> bool {
        self.order().iter().any(|name| is(name))
            || self.filter.as_ref().is_some_and(|filter| filter.looks_at(is))
    }

    /// The text that a field must be for a record to be kept, if the filter says one.
    pub(crate) fn only(&self, field: &str) -> Option<&str> {
        self.filter.as_ref()?.only(field)
    }

    /// 422: finding a page takes too long.
    pub(super) fn too_much(&self) -> Failure {
        let ordered = self.question.order.join(",");
        let (name, value) = match (self.filter_text(), ordered.is_empty()) {
            (Some(text), _) => ("filter", text),
            (None, false) => ("order-by", ordered.as_str()),
            (None, true) => ("limit", ""),
        };
        Failure::invalid(name, value, "looks at too many records: say more about them")
    }

    /// The filter as it was sent.
    pub(crate) fn filter_text(&self) -> Option<&str> {
        self.question.filter.as_deref()
    }

    /// One of the list's own parameters.
    pub(crate) fn key(&self, name: &str) -> Option<&str> {
        self.question.keys.get(name).map(String::as_str)
    }

    pub(super) fn place(&self) -> Option<&Place> {
        self.question.place.as_ref()
    }

    /// The cursor of the page that begins after a place; of the first page without one.
    pub(super) fn cursor(&self, core: &Core, place: Option<Place>) -> Answer<String> {
        let question = Question { place, ..self.question.clone() };
        let plain = cursor::write(&question).ok_or_else(Failure::internal)?;
        Ok(cursor::text(&core.engine.vault().seal(SEALED, &plain)?))
    }
}

fn ask(call: &Call, kind: Kind) -> Answer<Question> {
    let now = call.core.moment().as_microsecond();
    let asked = call.time("at-time")?.map(|at| at.as_microsecond());
    let order = orders(call, kind)?;
    let desc = match call.text("order-direction") {
        None => call.flag("order-desc")?.unwrap_or(kind.desc.unwrap_or(call.view.dialect.is_modern())),
        Some(text) if text.eq_ignore_ascii_case("desc") => true,
        Some(text) if text.eq_ignore_ascii_case("asc") => false,
        Some(text) => return Err(Failure::invalid("order-direction", text, "must be ASC or DESC")),
    };
    let mut keys = BTreeMap::new();
    for names in kind.keys {
        let given = names.iter().find_map(|name| call.text(name));
        if let (Some(value), Some(name)) = (given, names.first()) {
            keys.insert((*name).to_owned(), value.to_owned());
        }
    }
    Ok(Question {
        name: kind.name.to_owned(),
        account: call.caller.account.clone(),
        path: call.path.clone(),
        // Nothing is known of the future: it is as now.
        at: asked.map_or(now, |asked| asked.min(now)),
        filter: call.text("filter").map(str::to_owned),
        order,
        desc,
        keys,
        place: None,
    })
}

fn orders(call: &Call, kind: Kind) -> Answer<Vec<String>> {
    let Some(text) = call.text("order-by") else { return Ok(Vec::new()) };
    let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'$');
    let right = |name: &&str| name.len() <= 256 && name.bytes().all(plain);
    if names.len() > ORDERS || !names.iter().all(right) {
        let why = format_args!("must be up to {ORDERS} names of fields, separated by commas");
        return Err(Failure::invalid("order-by", text, why));
    }
    match names.as_slice() {
        [only] if kind.natural.iter().any(|natural| same(natural, only)) => Ok(Vec::new()),
        names => Ok(names.iter().map(|name| (*name).to_owned()).collect()),
    }
}

/// The question that a cursor of the caller's own carries.
fn open(call: &Call, kind: Kind, text: &str) -> Answer<Question> {
    let wrong = || Failure::invalid("page", text, "must be the cursor of a page of this list");
    let sealed = cursor::sealed(text).ok_or_else(wrong)?;
    let plain = call.core.engine.vault().open(SEALED, &sealed).map_err(|_| wrong())?;
    let question = cursor::read(&plain).ok_or_else(wrong)?;
    let ours =
        question.name == kind.name && question.account == call.caller.account && question.path == call.path;
    if ours { Ok(question) } else { Err(wrong()) }
}
