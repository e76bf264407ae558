//! The identity service: OpenStack Keystone, version 3, and the tokens of version 2.0.
//!
//! One request goes: [`Keystone::handle`] → `routes` (which handler) → `access` (whose token, does it still count) →
//! one file in `handlers` → plain functions in `storage`. Logging in is `auth`. Other services ask through
//! [`Identity`], to which this one offers its [`IdentityCheck`].

mod access;
mod auth;
mod call;
mod catalog;
mod check;
mod error;
mod handlers;
mod json_home;
mod model;
mod quirks;
mod routes;
mod seal;
mod seed;
mod settings;
mod storage;
mod sweep;
mod trustee;
mod valid;
mod view;

use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use pentad_store::{Engine, Store};
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

pub use check::{Identity, IdentityCheck, Rejected, TokenInfo};

use self::access::{Access, Directory, Refused, Scope};
use self::call::Call;
use self::error::{Answer, Failure};
use self::quirks::Quirks;
use self::routes::{Endpoint, Gate, Run};
use self::settings::Settings;
use crate::http::{Inbound, Reply};
use crate::route::{Outcome, RouteInfo, RouteTable};
use crate::{Context, Listening, Places, Root, SeedError, Service, ServiceTime, Tasks};

/// What sealed credentials are for.
const SEALED_BLOB: &str = "identity.credential";
/// Where application credentials get access tokens of OAuth 2.0; the one path that takes a form.
const OAUTH2_TOKEN: &str = "/v3/OS-OAUTH2/token";
/// Longest body: as long as the real service takes.
const LONGEST_BODY: usize = 114_688;

/// The identity service of the local server.
#[derive(Debug)]
pub struct Keystone {
    core: Arc<Core>,
    routes: RouteTable<Endpoint>,
}

/// What handlers and checks share.
pub(crate) struct Core {
    engine: Engine,
    store: Store,
    time: Arc<ServiceTime>,
    quirks: Quirks,
    settings: RwLock<Arc<Settings>>,
    directory: Directory,
    listening: Listening,
    /// A password hash that no password has.
    nobody: OnceCell<String>,
    installation: seed::Installation,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("time", &self.time).finish_non_exhaustive()
    }
}

impl Core {
    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The services of the catalog.
    async fn services(&self) -> Answer<Arc<catalog::Services>> {
        self.directory.services(&self.store).await
    }

    fn set_settings(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// Service time in microseconds.
    fn micros(&self) -> i64 {
        self.time.now().as_microsecond()
    }

    /// Service time in whole seconds.
    fn seconds(&self) -> i64 {
        self.time.now().as_second()
    }

    /// What a token stands for; `grace` seconds after its end still count.
    async fn access(&self, text: &str, grace: i64) -> Result<Arc<Access>, Refused> {
        self.directory.access(&self.engine, &self.store, text, self.seconds(), grace).await
    }

    async fn nobody(&self) -> Answer<&str> {
        let hash = self.nobody.get_or_try_init(|| async {
            let mut random = [0_u8; 32];
            getrandom::fill(&mut random).map_err(|_| Failure::internal())?;
            let random = self.engine.vault().digest(&random);
            let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            self.engine.vault().hash_password(&text).await.map_err(Failure::from)
        });
        hash.await.map(String::as_str)
    }
}

impl IdentityCheck for Core {
    fn validate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<TokenInfo, Rejected>> {
        Box::pin(async move {
            let access = self.access(token, 0).await.map_err(|refused| match refused {
                Refused::Unknown | Refused::Void => Rejected::Invalid,
                Refused::Failed(_) => Rejected::Unavailable,
            })?;
            let mut info = TokenInfo::new(access.user.id.clone());
            info.user_name.clone_from(&access.user.name);
            info.user_domain_id.clone_from(&access.user.domain_id);
            if let Scope::Project { project, .. } = &access.scope {
                info.project_id = Some(project.id.clone());
                info.project_name = Some(project.name.clone());
            }
            info.roles = access.roles.iter().map(|role| role.name.clone()).collect();
            info.rules = access.rules().to_vec();
            info.is_admin = access.is_admin();
            info.expires_at = jiff::Timestamp::from_second(access.payload.expires).ok();
            Ok(info)
        })
    }

    fn entrust<'a>(
        &'a self,
        token: &'a str,
        roles: &'a [String],
        until: Option<jiff::Timestamp>,
    ) -> BoxFuture<'a, Result<String, Rejected>> {
        Box::pin(self.make_trust(token, roles, until))
    }

    fn is_trustor<'a>(&'a self, token: &'a str, trust: &'a str) -> BoxFuture<'a, Result<bool, Rejected>> {
        Box::pin(self.made_trust(token, trust))
    }

    fn token_of_trust<'a>(&'a self, trust: &'a str) -> BoxFuture<'a, Result<String, Rejected>> {
        Box::pin(self.use_trust(trust))
    }
}

