//! AMS, the ARGO Messaging Service: topics, subscriptions, publish, pull, acknowledge, and what belongs to them.
//!
//! One request goes: [`Ams::handle`] → `routes` (which handler) → `auth` (who, in which project, may it) → one file
//! in `handlers` → plain functions in `storage`. Every oddity of the released service is in `quirks`.

mod auth;
mod body;
mod error;
mod handlers;
mod model;
mod names;
mod paging;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod parse;
mod push;
mod quirks;
mod roles;
mod routes;
mod schema;
mod seed;
mod settings;
mod storage;
mod sweep;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method, StatusCode, header};
use pentad_store::{Engine, Store, Tx};
use serde_json::{Map, Value, json};

use self::auth::{Access, Caller, Directory, ProjectRef};
use self::error::Failure;
use self::quirks::Quirks;
use self::roles::OPEN;
use self::routes::{Endpoint, Gate};
use self::settings::Settings;
use crate::credentials::generate;
use crate::http::{BodyFault, Inbound, Reply};
use crate::route::{Outcome, RouteInfo, RouteTable, canonical};
use crate::{Context, GuardedClient, Places, Root, SeedError, Service, ServiceTime, Tasks};

/// The AMS service of the local server.
#[derive(Debug)]
pub struct Ams {
    engine: Engine,
    store: Store,
    time: Arc<ServiceTime>,
    quirks: Quirks,
    settings: RwLock<Arc<Settings>>,
    directory: Directory,
    guarded: Arc<GuardedClient>,
    routes: RouteTable<Endpoint>,
    pulls: handlers::pull::Locks,
    pushing: push::Control,
    /// Credentials announced earlier, and the subject of the announced client certificate.
    installation: Mutex<seed::Installation>,
}

/// One request on its way to a handler.
#[derive(Debug)]
pub(crate) struct Call {
    inbound: Inbound,
    /// The body, once the caller was let in.
    body: Bytes,
    params: Vec<(&'static str, String)>,
    query: Vec<(String, String)>,
    caller: Caller,
    project: Option<ProjectRef>,
    /// The token as sent, `""` without one.
    token: String,
}

impl Call {
    /// A variable of the path.
    fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    /// The first value of a query parameter.
    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The project of the path; only routes without one can miss it.
    fn project(&self) -> Result<&ProjectRef, Failure> {
        self.project.as_ref().ok_or_else(|| Failure::internal("Internal Error"))
    }

    /// Reads the body: only now, when the caller may make this call.
    async fn load(&mut self) -> Result<(), BodyFault> {
        self.body = std::mem::take(&mut self.inbound.body).bytes().await?;
        Ok(())
    }

    fn body(&self) -> &[u8] {
        &self.body
    }

    /// Hands the body over, so that it need not stay in memory while the answer is made.
    fn take_body(&mut self) -> Bytes {
        std::mem::take(&mut self.body)
    }
}

impl Ams {
    /// Opens the service on its store.
    ///
    /// # Errors
    /// [`SeedError`] if the store cannot be opened or an option is wrong.
    pub fn open(context: &Context) -> Result<Arc<Self>, SeedError> {
        let store = context.engine.service("ams", storage::schema::MIGRATIONS);
        let store = store.map_err(|e| SeedError::new("ams", e))?;
        let settings = Settings::parse(&context.options)?;
        Ok(Arc::new(Self {
            engine: context.engine.clone(),
            store,
            time: Arc::clone(&context.time),
            quirks: Quirks::of(context.mode),
            settings: RwLock::new(Arc::new(settings)),
            directory: Directory::default(),
            guarded: Arc::clone(&context.push),
            routes: routes::table(),
            pulls: handlers::pull::Locks::default(),
            pushing: push::Control::default(),
            installation: Mutex::new(seed::Installation::new(context)),
        }))
    }

    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_settings(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// Commits a change of the directory (users, projects, topics, schemas, ACLs) and forgets what was cached of it.
    async fn change<T: Send + 'static>(
        &self,
        mut f: impl FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let done = self
            .store
            .write(move |tx| {
                let value = f(tx)?;
                tx.touch(storage::DIRECTORY);
                Ok(value)
            })
            .await;
        // Also after an error: a commit whose answer was lost may have happened.
        self.directory.forget();
        done
    }

