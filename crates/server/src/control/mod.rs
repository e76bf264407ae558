//! The control API under `/_pentad`: health, metrics, request log, reset, snapshots, faults, clock, and a page of it all.
//!
//! From this machine it is open; from elsewhere it wants `authorization: Bearer ADMIN_TOKEN`. Pages of other
//! origins in a browser on this machine are refused, since they could reach a loopback port too.

mod clock;
mod config;
mod console;
mod faults;
mod health;
mod known;
mod log;
mod metrics;
mod reset;
mod snapshot;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, OnceLock};

use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use pentad_core::Secret;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

pub(crate) use faults::{Faults, Plan, truncated};
pub(crate) use log::Entry;

use crate::guarded::is_on_behalf;
use crate::http::{Inbound, Reply};
use crate::options::ServerOptions;
use crate::route::{Decoding, Outcome, Route, RouteTable};
use crate::shell::Shell;

/// What the control API keeps.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) faults: Faults,
    pub(crate) metrics: metrics::Metrics,
    log: log::Log,
    known: known::Known,
    config: OnceLock<Value>,
    token: Secret,
    moved: AtomicBool,
}

#[derive(Debug, Clone, Copy)]
enum Action {
    Index,
    Alive,
    Ready,
    Metrics,
    Log,
    ForgetLog,
    Reset,
    Seed,
    Clock,
    Freeze,
    Release,
    Advance,
    Settle,
    ResetClock,
    Faults,
    AddFault,
    ClearFaults,
    Routes,
    Config,
    Snapshots,
    Snapshot,
    DropSnapshot,
    Restore,
}

static ROUTES: LazyLock<RouteTable<Action>> = LazyLock::new(|| {
    let get = |template, name, action| Route::new(Method::GET, template, name, action);
    let post = |template, name, action| Route::new(Method::POST, template, name, action);
    RouteTable::new(
        Decoding::Segments,
        vec![
            get("/", "control:index", Action::Index),
            get("/health", "control:health", Action::Alive),
            get("/healthz", "control:healthz", Action::Alive),
            get("/readyz", "control:readyz", Action::Ready),
            get("/metrics", "control:metrics", Action::Metrics),
            get("/log", "control:log", Action::Log),
            Route::new(Method::DELETE, "/log", "control:forgetLog", Action::ForgetLog),
            post("/reset", "control:reset", Action::Reset),
            post("/seed", "control:seed", Action::Seed),
            get("/clock", "control:clock", Action::Clock),
            post("/clock/freeze", "control:freeze", Action::Freeze),
            post("/clock/release", "control:release", Action::Release),
            post("/clock/advance", "control:advance", Action::Advance),
            post("/clock/settle", "control:settle", Action::Settle),
            post("/clock/reset", "control:resetClock", Action::ResetClock),
            get("/faults", "control:faults", Action::Faults),
            post("/faults", "control:addFault", Action::AddFault),
            Route::new(Method::DELETE, "/faults", "control:clearFaults", Action::ClearFaults),
            get("/routes", "control:routes", Action::Routes),
            get("/config", "control:config", Action::Config),
            get("/snapshots", "control:snapshots", Action::Snapshots),
            post("/snapshots/{name}", "control:snapshot", Action::Snapshot),
            Route::new(Method::DELETE, "/snapshots/{name}", "control:dropSnapshot", Action::DropSnapshot),
            post("/snapshots/{name}/restore", "control:restore", Action::Restore),
        ],
    )
});

impl Control {
    pub(crate) fn new(token: Secret) -> Self {
        Self {
            faults: Faults::default(),
            metrics: metrics::Metrics::default(),
            log: log::Log::default(),
            known: known::Known::default(),
            config: OnceLock::new(),
            token,
            moved: AtomicBool::new(false),
        }
    }

    /// Whether the control API has a listener of its own.
    pub(crate) fn is_moved(&self) -> bool {
        self.moved.load(Ordering::Relaxed)
    }

    pub(crate) fn moved(&self) {
        self.moved.store(true, Ordering::Relaxed);
    }

    /// Takes what the server was opened with, and what it announces: secrets in them are never shown.
    pub(crate) fn opened(&self, options: &ServerOptions, credentials: &Map<String, Value>) {
        if let Some(seed) = &options.seed {
            self.known.learn(&seed.document());
        }
        self.known.credentials(credentials);
        // Opened once; a second time would say the same.
        let _ = self.config.set(config::describe(options));
    }

    pub(crate) fn record(&self, entry: Entry) {
        self.metrics.count(&entry);
        self.log.add(entry, &self.known);
    }
}

