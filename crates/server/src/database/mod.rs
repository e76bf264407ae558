//! Trove v1.0, the OpenStack database service: instances, their backups, databases and users, datastores,
//! configuration groups, modules and clusters.
//!
//! One request goes: [`Trove::handle`] → `access` (token, project, rates) → `routes` (which handler, what its body must
//! be: `schema`) → one file in `handlers` → plain functions in `storage`. What a call begins ends at a moment of service
//! time: `work`. Differences between strict and relaxed mode are in `quirks`, the options of the real server in
//! `settings`.

mod accept;
mod access;
mod call;
mod defaults;
mod engine;
mod error;
mod find;
mod guest;
mod handlers;
mod limits;
mod model;
mod names;
mod object_store;
mod quirks;
mod quota;
mod routes;
mod schema;
mod seed;
mod settings;
mod storage;
mod view;
mod work;

use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};

use futures_util::future::BoxFuture;
use http::Method;
use http::header::HeaderName;
use http::{HeaderValue, StatusCode};
use pentad_store::{Store, Tx};
use serde_json::Value;

use self::engine::Engine;
use self::error::Failure;
use self::limits::Limiter;
use self::quirks::Quirks;
use self::routes::Endpoint;
use self::settings::{EngineKind, Settings};
use self::work::Work;
use crate::http::{Inbound, Reply};
use crate::identity::Identity;
use crate::route::{RouteInfo, RouteTable};
use crate::{Context, Listening, Places, Root, SeedError, Service, ServiceTime, Tasks, TenantFault};

/// The Trove service of the local server.
#[derive(Debug)]
pub struct Trove {
    /// Itself, for work that outlives a call.
    me: Weak<Self>,
    data: pentad_store::Engine,
    store: Store,
    time: Arc<ServiceTime>,
    quirks: Quirks,
    settings: RwLock<Arc<Settings>>,
    identity: Identity,
    listening: Listening,
    limiter: Limiter,
    engine: Engine,
    work: Work,
    tasks: OnceLock<Tasks>,
    routes: RouteTable<Endpoint>,
}

impl Trove {
    /// Opens the service on its store.
    ///
    /// # Errors
    /// [`SeedError`] if the store cannot be opened or an option is wrong.
    pub fn open(context: &Context) -> Result<Arc<Self>, SeedError> {
        let settings = Settings::parse(&context.options)?;
        if settings.engine == EngineKind::Postgres && context.engine.is_shared() {
            let why = "a real database belongs to the one server that runs it, and a store in PostgreSQL to all its \
                       servers: keep the data in a directory (--data), or leave out --database-engine";
            return Err(SeedError::new("database.options.engine", why));
        }
        let store = context.engine.service("database", storage::schema::MIGRATIONS);
        let store = store.map_err(|error| SeedError::new("database", error))?;
        Ok(Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            data: context.engine.clone(),
            store,
            time: Arc::clone(&context.time),
            quirks: Quirks::of(context.mode),
            identity: context.identity.clone(),
            listening: context.listening.clone(),
            limiter: Limiter::default(),
            engine: Engine::new(&settings, context.engine.lasting_dir()),
            settings: RwLock::new(Arc::new(settings)),
            work: Work::default(),
            tasks: OnceLock::new(),
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
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");

impl Service for Trove {
    fn name(&self) -> &'static str {
        "database"
    }

    fn roots(&self) -> Vec<Root> {
        vec![Root::new("/v1.0")]
    }

    /// The base to which clients append the id of their project.
    fn endpoints(&self, places: &Places) -> Vec<(&'static str, String)> {
        let root = places.own_url().or_else(|| places.root_url());
        root.map(|root| ("database", format!("{root}/v1.0"))).into_iter().collect()
    }

    fn handle(&self, inbound: Inbound) -> BoxFuture<'_, Reply> {
        Box::pin(async move {
            let head = inbound.method == Method::HEAD;
            let id = HeaderValue::from_str(&inbound.request_id);
            let mut reply = self.answer(inbound).await;
            if let Ok(id) = id {
                reply.headers.insert(REQUEST_ID, id);
            }
            if head { reply.body("") } else { reply }
        })
    }

    fn too_large(&self, limit: u64) -> Reply {
        let text = format!("The body is longer than {limit} bytes.");
        Failure::new(StatusCode::PAYLOAD_TOO_LARGE, text).reply(accept::Wanted::Json)
    }

    fn failed(&self, _request_id: &str) -> Reply {
        Failure::crash().reply(accept::Wanted::Json)
    }

    fn seed(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(seed::seed(self, section))
    }

    fn check(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(seed::check(self, section))
    }

    /// Real databases are no part of snapshots: those of the instances that there are now are started as they are.
    fn restored(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        self.limiter.clear();
        Box::pin(async {
            self.interrupt(async {
                self.engine.stop_all().await;
                self.resume().await;
            })
            .await;
            Ok(())
        })
    }

    fn beside_snapshots(&self) -> BoxFuture<'_, Option<String>> {
        Box::pin(async {
            let count = self.read(|tx| Ok(work::real_things(tx)?)).await.unwrap_or_default();
            (count > 0).then(|| {
                format!(
                    "the files of {count} real databases and backups are not copied: restored, they are as they are \
                     then, and those that were removed meanwhile stay away"
                )
            })
        })
    }

    fn reset(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        self.limiter.clear();
        Box::pin(async {
            self.interrupt(self.engine.clear()).await;
            Ok(())
        })
    }

    fn reset_tenant<'a>(&'a self, tenant: &'a str) -> BoxFuture<'a, Result<(), TenantFault>> {
        let tenant = tenant.to_owned();
        Box::pin(async move {
            match self.forget_tenant(tenant).await {
                Ok(0) => Err(TenantFault::Unknown),
                Ok(_) => Ok(()),
                Err(failure) => Err(TenantFault::Failed(SeedError::new("database", failure.message()))),
            }
        })
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Value, SeedError>> {
        Box::pin(async { Ok(Value::Null) })
    }

    fn background(self: Arc<Self>, tasks: &Tasks) {
        work::start(&self, tasks);
    }

    fn routes(&self) -> Vec<RouteInfo> {
        self.routes.describe()
    }
}
