//! From a request to its answer: finds the service, keeps the limits, catches panics, keeps the books.

use std::fmt::{self, Display};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::header::{CONNECTION, DATE, EXPECT, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use http_body::Body;
use jiff::fmt::rfc2822::DateTimePrinter;
use pentad_store::Engine;
use serde_json::json;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use uuid::Builder;

use crate::budget::Budgets;
use crate::clock::{ServiceTime, Stopwatch};
use crate::control::{self, Control, Entry};
use crate::http::{BodyFault, Inbound, Incoming, Mount, Peer, Reply, ReplyBody, Upgrade};
use crate::incoming::{self, Ledger, Raw};
use crate::seed::Seed;
use crate::service::{Root, SeedError, Service, Tasks};
use crate::upgrade::Sockets;

/// The header that carries request ids, in and out.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// What a listener shows.
#[derive(Debug, Clone)]
pub(crate) enum View {
    /// All services under their prefixes, and the control API if it was not moved.
    Plain,
    /// The same, and the roots that services have on TLS only.
    Tls,
    /// One service at the root.
    Service(&'static str),
    /// The control API alone.
    Control,
}

/// An exchange that ends without an answer: the connection is broken off.
#[derive(Debug)]
pub(crate) struct Broken(pub(crate) String);

impl Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

/// Everything that requests share.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) services: Vec<Arc<dyn Service>>,
    /// Paths outside of prefixes, the longest first, each with the index of its service.
    pub(crate) roots: Vec<(Root, usize)>,
    pub(crate) engine: Engine,
    pub(crate) time: Arc<ServiceTime>,
    pub(crate) tasks: Tasks,
    pub(crate) seed: Seed,
    pub(crate) control: Control,
    /// Cancelled when shutdown begins: waiting handlers answer what they hold.
    pub(crate) draining: CancellationToken,
    pub(crate) max_body: u64,
    pub(crate) budgets: Budgets,
    /// Upgraded connections.
    pub(crate) sockets: Sockets,
    /// Bodies that are being discarded.
    pub(crate) discards: TaskTracker,
}

/// How a request came in.
#[derive(Debug)]
pub(crate) struct Arrival<'v> {
    pub(crate) peer: Peer,
    pub(crate) view: &'v View,
    /// Used where the request names none.
    pub(crate) authority: &'v str,
    pub(crate) upgrade: Option<Upgrade>,
    /// Whether a connection lies between: an unread body must be heard out there, so that its sender gets to read the
    /// answer, and the answer takes its time to leave.
    pub(crate) connected: bool,
}

enum Place<'s> {
    Service { service: &'s Arc<dyn Service>, prefix: usize, mount: Mount },
    Control { prefix: usize },
    Nowhere,
}

impl Place<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Service { service, .. } => service.name(),
            Self::Control { .. } => "control",
            Self::Nowhere => "none",
        }
    }
}

const CONTROL_PREFIX: &str = "/_pentad";

impl Shell {
    /// Answers one request.
    pub(crate) async fn serve<B>(&self, request: Request<B>, arrival: Arrival<'_>) -> Result<Reply, Broken>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let watch = Stopwatch::start();
        let (parts, body) = request.into_parts();
        let id = request_id(&parts.headers);
        let place = self.place(arrival.view, parts.uri.path());
        let plan = match place {
            Place::Service { .. } => self.control.faults.plan(place.name(), &parts.method, parts.uri.path()),
            _ => control::Plan::default(),
        };
        plan.wait().await;
        if plan.reset {
            return Err(Broken("reset by a fault rule".to_owned()));
        }
        let mut entry = Entry::new(place.name(), &parts, &id, self.time.now());
        let (body, ledger) = Incoming::new(body, self.max_body, &self.budgets);
        let connected = arrival.connected;
        let discard = connected.then(|| Expecting(parts.headers.contains_key(EXPECT)));
        let answered = match plan.reply() {
            Some(reply) => {
                drop(body);
                reply
            }
            None => self.answer(&place, parts, body, arrival, &id).await,
        };
        let mut reply = self.judge(answered, &place, &ledger, discard)?;
        if connected {
            // In process the answer is its reader's from now on, who may keep it.
            reply.body = ledger.seen().in_its_room(reply.body);
        }
        self.finish(&mut reply, &id);
        note(&mut entry, &ledger);
        entry.answered(&reply, watch.elapsed());
        self.control.record(entry);
        Ok(if plan.truncate { control::truncated(reply) } else { reply })
    }