    async fn read<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.store.read(f).await
    }

    /// A fresh token of 64 hex characters, sealed, with its digest.
    fn new_token(&self) -> Result<Token, Failure> {
        self.seal(generate().map_err(|_| Failure::internal("Internal Error"))?)
    }

    fn seal(&self, plain: String) -> Result<Token, Failure> {
        let vault = self.engine.vault();
        let sealed = vault.seal(TOKEN, plain.as_bytes())?;
        let digest = auth::hex(&vault.digest(plain.as_bytes()));
        Ok(Token { plain, sealed, digest })
    }

    /// The plain text of a sealed token; `""` if it cannot be opened.
    fn unseal(&self, sealed: &[u8]) -> String {
        match self.engine.vault().open(TOKEN, sealed) {
            Ok(plain) => String::from_utf8_lossy(&plain).into_owned(),
            Err(error) => {
                tracing::error!(%error, "a sealed token cannot be opened");
                String::new()
            }
        }
    }

    /// Service time in microseconds.
    fn now(&self) -> i64 {
        self.time.now().as_microsecond()
    }

    async fn answer(&self, inbound: Inbound) -> Reply {
        if inbound.method == Method::OPTIONS {
            return Reply::new(StatusCode::OK).route("ams:options");
        }
        if let Some(path) = canonical(&inbound.path) {
            return moved(&inbound, &path).route("ams:moved");
        }
        let matched = match self.routes.find(&inbound.method, &inbound.path) {
            Outcome::Matched(matched) => matched,
            Outcome::WrongMethod { .. } => {
                return Reply::new(StatusCode::METHOD_NOT_ALLOWED).route("ams:wrongMethod");
            }
            Outcome::NotFound => {
                return Reply::text(StatusCode::NOT_FOUND, "404 page not found\n").route("ams:notFound");
            }
        };
        let (name, endpoint) = (matched.route.name, &matched.route.handler);
        let mut call = match self.admit(inbound, matched.params, endpoint.gate).await {
            Ok(call) => call,
            Err(refusal) => return refusal.before_handler().reply().route(name),
        };
        if let Err(fault) = call.load().await {
            return fault.reply().route(name);
        }
        let answer = (endpoint.run)(self, &mut call).await;
        answer.unwrap_or_else(|failure| failure.reply()).route(name)
    }

