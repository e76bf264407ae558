//! A stand-in for the service in tests: what is expected is said on the same fluent paths as what is called.
//!
//! Queries are compared by meaning, so the order of conditions and the spelling of negations do not matter. A mock is a
//! [`Transport`] for the clients of this crate ([`Mock::client`]) and a server on a local port for any HTTP client
//! ([`Mock::serve`]).
//!
//! ```
//! use pentad_connect::field;
//! use pentad_connect::mock::Mock;
//! use serde_json::json;
//!
//! let mock = Mock::new();
//! let products = mock.collection("products");
//! products.filter(field("status").eq("draft") & field("name").like("D*")).list([json!({"id": "PRD-1"})]);
//! products.resource("PRD-1").action("publish").post().body(json!({"now": true})).reply(json!({"status": "published"}));
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let client = mock.client();
//! let drafts = client.collection("products").filter("and(like(name,D*),eq(status,draft))");
//! for draft in drafts.collect().await? {
//!     let id = draft["id"].as_str().unwrap_or_default().to_owned();
//!     client.collection("products").resource(id).action("publish").post(json!({"now": true})).await?;
//! }
//! # Ok::<(), pentad_core::Error>(())
//! # }).unwrap();
//! mock.verify().unwrap();
//! ```
//!
//! | to expect | say |
//! | --- | --- |
//! | a call | the path, the verb: `mock.collection("products").resource("PRD-1").get()` |
//! | its answer | [`reply`](Expectation::reply), [`status`](Expectation::status), [`header`](Expectation::header), [`fail`](Expectation::fail) |
//! | several answers in turn | [`then`](Expectation::then) |
//! | a body, a header | [`body`](Expectation::body), [`bytes`](Expectation::bytes), [`with_header`](Expectation::with_header) |
//! | how often | [`times`](Expectation::times), [`at_least`](Expectation::at_least), [`any_times`](Expectation::any_times); once unless said |
//! | a listing in pages | [`MockSet::list`]: the whole of it, paged as the caller asks |
//! | a count, a first one, one at a position | [`MockSet::count`], [`MockSet::first`], [`MockSet::nth`] |
//! | calls in this order | [`Mock::in_order`] |
//! | a collection that behaves | [`MockCollection::store`]: filtered, ordered, paged, changed like the service's own |

mod answer;
mod compare;
mod expect;
mod place;
mod serve;
mod store;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method};
use pentad_core::message::ResponseBody;
use pentad_core::{BoxFuture, Request, Response, Result, Transport, redact};
use pentad_transport::SystemClock;

pub use self::expect::Expectation;
pub use self::place::{MockAction, MockCollection, MockNs, MockResource, MockSet};
pub use self::serve::MockServer;

use self::answer::Reply;
use self::compare::Incoming;
use self::expect::Expected;
use self::store::Stored;
use crate::client::Client;
use crate::path::Path;

/// Where clients of a mock believe the service to be.
pub const ENDPOINT: &str = "http://connect.mock/public/v1";

/// A stand-in for the service. Clones share expectations and record.
#[derive(Clone, Default)]
pub struct Mock(Arc<Mutex<State>>);

/// Whether a request to a path below the endpoint goes elsewhere.
type Passes = Box<dyn Fn(&Method, &str) -> bool + Send + Sync>;

#[derive(Default)]
pub(crate) struct State {
    expected: Vec<Expected>,
    stored: Vec<Stored>,
    in_order: bool,
    seen: Vec<Seen>,
    unexpected: Vec<String>,
    passed: Vec<(Passes, Arc<dyn Transport>)>,
}

