//! The websocket endpoint: the actions of v2 on one connection, and the messages of subscribed queues pushed to it
//! (Zaqar reference 12).
//!
//! `frame` reads and writes, `schema` says what an action needs, `actions` answer over the same storage functions and
//! checks as the HTTP handlers, `push` hands posted messages to connections.

mod actions;
mod frame;
pub(crate) mod push;
mod request;
mod schema;

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use self::frame::Form;
use self::request::Request;
use self::schema::{Action, Task};
use super::Zaqar;
use super::quirks::Quirk;
use super::settings::Auth;
use super::signature::texts_of;
use super::storage::subscriptions;
use crate::http::{Frame, Inbound, Reply};
use crate::identity::{Rejected, TokenInfo};
use crate::websocket::WebSocket;

/// A frame takes so many times the longest post, at least: names and escapes are in it too.
const ROOM: u64 = 4;
/// The code of a goodbye when the token of the connection ended.
const EXPIRED: u16 = 4003;
/// The code of a goodbye where the original stumbles.
const STUMBLED: u16 = 1011;

/// Who a connection was authenticated as.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) token: String,
    pub(super) info: TokenInfo,
}

/// What becomes of a connection after a request.
enum Next {
    Answer(Frame),
    /// Its token is good no more.
    Expired,
    End,
}

/// One open connection.
struct Connection {
    zaqar: Arc<Zaqar>,
    /// The address under which it subscribes itself.
    address: String,
    pushed: mpsc::Receiver<Bytes>,
    /// The form of what is pushed: that of the last subscription.
    form: Form,
    caller: Option<Caller>,
    /// Subscriptions that end with it: project, queue, id.
    own: Vec<(String, String, String)>,
}

impl Zaqar {
    /// Opens a websocket connection.
    pub(super) fn open_socket(self: &Arc<Self>, inbound: &mut Inbound) -> Reply {
        let most = self.settings().max_messages_post_size.saturating_mul(ROOM).max(1 << 20);
        let zaqar = Arc::clone(self);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        WebSocket::accept(inbound, most, |socket| async move {
            let (address, pushed) = zaqar.sockets.enter(&zaqar.listening);
            let (form, caller, own) = (Form::default(), None, Vec::new());
            Connection { zaqar, address, pushed, form, caller, own }.serve(socket).await;
        })
    }
}

impl Connection {
    async fn serve(mut self, mut socket: WebSocket) {
        loop {
            let end = self.caller.as_ref().and_then(|caller| caller.info.expires_at);
            let time = Arc::clone(&self.zaqar.time);
            let next = tokio::select! {
                frame = socket.next() => match frame {
                    Some(Ok(frame)) if self.is_good().await => self.answer(&frame).await,
                    Some(Ok(_)) => Next::Expired,
                    Some(Err(_)) | None => break,
                },
                Some(json) = self.pushed.recv() => match frame::rewrite(self.form, &json) {
                    Some(_) if !self.is_good().await => Next::Expired,
                    Some(frame) => Next::Answer(frame),
                    None => continue,
                },
                () = until(&time, end) => Next::Expired,
            };
            match next {
                Next::Answer(frame) => {
                    if socket.send(frame).await.is_err() {
                        break;
                    }
                }
                Next::Expired => {
                    socket.close(EXPIRED, "Authentication expired.").await;
                    break;
                }
                Next::End => {
                    socket.close(STUMBLED, "there is no such action here").await;
                    break;
                }
            }
        }
        self.leave().await;
    }

    /// Whether the token of the connection, if it has one, still is one: it may have been revoked.
    async fn is_good(&self) -> bool {
        match &self.caller {
            Some(caller) => {
                !matches!(self.zaqar.identity.validate(&caller.token).await, Err(Rejected::Invalid))
            }
            None => true,
        }
    }

    /// Removes what was subscribed for this connection alone.
    async fn leave(self) {
        let busy = self.zaqar.time.busy();
        self.zaqar.sockets.leave(&self.address);
        for (project, queue, id) in self.own {
            let gone =
                self.zaqar.write(move |tx| Ok(subscriptions::delete(tx, &project, &queue, &id)?)).await;
            if let Err(failure) = gone {
                tracing::warn!(why = failure.text(), "a subscription of a closed connection is left behind");
            }
        }
        drop(busy);
    }

    async fn answer(&mut self, frame: &Frame) -> Next {
        let Some((form, document)) = frame::read(frame) else { return Next::End };
        let refused = |request: &Value, status: u16, text: &str| {
            let document =
                json!({"request": request, "body": {"error": text}, "headers": {"status": status}});
            frame::write(form, &document).map_or(Next::End, Next::Answer)
        };
        let request = match document {
            Err(why) => return refused(&echo(&Map::new()), 400, &why),
            Ok(Value::Object(map)) => map,
            Ok(_) => {
                let text = "Unexpected body type. Expected dict or dict like.";
                return refused(&echo(&Map::new()), 400, text);
            }
        };
        let echoed = echo(&request);
        let action = match schema::find(&request) {
            Ok(action) => action,
            Err(why) => return refused(&echoed, 400, &why),
        };
        let run = match action.task {
            Task::Run(run) => run,
            Task::Authenticate => return self.authenticate(form, &request).await,
            Task::Nothing if self.zaqar.quirks.has(Quirk::EmptyActionsEndTheConnection) => return Next::End,
            Task::Nothing => {
                return refused(&echoed, 400, &format!("{} is not a valid action", text(&request, "action")));
            }
        };
        if let Err(why) = self.admit(action, &request).await {
            return refused(&echoed, 403, why);
        }
        let request = self.request(&request);
        let (status, body) = match run(&self.zaqar, &request).await {
            Ok(answer) => (answer.status, answer.body),
            Err(refusal) => (refusal.status, refusal.body()),
        };
        if status == 201 && action.signed_as.is_none() {
            self.note(form, &request, &body);
        }
        let document = json!({"request": echoed, "body": body, "headers": {"status": status}});
        frame::write(form, &document).map_or(Next::End, Next::Answer)
    }

