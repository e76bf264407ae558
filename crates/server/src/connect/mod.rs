//! Connect, the CloudBlue Connect API: trees of namespaces and collections whose resources are JSON objects, with
//! filters in RQL, actions, states and nested collections.
//!
//! One request goes: [`Connect::handle`] → the key → [`locate`](handlers::locate) (what the path is) → one file in
//! `handlers` → plain functions in `storage`. What is declared, by the seed or by an OpenAPI document, is in `declared`.

mod chores;
mod declared;
mod document;
mod error;
mod handlers;
mod ids;
mod kept;
pub mod parse;
mod query;
mod quirks;
mod routes;
mod seed;
mod settings;
mod storage;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use aws_lc_rs::digest::{SHA256, digest as hash};
use futures_util::future::BoxFuture;
use http::header;
use pentad_store::Store;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};

use self::declared::{Declared, Registry};
use self::error::Failure;
use self::quirks::{Quirk, Quirks};
use self::routes::Endpoint;
use self::settings::Settings;
use crate::http::{Inbound, Reply};
use crate::route::{Outcome, RouteInfo, RouteTable};
use crate::{Context, Places, Root, SeedError, Service, Tasks};

/// The root of the API below the service's own.
const ROOT: &str = "/public/v1";

/// The Connect service of the local server.
#[derive(Debug)]
pub struct Connect {
    store: Store,
    quirks: Quirks,
    /// The options, and what of an earlier start holds beside them.
    settings: RwLock<Settings>,
    /// Whether what was declared earlier has been taken up.
    remembers: tokio::sync::Mutex<bool>,
    routes: RouteTable<Endpoint>,
    installation: RwLock<Arc<Installation>>,
    /// The key of the installation without a seed, once there is one.
    own_key: Mutex<Option<String>>,
    /// Told when other things are declared.
    declared: Notify,
    /// The owner of work that outlives its caller, once the service runs.
    tasks: OnceLock<Tasks>,
}

/// Who may do what is there.
#[derive(Default, Clone)]
struct Installation {
    registry: Arc<Registry>,
    keys: Keys,
    /// Whether the only key is the generated one.
    announced: bool,
}

impl std::fmt::Debug for Installation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Installation").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

/// Callers by the SHA-256 of their whole `Authorization` value.
type Keys = HashMap<[u8; 32], Caller>;

/// Who calls.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    id: String,
    name: String,
}

/// One request on its way to a handler.
#[derive(Debug)]
pub(crate) struct Call {
    inbound: Inbound,
    /// The decoded segments of the path below the root.
    path: Vec<String>,
    caller: Caller,
    registry: Arc<Registry>,
}

impl Connect {
    /// Opens the service on its store.
    ///
    /// # Errors
    /// [`SeedError`] if the store cannot be opened or an option is wrong.
    pub fn open(context: &Context) -> Result<Arc<Self>, SeedError> {
        let store = context.engine.service("connect", storage::schema::MIGRATIONS);
        let store = store.map_err(|e| SeedError::new("connect", e))?;
        let known = context.known.as_ref().and_then(|known| Some(known.get("api_key")?.as_str()?.to_owned()));
        Ok(Arc::new(Self {
            store,
            quirks: Quirks::of(context.mode),
            settings: RwLock::new(Settings::parse(&context.options)?),
            remembers: tokio::sync::Mutex::default(),
            routes: routes::table(),
            installation: RwLock::default(),
            own_key: Mutex::new(known),
            declared: Notify::new(),
            tasks: OnceLock::new(),
        }))
    }

    fn installed(&self) -> Arc<Installation> {
        Arc::clone(&self.installation.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.installed().registry)
    }

