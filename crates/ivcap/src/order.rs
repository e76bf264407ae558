//! Orders.

use std::sync::{Arc, Mutex, PoisonError};

use http::header::DATE;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use pentad_core::decode::Decode;
use pentad_core::message::{ByteStream, Response};
use pentad_core::work::{Event, Observed, Polling, Until};
use pentad_core::{Call, Context, Draft, Error, ErrorKind, List, Op, Result, Work, decode};
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::dialect::Dialect;
use crate::list::listing;
use crate::metadata::NewRecord;
use crate::model::{self, Given, State};
use crate::ops;
use crate::parameter::Arguments;
use crate::query::{ListQuery, RecordQuery};
use crate::urn::check_policy;

/// A handle on one order. Making one sends nothing. Clones share what was last seen of it.
#[derive(Clone, Debug)]
pub struct Order {
    client: Client,
    id: String,
    seen: Arc<Mutex<Option<model::Order>>>,
}

/// An order to be placed.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct NewOrder {
    arguments: Arguments,
    checked: Option<Vec<Given>>,
    name: Option<String>,
    policy: Option<String>,
    tags: Vec<String>,
}

impl NewOrder {
    /// An order with these values.
    pub fn new(arguments: Arguments) -> Self {
        Self { arguments, ..Self::default() }
    }

    /// What people call it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Who may see it.
    pub fn policy(mut self, policy: impl Into<String>) -> Self {
        self.policy = Some(policy.into());
        self
    }

    /// Adds a word to find it by; not in [`L23`](Dialect::L23).
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// The order with its values checked against the service's parameters and read as these say, without placing it.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) naming an unknown, wrong or missing parameter.
    pub fn checked(mut self, service: &model::Service) -> Result<Self> {
        self.checked = Some(std::mem::take(&mut self.arguments).check(service)?);
        Ok(self)
    }

    /// The body in the words of a dialect.
    fn body(self, client: &Client, service: &str) -> Result<Value> {
        check_policy(self.policy.as_deref())?;
        let parameters = self.checked.unwrap_or_else(|| self.arguments.unchecked());
        let account = || {
            client.account().ok_or_else(|| {
                Error::new(ErrorKind::Config, "this dialect wants the account that pays")
                    .with_hint("give it to the client, or set IVCAP_ACCOUNT_ID")
            })
        };
        let mut body = Map::new();
        let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
        let policy = match client.dialect() {
            Dialect::L23 => {
                set("accountID", json!(account()?));
                set("parameters", json!(parameters));
                set("serviceID", json!(service));
                if !self.tags.is_empty() {
                    return Err(Error::new(ErrorKind::Unsupported, "orders have no tags in this dialect"));
                }
                "policyID"
            }
            Dialect::L28 => {
                set("parameters", json!(parameters));
                set("service-id", json!(service));
                set("account-id", json!(account()?));
                "policy-id"
            }
            Dialect::Modern => {
                set("parameters", json!(parameters));
                set("service", json!(service));
                "policy"
            }
        };
        if let Some(name) = self.name {
            set("name", json!(name));
        }
        if let Some(urn) = self.policy {
            set(policy, json!(urn));
        }
        if !self.tags.is_empty() {
            set("tags", json!(self.tags));
        }
        Ok(Value::Object(body))
    }
}

impl Client {
    /// The orders.
    ///
    /// # Source
    /// IVCAP reference 7.3.
    pub fn orders(&self, query: ListQuery) -> List<model::OrderItem> {
        listing(query.apply(self.op(&ops::ORDER_LIST)), self.dialect())
    }

    /// An order by its name in the platform; nothing is sent.
    pub fn order(&self, id: impl Into<String>) -> Order {
        Order { client: self.clone(), id: id.into(), seen: Arc::default() }
    }

    /// A handle on an order that is known already, such as one that was just placed.
    pub fn order_of(&self, order: model::Order) -> Order {
        let handle = self.order(order.id.clone());
        *handle.seen() = Some(order);
        handle
    }

    /// Places an order without looking at the service's parameters; see
    /// [`Service::place_order`](crate::Service::place_order).
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) before sending if an old dialect has no account; [`NotFound`](ErrorKind::NotFound) for
    /// an unknown service; [`Invalid`](ErrorKind::Invalid) for values that the platform refuses;
    /// [`Unavailable`](ErrorKind::Unavailable) if it is busy.
    /// # Retry
    /// Not idempotent.
    /// # Source
    /// IVCAP reference 7.3.
    pub fn create_order(&self, service: &str, order: NewOrder) -> Call<model::Order> {
        let draft = self.op(&ops::ORDER_CREATE).check(crate::urn::check("service", service));
        match order.body(self, service) {
            Ok(body) => draft.json(&body).call(decode::json),
            Err(error) => draft.refuse(error).call(decode::json),
        }
    }
}

impl Order {
    /// The name in the platform.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn op(&self, op: &'static Op) -> Draft {
        self.client.id_op(op, "id", &self.id)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Option<model::Order>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the order.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if it does not exist.
    /// # Source
    /// IVCAP reference 7.3.
    pub fn get(&self) -> Call<model::Order> {
        let handle = self.clone();
        self.op(&ops::ORDER_GET).call(decode::json).map(move |order: model::Order| {
            *handle.seen() = Some(order.clone());
            order
        })
    }

    /// The order as it was last seen; it is read if it was never seen, or if `refresh` is set.
    ///
    /// # Source
    /// IVCAP reference 8.6, `Order.status(refresh)`.
    pub fn status(&self, refresh: bool) -> Work<model::Order> {
        let handle = self.clone();
        Work::new(self.client.session(), &ops::ORDER_GET, self.op(&ops::ORDER_GET).request(), move |scope| {
            Box::pin(async move {
                let seen = handle.seen().clone();
                match seen.filter(|_| !refresh) {
                    Some(seen) => Ok(seen),
                    None => scope.run(handle.get()).await,
                }
            })
        })
    }

