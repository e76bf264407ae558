//! The websocket transport: the same calls as over HTTP on one connection, and notifications beside them (Zaqar
//! reference 12). v2.
//!
//! A call is mapped from its operation id, path arguments, query and body to an action, and the answer back to what HTTP
//! would have said, so that nothing above this module knows the difference. What has no action over websocket is
//! `Unsupported` before anything is sent.

mod action;
mod answer;
pub(crate) mod link;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use pentad_core::{
    Api, BoxFuture, Error, ErrorKind, Limits, Op, Request, Response, Result, Secret, Sent, Socket, Target,
    Transport,
};
use serde_json::Value;
use tokio::sync::Mutex as Turn;

use self::link::{Form, Link};
use crate::model::Notification;
use crate::{connect, ops};

/// The handshake of the connection.
static OPEN: Op = Op {
    id: "zaqar.websocket.open",
    routes: &[(Api("v2"), Method::GET, "/")],
    idempotent: true,
    patience: std::time::Duration::ZERO,
    source: "Zaqar reference 12.1",
};

/// One websocket connection to the service, opened by the first call. Clones share it.
///
/// A connection serves one request at a time, in order. When it breaks, or a call is given up in its middle, the next call
/// opens another one; notifications end then, because the service drops the subscriptions of a connection with it.
#[derive(Clone)]
pub struct Websocket(Arc<Inner>);

struct Inner {
    socket: Arc<dyn Socket>,
    target: Target,
    form: Form,
    /// Held for the length of one exchange.
    turn: Turn<()>,
    live: Mutex<Option<Live>>,
}

#[derive(Clone)]
struct Live {
    link: Arc<Link>,
    /// The token that the connection was authenticated with.
    token: Option<Secret>,
}

impl Websocket {
    /// Calls over connections of this socket to this place, `ws` or `wss`. Nothing is opened yet.
    pub fn new(socket: Arc<dyn Socket>, target: Target) -> Self {
        Self::with(socket, target, Form::Text)
    }

    /// The same with MessagePack in binary frames, which the service answers and pushes in kind.
    pub fn binary(socket: Arc<dyn Socket>, target: Target) -> Self {
        Self::with(socket, target, Form::Binary)
    }

    fn with(socket: Arc<dyn Socket>, target: Target, form: Form) -> Self {
        Self(Arc::new(Inner { socket, target, form, turn: Turn::new(()), live: Mutex::new(None) }))
    }

    /// The next notification on the present connection; `None` if there is no connection. Those of queues that
    /// [`Queue::listen`](crate::Queue::listen) listens to go there.
    ///
    /// # Errors
    /// [`Connection`](ErrorKind::Connection) when the connection ends.
    pub async fn notification(&self) -> Option<Result<Notification>> {
        let live = self.live()?;
        Some(link::pushed(live.link).await)
    }

    /// Closes the connection in order.
    ///
    /// # Errors
    /// Those of saying goodbye.
    pub async fn close(&self) -> Result<()> {
        let _turn = self.0.turn.lock().await;
        let Some(live) = self.replace(None) else { return Ok(()) };
        live.link.close().await
    }

    pub(crate) fn link(&self) -> Option<Arc<Link>> {
        self.live().map(|live| live.link).filter(|link| !link.is_broken())
    }

    fn live(&self) -> Option<Live> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, live: Option<Live>) -> Option<Live> {
        std::mem::replace(&mut *self.0.live.lock().unwrap_or_else(PoisonError::into_inner), live)
    }

    async fn exchange(&self, request: Request) -> Result<Response> {
        let action = action::of(&request)?;
        let token = request.headers.get(connect::TOKEN_HEADER).and_then(|value| value.to_str().ok());
        let token = token.map(|token| Secret::new(token.to_owned()));
        let _turn = self.0.turn.lock().await;
        let login = token.as_ref().map(|token| action::authenticate(&request, token));
        let live = self.ready(request.op, request.limits, token, login).await?;
        let taken = Taken { websocket: self, done: false };
        let answer = live.link.ask(&action).await;
        taken.done(answer.is_ok());
        answer::response(&request, &answer?)
    }

    /// The connection, opened and authenticated with this token by the frame `login`.
    async fn ready(
        &self,
        op: &'static Op,
        limits: Limits,
        token: Option<Secret>,
        login: Option<Value>,
    ) -> Result<Live> {
        let known = self.live().filter(|live| !live.link.is_broken());
        let link = match known {
            Some(live) if same(live.token.as_ref(), token.as_ref()) => return Ok(live),
            Some(live) => live.link,
            None => Arc::new(self.open(limits).await?),
        };
        self.replace(Some(Live { link: Arc::clone(&link), token: None }));
        if let Some(login) = &login {
            let taken = Taken { websocket: self, done: false };
            let answer = link.ask(login).await;
            taken.done(answer.is_ok());
            let (status, body) = answer::status_and_body(&answer?);
            if status != 200 {
                return Err(answer::refused(op, status, &body));
            }
        }
        let live = Live { link, token };
        self.replace(Some(live.clone()));
        Ok(live)
    }

    async fn open(&self, limits: Limits) -> Result<Link> {
        let handshake = Request {
            op: &OPEN,
            method: Method::GET,
            target: self.0.target.clone(),
            path: String::new(),
            query: Vec::new(),
            raw_query: None,
            headers: http::HeaderMap::new(),
            body: pentad_core::Body::Empty,
            args: pentad_core::message::Args::default(),
            limits,
        };
        let (sink, stream) = self.0.socket.open(handshake).await?;
        Ok(Link::new(sink, stream, self.0.form))
    }
}

fn same(a: Option<&Secret>, b: Option<&Secret>) -> bool {
    a.map(Secret::expose) == b.map(Secret::expose)
}

/// An exchange in its middle: given up there, the connection cannot be used any more, because the next answer on it
/// would be the one to this request.
struct Taken<'a> {
    websocket: &'a Websocket,
    done: bool,
}

impl Taken<'_> {
    fn done(mut self, well: bool) {
        self.done = well;
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.done
            && let Some(live) = self.websocket.replace(None)
        {
            live.link.give_up();
        }
    }
}

impl Transport for Websocket {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(self.exchange(request))
    }
}

impl fmt::Debug for Websocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Websocket").field("target", &self.0.target).finish_non_exhaustive()
    }
}

/// Not over websocket.
fn no_action(request: &Request) -> Error {
    let message = "the websocket transport has no action for this, only HTTP does";
    Error::new(ErrorKind::Unsupported, message).with_op(request.op.id).with_sent(Sent::No)
}

/// The action of an operation, if there is one.
fn action_name(op: &Op) -> Option<String> {
    const WITHOUT: [&Op; 7] = [
        &ops::QUEUE_UPDATE,
        &ops::SIGNED_URL_CREATE,
        &ops::SUBSCRIPTION_UPDATE,
        &ops::SUBSCRIPTION_CONFIRM,
        &ops::QUEUE_EXISTS,
        &ops::QUEUE_SET_METADATA,
        &ops::QUEUE_GET_METADATA,
    ];
    let nouns = ["zaqar.queue.", "zaqar.message.", "zaqar.claim.", "zaqar.subscription."];
    let known = nouns.iter().any(|noun| op.id.starts_with(noun))
        && !WITHOUT.iter().any(|without| without.id == op.id);
    let pops = op.id == ops::MESSAGE_POP.id;
    known.then(|| ops::name(if pops { &ops::MESSAGE_DELETE_MANY } else { op }))
}

/// A frame that is no answer.
fn is_pushed(frame: &Value) -> bool {
    frame.get("request").is_none() && frame.get("headers").is_none()
}
