//! One expectation: which request, what answers, how often.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;

use super::Mock;
use super::answer::Reply;
use super::compare::{Incoming, same};
use crate::page::{LIMIT, OFFSET, SEARCH};
use crate::path::{escape_query, taken_apart};

/// How an expectation concerns a listing.
#[derive(Debug, Default)]
pub(super) enum Paged {
    /// Not at all.
    #[default]
    No,
    /// The whole of it between two positions, in pages as the caller asks. `served` counts the walk that goes on.
    List { items: Vec<Value>, from: u64, to: Option<u64>, served: u64 },
    /// One position.
    One(u64),
    /// Only how many there are.
    Count,
}

#[derive(Debug, Default)]
enum Wanted {
    #[default]
    Anything,
    Nothing,
    Json(Value),
    Bytes(Bytes),
}

/// An expectation as the mock keeps it.
#[derive(Debug)]
pub(super) struct Expected {
    method: Method,
    path: String,
    query: Option<String>,
    search: Option<String>,
    params: Vec<(String, String)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Wanted,
    paged: Paged,
    replies: Vec<Reply>,
    least: usize,
    most: usize,
    met: usize,
}

impl Expected {
    pub(super) fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            query: Some(String::new()),
            search: None,
            params: Vec::new(),
            headers: Vec::new(),
            body: Wanted::Anything,
            paged: Paged::No,
            replies: Vec::new(),
            least: 1,
            most: 1,
            met: 0,
        }
    }

    /// Sets what is asked. As in a set of the client a search of its own takes the place of a parameter of that name, and
    /// paging that of the others.
    pub(super) fn ask(
        &mut self,
        query: &str,
        search: Option<String>,
        params: Vec<(String, String)>,
        paged: Paged,
    ) {
        // RQL's short form `a=1` looks like a parameter on its way, so it is one here, too.
        let (terms, short) = taken_apart(&escape_query(query));
        let params: Vec<_> = short.into_iter().chain(params).collect();
        let own = || params.iter().find(|param| param.0 == SEARCH).map(|param| param.1.clone());
        self.search = search.or_else(own);
        self.query = Some(terms.join("&"));
        self.params = params.into_iter().filter(|(name, _)| is_own(name)).collect();
        self.paged = paged;
    }

    /// Demands a header.
    pub(super) fn demand(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.push((name, value));
    }

    /// Says with the answer where it lies in the whole.
    pub(super) fn ranged(&mut self, range: &str) {
        self.replies.iter_mut().for_each(|reply| reply.ranged(range));
    }

    /// Whether it still waits for a request that must come.
    pub(super) fn is_waiting(&self) -> bool {
        self.met < self.least
    }

    pub(super) const fn has_room(&self) -> bool {
        self.met < self.most
    }

    /// Whether it stands outside of any order.
    pub(super) const fn is_loose(&self) -> bool {
        self.least == 0
    }

    pub(super) fn fits(&self, incoming: &Incoming) -> bool {
        self.differences(incoming).is_empty()
    }

    /// How much of a request fits, for naming the nearest expectation.
    pub(super) fn nearness(&self, incoming: &Incoming) -> usize {
        let common = self.path.split('/').zip(incoming.path.split('/')).take_while(|(a, b)| a == b).count();
        if self.path != incoming.path {
            return usize::from(common > 0);
        }
        100 - self.differences(incoming).len() * 10 + usize::from(self.has_room())
    }

    pub(super) fn difference(&self, incoming: &Incoming) -> String {
        match self.differences(incoming).as_slice() {
            [] if !self.has_room() => format!("already asked {}", times(self.met)),
            [] => "not its turn".to_owned(),
            all => all.join(", "),
        }
    }

    fn differences(&self, incoming: &Incoming) -> Vec<String> {
        let mut all = Vec::new();
        let mut differ = |is: bool, what: String| {
            if is {
                all.push(what)
            }
        };
        differ(self.method != incoming.method, format!("the method is {}", self.method));
        differ(self.path != incoming.path, format!("the path is {}", self.path));
        if let Some(query) = &self.query {
            differ(!same(query, &incoming.text()), format!("the query is {}", shown(query)));
            let search = self.search.as_deref().unwrap_or_default();
            differ(
                search != incoming.param(SEARCH).unwrap_or_default(),
                format!("the search is {}", shown(search)),
            );
            differ(
                !self.has_params(incoming),
                format!("the parameters are {}", shown(&joined(&self.params))),
            );
        }
        if let Some(place) = self.misplaced(incoming) {
            differ(true, place);
        }
        for (name, value) in &self.headers {
            let shown = String::from_utf8_lossy(value.as_bytes());
            differ(incoming.headers.get(name) != Some(value), format!("the header {name} is {shown}"));
        }
        if let Some(body) = self.other_body(incoming) {
            differ(true, body);
        }
        all
    }

    /// Whether the parameters are those demanded; paging may be whatever it is unless that was demanded, too.
    fn has_params(&self, incoming: &Incoming) -> bool {
        let given = incoming.params.iter().filter(|(name, _)| is_own(name)).count();
        let own = self.params.iter().filter(|(name, _)| is_own(name)).count();
        own == given && self.params.iter().all(|param| incoming.params.contains(param))
    }

    fn misplaced(&self, incoming: &Incoming) -> Option<String> {
        let (limit, offset) = (incoming.number(LIMIT), incoming.number(OFFSET).unwrap_or(0));
        match &self.paged {
            Paged::No => None,
            Paged::List { from, to, .. } => {
                let within =
                    offset >= *from && to.is_none_or(|to| offset.saturating_add(limit.unwrap_or(0)) <= to);
                let end = to.map(|to| to.to_string()).unwrap_or_default();
                (!within || limit == Some(0)).then(|| format!("the pages are of {from}..{end}"))
            }
            Paged::One(place) => {
                (limit != Some(1) || offset != *place).then(|| format!("it is one at position {place}"))
            }
            Paged::Count => (limit != Some(0)).then(|| "it is a count".to_owned()),
        }
    }

    fn other_body(&self, incoming: &Incoming) -> Option<String> {
        match &self.body {
            Wanted::Anything => None,
            Wanted::Nothing => (!incoming.body.is_empty()).then(|| "there is no body".to_owned()),
            Wanted::Json(value) => {
                (incoming.json().as_ref() != Some(value)).then(|| format!("the body is {value}"))
            }
            Wanted::Bytes(bytes) => {
                (incoming.body != *bytes).then(|| format!("the body is other {} bytes", bytes.len()))
            }
        }
    }

    pub(super) fn reply(&mut self, incoming: &Incoming) -> Reply {
        let turn = self.met;
        if let Paged::List { items, from, to, served } = &mut self.paged {
            let (limit, offset) =
                (incoming.number(LIMIT).unwrap_or(100), incoming.number(OFFSET).unwrap_or(0));
            let total = items.len() as u64;
            let wanted = to.map_or(total, |to| to.min(total)).saturating_sub(*from);
            *served += total.saturating_sub(offset).min(limit);
            if *served >= wanted {
                *served = 0;
                self.met += 1;
            }
            let mut page = Reply::page(items, offset, limit);
            if let Some(extra) = self.replies.first() {
                page.headers.extend(extra.headers.clone());
            }
            return page;
        }
        self.met += 1;
        // The last answer repeats.
        let reply = self.replies.get(turn).or_else(|| self.replies.last());
        reply.cloned().unwrap_or_else(|| usual(&self.method))
    }

    pub(super) fn complaint(&self) -> Option<String> {
        if let Paged::List { served: 1.., .. } = self.paged
            && self.is_waiting()
        {
            return Some(format!("{self}: not read to its end"));
        }
        self.is_waiting().then(|| format!("{self}: asked {}, expected {}", times(self.met), self.often()))
    }

    fn often(&self) -> String {
        if self.least == self.most { times(self.least) } else { format!("at least {}", times(self.least)) }
    }
}