    async fn answer(
        &self,
        place: &Place<'_>,
        parts: Parts,
        body: Incoming,
        arrival: Arrival<'_>,
        id: &str,
    ) -> Reply {
        let gone = self.draining.child_token();
        let guard = gone.clone().drop_guard();
        let reply = match place {
            Place::Nowhere => self.nowhere(),
            Place::Control { prefix } => {
                let inbound = inbound(parts, body, arrival, (*prefix, Mount::Prefix), id, gone);
                caught(control::handle(self, inbound)).await.unwrap_or_else(|| fault(id))
            }
            Place::Service { service, prefix, mount } => {
                let inbound = inbound(parts, body, arrival, (*prefix, *mount), id, gone);
                caught(service.handle(inbound)).await.unwrap_or_else(|| {
                    tracing::error!(service = service.name(), request_id = id, "a handler panicked");
                    self.control.metrics.panicked();
                    service.failed(id)
                })
            }
        };
        keep(reply, guard)
    }

    /// Puts the answers for faults of the body in the place of what a service made of them, and has the rest of the
    /// body discarded.
    fn judge(
        &self,
        reply: Reply,
        place: &Place<'_>,
        ledger: &Ledger,
        discard: Option<Expecting>,
    ) -> Result<Reply, Broken> {
        let (fault, left, length) = {
            let mut seen = ledger.seen();
            (seen.fault.take(), seen.left.take(), seen.length)
        };
        let mut reply = match fault {
            None => reply,
            Some(BodyFault::Broken(why)) => return Err(Broken(why)),
            Some(BodyFault::TooLarge { .. }) => Reply { route: reply.route, ..self.too_large(place) },
            Some(slow) => Reply { route: reply.route, ..slow.reply().header(CONNECTION, CLOSE) },
        };
        if let (Some(left), Some(Expecting(expecting))) = (left, discard) {
            // Whoever asked first sends nothing after a refusal; whoever did not is heard out for a moment.
            if expecting && length == 0 {
                reply.headers.insert(CONNECTION, CLOSE);
            } else {
                self.discards.spawn(discarded(left, self.max_body, self.draining.clone()));
            }
        }
        Ok(reply)
    }

    fn place(&self, view: &View, path: &str) -> Place<'_> {
        let below = |prefix: &str| match path.strip_prefix(prefix) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        };
        let by_name = |name: &str| self.services.iter().find(|service| service.name() == name);
        let tls = match view {
            View::Control if below(CONTROL_PREFIX) => return Place::Control { prefix: CONTROL_PREFIX.len() },
            View::Control => return Place::Control { prefix: 0 },
            View::Service(own) => {
                return match by_name(own) {
                    Some(service) => Place::Service { service, prefix: 0, mount: Mount::Own },
                    None => Place::Nowhere,
                };
            }
            View::Plain => false,
            View::Tls => true,
        };
        if below(CONTROL_PREFIX) && !self.control.is_moved() {
            return Place::Control { prefix: CONTROL_PREFIX.len() };
        }
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        if let Some(service) = by_name(first).filter(|_| below(&format!("/{first}"))) {
            return Place::Service { service, prefix: first.len() + 1, mount: Mount::Prefix };
        }
        let root = self.roots.iter().find(|(root, _)| (tls || !root.only_tls) && root.has(path));
        match root.and_then(|(root, service)| Some((root, self.services.get(*service)?))) {
            Some((root, service)) => Place::Service { service, prefix: 0, mount: Mount::Root(root.path) },
            None => Place::Nowhere,
        }
    }

    fn too_large(&self, place: &Place<'_>) -> Reply {
        let reply = match place {
            Place::Service { service, .. } => service.too_large(self.max_body),
            _ => {
                let message = format!("the body is longer than {} bytes", self.max_body);
                let error = json!({"error": {"code": 413, "message": message}});
                Reply::json(StatusCode::PAYLOAD_TOO_LARGE, &error)
            }
        };
        // The rest of the body is still on its way: this connection cannot carry another request.
        reply.header(CONNECTION, CLOSE)
    }

    fn nowhere(&self) -> Reply {
        let mut prefixes: Vec<String> = self.services.iter().map(|s| format!("/{}", s.name())).collect();
        if !self.control.is_moved() {
            prefixes.push(CONTROL_PREFIX.to_owned());
        }
        let error = json!({"error": {"code": 404, "message": "nothing here", "prefixes": prefixes}});
        Reply::json(StatusCode::NOT_FOUND, &error)
    }

    fn finish(&self, reply: &mut Reply, id: &str) {
        if let Ok(value) = HeaderValue::from_str(id) {
            reply.headers.insert(REQUEST_ID, value);
        }
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&self.time.now());
        if let Some(value) = date.ok().and_then(|date| HeaderValue::try_from(date).ok()) {
            reply.headers.insert(DATE, value);
        }
    }
}

