//! One attempt: credential, exchange, redirects, body.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName, LOCATION, RANGE, USER_AGENT};
use http::response::Parts;
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::auth::{Exchange, Stamp};
use crate::classify::classify;
use crate::clock::Clock;
use crate::draft::Redirect;
use crate::error::{Error, ErrorKind, Result, Sent};
use crate::log;
use crate::message::{Request, Response, ResponseBody};
use crate::op::Op;
use crate::retry::run::{Answer, Plan, Progress};
use crate::target::{Target, same_origin};

/// More hops than this are a loop.
const HOPS: usize = 10;
/// Error bodies are read up to this size: they are explanations.
const EXPLANATION: usize = 1024 * 1024;
/// Headers that may go to another origin: they say nothing about the caller.
const HARMLESS: [HeaderName; 5] = [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, RANGE, USER_AGENT];

/// Runs a future for at most `limit`; `None` if the limit came first. The timer is made only if the future must wait.
///
/// The work is pinned by the caller: an async function that takes it as a value keeps room for it twice.
pub(crate) async fn race<T>(
    clock: &dyn Clock,
    limit: Duration,
    mut work: Pin<&mut (impl Future<Output = T> + ?Sized)>,
) -> Option<T> {
    let mut alarm = None;
    poll_fn(|cx| {
        if let Poll::Ready(value) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(value));
        }
        alarm.get_or_insert_with(|| clock.sleep(limit)).as_mut().poll(cx).map(|()| None)
    })
    .await
}

/// Sends the request once, following redirects as the plan allows.
pub(crate) async fn attempt(
    plan: &Plan<'_>,
    original: &mut Request,
    exchange: Option<&Exchange>,
    progress: &Progress,
    number: u32,
    stamp: &mut Stamp,
) -> Result<Answer> {
    // Boxed: room for what is rare would be carried along by every call.
    let mut moved: Option<Box<Moved>> = None;
    let mut base = None;
    for _ in 0..=HOPS {
        let (source, credential) = match &mut moved {
            Some(moved) => (&mut moved.request, moved.same_origin),
            None => (&mut *original, true),
        };
        let mut request = source.take_copy();
        if let (true, Some(exchange), Some(authorize)) =
            (credential, exchange, &plan.session.shared().authorize)
        {
            *stamp = authorize.authorize(exchange, &mut request).await?;
        }
        let here = match &request.target {
            Target::Url(here) => Some(here.clone()),
            Target::Service { .. } => None,
        };
        let redirected = redirects(plan, &request);
        let response = hand_over(plan, request, progress, number).await?;
        let (parts, body) = answered(plan, source.op, response, number);
        let location = if redirected { location(&parts) } else { None };
        let (Some(location), Some(here)) = (location, &here) else {
            let body = gathered(plan, &parts, body).await;
            return conclude(plan, source.op, parts, body, base.or(here));
        };
        let uri = source.uri_at(here)?;
        base.get_or_insert_with(|| here.clone());
        moved = Some(Box::new(follow(plan, source, &uri, &location, credential, parts.status)?));
    }
    Err(Error::new(ErrorKind::Unexpected, "too many redirects").with_sent(Sent::Answered))
}

/// A request on its way through redirects.
struct Moved {
    request: Request,
    same_origin: bool,
}

fn hand_over<'a>(
    plan: &Plan<'a>,
    request: Request,
    progress: &Progress,
    number: u32,
) -> BoxFuture<'a, Result<Response>> {
    let shared = plan.session.shared();
    log::sending(&request, number);
    for observer in &shared.observers {
        observer.sending(&request, number);
    }
    progress.handed_over.store(true, Ordering::Relaxed);
    shared.transport.send(request)
}

fn answered(plan: &Plan<'_>, op: &'static Op, response: Response, number: u32) -> (Parts, ResponseBody) {
    log::answered(op, &response, number);
    for observer in &plan.session.shared().observers {
        observer.answered(op, response.status, &response.headers, number);
    }
    response.into_parts()
}

/// Whether the answer goes to the decoder.
fn is_wanted(plan: &Plan<'_>, parts: &Parts) -> bool {
    let status = parts.status;
    let redirect =
        status.is_redirection() && plan.redirect == Redirect::Never && status != StatusCode::NOT_MODIFIED;
    status.is_success() || redirect || plan.accept.is_some_and(|accept| accept(status, &parts.headers))
}

/// Reads what the status demands: the value's body, or the explanation of a failure.
async fn gathered(plan: &Plan<'_>, parts: &Parts, body: ResponseBody) -> Result<ResponseBody> {
    let most = match is_wanted(plan, parts) {
        true if !plan.whole => return Ok(body),
        true => plan.session.shared().max_answer,
        false => EXPLANATION,
    };
    match body {
        // Almost always: short answers come whole.
        ResponseBody::Full(bytes) if bytes.len() <= most => Ok(ResponseBody::Full(bytes)),
        body => Ok(ResponseBody::Full(Box::pin(body.bytes(most)).await?)),
    }
}

fn conclude(
    plan: &Plan<'_>,
    op: &'static Op,
    parts: Parts,
    body: Result<ResponseBody>,
    base: Option<Uri>,
) -> Result<Answer> {
    if is_wanted(plan, &parts) {
        return Ok(Answer { parts, body: body?, base });
    }
    // An explanation that cannot be read leaves the status, which says enough.
    let explanation = match body {
        Ok(ResponseBody::Full(explanation)) => explanation,
        _ => Bytes::new(),
    };
    let shared = plan.session.shared();
    Err(classify(op, &parts, &explanation, shared.details, &*shared.clock))
}

fn redirects(plan: &Plan<'_>, request: &Request) -> bool {
    plan.redirect != Redirect::Never && matches!(request.method, Method::GET | Method::HEAD)
}

fn location(parts: &Parts) -> Option<String> {
    let followed = matches!(parts.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    followed.then(|| parts.headers.get(LOCATION)?.to_str().ok().map(str::to_owned)).flatten()
}

fn follow(
    plan: &Plan<'_>,
    source: &mut Request,
    here: &Uri,
    location: &str,
    credential: bool,
    status: StatusCode,
) -> Result<Moved> {
    let wrong = |message: &'static str| Error::new(ErrorKind::Unexpected, message).with_status(status);
    let there = crate::target::resolve(here, location)
        .ok_or_else(|| wrong("redirect to something that is no URL"))?;
    let same = same_origin(here, &there);
    if !same && plan.redirect == Redirect::SameOrigin {
        return Err(wrong("redirect to another origin refused")
            .with_hint("the credential would follow it; correct the endpoint"));
    }
    let mut request = source.take_copy();
    request.follow_uri(there)?;
    if !same {
        let mut harmless = HeaderMap::new();
        for name in HARMLESS {
            if let Some(value) = request.headers.remove(&name) {
                harmless.insert(name, value);
            }
        }
        request.headers = harmless;
    }
    // Once the credential was dropped it stays dropped, wherever the chain leads.
    Ok(Moved { request, same_origin: same && credential })
}