/// Whether a parameter is the caller's: paging and search have their own places.
fn is_own(name: &str) -> bool {
    !matches!(name, LIMIT | OFFSET | SEARCH)
}

/// What an answer is if nothing was said.
fn usual(method: &Method) -> Reply {
    match *method {
        Method::POST => Reply::new(StatusCode::CREATED),
        Method::DELETE => Reply::new(StatusCode::NO_CONTENT),
        _ => Reply::new(StatusCode::OK),
    }
}

fn joined(params: &[(String, String)]) -> String {
    params.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn times(count: usize) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => format!("{many} times"),
    }
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "empty" } else { text }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        let mut separator = '?';
        let mut part = |f: &mut fmt::Formatter<'_>, text: &str| {
            let written = write!(f, "{separator}{text}");
            separator = '&';
            written
        };
        if let Some(query) = self.query.as_deref().filter(|query| !query.is_empty()) {
            part(f, query)?;
        }
        for (name, value) in &self.params {
            part(f, &format!("{name}={value}"))?;
        }
        if let Some(search) = &self.search {
            part(f, &format!("search={search}"))?;
        }
        match &self.paged {
            Paged::No => Ok(()),
            Paged::List { from: 0, to: None, items, .. } => write!(f, " (all {})", items.len()),
            Paged::List { from, to, .. } => {
                write!(f, " (positions {from}..{})", to.map(|to| to.to_string()).unwrap_or_default())
            }
            Paged::One(place) => write!(f, " (position {place})"),
            Paged::Count => f.write_str(" (count)"),
        }
    }
}