/// A request that reached a mock. Debug shows the sizes of bodies and no secrets: test output ends up in logs.
#[derive(Clone)]
#[non_exhaustive]
pub struct Seen {
    /// Method.
    pub method: Method,
    /// Path below the endpoint, escapes resolved.
    pub path: String,
    /// The query as it came, still escaped.
    pub query: String,
    /// Headers, credential included.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &redact::raw_query(&self.query))
            .field("headers", &redact::headers(&self.headers))
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// What was expected of a mock and did not come, and what came and was not expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Each expectation that was not met, with how often it was.
    pub unmet: Vec<String>,
    /// Each request that met no expectation, with the nearest one.
    pub unexpected: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, lines) in
            [("expected and not asked", &self.unmet), ("asked and not expected", &self.unexpected)]
        {
            if !lines.is_empty() {
                writeln!(f, "{title}:")?;
            }
            for line in lines {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

impl Mock {
    /// A mock that expects nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A client of this mock: default settings, no retries, so that failures are seen at once.
    ///
    /// # Panics
    /// Never: its settings are constants.
    #[expect(clippy::expect_used, reason = "constant settings make a client")]
    pub fn client(&self) -> Client {
        let builder = Client::new("ApiKey SU-000-000-000:mock".to_owned()).endpoint(ENDPOINT);
        let builder = builder.transport(self.transport()).retry(pentad_core::RetryPolicy::none());
        builder.clock(Arc::new(SystemClock)).build().expect("constant settings make a client")
    }

    /// The mock as a transport, for clients with settings of their own; their endpoint is [`ENDPOINT`], or any URL whose
    /// path is `/public/v1`.
    pub fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(self.clone())
    }

    /// Demands that expectations are met in the order in which they were said; those that are met any number of times
    /// stand outside of it.
    #[must_use]
    pub fn in_order(self) -> Self {
        self.state().in_order = true;
        self
    }

    /// Sends what lies below a path to another transport, such as the real one; such calls are neither expected nor
    /// reported. The transport gets the request as it is: a client whose endpoint is that of the real service.
    #[must_use]
    pub fn pass(self, path: &str, to: Arc<dyn Transport>) -> Self {
        let prefix = path.trim_matches('/').to_owned();
        self.pass_if(
            move |_, path| {
                path.strip_prefix(&prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            },
            to,
        )
    }

    /// As [`pass`](Self::pass) for requests of which the function says so by method and path below the endpoint: a list of
    /// prefixes, a regular expression, anything.
    #[must_use]
    pub fn pass_if(
        self,
        which: impl Fn(&Method, &str) -> bool + Send + Sync + 'static,
        to: Arc<dyn Transport>,
    ) -> Self {
        self.state().passed.push((Box::new(which), to));
        self
    }

    /// A namespace.
    pub fn ns(&self, name: impl AsRef<str>) -> MockNs {
        self.at(name).as_ns()
    }

    /// A collection.
    pub fn collection(&self, name: impl AsRef<str>) -> MockCollection {
        self.ns(name).as_collection()
    }

    /// A place by its path: `devops/services/SRVC-1/environments`.
    pub fn at(&self, path: impl AsRef<str>) -> MockResource {
        MockResource::new(self.clone(), Path::read(path.as_ref()))
    }

    /// Any method on any path, which may carry a query.
    pub fn execute(&self, method: Method, path: &str) -> Expectation {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let expectation = self.expect(method, &Path::read(path));
        match query {
            Some(query) => expectation.query(query),
            None => expectation,
        }
    }

    /// What came so far, in order.
    pub fn requests(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// Whether all that was expected came, and nothing else.
    ///
    /// # Errors
    /// What is missing and what was too much.
    pub fn verify(&self) -> Result<(), Report> {
        let state = self.state();
        let unmet: Vec<String> = state.expected.iter().filter_map(Expected::complaint).collect();
        let unexpected = state.unexpected.clone();
        if unmet.is_empty() && unexpected.is_empty() { Ok(()) } else { Err(Report { unmet, unexpected }) }
    }

    /// Forgets expectations, stored collections and what came.
    pub fn reset(&self) {
        *self.state() = State::default();
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn expect(&self, method: Method, path: &Path) -> Expectation {
        let mut state = self.state();
        state.expected.push(Expected::new(method, path.to_string()));
        Expectation::new(self.clone(), state.expected.len() - 1)
    }

    fn keep(&self, stored: Stored) {
        self.state().stored.push(stored);
    }

    /// The answer to a request, which is noted.
    fn answer(&self, incoming: &Incoming) -> Reply {
        let mut state = self.state();
        state.seen.push(incoming.seen());
        if let Some(reply) = state.matching(incoming) {
            return reply;
        }
        if let Some(reply) = state.stored.iter_mut().find_map(|stored| stored.answer(incoming)) {
            return reply;
        }
        let line = state.complaint(incoming);
        state.unexpected.push(line.clone());
        Reply::unexpected(&line)
    }

    fn elsewhere(&self, method: &Method, path: &str) -> Option<Arc<dyn Transport>> {
        let state = self.state();
        state.passed.iter().find(|(passes, _)| passes(method, path)).map(|(_, to)| Arc::clone(to))
    }
}

impl State {
    /// The first expectation that the request meets; of those that wait for the same request the first that is not used
    /// up.
    fn matching(&mut self, incoming: &Incoming) -> Option<Reply> {
        let limit = match self.in_order {
            // In order, nothing behind the first one that still waits may be met.
            true => {
                self.expected.iter().position(Expected::is_waiting).map_or(self.expected.len(), |at| at + 1)
            }
            false => self.expected.len(),
        };
        let open =
            self.expected.iter_mut().enumerate().filter(|(at, expected)| *at < limit || expected.is_loose());
        let mut fitting: Vec<_> = open
            .map(|(_, expected)| expected)
            .filter(|expected| expected.has_room() && expected.fits(incoming))
            .collect();
        fitting.first_mut().map(|expected| expected.reply(incoming))
    }

    fn complaint(&self, incoming: &Incoming) -> String {
        let near = self.expected.iter().max_by_key(|expected| expected.nearness(incoming));
        match near.filter(|expected| expected.nearness(incoming) > 0) {
            Some(near) => format!("{incoming}; nearest: {near} ({})", near.difference(incoming)),
            None => incoming.to_string(),
        }
    }
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Mock")
            .field("expected", &state.expected.len())
            .field("seen", &state.seen.len())
            .finish_non_exhaustive()
    }
}

impl Transport for Mock {
    fn send(&self, mut request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async move {
            let uri = request.uri()?;
            let path = compare::below(uri.path());
            if let Some(other) = self.elsewhere(&request.method, &path) {
                return other.send(request).await;
            }
            let body = match std::mem::take(&mut request.body) {
                pentad_core::Body::Bytes(bytes) => bytes,
                pentad_core::Body::Replay(source, _) => {
                    ResponseBody::Stream(source()).bytes(usize::MAX).await?
                }
                pentad_core::Body::Once(stream, _) => ResponseBody::Stream(stream).bytes(usize::MAX).await?,
                _ => Bytes::new(),
            };
            let incoming = Incoming::new(request.method, path, uri.query(), request.headers, body);
            self.answer(&incoming).into_response()
        })
    }
}
