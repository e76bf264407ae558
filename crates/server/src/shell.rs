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

use crate::body::{self, BodyFault};
use crate::clock::{ServiceTime, Stopwatch};
use crate::control::{self, Control, Entry};
use crate::http::{Inbound, Peer, Reply, ReplyBody};
use crate::seed::Seed;
use crate::service::{SeedError, Service, Tasks};

/// The header that carries request ids, in and out.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a listener shows.
#[derive(Debug, Clone)]
pub(crate) enum View {
    /// All services under their prefixes, and the control API if it was not moved.
    Plain,
    /// The same, and the services that own unambiguous roots on TLS.
    Tls,
    /// One service at the root.
    Service(Arc<dyn Service>),
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
    pub(crate) engine: Engine,
    pub(crate) time: Arc<ServiceTime>,
    pub(crate) tasks: Tasks,
    pub(crate) seed: Seed,
    pub(crate) control: Control,
    /// Cancelled when shutdown begins: waiting handlers answer what they hold.
    pub(crate) draining: CancellationToken,
    pub(crate) max_body: u64,
}

enum Place<'s> {
    Service { service: &'s Arc<dyn Service>, prefix: usize },
    Control { prefix: usize },
    Nowhere,
}

const CONTROL_PREFIX: &str = "/_pentad";

impl Shell {
    /// Answers one request. `authority` is used where the request names none.
    pub(crate) async fn serve<B>(
        &self,
        request: Request<B>,
        peer: Peer,
        view: &View,
        authority: &str,
    ) -> Result<Reply, Broken>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Display,
    {
        let watch = Stopwatch::start();
        let (parts, body) = request.into_parts();
        let id = request_id(&parts.headers);
        let place = self.place(view, parts.uri.path());
        let name = match &place {
            Place::Service { service, .. } => service.name(),
            Place::Control { .. } => "control",
            Place::Nowhere => "none",
        };
        let plan = match place {
            Place::Service { .. } => self.control.faults.plan(name, &parts.method, parts.uri.path()),
            _ => control::Plan::default(),
        };
        plan.wait().await;
        if plan.reset {
            return Err(Broken("reset by a fault rule".to_owned()));
        }
        let mut entry = Entry::new(name, &parts, &id, self.time.now());
        let mut reply = match plan.reply() {
            Some(reply) => reply,
            None => self.answer(place, parts, body, peer, authority, &id, &mut entry).await?,
        };
        self.finish(&mut reply, &id);
        entry.answered(&reply, watch.elapsed());
        self.control.record(entry);
        Ok(if plan.truncate { control::truncated(reply) } else { reply })
    }

    #[expect(clippy::too_many_arguments, reason = "one request in all its parts, used once")]
    async fn answer<B>(
        &self,
        place: Place<'_>,
        parts: Parts,
        body: B,
        peer: Peer,
        authority: &str,
        id: &str,
        entry: &mut Entry,
    ) -> Result<Reply, Broken>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Display,
    {
        if body.size_hint().exact().is_some_and(|length| length > self.max_body) {
            // Whoever asked first sends nothing after a refusal; whoever did not is heard out for a moment.
            if !parts.headers.contains_key(EXPECT) {
                body::discard(body).await;
            }
            return Ok(self.too_large(&place));
        }
        let body = match body::read(body, self.max_body).await {
            Ok(body) => body,
            Err(BodyFault::TooLarge) => return Ok(self.too_large(&place)),
            Err(BodyFault::Broken(why)) => return Err(Broken(why)),
        };
        entry.body(&body);
        let gone = self.draining.child_token();
        let guard = gone.clone().drop_guard();
        let reply = match place {
            Place::Nowhere => self.nowhere(),
            Place::Control { prefix } => {
                let inbound = inbound(parts, body, peer, prefix, authority, id, gone);
                caught(control::handle(self, inbound)).await.unwrap_or_else(|| fault(id))
            }
            Place::Service { service, prefix } => {
                let inbound = inbound(parts, body, peer, prefix, authority, id, gone);
                caught(service.handle(inbound)).await.unwrap_or_else(|| {
                    tracing::error!(service = service.name(), request_id = id, "a handler panicked");
                    self.control.metrics.panicked();
                    service.failed(id)
                })
            }
        };
        Ok(keep(reply, guard))
    }

    fn place(&self, view: &View, path: &str) -> Place<'_> {
        let below = |prefix: &str| match path.strip_prefix(prefix) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        };
        let by_name = |name: &str| self.services.iter().find(|service| service.name() == name);
        match view {
            View::Control if below(CONTROL_PREFIX) => Place::Control { prefix: CONTROL_PREFIX.len() },
            View::Control => Place::Control { prefix: 0 },
            View::Service(own) => match by_name(own.name()) {
                Some(service) => Place::Service { service, prefix: 0 },
                None => Place::Nowhere,
            },
            View::Plain | View::Tls => {
                if below(CONTROL_PREFIX) && !self.control.is_moved() {
                    return Place::Control { prefix: CONTROL_PREFIX.len() };
                }
                let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
                match by_name(first).filter(|_| below(&format!("/{first}"))) {
                    Some(service) => Place::Service { service, prefix: first.len() + 1 },
                    // The root of a TLS listener is the AMS API, unknown paths included (AMS reference 1).
                    None if matches!(view, View::Tls) => match by_name("ams") {
                        Some(service) => Place::Service { service, prefix: 0 },
                        None => Place::Nowhere,
                    },
                    None => Place::Nowhere,
                }
            }
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
        reply.header(CONNECTION, HeaderValue::from_static("close"))
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

fn inbound(
    parts: Parts,
    body: Bytes,
    peer: Peer,
    prefix: usize,
    authority: &str,
    id: &str,
    gone: CancellationToken,
) -> Inbound {
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
        gone,
    }
}

/// The caller's id if it is short plain text, else a fresh one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let usable = |id: &&str| !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic());
    match given.filter(usable) {
        Some(id) => id.to_owned(),
        None => format!("req-{:016x}", fastrand::u64(..)),
    }
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