/// An expectation in the making: it counts from the moment when it is said, and every method adds to it.
#[derive(Clone, Debug)]
pub struct Expectation {
    mock: Mock,
    index: usize,
}

impl Expectation {
    pub(super) const fn new(mock: Mock, index: usize) -> Self {
        Self { mock, index }
    }

    pub(super) fn change(self, change: impl FnOnce(&mut Expected)) -> Self {
        if let Some(expected) = self.mock.state().expected.get_mut(self.index) {
            change(expected);
        }
        self
    }

    fn last(self, change: impl FnOnce(&mut Reply)) -> Self {
        self.change(|expected| {
            if expected.replies.is_empty() {
                expected.replies.push(usual(&expected.method));
            }
            expected.replies.last_mut().map(change);
        })
    }

    /// Answers with this JSON; `None` is no body. The status stays what it was, by default 200, for POST 201, for DELETE
    /// 204 (200 with a body). Anything but JSON is for [`reply_bytes`](Self::reply_bytes).
    pub fn reply(self, json: impl Into<Option<Value>>) -> Self {
        match json.into() {
            Some(value) => self.reply_bytes("application/json", value.to_string()),
            None => self.last(|reply| {
                reply.body = Bytes::new();
                reply.headers.remove(CONTENT_TYPE);
            }),
        }
    }

    /// Answers with bytes of a content type.
    pub fn reply_bytes(self, content_type: &str, bytes: impl Into<Bytes>) -> Self {
        let (bytes, kind) = (bytes.into(), HeaderValue::from_str(content_type).ok());
        self.last(|reply| {
            if reply.status == StatusCode::NO_CONTENT {
                reply.status = StatusCode::OK;
            }
            reply.body = bytes;
            if let Some(kind) = kind {
                reply.headers.insert(CONTENT_TYPE, kind);
            }
        })
    }

    /// Answers with a status.
    pub fn status(self, status: StatusCode) -> Self {
        self.last(|reply| reply.status = status)
    }

    /// Answers with a header.
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.last(|reply| {
            reply.headers.insert(name, value);
        })
    }

    /// Answers with an error in the service's shape.
    pub fn fail(self, status: StatusCode, code: &str, errors: &[&str]) -> Self {
        let body = serde_json::json!({"error_code": code, "errors": errors});
        self.last(|reply| *reply = Reply::json(status, &body))
    }

    /// Breaks the connection in place of an answer.
    pub fn break_connection(self) -> Self {
        self.last(|reply| reply.broken = true)
    }

    /// Another answer for the next request of this kind; what follows describes it. The expectation is met once more.
    pub fn then(self) -> Self {
        self.change(|expected| {
            expected.replies.push(usual(&expected.method));
            expected.least += 1;
            expected.most = expected.most.saturating_add(1);
        })
    }

    /// Demands this JSON body; `None` demands that there is none. Anything but JSON is for [`bytes`](Self::bytes).
    pub fn body(self, json: impl Into<Option<Value>>) -> Self {
        let wanted = json.into().map_or(Wanted::Nothing, Wanted::Json);
        self.change(|expected| expected.body = wanted)
    }

    /// Demands these bytes.
    pub fn bytes(self, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        self.change(|expected| expected.body = Wanted::Bytes(bytes))
    }

    /// Demands a header.
    pub fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.change(|expected| expected.demand(name, value))
    }

    /// Demands a query: RQL by meaning, and parameters as `name=value`.
    pub fn query(self, query: &str) -> Self {
        let (rql, params) = taken_apart(query);
        let take = |name: &str| params.iter().find(|param| param.0 == name).map(|param| param.1.clone());
        let search = take(SEARCH);
        self.change(|expected| {
            expected.query = Some(rql.join("&"));
            expected.search = search;
            expected.params = params.into_iter().filter(|(name, _)| name != SEARCH).collect();
        })
    }

    /// Takes any query.
    pub fn any_query(self) -> Self {
        self.change(|expected| expected.query = None)
    }

    /// Demands a parameter.
    pub fn param(self, name: &str, value: &str) -> Self {
        self.change(|expected| expected.params.push((name.to_owned(), value.to_owned())))
    }

    /// Demands exactly so many requests.
    pub fn times(self, times: usize) -> Self {
        self.change(|expected| (expected.least, expected.most) = (times, times))
    }

    /// Demands so many requests or more.
    pub fn at_least(self, times: usize) -> Self {
        self.change(|expected| (expected.least, expected.most) = (times, usize::MAX))
    }

    /// Takes any number of requests, none too.
    pub fn any_times(self) -> Self {
        self.at_least(0)
    }

    /// How often it was met so far.
    pub fn count(&self) -> usize {
        self.mock.state().expected.get(self.index).map_or(0, |expected| expected.met)
    }
}