    /// Waits until the order is in one of these states, and stops as soon as it cannot come there any more.
    ///
    /// # Errors
    /// [`Failed`](ErrorKind::Failed) with the state in which it ended; [`Timeout`](ErrorKind::Timeout) with the last state
    /// when the limit of `polling` runs out; [`NotFound`](ErrorKind::NotFound) if it does not exist.
    pub fn until(&self, goals: &[State], polling: Polling) -> Work<model::Order> {
        let (handle, goals) = (self.clone(), goals.to_vec());
        Work::until(
            self.client.session(),
            &ops::ORDER_GET,
            polling,
            move || handle.get(),
            move |seen| {
                let Observed::There(order) = seen else {
                    return Until::Never(Error::new(ErrorKind::NotFound, "the order does not exist"));
                };
                judge(&order.status.clone(), &goals, order, None)
            },
        )
    }

    /// Waits until nothing changes any more, however the order ends.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout); those of [`get`](Self::get).
    pub fn finished(&self, polling: Polling) -> Work<model::Order> {
        self.until(&[State::Succeeded, State::Failed, State::Error], polling)
    }

    /// Waits until the order has succeeded.
    ///
    /// # Errors
    /// [`Failed`](ErrorKind::Failed) if it ends otherwise; [`Timeout`](ErrorKind::Timeout).
    pub fn succeeded(&self, polling: Polling) -> Work<model::Order> {
        self.until(&[State::Succeeded], polling)
    }

    /// What the order has written between two moments, as it comes. Modern dialect.
    ///
    /// # Source
    /// IVCAP reference 7.3.
    pub fn logs(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> Call<ByteStream> {
        let seconds = |at: Timestamp| at.as_second().to_string();
        self.op(&ops::ORDER_LOGS)
            .query_opt("from", from.map(seconds))
            .query_opt("to", to.map(seconds))
            .call_with(Decode::Streaming(decode::stream))
    }

    /// All that the order has written so far, by lines.
    ///
    /// # Source
    /// IVCAP reference 7.3.
    pub fn log_lines(&self) -> Call<Vec<String>> {
        self.op(&ops::ORDER_LOGS)
            .call(decode::bytes)
            .map(|body| String::from_utf8_lossy(&body).lines().map(str::to_owned).collect())
    }

    /// What the containers of the order use. Modern dialect.
    ///
    /// # Source
    /// IVCAP reference 7.3.
    pub fn top(&self) -> Call<Vec<model::Usage>> {
        self.op(&ops::ORDER_TOP).call(decode::json)
    }

    /// What the order has produced. Modern dialect; the old ones say it with the order itself.
    ///
    /// # Source
    /// IVCAP reference 7.3.
    pub fn products(&self, query: ListQuery) -> List<model::Product> {
        listing(query.apply(self.op(&ops::ORDER_PRODUCTS)), self.client.dialect())
    }

    /// Links to the metadata of the order. Modern dialect.
    ///
    /// # Source
    /// IVCAP reference 7.3.
    pub fn metadata_links(&self, query: ListQuery) -> List<model::MetadataLink> {
        listing(query.apply(self.op(&ops::ORDER_METADATA)), self.client.dialect())
    }

    /// What is said about the order.
    ///
    /// # Source
    /// IVCAP reference 8.6; the Python clients fail here or give nothing.
    pub fn metadata(&self) -> List<model::Record> {
        self.client.metadata(RecordQuery::new().entity(&self.id))
    }

    /// Says something about the order.
    ///
    /// # Errors
    /// As [`Client::add_metadata`].
    pub fn add_metadata(&self, aspect: Value) -> Call<model::Record> {
        self.client.add_metadata(NewRecord::new(&self.id, aspect))
    }

    /// The lines that the order writes, until it has come to its end: what is there already first, then what comes, at the
    /// pace of `polling`. Modern dialect.
    ///
    /// # Errors
    /// Those of [`logs`](Self::logs) and [`get`](Self::get), as far as `polling` does not live through them.
    pub fn follow_logs(&self, polling: Polling) -> pentad_core::Feed<String> {
        crate::follow::lines(self.clone(), polling)
    }

    /// What the order has written from a second on, and the platform's second.
    pub(crate) fn dated_logs(&self, from: Option<i64>) -> Call<(Option<i64>, ByteStream)> {
        let from = from.map(|second| second.to_string());
        self.op(&ops::ORDER_LOGS).query_opt("from", from).call_with(Decode::Streaming(dated))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn logs_request(&self) -> Result<pentad_core::Request> {
        self.op(&ops::ORDER_LOGS).request()
    }
}

fn dated(_: &Context, response: Response) -> Result<(Option<i64>, ByteStream)> {
    let date = response.headers.get(DATE).and_then(|date| date.to_str().ok());
    let at = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
    Ok((at.map(Timestamp::as_second), response.body.into_stream()))
}

/// What a state means for a goal, shared by orders and jobs.
pub(crate) fn judge<T>(state: &State, goals: &[State], value: T, why: Option<String>) -> Until<T> {
    if goals.contains(state) {
        return Until::Done(value);
    }
    if goals.iter().any(|goal| state.may_become(goal)) && !state.is_final() {
        return Until::Again(Event::new(state.to_string()));
    }
    let message = match why {
        Some(why) => format!("it ended as {state}: {why}"),
        None => format!("it ended as {state}"),
    };
    let message = if state.is_final() { message } else { format!("it is {state} already") };
    Until::Never(Error::new(ErrorKind::Failed, message))
}