impl Keystone {
    /// Opens the service on its store and offers its check to the other services.
    ///
    /// # Errors
    /// [`SeedError`] if the store cannot be opened or an option is wrong.
    pub fn open(context: &Context) -> Result<Arc<Self>, SeedError> {
        let store = context.engine.service("identity", storage::schema::MIGRATIONS);
        let store = store.map_err(|error| SeedError::new("identity", error))?;
        let settings = Settings::parse(&context.options)?;
        let core = Arc::new(Core {
            engine: context.engine.clone(),
            store,
            time: Arc::clone(&context.time),
            quirks: Quirks::of(context.mode),
            settings: RwLock::new(Arc::new(settings)),
            directory: Directory::default(),
            listening: context.listening.clone(),
            nobody: OnceCell::new(),
            installation: seed::Installation::default(),
        });
        context.identity.offer(Arc::clone(&core) as Arc<dyn IdentityCheck>);
        Ok(Arc::new(Self { core, routes: routes::table() }))
    }

    /// Commits a change and forgets what was cached of tokens.
    async fn change<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut pentad_store::Tx<'_>) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let done = self.core.store.write(work).await;
        // Also after an error: a commit whose answer was lost may have happened.
        self.core.directory.forget();
        done
    }

    async fn answer(&self, inbound: Inbound) -> Reply {
        let method = if inbound.method == Method::HEAD { Method::GET } else { inbound.method.clone() };
        let path = inbound.path.trim_end_matches('/').to_owned();
        if path.contains("%00") {
            return error::no_page().route("identity:notFound");
        }
        let matched = match self.routes.find(&method, &path) {
            Outcome::Matched(matched) => matched,
            Outcome::WrongMethod { allowed } if method == Method::OPTIONS => {
                let reply = Reply::new(StatusCode::OK).content_type("text/html; charset=utf-8");
                return error::allow(reply, &allowed).route("identity:options");
            }
            Outcome::WrongMethod { allowed } => {
                return error::wrong_method(&allowed).route("identity:wrongMethod");
            }
            Outcome::NotFound => return error::no_page().route("identity:notFound"),
        };
        let (name, endpoint) = (matched.route.name, matched.route.handler);
        if !self.core.settings().v2 && path.starts_with("/v2.0") {
            return error::no_page().route(name);
        }
        let base = inbound.base.clone();
        let answer = self.run(inbound, path, matched.params, endpoint).await;
        answer.unwrap_or_else(|failure| failure.reply(&base)).route(name)
    }

    async fn run(
        &self,
        mut inbound: Inbound,
        path: String,
        params: Vec<(&'static str, String)>,
        endpoint: Endpoint,
    ) -> Answer<Reply> {
        let access = match (endpoint.gate, inbound.header("x-auth-token")) {
            (Gate::Open, _) => None,
            (Gate::Token, None) => return Err(Failure::unauthorized()),
            (Gate::Token, Some(token)) => match self.core.access(token, 0).await {
                Ok(access) => Some(access),
                Err(Refused::Failed(failure)) => return Err(failure),
                Err(Refused::Unknown | Refused::Void) => return Err(Failure::unauthorized()),
            },
        };
        if let Some(access) = &access
            && !allowed(access, &inbound.method, &path)
        {
            return Err(Failure::unauthorized());
        }
        let query = inbound.query_pairs();
        if query.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(Failure::invalid("The query holds a null character."));
        }
        let body = read_body(&mut inbound, path == OAUTH2_TOKEN).await?;
        let call = Arc::new(Call {
            core: Arc::clone(&self.core),
            origin: inbound.origin().to_owned(),
            base: inbound.base,
            mount: inbound.mount,
            headers: inbound.headers,
            path,
            raw_query: inbound.query,
            query,
            params,
            access,
            body,
        });
        match endpoint.run {
            Run::Read(handler) => self.core.store.read(move |tx| handler(&call, tx)).await,
            Run::Write(handler) => {
                let work = move |tx: &mut pentad_store::Tx<'_>| {
                    let reply = handler(&call, tx)?;
                    tx.touch(storage::DIRECTORY);
                    Ok::<_, Failure>(reply)
                };
                let done = self.core.store.write(work).await;
                // Also after an error: a commit whose answer was lost may have happened.
                self.core.directory.forget();
                done
            }
            Run::Free(handler) => handler(self, call).await,
        }
    }
}

