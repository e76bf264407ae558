//! What the shell asks of a service, and what it gives to one.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::StatusCode;
use pentad_store::{Changed, Engine};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::announcement::{Listening, Places};
use crate::clock::ServiceTime;
use crate::guarded::GuardedClient;
use crate::http::{Inbound, Reply};
use crate::identity::Identity;
use crate::route::RouteInfo;

/// Hears the names of what is waited for.
pub type Told<'a> = &'a (dyn Fn(&[String]) + Send + Sync);

/// One service of the local server.
pub trait Service: fmt::Debug + Send + Sync + 'static {
    /// Its name: the path prefix, the section of a seed file, the key in the announcement.
    fn name(&self) -> &'static str;

    /// The paths that it answers outside of its prefix, on every listener of all services.
    fn roots(&self) -> Vec<Root> {
        Vec::new()
    }

    /// Its keys and URLs in the announcement.
    fn endpoints(&self, places: &Places) -> Vec<(&'static str, String)> {
        let url = places.own_url().or_else(|| places.prefix_url(self.name()));
        url.map(|url| (self.name(), url)).into_iter().collect()
    }

    /// Under what its credentials are announced.
    fn credentials_name(&self) -> &'static str {
        self.name()
    }

    /// Adds to the announced credentials what depends on where the server listens.
    fn complete(&self, _credentials: &mut Map<String, Value>, _places: &Places) {}

    /// Answers one request. Dropped when the client leaves. Check route, token and role before reading the body.
    fn handle(&self, inbound: Inbound) -> BoxFuture<'_, Reply>;

    /// The 413 for a body of more than `limit` bytes, in the service's own shape.
    fn too_large(&self, limit: u64) -> Reply;

    /// The 500 for a fault of ours (a handler that panicked), in the service's own shape.
    fn failed(&self, request_id: &str) -> Reply {
        let message = format!("internal error, request id {request_id}");
        Reply::json(StatusCode::INTERNAL_SERVER_ERROR, &json!({"error": {"code": 500, "message": message}}))
    }

    /// Creates what a section of a seed file says; [`Value::Null`] creates the installation without a seed unless it
    /// exists. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`SeedError`] naming the place in the section.
    fn seed(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>>;

    /// Whether [`seed`](Self::seed) would take a section after a reset, found out without changing anything: what a
    /// reset empties cannot be had back when the seed turns out to be wrong.
    ///
    /// # Errors
    /// [`SeedError`] naming the place in the section.
    fn check(&self, _section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(async { Ok(()) })
    }

    /// Forgets what it keeps in memory, after the shell emptied the store and before it seeds again. Announced
    /// credentials stay the same.
    ///
    /// # Errors
    /// [`SeedError`] if the store refuses.
    fn reset(&self) -> BoxFuture<'_, Result<(), SeedError>>;

    /// Forgets what it keeps in memory, after the shell put other data in the place of what the store held.
    ///
    /// # Errors
    /// [`SeedError`] if the store refuses.
    fn restored(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(async { Ok(()) })
    }

    /// What a snapshot taken now would leave out, in a sentence; nothing if it holds all that the service keeps.
    fn beside_snapshots(&self) -> BoxFuture<'_, Option<String>> {
        Box::pin(async { None })
    }

    /// Removes what belongs to one tenant (of AMS: one project) and leaves it as a new one; others keep theirs.
    ///
    /// # Errors
    /// `Unsupported` unless the service can; `Unknown` if there is no such tenant.
    fn reset_tenant<'a>(&'a self, _tenant: &'a str) -> BoxFuture<'a, Result<(), TenantFault>> {
        Box::pin(async { Err(TenantFault::Unsupported) })
    }

    /// The credentials to announce: an object of plain values, `null` if there are none.
    ///
    /// # Errors
    /// [`SeedError`] if they cannot be read.
    fn credentials(&self) -> BoxFuture<'_, Result<Value, SeedError>>;

    /// Starts the background work; called once, after seeding.
    fn background(self: Arc<Self>, tasks: &Tasks);

    /// Waits until nothing is left to do that somebody asked for and that a stop of the server would cut short. `told`
    /// hears once what that is, if there is something.
    fn finish<'a>(&'a self, _told: Told<'a>) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    /// All routes, for metrics and listings.
    fn routes(&self) -> Vec<RouteInfo>;
}

/// A path at the root of a listener that belongs to one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root {
    /// The path, e.g. `/v3`: it and all below it. `/` is everything that belongs to no one else.
    pub path: &'static str,
    /// Whether only TLS listeners have it.
    pub only_tls: bool,
}

impl Root {
    /// A path on every listener.
    pub const fn new(path: &'static str) -> Self {
        Self { path, only_tls: false }
    }

    /// A path on TLS listeners.
    pub const fn tls(path: &'static str) -> Self {
        Self { path, only_tls: true }
    }

