//! Zaqar, the OpenStack messaging service: queues, messages, claims, subscriptions and what belongs to them, in the
//! versions v1, v1.1 and v2.
//!
//! One request goes: [`Zaqar::handle`] → `auth` (who, which project) → `routes` (which handler) → `check` (headers, names,
//! roles, in the order of the original) → one file in `handlers` → plain functions in `storage`. Differences between
//! strict and relaxed mode are in `quirks`; the options of the real server are in `settings`.

mod accept;
mod auth;
mod body;
mod check;
mod context;
mod delivery;
mod encrypt;
mod error;
mod handlers;
mod message;
mod metadata;
mod patch;
mod query;
mod quirks;
mod routes;
mod schema;
mod sealed;
mod seed;
mod settings;
mod signature;
mod storage;
mod sweep;
mod validate;
mod websocket;

use std::sync::{Arc, PoisonError, RwLock, Weak};

use futures_util::future::BoxFuture;
use http::header::{ALLOW, HeaderName};
use http::{HeaderValue, Method, StatusCode};
use pentad_store::{Engine, Store, Tx};
use serde_json::Value;

use self::context::Call;
use self::delivery::Delivery;
use self::error::Failure;
use self::quirks::Quirks;
use self::routes::{Endpoint, Gate};
use self::settings::Settings;
use self::storage::claims;
use self::storage::queues::{self, Queue};
use self::websocket::push::Sockets;
use crate::http::{Inbound, Reply};
use crate::identity::Identity;
use crate::route::{Outcome, RouteInfo, RouteTable};
use crate::{Context, GuardedClient, Listening, Places, SeedError, Service, ServiceTime, Tasks, TenantFault};

/// The Zaqar service of the local server.
#[derive(Debug)]
pub struct Zaqar {
    engine: Engine,
    store: Store,
    time: Arc<ServiceTime>,
    quirks: Quirks,
    settings: RwLock<Arc<Settings>>,
    identity: Identity,
    guarded: Arc<GuardedClient>,
    listening: Listening,
    delivery: Delivery,
    sockets: Sockets,
    /// For what outlives a request.
    me: Weak<Self>,
    routes: RouteTable<Endpoint>,
}

impl Zaqar {
    /// Opens the service on its store.
    ///
    /// # Errors
    /// [`SeedError`] if the store cannot be opened or an option is wrong.
    pub fn open(context: &Context) -> Result<Arc<Self>, SeedError> {
        let store = context.engine.service("zaqar", storage::schema::MIGRATIONS);
        let store = store.map_err(|e| SeedError::new("zaqar", e))?;
        let settings = Settings::parse(&context.options)?;
        Ok(Arc::new_cyclic(|me| Self {
            engine: context.engine.clone(),
            store,
            time: Arc::clone(&context.time),
            quirks: Quirks::of(context.mode),
            settings: RwLock::new(Arc::new(settings)),
            identity: context.identity.clone(),
            guarded: Arc::clone(&context.push),
            listening: context.listening.clone(),
            delivery: Delivery::default(),
            sockets: Sockets::default(),
            me: me.clone(),
            routes: routes::table(),
        }))
    }

    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn write<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.store.write(f).await
    }

    async fn read<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.store.read(f).await
    }

    /// Does work to its end, also when whoever waits for it goes away after it began.
    async fn see_through<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        match self.delivery.tasks() {
            Some(tasks) => tasks.see_through(name, work).await,
            None => work.await,
        }
    }

    /// Runs a change of a queue whose ended claims and delays were taken off its messages; `None` if there is no
    /// such queue. Many of these are taken off in several transactions.
    async fn on_freed<T: Send + 'static>(
        &self,
        project: &str,
        queue: &str,
        f: impl FnMut(&mut Tx<'_>, &Queue) -> Result<T, Failure> + Clone + Send + 'static,
    ) -> Result<Option<T>, Failure> {
        loop {
            let (project, queue, mut f) = (project.to_owned(), queue.to_owned(), f.clone());
            let step = self.write(move |tx| {
                let Some(queue) = queues::boxed(tx, &project, &queue)? else { return Ok(Some(None)) };
                if claims::free_ended(tx, queue.id)? {
                    return Ok(None);
                }
                Ok(Some(Some(f(tx, &queue)?)))
            });
            if let Some(done) = step.await? {
                return Ok(done);
            }
        }
    }

    async fn answer(&self, mut inbound: Inbound) -> Reply {
        // The websocket endpoint answers on every path.
        if let Some(zaqar) = self.me.upgrade().filter(|_| inbound.upgrade.is_some()) {
            return zaqar.open_socket(&mut inbound).route("zaqar:websocket");
        }
        let wanted = accept::wanted(check::accept_of(&inbound));
        let id = HeaderValue::from_str(&inbound.request_id).ok();
        let is_preflight = inbound.method == Method::OPTIONS;
        let (name, answer) = self.route(inbound).await;
        let mut reply = match answer {
            Ok(reply) => reply,
            // The middleware for browsers turns a refused preflight into an empty answer.
            Err(_) if is_preflight => Reply::new(StatusCode::OK),
            Err(failure) => failure.reply(wanted),
        };
        if let Some(id) = id {
            reply.headers.insert(REQUEST_ID, id);
        }
        reply.route(name)
    }

    async fn route(&self, inbound: Inbound) -> (&'static str, Result<Reply, Failure>) {
        let settings = self.settings();
        let method = inbound.method.clone();
        let (matched, allowed) = match self.routes.find(&method, &inbound.path) {
            Outcome::Matched(matched) => (Some(matched), Vec::new()),
            Outcome::WrongMethod { allowed } => {
                let first = allowed.first().unwrap_or(&method);
                match self.routes.find(first, &inbound.path) {
                    Outcome::Matched(matched) => (Some(matched), allowed),
                    _ => (None, allowed),
                }
            }
            Outcome::NotFound => (None, Vec::new()),
        };
        let Some(matched) = matched.filter(|matched| matched.route.handler.exists(&settings)) else {
            let mut call = Call::new(inbound, context::Version::V2, Vec::new(), self.quirks);
            let refusal = self.identify(&mut call).await.err().unwrap_or_else(Failure::no_route);
            return ("zaqar:notFound", Err(refusal));
        };
        let (name, endpoint) = (matched.route.name, matched.route.handler);
        let mut call = Call::new(inbound, endpoint.version, matched.params, self.quirks);
        if allowed.is_empty() {
            return (name, self.run(&mut call, &endpoint).await);
        }
        let refusal = self.admit(&mut call, endpoint.gate).await.err();
        let answer = match refusal {
            Some(failure) => Err(failure),
            None if method == Method::OPTIONS => Ok(preflight(&allowed)),
            None => Err(Failure::wrong_method(&allowed)),
        };
        ("zaqar:wrongMethod", answer)
    }

    async fn admit(&self, call: &mut Call, gate: Gate) -> Result<(), Failure> {
        // The versions are for everybody.
        if gate != Gate::Open {
            self.identify(call).await?;
        }
        self.check(call, gate).await
    }

    async fn run(&self, call: &mut Call, endpoint: &Endpoint) -> Result<Reply, Failure> {
        self.admit(call, endpoint.gate).await?;
        self.check_policy(call, endpoint)?;
        (endpoint.run)(self, call).await
    }
}