/// Whether the access rules of the token's application credential allow a call. Its token may always be looked at.
fn allowed(access: &Access, method: &Method, path: &str) -> bool {
    let rules = access.rules();
    let looks = *method == Method::GET && path == "/v3/auth/tokens";
    rules.is_empty() || looks || rules.iter().any(|rule| rule.allows("identity", method, path))
}

/// The body as an object; an absent one is empty.
async fn read_body(inbound: &mut Inbound, form: bool) -> Answer<Map<String, Value>> {
    let too_long = |length: u64| length > LONGEST_BODY as u64;
    if inbound.body.declared().is_some_and(too_long) {
        return Err(Failure::too_large());
    }
    let mut body = Vec::new();
    loop {
        match inbound.body.piece().await {
            Ok(Some(piece)) if body.len() + piece.len() <= LONGEST_BODY => body.extend_from_slice(&piece),
            Ok(None) => break,
            Ok(Some(_)) => return Err(Failure::too_large()),
            Err(_) => return Err(Failure::expecting("valid JSON", "request body")),
        }
    }
    if body.is_empty() {
        return Ok(Map::new());
    }
    let kind = inbound.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if form && kind == "application/x-www-form-urlencoded" {
        let pairs = url::form_urlencoded::parse(&body);
        return Ok(pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect());
    }
    let is_json = kind.is_empty()
        || kind == "application/json"
        || (kind.starts_with("application/") && kind.ends_with("+json"));
    if !is_json {
        return Err(Failure::expecting("application/json", "Content-Type header"));
    }
    match serde_json::from_slice(&body) {
        Ok(Value::Object(map)) if !has_null_character(&map) => Ok(map),
        _ => Err(Failure::expecting("valid JSON", "request body")),
    }
}

/// U+0000 cannot be stored; no real client sends it.
fn has_null_character(map: &Map<String, Value>) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(items) => items.iter().any(within),
            Value::Object(map) => has_null_character(map),
            _ => false,
        }
    }
    map.iter().any(|(name, value)| name.contains('\0') || within(value))
}

impl Service for Keystone {
    fn name(&self) -> &'static str {
        "identity"
    }

    fn roots(&self) -> Vec<Root> {
        vec![Root::new("/v3"), Root::new("/v2.0")]
    }

    fn endpoints(&self, places: &Places) -> Vec<(&'static str, String)> {
        url(places).map(|url| ("identity", url)).into_iter().collect()
    }

    /// Clients know these credentials as those of OpenStack.
    fn credentials_name(&self) -> &'static str {
        "openstack"
    }

    fn complete(&self, credentials: &mut Map<String, Value>, places: &Places) {
        if let Some(url) = url(places) {
            credentials.insert("auth_url".to_owned(), json!(url));
        }
    }

    fn handle(&self, inbound: Inbound) -> BoxFuture<'_, Reply> {
        Box::pin(async move {
            let head = inbound.method == Method::HEAD;
            let id = HeaderValue::from_str(&inbound.request_id);
            let mut reply = self.answer(inbound).await;
            reply.headers.insert(header::VARY, HeaderValue::from_static("X-Auth-Token"));
            if let Ok(id) = id {
                reply.headers.insert(HeaderName::from_static("x-openstack-request-id"), id);
            }
            if head && reply.route == Some(routes::CHECKED_BY_HEAD) && reply.status == StatusCode::OK {
                // Clients take only this status for a yes.
                reply.status = StatusCode::NO_CONTENT;
            }
            if head { reply.body("") } else { reply }
        })
    }

    fn too_large(&self, _limit: u64) -> Reply {
        Failure::too_large().reply("")
    }

    fn failed(&self, _request_id: &str) -> Reply {
        Failure::internal().reply("")
    }

    fn seed(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(seed::seed(&self.core, section))
    }

    fn reset(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(seed::reset(&self.core))
    }

    fn restored(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        self.core.directory.forget();
        Box::pin(async { Ok(()) })
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Value, SeedError>> {
        Box::pin(seed::credentials(&self.core))
    }

    fn background(self: Arc<Self>, tasks: &Tasks) {
        sweep::start(&self.core, tasks);
    }

    fn routes(&self) -> Vec<RouteInfo> {
        self.routes.describe()
    }
}

/// The root of version 3.
fn url(places: &Places) -> Option<String> {
    let root = places.own_url().or_else(|| places.prefix_url("identity"))?;
    Some(format!("{root}/v3"))
}