    /// Whether a raw path is this one or below it.
    pub(crate) fn has(&self, path: &str) -> bool {
        let root = self.path.trim_end_matches('/');
        path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// What the shell gives to a service when it opens it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Context {
    /// Where data is kept; a service opens its store by its own name.
    pub engine: Engine,
    /// The clock to live by.
    pub time: Arc<ServiceTime>,
    /// How closely oddities are kept.
    pub mode: Mode,
    /// Who tokens of the identity service belong to; that service offers its check here when it is opened.
    pub identity: Identity,
    /// Where services can be reached, once the server listens: for catalogs that name the others.
    pub listening: Listening,
    /// For push deliveries and webhooks.
    pub push: Arc<GuardedClient>,
    /// The `options` of the service's section in the seed file; [`Value::Null`] without one.
    pub options: Value,
    /// The credentials that an earlier start of this installation announced: the installation without a seed
    /// keeps them.
    pub known: Option<Value>,
    /// The subject of the client certificate that is announced with the service's credentials, as `CN=..,O=..`;
    /// absent without TLS.
    pub client_subject: Option<String>,
}

impl Context {
    /// A context for a service that no server holds: for tests of services. Set the other fields as needed.
    pub fn new(engine: Engine, time: Arc<ServiceTime>) -> Self {
        Self {
            engine,
            time,
            mode: Mode::default(),
            identity: Identity::default(),
            listening: Listening::default(),
            push: Arc::new(GuardedClient::new(Vec::new(), 1 << 20)),
            options: Value::Null,
            known: None,
            client_subject: None,
        }
    }
}

impl fmt::Debug for Context {
    /// Without options and credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("time", &self.time).field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// How closely the real services' oddities are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Every oddity, also those that help nobody.
    Strict,
    /// Sensible answers where no original client depends on the oddity.
    #[default]
    Relaxed,
}

/// Why seeding or resetting failed.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {why}")]
pub struct SeedError {
    /// Where in the seed, e.g. `ams.topics[2].name`.
    pub place: String,
    /// What is wrong and what would be right.
    pub why: String,
}

impl SeedError {
    /// An error at a place of the seed.
    pub fn new(place: impl Into<String>, why: impl fmt::Display) -> Self {
        Self { place: place.into(), why: why.to_string() }
    }
}

/// Why one tenant was not reset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TenantFault {
    /// The service cannot do that.
    #[error("this service has no reset of one tenant; reset the service as a whole")]
    Unsupported,
    /// There is no such tenant.
    #[error("there is no such tenant")]
    Unknown,
    /// The store refused.
    #[error(transparent)]
    Failed(#[from] SeedError),
}

/// The owner of background tasks: each gets a token that is cancelled at shutdown, and is awaited.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Tasks {
    /// An owner without tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// The token that tells every task to end.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a task. It must end soon after its token is cancelled; a panic is logged with the task's name.
    pub fn spawn<F>(&self, name: &'static str, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let work = std::panic::AssertUnwindSafe(task(self.stop.clone()));
        self.tracker.spawn(async move {
            if work.catch_unwind().await.is_err() {
                tracing::error!(task = name, "a background task panicked");
            }
        });
    }

    /// Does work for somebody who may go away meanwhile, such as the connection of a request: once begun, it is ended by a
    /// task of this owner then.
    pub fn see_through<T, F>(&self, name: &'static str, work: F) -> SeenThrough<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        SeenThrough { work: Some(Box::pin(work)), is_begun: false, tasks: self.clone(), name }
    }

    /// Tells every task to end and waits for them.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// Work that is done to its end; see [`Tasks::see_through`].
#[must_use = "nothing happens before it is awaited"]
pub struct SeenThrough<T: Send + 'static> {
    /// Absent when it is done.
    work: Option<BoxFuture<'static, T>>,
    is_begun: bool,
    tasks: Tasks,
    name: &'static str,
}

impl<T: Send + 'static> fmt::Debug for SeenThrough<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeenThrough").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Future for SeenThrough<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<T> {
        self.is_begun = true;
        // Whoever polls what has ended breaks the contract of futures, and waits for ever.
        let Some(work) = &mut self.work else { return Poll::Pending };
        let done = task::ready!(work.as_mut().poll(context));
        self.work = None;
        Poll::Ready(done)
    }
}

impl<T: Send + 'static> Drop for SeenThrough<T> {
    fn drop(&mut self) {
        let Some(work) = self.work.take().filter(|_| self.is_begun) else { return };
        if tokio::runtime::Handle::try_current().is_ok() {
            self.tasks.spawn(self.name, |_| async move { drop(work.await) });
        }
    }
}

/// Does `act` whenever a commit touched what `changed` watches, whoever made it, until `stop`.
pub(crate) async fn whenever(mut changed: Changed, stop: &CancellationToken, act: impl Fn()) {
    loop {
        tokio::select! {
            () = changed.wait() => act(),
            () = stop.cancelled() => return,
        }
    }
}
