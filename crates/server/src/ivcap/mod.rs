//! IVCAP: services, orders and jobs, artifacts, and metadata that is kept for all times, in three dialects of one API.
//!
//! One request goes: [`Ivcap::handle`] → `dialect` (which shape) → `routes` (which handler, for which scope) → `auth`
//! (whose token) → one file in `handlers` → plain functions in `storage`. Lists of all kinds are one machinery, `list`.

mod auth;
mod call;
mod contract;
mod core;
mod dialect;
mod error;
mod handlers;
mod list;
mod model;
pub mod parse;
mod path;
mod routes;
mod rule;
mod runner;
mod seed;
mod settings;
mod sidecar;
mod storage;
mod upload;
mod urn;
mod words;
mod work;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::{StatusCode, header};
use serde_json::Value;

use self::auth::Caller;
use self::call::Call;
use self::core::Core;
use self::dialect::View;
use self::error::{Answer, Failure};
use self::routes::{Endpoint, Gate};
use self::settings::Settings;
use crate::http::{Inbound, Reply};
use crate::route::{Outcome, RouteInfo, RouteTable};
use crate::service::Told;
use crate::{Context, Places, Root, SeedError, Service, Tasks};

/// The IVCAP service of the local server.
#[derive(Debug)]
pub struct Ivcap {
    core: Arc<Core>,
    routes: RouteTable<Endpoint>,
}

impl Ivcap {
    /// Opens the service on its store.
    ///
    /// # Errors
    /// [`SeedError`] if the store cannot be opened or an option is wrong.
    pub fn open(context: &Context) -> Result<Arc<Self>, SeedError> {
        let failed = |error| SeedError::new("ivcap", error);
        let store = context.engine.service("ivcap", storage::schema::MIGRATIONS).map_err(failed)?;
        let blobs = context.engine.blobs("ivcap").map_err(failed)?;
        let settings = Settings::parse(&context.options)?;
        let core = Arc::new(Core::new(context, store, blobs, settings));
        Ok(Arc::new(Self { core, routes: routes::table() }))
    }

    async fn answer(&self, inbound: Inbound) -> Reply {
        let place = dialect::place(&inbound);
        let matched = match self.routes.find(&inbound.method, &place.path) {
            Outcome::Matched(matched) if place.dialect.is_modern() || !matched.route.handler.modern => {
                matched
            }
            Outcome::WrongMethod { allowed } => {
                return error::wrong_method(&allowed).route("ivcap:wrongMethod");
            }
            Outcome::Matched(_) | Outcome::NotFound => {
                let failure = Failure::not_found(&place.path, "there is nothing at this path");
                return failure.reply().route("ivcap:notFound");
            }
        };
        let (name, endpoint, params) = (matched.route.name, matched.route.handler, matched.params);
        let caller = match self.admit(&inbound, endpoint.gate) {
            Ok(caller) => caller,
            Err(failure) => return failure.reply().route(name),
        };
        let call = Call {
            core: Arc::clone(&self.core),
            view: View { dialect: place.dialect, base: place.base },
            query: inbound.query_pairs(),
            method: inbound.method,
            path: place.path,
            raw_query: inbound.query,
            params,
            headers: inbound.headers,
            body: inbound.body,
            caller,
            gone: inbound.gone,
        };
        self.run(call, endpoint).await.unwrap_or_else(|failure| failure.reply()).route(name)
    }

    async fn run(&self, call: Call, endpoint: Endpoint) -> Answer<Reply> {
        // U+0000 cannot be stored, and nothing is called by it.
        let null = |text: &String| text.contains('\0');
        if call.params.iter().any(|(_, value)| null(value)) {
            return Err(Failure::not_found("", "no name holds a null character"));
        }
        if let Some((name, value)) = call.query.iter().find(|(name, value)| null(name) || null(value)) {
            return Err(Failure::invalid(name, value, "must not hold a null character"));
        }
        (endpoint.run)(call).await
    }

    /// Who calls, if the token is good (401) and has the scope (403).
    fn admit(&self, inbound: &Inbound, gate: Gate) -> Answer<Caller> {
        if gate == Gate::Open {
            return Ok(Caller::nobody());
        }
        let token = inbound.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| value.split_once(' '));
        let token =
            token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let caller = token.and_then(|token| self.core.tokens.check(token, self.core.seconds()));
        let caller = caller.ok_or_else(Failure::unauthorized)?;
        let (has, scope) = match gate {
            Gate::Read | Gate::Open => (caller.scopes.read, "consumer:read"),
            Gate::Write => (caller.scopes.write, "consumer:write"),
        };
        if has {
            Ok(caller)
        } else {
            Err(Failure::forbidden(format_args!("the token lacks the scope {scope}")))
        }
    }
}

impl Service for Ivcap {
    fn name(&self) -> &'static str {
        "ivcap"
    }

    fn roots(&self) -> Vec<Root> {
        vec![Root::new("/1")]
    }

    fn endpoints(&self, places: &Places) -> Vec<(&'static str, String)> {
        let own = places.own_url();
        let modern = own.clone().or_else(|| places.root_url());
        let old = own.or_else(|| places.prefix_url("ivcap"));
        let mut endpoints: Vec<(&'static str, String)> = Vec::new();
        endpoints.extend(modern.map(|url| ("ivcap", url)));
        if let Some(url) = old {
            endpoints.push(("ivcap_l28", format!("{url}/l28")));
            endpoints.push(("ivcap_l23", format!("{url}/l23")));
        }
        endpoints
    }

    fn handle(&self, inbound: Inbound) -> BoxFuture<'_, Reply> {
        Box::pin(self.answer(inbound))
    }

    fn too_large(&self, limit: u64) -> Reply {
        Failure::too_large(limit).reply()
    }

    fn failed(&self, request_id: &str) -> Reply {
        let message = format!("internal error, request id {request_id}");
        Failure::status(StatusCode::INTERNAL_SERVER_ERROR, serde_json::json!({ "message": message })).reply()
    }

    fn seed(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        Box::pin(seed::seed(&self.core, section))
    }

    fn check(&self, section: Value) -> BoxFuture<'_, Result<(), SeedError>> {
        let checked = seed::check(section);
        Box::pin(async { checked })
    }

    /// The shell emptied the store; the seed that follows makes everything anew, keys included.
    fn reset(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        self.core.work.forget();
        Box::pin(async { Ok(()) })
    }

    fn restored(&self) -> BoxFuture<'_, Result<(), SeedError>> {
        self.core.work.forget();
        Box::pin(seed::restored(&self.core))
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Value, SeedError>> {
        let credentials = seed::credentials(&self.core);
        Box::pin(async { credentials })
    }

    fn background(self: Arc<Self>, tasks: &Tasks) {
        let core = Arc::clone(&self.core);
        let service: Arc<dyn Service> = self;
        work::background(&core, &service, tasks);
    }

    fn finish<'a>(&'a self, told: Told<'a>) -> BoxFuture<'a, ()> {
        Box::pin(runner::finish(&self.core, told))
    }

    fn routes(&self) -> Vec<RouteInfo> {
        self.routes.describe()
    }
}