/// A message that was posted.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    /// Seconds.
    pub(crate) ttl: i64,
    /// Seconds; only on queues that delay.
    pub(crate) delay: Option<i64>,
    /// JSON as it is written in answers.
    pub(crate) body: Arc<str>,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");

/// What a path can do, for browsers.
fn preflight(allowed: &[Method]) -> Reply {
    let mut names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    names.sort_unstable();
    error::with(error::empty(StatusCode::OK), ALLOW, &names.join(", "))
}

impl Service for Zaqar {
    fn name(&self) -> &'static str {
        "zaqar"
    }

    /// `zaqar` for HTTP, `zaqar_ws` for websockets.
    fn endpoints(&self, places: &Places) -> Vec<(&'static str, String)> {
        let Some(url) = places.own_url().or_else(|| places.prefix_url("zaqar")) else { return Vec::new() };
        let socket = format!("{}/ws", url.replacen("http", "ws", 1));
        vec![("zaqar", url), ("zaqar_ws", socket)]
    }

    fn handle(&self, inbound: Inbound) -> BoxFuture<'_, Reply> {
        Box::pin(self.answer(inbound))
    }

    fn too_large(&self, limit: u64) -> Reply {
        let description = format!("The body is longer than {limit} bytes.");
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Failure::new(status, "413 Content Too Large", description).reply(accept::Wanted::Json)
    }

    fn failed(&self, _request_id: &str) -> Reply {
        Failure::internal("internal error").reply(accept::Wanted::Json)
    }

    fn seed(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(seed::seed(self, section))
    }

    fn check(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(seed::check(self, section))
    }

    fn reset(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(async { Ok(()) })
    }

    fn reset_tenant<'a>(&'a self, tenant: &'a str) -> BoxFuture<'a, Result<(), TenantFault>> {
        Box::pin(seed::reset_tenant(self, tenant))
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Value, SeedError>> {
        Box::pin(async { Ok(Value::Null) })
    }

    fn background(self: Arc<Self>, tasks: &Tasks) {
        sweep::start(&self, tasks);
        delivery::start(&self, tasks);
    }

    fn routes(&self) -> Vec<RouteInfo> {
        self.routes.describe()
    }
}