    /// Remembers a subscription of the connection itself.
    fn note(&mut self, form: Form, request: &Request, body: &Value) {
        if let Some(id) = body.get("subscription_id").and_then(Value::as_str)
            && request.text("subscriber").is_empty()
        {
            self.form = form;
            self.own.push((request.project.clone(), request.queue().to_owned(), id.to_owned()));
        }
    }

    fn request(&self, request: &Map<String, Value>) -> Request {
        // What no header of HTTP can hold names nothing here either.
        let header =
            |name: &str| header(request, name).unwrap_or_default().replace(char::is_control, "\u{fffd}");
        Request {
            project: header("X-Project-ID"),
            client: header("Client-ID"),
            body: request.get("body").and_then(Value::as_object).cloned().unwrap_or_default(),
            address: self.address.clone(),
            caller: self.caller.clone(),
        }
    }

    /// Whether the connection may do this, by its token or by a signed URL; the words for it, if not.
    async fn admit(&self, action: &Action, request: &Map<String, Value>) -> Result<(), &'static str> {
        const NOT: &str = "Not authentified.";
        let auth = self.zaqar.settings().auth;
        if let Some(caller) = &self.caller {
            let own = caller.info.project_id.as_deref().unwrap_or_default();
            let is_own = !own.is_empty() && header(request, "X-Project-ID") == Some(own);
            return if is_own { Ok(()) } else { Err("Not authenticated.") };
        }
        let is_signed = request.get("headers").is_some_and(|headers| headers.get("URL-Signature").is_some());
        match (auth, is_signed) {
            (Auth::None, _) | (Auth::Either, false) => Ok(()),
            (_, true) if self.is_signed(action, request).await => Ok(()),
            _ => Err(NOT),
        }
    }

    async fn is_signed(&self, action: &Action, request: &Map<String, Value>) -> bool {
        let Some(method) = action.signed_as else { return false };
        let headers = request.get("headers").unwrap_or(&Value::Null);
        let (Some(paths), Some(methods)) =
            (texts_of(&headers["URL-Paths"]), texts_of(&headers["URL-Methods"]))
        else {
            return false;
        };
        let named = |name: &str| header(request, name).unwrap_or_default();
        let (project, expires, signature) =
            (named("X-Project-ID"), named("URL-Expires"), named("URL-Signature"));
        let good = self.zaqar.is_signed(signature, paths.clone(), methods.clone(), project, expires).await;
        if !good.unwrap_or(false) || !methods.iter().any(|own| own == method) {
            return false;
        }
        let queue = request["body"]["queue_name"].as_str().unwrap_or_default();
        let path = format!("/v2/queues/{queue}/messages");
        self.zaqar.quirks.has(Quirk::SignedPathsAreForAllQueues)
            || paths.iter().any(|signed| self.zaqar.is_within(signed, &path))
    }

    /// Takes a token for the rest of the connection, or until another one comes.
    async fn authenticate(&mut self, form: Form, request: &Map<String, Value>) -> Next {
        let is_open = self.zaqar.settings().auth == Auth::None;
        if is_open && self.zaqar.quirks.has(Quirk::EmptyActionsEndTheConnection) {
            return Next::End;
        }
        let token = header(request, "X-Auth-Token").unwrap_or_default().to_owned();
        // Actions have no paths that the access rules of a token could allow.
        let info = match is_open {
            true => None,
            false => self.zaqar.identity.validate(&token).await.ok().filter(|info| !info.has_rules()),
        };
        let is_good = is_open || info.is_some();
        if let Some(info) = info {
            self.caller = Some(Caller { token, info });
        }
        let (status, body) = match is_good {
            true => (200, json!({"message": "Authentified."})),
            false => (401, json!({"error": "Authentication failed."})),
        };
        let request = json!({"action": "authenticate", "body": {}, "headers": {}, "api": "v2"});
        let document = json!({"request": request, "body": body, "headers": {"status": status}});
        frame::write(form, &document).map_or(Next::End, Next::Answer)
    }
}

/// Resolves when service time reaches a moment; never without one.
async fn until(time: &crate::ServiceTime, end: Option<Timestamp>) {
    match end {
        Some(end) => drop(time.sleep_until(end).await),
        None => std::future::pending().await,
    }
}

fn text<'a>(request: &'a Map<String, Value>, name: &str) -> &'a str {
    request.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A field of the headers inside of a request; their names are case-sensitive.
fn header<'a>(request: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    request.get("headers")?.get(name)?.as_str()
}

/// A request as answers repeat it.
fn echo(request: &Map<String, Value>) -> Value {
    let empty = || json!({});
    let headers = request.get("headers").filter(|headers| super::validate::truthy(headers));
    json!({
        "action": request.get("action"),
        "body": request.get("body").cloned().unwrap_or_else(empty),
        "headers": headers.cloned().unwrap_or_else(empty),
        "api": "v2",
    })
}