async fn caught(work: impl Future<Output = Reply>) -> Option<Reply> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

fn fault(id: &str) -> Reply {
    let error = json!({"error": {"code": 500, "message": format!("internal error, request id {id}")}});
    Reply::json(StatusCode::INTERNAL_SERVER_ERROR, &error)
}

/// A streamed answer keeps its request alive until the stream ends.
fn keep(mut reply: Reply, guard: DropGuard) -> Reply {
    if let ReplyBody::Stream(stream) = reply.body {
        let held = stream.inspect(move |_| {
            let _ = &guard;
        });
        reply.body = ReplyBody::Stream(Box::pin(held));
    }
    reply
}

/// Whether the client waits to be asked for its body.
struct Expecting(bool);

async fn discarded(left: Raw, most: u64, draining: CancellationToken) {
    tokio::select! {
        () = incoming::discard(left, most) => {}
        () = draining.cancelled() => {}
    }
}

/// What the request log keeps of a body.
fn note(entry: &mut Entry, ledger: &Ledger) {
    let seen = ledger.seen();
    entry.body(seen.length, seen.excerpt.as_ref());
}

fn inbound(
    parts: Parts,
    body: Incoming,
    arrival: Arrival<'_>,
    (prefix, mount): (usize, Mount),
    id: &str,
    gone: CancellationToken,
) -> Inbound {
    let Arrival { peer, authority, upgrade, .. } = arrival;
    let (prefix, path) = parts.uri.path().split_at(prefix);
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = parts.uri.authority().map(|a| a.as_str()).or(host).filter(|host| !host.is_empty());
    let scheme = if peer.secure { "https" } else { "http" };
    Inbound {
        base: format!("{scheme}://{}{prefix}", host.unwrap_or(authority)),
        path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
        query: parts.uri.query().map(str::to_owned),
        method: parts.method,
        headers: parts.headers,
        body,
        peer,
        request_id: id.to_owned(),
        mount,
        upgrade,
        gone,
    }
}

/// The caller's id if it is short plain text, else a fresh one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let usable = |id: &&str| !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic());
    match given.filter(usable) {
        Some(id) => id.to_owned(),
        None => {
            // An id needs no secrecy: this spares a call of the system per request.
            let random = fastrand::u128(..).to_ne_bytes();
            format!("req-{}", Builder::from_random_bytes(random).into_uuid())
        }
    }
}

/// The roots of all services, the longest first.
pub(crate) fn roots(services: &[Arc<dyn Service>]) -> Vec<(Root, usize)> {
    let own = |(index, service): (usize, &Arc<dyn Service>)| {
        service.roots().into_iter().map(move |root| (root, index))
    };
    let mut roots: Vec<(Root, usize)> = services.iter().enumerate().flat_map(own).collect();
    roots.sort_by_key(|(root, _)| std::cmp::Reverse(root.path.trim_end_matches('/').len()));
    roots
}

impl Shell {
    /// The names of all services: the sections that a seed may have.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.services.iter().map(|service| service.name()).collect()
    }

    /// Seeds every service; those without a section make the installation without a seed.
    pub(crate) async fn seed(&self, seed: &Seed) -> Result<(), SeedError> {
        for service in &self.services {
            service.seed(seed.section(service.name())).await?;
        }
        Ok(())
    }
}
