//! The window rules of the service (AMS reference 12.5 and 12.6), in a few lines, behind a transport.

use std::sync::{Arc, Mutex};

use http::StatusCode;
use jiff::Timestamp;
use pentad_ams::Client;
use pentad_core::{Body, BoxFuture, Clock, Request, Response, Result, RetryPolicy, Transport};
use pentad_testkit::ManualClock;
use serde_json::{Value, json};

/// Acknowledgement deadline in seconds.
const DEADLINE: i64 = 30;

#[derive(Debug)]
struct State {
    clock: ManualClock,
    end: i64,
    position: i64,
    window: i64,
    pulled_at: Timestamp,
    pulls: Vec<i64>,
    acks: Vec<i64>,
    refused: usize,
    published: Vec<Value>,
    refuses_publish: bool,
    /// Requests whose path ends so are carried out and get no answer.
    hangs: Option<&'static str>,
}

/// One subscription `s` of project `P`, and a topic that takes anything.
#[derive(Debug, Clone)]
pub(crate) struct Service(Arc<Mutex<State>>);

impl Service {
    pub(crate) fn new(clock: &ManualClock, messages: i64) -> Self {
        Self(Arc::new(Mutex::new(State {
            clock: clock.clone(),
            end: messages,
            position: 0,
            window: 0,
            pulled_at: Timestamp::UNIX_EPOCH,
            pulls: Vec::new(),
            acks: Vec::new(),
            refused: 0,
            published: Vec::new(),
            refuses_publish: false,
            hangs: None,
        })))
    }

    pub(crate) fn client(&self, clock: &ManualClock) -> Client {
        let transport: Arc<dyn Transport> = Arc::new(self.clone());
        let builder = Client::new("ams.example.org", "P").token("t".to_owned()).transport(transport);
        builder.clock(clock.shared()).retry(RetryPolicy::none()).build().unwrap()
    }

    pub(crate) fn publish(&self, messages: i64) {
        self.0.lock().unwrap().end += messages;
    }

    /// Another consumer moves the position.
    pub(crate) fn seek(&self, position: i64) {
        let mut state = self.0.lock().unwrap();
        (state.position, state.window) = (position, 0);
    }

    /// Another consumer pulls one message.
    pub(crate) fn shrink_window(&self) {
        let mut state = self.0.lock().unwrap();
        state.window = (state.position + 1).min(state.end);
        state.pulled_at = state.clock.wall();
    }

    pub(crate) fn refuse_publish(&self) {
        self.0.lock().unwrap().refuses_publish = true;
    }

    pub(crate) fn hang(&self, verb: Option<&'static str>) {
        self.0.lock().unwrap().hangs = verb;
    }

    pub(crate) fn end(&self) -> i64 {
        self.0.lock().unwrap().end
    }

    pub(crate) fn position(&self) -> i64 {
        self.0.lock().unwrap().position
    }

    /// Messages delivered by each pull that delivered any; 0 for the others.
    pub(crate) fn pulls(&self) -> Vec<i64> {
        self.0.lock().unwrap().pulls.clone()
    }

    /// Offsets of accepted acknowledgements.
    pub(crate) fn acks(&self) -> Vec<i64> {
        self.0.lock().unwrap().acks.clone()
    }

    /// Number of refused acknowledgements.
    pub(crate) fn refused(&self) -> usize {
        self.0.lock().unwrap().refused
    }

    /// Messages published through the client.
    pub(crate) fn published(&self) -> Vec<Value> {
        self.0.lock().unwrap().published.clone()
    }
}

impl State {
    fn pull(&mut self, most: i64) -> Value {
        let end = (self.position + most).min(self.end).max(self.position);
        self.window = end;
        self.pulled_at = self.clock.wall();
        self.pulls.push(end - self.position);
        let one = |offset: i64| {
            json!({"ackId": format!("projects/P/subscriptions/s:{offset}"),
                "message": {"messageId": offset.to_string(), "data": "eA==", "publishTime": "2024-05-06T07:08:09Z"}})
        };
        json!({"receivedMessages": (self.position..end).map(one).collect::<Vec<_>>()})
    }

    fn ack(&mut self, offset: i64) -> std::result::Result<(), (u16, &'static str)> {
        let seconds = self.clock.wall().as_second() - self.pulled_at.as_second();
        if self.window == 0 {
            return Err((500, "no ack pending"));
        }
        if offset < self.position || offset + 1 > self.window {
            return Err((500, "wrong ack"));
        }
        if seconds > DEADLINE {
            return Err((408, "ack timeout"));
        }
        (self.position, self.window) = (offset + 1, 0);
        Ok(())
    }

    fn answer(&mut self, path: &str, body: &Value) -> (u16, Value) {
        let error =
            |code: u16, text: &str| (code, json!({"error": {"code": code, "message": text, "status": "X"}}));
        if path.ends_with(":pull") {
            return (200, self.pull(body["maxMessages"].as_str().unwrap().parse().unwrap()));
        }
        if path.ends_with(":publish") {
            if self.refuses_publish {
                return error(403, "Access to this resource is forbidden");
            }
            self.published.extend(body["messages"].as_array().unwrap().iter().cloned());
            return (200, json!({"messageIds": ["0"]}));
        }
        let id = body["ackIds"][0].as_str().unwrap();
        let offset = id.rsplit(':').next().unwrap().parse().unwrap();
        match self.ack(offset) {
            Ok(()) => {
                self.acks.push(offset);
                (200, json!({}))
            }
            Err((code, text)) => {
                self.refused += 1;
                error(code, text)
            }
        }
    }
}

impl Transport for Service {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        let Body::Bytes(bytes) = &request.body else { panic!("a body of bytes: {:?}", request.path) };
        let body = serde_json::from_slice(bytes).unwrap();
        let mut state = self.0.lock().unwrap();
        let (status, answer) = state.answer(&request.path, &body);
        if state.hangs.is_some_and(|verb| request.path.ends_with(verb)) {
            return Box::pin(std::future::pending());
        }
        let response = Response::new(StatusCode::from_u16(status).unwrap(), answer.to_string());
        Box::pin(async move { Ok(response) })
    }
}