/// Answers one request of the control API.
pub(crate) async fn handle(shell: &Shell, mut inbound: Inbound) -> Reply {
    let (route, params) = match ROUTES.find(&inbound.method, &inbound.path) {
        Outcome::Matched(matched) => (matched.route, matched.params),
        Outcome::WrongMethod { .. } => {
            return *problem(StatusCode::METHOD_NOT_ALLOWED, "this path has other verbs");
        }
        Outcome::NotFound => return *problem(StatusCode::NOT_FOUND, "no such page; see /_pentad"),
    };
    if let Err(refusal) = admit(shell, &inbound, route.handler) {
        return *refusal;
    }
    if let Err(fault) = inbound.body.bytes().await {
        return fault.reply().route(route.name);
    }
    let reply = match route.handler {
        Action::Index if console::wanted(&inbound) => console::page(shell, &inbound),
        Action::Index => health::index(shell, &inbound),
        Action::Alive => health::alive(),
        Action::Ready => health::ready(shell).await,
        Action::Metrics => health::metrics(shell),
        Action::Routes => health::routes(shell),
        Action::Log => log::show(shell, &inbound),
        Action::ForgetLog => log::forget(shell),
        Action::Reset => reset::reset(shell, &inbound).await,
        Action::Seed => reset::seed(shell, &inbound).await,
        Action::Clock => clock::show(shell),
        Action::Freeze => clock::freeze(shell, &inbound),
        Action::Release => clock::release(shell),
        Action::Advance => clock::advance(shell, &inbound),
        Action::Settle => clock::settle(shell, &inbound).await,
        Action::ResetClock => clock::reset(shell),
        Action::Faults => faults::show(shell),
        Action::AddFault => faults::add(shell, &inbound),
        Action::ClearFaults => faults::clear(shell),
        Action::Config => config::show(shell),
        Action::Snapshots => snapshot::list(shell),
        Action::Snapshot => snapshot::make(shell, name(&params)).await,
        Action::DropSnapshot => snapshot::remove(shell, name(&params)),
        Action::Restore => snapshot::restore(shell, name(&params)).await,
    };
    reply.unwrap_or_else(|refusal| *refusal).route(route.name)
}

/// What every page gives: an answer, or a refusal in the same shape.
type Answer = Result<Reply, Refusal>;
/// A refusal; boxed, since it is rare and large.
type Refusal = Box<Reply>;

fn admit(shell: &Shell, inbound: &Inbound, action: Action) -> Result<(), Refusal> {
    if matches!(action, Action::Alive | Action::Ready) {
        return Ok(());
    }
    let given = inbound.header(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
    if given.is_some_and(|token| Secret::new(token) == shell.control.token) {
        return Ok(());
    }
    if !inbound.peer.is_local() {
        return Err(problem(
            StatusCode::UNAUTHORIZED,
            "authorization: Bearer ADMIN_TOKEN is required from elsewhere",
        ));
    }
    // A subscriber that a user named may be at this machine, and its notifications come from here.
    if is_on_behalf(&inbound.headers) {
        return Err(problem(StatusCode::FORBIDDEN, "not for calls that this server makes for its users"));
    }
    let own = inbound.base.strip_suffix("/_pentad").unwrap_or(&inbound.base);
    // A page whose name was made to point at this machine sends its own name as the host, and as the origin.
    if !names_this_machine(own) {
        return Err(problem(StatusCode::FORBIDDEN, "the host must be localhost or a loopback address"));
    }
    match inbound.header("origin") {
        Some(origin) if origin != own => {
            Err(problem(StatusCode::FORBIDDEN, "not from a page of another origin"))
        }
        _ => Ok(()),
    }
}

/// Whether the authority of a base URL is this machine by a name that no one else can give out.
fn names_this_machine(base: &str) -> bool {
    let Ok(base) = url::Url::parse(base) else { return false };
    match base.host() {
        Some(url::Host::Domain(name)) => matches!(name, "localhost" | "pentad.local"),
        Some(url::Host::Ipv4(addr)) => addr.is_loopback(),
        Some(url::Host::Ipv6(addr)) => addr.is_loopback(),
        None => false,
    }
}

/// The authority that the caller used.
fn authority(inbound: &Inbound) -> &str {
    inbound.base.split("//").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

/// The one variable of a path.
fn name<'p>(params: &'p [(&'static str, String)]) -> &'p str {
    params.first().map_or("", |(_, value)| value.as_str())
}

fn problem(status: StatusCode, message: impl std::fmt::Display) -> Refusal {
    let error = json!({"error": {"code": status.as_u16(), "message": message.to_string()}});
    Box::new(Reply::json(status, &error))
}

fn done(value: &Value) -> Answer {
    Ok(Reply::json(StatusCode::OK, value))
}

/// Reads a JSON body; an empty one stands for `{}`.
fn read<T: DeserializeOwned>(inbound: &Inbound) -> Result<T, Refusal> {
    let sent = inbound.body.whole().trim_ascii();
    let body = if sent.is_empty() { b"{}" } else { sent };
    serde_json::from_slice(body).map_err(|error| problem(StatusCode::BAD_REQUEST, error))
}