    fn settings(&self) -> Settings {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn own_key(&self) -> Option<String> {
        self.own_key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds to what is declared and to who is let in; `own` is the generated key where no other is there.
    fn install(&self, declared: Vec<Declared>, keys: Keys, own: Option<String>) {
        let mut held = self.installation.write().unwrap_or_else(PoisonError::into_inner);
        let mut installation = Installation::clone(&held);
        let mut registry = Registry::with(&self.settings(), installation.registry.collections.clone());
        declared.into_iter().for_each(|one| registry.add(one));
        installation.registry = Arc::new(registry);
        installation.keys.extend(keys);
        if own.is_some() {
            installation.announced = true;
            *self.own_key.lock().unwrap_or_else(PoisonError::into_inner) = own;
        }
        *held = Arc::new(installation);
        drop(held);
        self.declared.notify_one();
    }

    /// Does what must not end halfway when the caller leaves.
    async fn finish<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        let Some(tasks) = self.tasks.get() else { return work.await };
        let (done, answer) = oneshot::channel();
        tasks.spawn("connect bulk", |_| async move {
            // Nobody may be there any more to hear it.
            let _ = done.send(work.await);
        });
        answer.await.unwrap_or_else(|_| Err(Failure::internal("The work ended early.")))
    }

    async fn answer(&self, inbound: Inbound) -> Reply {
        let installed = self.installed();
        let key = inbound.headers.get(header::AUTHORIZATION).map(|key| digest(key.as_bytes()));
        let Some(caller) = key.and_then(|key| installed.keys.get(&key)) else {
            return Failure::unauthorized().reply().route("connect:unauthorized");
        };
        let (name, endpoint) = match self.routes.find(&inbound.method, &inbound.path) {
            Outcome::Matched(matched) => (matched.route.name, matched.route.handler),
            Outcome::WrongMethod { .. } => {
                let refusal = Failure::wrong_method(&inbound.method, "GET, POST, PUT, PATCH, DELETE, HEAD");
                return refusal.reply().route("connect:wrongMethod");
            }
            Outcome::NotFound => return Failure::missing().reply().route("connect:notFound"),
        };
        let Some(path) = self.path(&inbound.path) else {
            return Failure::missing().reply().route(name);
        };
        let registry = Arc::clone(&installed.registry);
        let call = Call { inbound, path, caller: caller.clone(), registry };
        let answer = match endpoint {
            Endpoint::Any => handlers::any(self, call).await,
        };
        answer.unwrap_or_else(|refusal| refusal.reply()).route(name)
    }

    /// The segments below the root; none if there are none, or some that no resource has.
    fn path(&self, raw: &str) -> Option<Vec<String>> {
        let below = raw.strip_prefix(ROOT)?.strip_prefix('/')?;
        let strict = self.quirks.has(Quirk::EmptySegments);
        let below = below.strip_suffix('/').filter(|_| !strict).unwrap_or(below);
        let mut path = Vec::new();
        for segment in below.split('/') {
            match segment {
                "" if strict => return None,
                "" => {}
                segment => path.push(percent_decode_str(segment).decode_utf8().ok()?.into_owned()),
            }
        }
        let length: usize = path.iter().map(String::len).sum();
        // A slash within a segment would make another path of it.
        let is_segment = |one: &String| !one.contains(['\0', '/']);
        let fits = !path.is_empty() && length <= LONGEST_PATH && path.iter().all(is_segment);
        fits.then_some(path)
    }
}

/// Bytes of a path: what is named by it must fit into an index.
const LONGEST_PATH: usize = 1000;

/// The segments of a path as it is stored.
fn segments_of(path: &str) -> Vec<String> {
    path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

fn digest(key: impl AsRef<[u8]>) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(hash(&SHA256, key.as_ref()).as_ref());
    out
}

impl Service for Connect {
    fn name(&self) -> &'static str {
        "connect"
    }

    fn roots(&self) -> Vec<Root> {
        vec![Root::new("/public")]
    }

    fn endpoints(&self, places: &Places) -> Vec<(&'static str, String)> {
        let url = places.own_url().or_else(|| places.prefix_url("connect"));
        url.map(|url| ("connect", format!("{url}{ROOT}"))).into_iter().collect()
    }

    fn handle(&self, inbound: Inbound) -> BoxFuture<'_, Reply> {
        Box::pin(self.answer(inbound))
    }

    fn too_large(&self, limit: u64) -> Reply {
        Failure::too_large(limit).reply()
    }

    fn failed(&self, request_id: &str) -> Reply {
        Failure::internal(format!("internal error, request id {request_id}")).reply()
    }

    fn seed(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(seed::seed(self, section))
    }

    fn check(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        let checked = seed::check(self, section);
        Box::pin(async { checked })
    }

    /// The shell emptied the store; declarations and keys are made anew by the seed that follows.
    fn reset(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        *self.installation.write().unwrap_or_else(PoisonError::into_inner) = Arc::default();
        Box::pin(async {
            *self.remembers.lock().await = false;
            Ok(())
        })
    }

    /// What was restored may have been declared otherwise, and may be indexed otherwise than is declared now.
    fn restored(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(async {
            *self.remembers.lock().await = false;
            kept::take_up(self).await?;
            self.declared.notify_one();
            Ok(())
        })
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Value, SeedError>> {
        let own = self.own_key().filter(|_| self.installed().announced);
        let announced = own.map_or(Value::Null, |key| json!({"api_key": key}));
        Box::pin(async { Ok(announced) })
    }

    fn background(self: Arc<Self>, tasks: &Tasks) {
        let _ = self.tasks.set(tasks.clone());
        tasks.spawn("connect chores", |stop| chores::run(self, stop));
    }

    fn routes(&self) -> Vec<RouteInfo> {
        self.routes.describe()
    }
}