    /// The checks between routing and handler, in the order of AMS reference 2.2.
    async fn admit(
        &self,
        inbound: Inbound,
        params: Vec<(&'static str, String)>,
        gate: Gate,
    ) -> Result<Call, Failure> {
        auth::check_names(&params)?;
        let query = if inbound.query.is_some() { inbound.query_pairs() } else { Vec::new() };
        let settings = self.settings();
        let token = settings.token_of(&inbound, &query).unwrap_or_default().to_owned();
        let nobody = Caller { user: None, name: String::new(), roles: OPEN };
        let body = Bytes::new();
        let mut call = Call { inbound, body, params, query, caller: nobody, project: None, token };
        let (allowed, project) = match gate {
            Gate::Open => return Ok(call),
            Gate::NewProject(allowed) => (allowed, None),
            Gate::Roles(allowed) => (allowed, Some(call.param("project")).filter(|name| !name.is_empty())),
        };
        if call.token.is_empty() {
            return Err(Failure::unauthorized());
        }
        let access = self.access(&settings, &call.token, project).await?;
        let is_service = access.caller.user.is_none();
        if !is_service && !access.caller.roles.passes(allowed) {
            return Err(Failure::forbidden());
        }
        call.caller = access.caller.clone();
        call.project.clone_from(&access.project);
        Ok(call)
    }

    async fn access(
        &self,
        settings: &Settings,
        token: &str,
        project: Option<&str>,
    ) -> Result<Arc<Access>, Failure> {
        let digest = self.engine.vault().digest(token.as_bytes());
        let service = settings.service_token.is_some_and(|known| known == digest);
        self.directory.access(&self.store, digest, service, project).await
    }
}

/// A token in all its forms.
#[derive(Clone)]
struct Token {
    plain: String,
    sealed: Vec<u8>,
    digest: String,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// What sealed tokens are for, so that they open nowhere else.
const TOKEN: &str = "ams.token";

/// 301 to the cleaned path (AMS reference 1).
fn moved(inbound: &Inbound, path: &str) -> Reply {
    let query: Cow<'_, str> = inbound.query.as_ref().map_or(Cow::Borrowed(""), |q| format!("?{q}").into());
    // The cleaned path begins with one slash, so this cannot point at another host.
    let location = format!("{}{path}{query}", inbound.base);
    let location = HeaderValue::from_str(&location).unwrap_or(HeaderValue::from_static("/"));
    Reply::new(StatusCode::MOVED_PERMANENTLY).header(header::LOCATION, location)
}

/// What a browser of another origin needs (AMS reference 1).
fn with_cors(mut reply: Reply, preflight: bool) -> Reply {
    let headers = &mut reply.headers;
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if preflight {
        let verbs = HeaderValue::from_static("OPTIONS,POST,GET,PUT,DELETE,HEAD");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, verbs);
        let names = HeaderValue::from_static("X-Requested-With,Content-Type,X-Api-Key");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
    }
    reply
}

impl Service for Ams {
    fn name(&self) -> &'static str {
        "ams"
    }

    /// The whole of a TLS listener, unknown paths included (AMS reference 1).
    fn roots(&self) -> Vec<Root> {
        vec![Root::tls("/")]
    }

    /// `ams` is `host:port` of a listener that speaks TLS and has the API at its root.
    fn endpoints(&self, places: &Places) -> Vec<(&'static str, String)> {
        let ams = places.tls.map(|tls| ("ams", places.own.unwrap_or(tls).to_string()));
        let own = places.own_url().filter(|_| !places.is_tls());
        let plain = places.plain.map(|addr| format!("http://{addr}/ams")).or(own);
        ams.into_iter().chain(plain.map(|url| ("ams_plain", url))).collect()
    }

    /// The certificate login, where TLS is on.
    fn complete(&self, credentials: &mut Map<String, Value>, places: &Places) {
        let port = places.own.or(places.tls).filter(|_| places.is_tls()).map(|addr| addr.port());
        if let (Some(client), Some(port)) = (&places.client, port) {
            credentials.insert("client_cert".to_owned(), json!(client.cert.display().to_string()));
            credentials.insert("client_key".to_owned(), json!(client.key.display().to_string()));
            credentials.insert("authn_port".to_owned(), json!(port));
        }
    }

    fn handle(&self, inbound: Inbound) -> BoxFuture<'_, Reply> {
        Box::pin(async move {
            let foreign = inbound.headers.contains_key(header::ORIGIN);
            let preflight = inbound.method == Method::OPTIONS;
            let reply = self.answer(inbound).await;
            if foreign { with_cors(reply, preflight) } else { reply }
        })
    }

    fn too_large(&self, _limit: u64) -> Reply {
        Failure::too_large().reply()
    }

    fn failed(&self, _request_id: &str) -> Reply {
        Failure::internal("Internal Error").before_handler().reply()
    }

    fn seed(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(seed::seed(self, section))
    }

    fn check(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(seed::check(self, section))
    }

    fn reset(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(seed::reset(self))
    }

    fn restored(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        self.directory.forget();
        self.pushing.look_again(&self.time);
        Box::pin(async { Ok(()) })
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Value, SeedError>> {
        Box::pin(seed::credentials(self))
    }

    fn background(self: Arc<Self>, tasks: &Tasks) {
        sweep::start(&self, tasks);
        push::start(&self, tasks);
    }

    fn routes(&self) -> Vec<RouteInfo> {
        self.routes.describe()
    }
}
