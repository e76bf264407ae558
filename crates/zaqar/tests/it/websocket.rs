//! The same calls over a websocket connection of a script (Zaqar reference 12).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{poll, stream};
use pentad_core::{
    BoxFuture, ErrorKind, Feed, Request, Result, RetryPolicy, Socket,
    socket::{Frame, FrameSink, FrameStream},
};
use pentad_testkit::{ManualClock, run};
use pentad_zaqar::{
    Client, ClientId, ErrorExt, MessageQuery, NewClaim, NewMessage, NewSubscription, QueueQuery, Share, Ttl,
    Version, model::Notification,
};
use serde_json::{Value, json};

use super::ID;

#[derive(Debug, Default)]
struct State {
    opened: usize,
    sent: Vec<Value>,
    /// Answers, each to one request; a list stands for several frames.
    answers: VecDeque<Value>,
    frames: VecDeque<Value>,
    waiting: Option<std::task::Waker>,
}

#[derive(Debug, Clone, Default)]
struct Script(Arc<Mutex<State>>);

impl Script {
    fn new(answers: impl IntoIterator<Item = Value>) -> Self {
        let script = Self::default();
        script.0.lock().unwrap().answers.extend(answers);
        script
    }

    fn client(&self) -> Client {
        self.builder().project("acme").build().unwrap()
    }

    fn builder(&self) -> pentad_zaqar::ClientBuilder {
        self.builder_at(&ManualClock::auto())
    }

    fn builder_at(&self, clock: &ManualClock) -> pentad_zaqar::ClientBuilder {
        let builder = Client::new("ws://zaqar.test:9000", Version::V2).socket(Arc::new(self.clone()));
        let builder = builder.client_id(ClientId::try_from(ID).unwrap());
        builder.clock(clock.shared()).retry(RetryPolicy::none())
    }

    /// A frame that the service pushes by itself.
    fn push(&self, frame: Value) {
        let mut state = self.0.lock().unwrap();
        state.frames.push_back(frame);
        if let Some(waiting) = state.waiting.take() {
            waiting.wake();
        }
    }

    fn actions(&self) -> Vec<(String, Value)> {
        let told = |frame: &Value| (frame["action"].as_str().unwrap().to_owned(), frame["body"].clone());
        self.0.lock().unwrap().sent.iter().map(told).collect()
    }

    fn sent(&self) -> Vec<Value> {
        self.0.lock().unwrap().sent.clone()
    }
}

#[derive(Debug)]
struct Sink(Script);

impl FrameSink for Sink {
    fn send(&mut self, frame: Frame) -> BoxFuture<'_, Result<()>> {
        let Frame::Text(text) = frame else { panic!("text frames only") };
        let mut state = self.0.0.lock().unwrap();
        state.sent.push(serde_json::from_str(&text).unwrap());
        match state.answers.pop_front() {
            Some(Value::Array(frames)) => state.frames.extend(frames),
            Some(frame) => state.frames.push_back(frame),
            None => {}
        }
        if let Some(waiting) = state.waiting.take() {
            waiting.wake();
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn close(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Socket for Script {
    fn open(&self, _: Request) -> BoxFuture<'_, Result<(Box<dyn FrameSink>, FrameStream)>> {
        self.0.lock().unwrap().opened += 1;
        let script = self.clone();
        let frames = stream::poll_fn(move |cx| {
            let mut state = script.0.lock().unwrap();
            match state.frames.pop_front() {
                Some(Value::Null) => std::task::Poll::Ready(None),
                Some(frame) => std::task::Poll::Ready(Some(Ok(Frame::Text(frame.to_string())))),
                None => {
                    state.waiting = Some(cx.waker().clone());
                    std::task::Poll::Pending
                }
            }
        });
        let sink: Box<dyn FrameSink> = Box::new(Sink(self.clone()));
        Box::pin(std::future::ready(Ok((sink, Box::pin(frames) as FrameStream))))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "documents are written where they are given")]
fn answer(status: u16, body: Value) -> Value {
    json!({"request": {"action": "x"}, "headers": {"status": status}, "body": body})
}

#[test]
fn calls_are_actions_and_their_answers_read_as_over_http() {
    let message = json!({"id": "A", "claim_id": null, "ttl": 60, "age": 1, "body": "x"});
    let script = Script::new([
        answer(201, json!("Queue jobs created.")),
        answer(201, json!({"message_ids": ["A", "B"]})),
        answer(200, json!({"messages": [message]})),
        answer(200, json!({"messages": message})),
        answer(201, json!({"claim_id": "C", "messages": [message]})),
        answer(204, json!({"claim_id": null})),
        answer(204, json!({})),
        answer(404, json!({"messages": {"claimed": 0, "free": 0, "total": 0}})),
        answer(404, json!({"exception": "Queue jobs does not exist for project acme", "error": null})),
        answer(200, json!({"queues": [{"name": "jobs"}]})),
    ]);
    let client = script.client();
    let jobs = client.queue("jobs");
    assert!(run(jobs.create()).unwrap());
    let posted = run(jobs.post(vec![NewMessage::new("x"), NewMessage::new(json!(null))])).unwrap();
    assert_eq!(posted.ids().collect::<Vec<_>>(), ["A", "B"]);
    let listed = run(jobs.messages(MessageQuery::new().echo(true)).page_size(2)).unwrap();
    assert_eq!((listed.items[0].id.as_str(), listed.next.is_some()), ("A", true), "where more may come");
    assert_eq!(run(jobs.message("A").get()).unwrap().body.text().as_deref(), Some("x"));
    let claimed = run(jobs.claim_messages(NewClaim::new().limit(5))).unwrap();
    assert_eq!(claimed.id.as_deref(), Some("C"));
    assert_eq!(run(jobs.claim_messages(NewClaim::new())).unwrap().id, None);
    run(jobs.message("A").claimed_by("C").delete()).unwrap();
    assert_eq!(run(jobs.stats()).unwrap().total, 0);
    assert!(run(jobs.messages(MessageQuery::new())).unwrap().items.is_empty());
    assert_eq!(run(client.queues(QueueQuery::new())).unwrap().items[0].name, "jobs");
    let sent = script.sent();
    assert_eq!(
        sent[1],
        json!({"action": "message_post", "headers": {"Client-ID": ID, "X-Project-ID": "acme"},
            "body": {"queue_name": "jobs", "messages": [{"body": "x"}, {"body": null}]}})
    );
    assert_eq!(sent[2]["body"], json!({"queue_name": "jobs", "echo": true, "limit": 2}));
    assert_eq!(sent[4]["body"], json!({"queue_name": "jobs", "limit": 5}));
    assert_eq!(sent[6]["action"], "message_delete");
    assert_eq!(sent[6]["body"], json!({"queue_name": "jobs", "message_id": "A", "claim_id": "C"}));
    assert_eq!(script.0.lock().unwrap().opened, 1, "one connection for all of them");
}

#[test]
fn what_has_no_action_is_unsupported_and_nothing_is_opened() {
    let script = Script::new([]);
    let client = script.client();
    for error in [
        run(client.queue("jobs").signed_url(&Share::new())).unwrap_err(),
        run(client.ping()).unwrap_err(),
        run(client.pools(false)).unwrap_err(),
        run(client.queue("jobs").exists()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
    assert_eq!(script.0.lock().unwrap().opened, 0);
}

#[test]
fn errors_have_the_status_and_the_words_of_the_service() {
    let script = Script::new([answer(
        403,
        json!({"exception": "Message A is claimed", "error": "This message is claimed; it cannot be deleted without a valid claim ID."}),
    )]);
    let error = run(script.client().queue("jobs").message("A").delete()).unwrap_err();
    assert!(error.is_claimed(), "{error}");
    assert_eq!(error.title(), Some("Websocket Transport Error"));
}

#[test]
fn a_token_authenticates_the_connection_once_and_a_bad_one_is_said() {
    let script = Script::new([
        answer(200, json!({"message": "Authentified."})),
        answer(204, json!("Queue jobs created.")),
        answer(204, json!("Queue jobs created.")),
    ]);
    let client = script.builder().token("t0k3n".to_owned()).project("acme").build().unwrap();
    run(client.queue("jobs").create()).unwrap();
    run(client.queue("jobs").create()).unwrap();
    let actions: Vec<_> = script.sent().iter().map(|frame| frame["action"].clone()).collect();
    assert_eq!(actions, ["authenticate", "queue_create", "queue_create"]);
    assert_eq!(script.sent()[0]["headers"]["X-Auth-Token"], "t0k3n");
    assert_eq!(script.sent()[1]["headers"].get("X-Auth-Token"), None);
    let script = Script::new([answer(401, json!({"error": "Authentication failed."}))]);
    let client = script.builder().token("bad".to_owned()).project("acme").build().unwrap();
    let error = run(client.queue("jobs").create()).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unauthenticated, "Authentication failed."));
}

fn pushed(queue: &str, n: u64) -> Value {
    json!({"ttl": 60, "body": n, "Message_Type": "Notification", "queue_name": queue})
}

fn subscribed(id: &str) -> Value {
    answer(201, json!({"subscription_id": id, "message": "Subscription jobs created."}))
}

fn unsubscribed(id: &str) -> Value {
    answer(204, json!(format!("Subscription {id} removed.")))
}

/// The next notification; whether it is there is the script's business.
fn heard(feed: &mut Feed<Notification>) -> Value {
    run(feed.next()).unwrap().unwrap().body.value()
}

/// Listens in vain.
fn vainly(feed: &mut Feed<Notification>) {
    run(async {
        let asked = Box::pin(feed.next());
        assert!(poll!(asked).is_pending());
    });
}

#[test]
fn a_listener_subscribes_again_before_its_subscription_ends() {
    let script = Script::new([json!([subscribed("S1"), pushed("jobs", 1)])]);
    let clock = ManualClock::new();
    let client = script.builder_at(&clock).project("acme").build().unwrap();
    let jobs = client.queue("jobs");
    let mut feed = jobs.listen(&NewSubscription::to_this_connection().ttl(Ttl::seconds(600)));
    assert_eq!(heard(&mut feed), 1);
    for round in 1..4 {
        clock.advance(Duration::from_secs(299));
        vainly(&mut feed);
        assert_eq!(script.sent().len(), 2 * round - 1, "too early");
        script.0.lock().unwrap().answers.extend([
            json!([pushed("jobs", 20 + round as u64), unsubscribed("S")]),
            subscribed(&format!("S{}", round + 1)),
        ]);
        clock.advance(Duration::from_secs(1));
        assert_eq!(heard(&mut feed), 20 + round, "what comes in between is not lost");
        let actions = script.actions();
        let last = &actions[actions.len() - 2..];
        let id = format!("S{round}");
        assert_eq!(
            last[0],
            ("subscription_delete".into(), json!({"queue_name": "jobs", "subscription_id": id}))
        );
        assert_eq!(last[1], ("subscription_create".into(), json!({"queue_name": "jobs", "ttl": 600})));
    }
    assert_eq!(script.0.lock().unwrap().opened, 1);
}

#[test]
fn closing_a_listener_unsubscribes_and_one_may_listen_again() {
    let script = Script::new([json!([subscribed("S1"), pushed("jobs", 1)]), unsubscribed("S1")]);
    let client = script.client();
    let jobs = client.queue("jobs");
    let mut feed = jobs.listen(&NewSubscription::to_this_connection());
    assert_eq!(heard(&mut feed), 1);
    run(feed.close()).unwrap();
    let gone = ("subscription_delete".to_owned(), json!({"queue_name": "jobs", "subscription_id": "S1"}));
    assert_eq!(script.actions()[1], gone);
    script.0.lock().unwrap().answers.push_back(json!([subscribed("S2"), pushed("jobs", 2)]));
    let mut again = jobs.listen(&NewSubscription::to_this_connection());
    assert_eq!(heard(&mut again), 2);
    // Dropped without a close: what it left behind is removed by the next one, and nothing of it is shown.
    drop(again);
    script.push(pushed("jobs", 3));
    script
        .0
        .lock()
        .unwrap()
        .answers
        .extend([unsubscribed("S2"), json!([subscribed("S3"), pushed("jobs", 4)])]);
    let mut third = jobs.listen(&NewSubscription::to_this_connection());
    assert_eq!(heard(&mut third), 4);
    assert_eq!(script.actions()[3].1["subscription_id"], "S2");
    assert_eq!(script.0.lock().unwrap().opened, 1);
}

#[test]
fn listeners_of_two_queues_on_one_connection_do_not_crowd_each_other_out() {
    let script = Script::new([subscribed("S1"), subscribed("S2")]);
    let client = script.client();
    let (quiet, loud) = (client.queue("quiet"), client.queue("loud"));
    let mut quiet = quiet.listen(&NewSubscription::to_this_connection());
    vainly(&mut quiet);
    let mut loud = loud.listen(&NewSubscription::to_this_connection());
    vainly(&mut loud);
    script.push(pushed("quiet", 7));
    for n in 0..5000 {
        script.push(pushed("loud", n));
    }
    script.push(pushed("other", 9));
    script.push(pushed("loud", 5000));
    while heard(&mut loud) != 5000 {}
    drop(loud);
    for n in 0..5000 {
        script.push(pushed("loud", n));
    }
    script.push(pushed("quiet", 8));
    assert_eq!((heard(&mut quiet), heard(&mut quiet)), (json!(7), json!(8)));
    let unheard = run(client.websocket().unwrap().notification()).unwrap().unwrap();
    assert_eq!(unheard.body.value(), 9, "nobody listens to that queue");
}

#[test]
fn notifications_arrive_beside_answers_and_again_after_the_connection_broke() {
    let subscribed = subscribed("S");
    let script = Script::new([
        json!([pushed("other", 0), subscribed, pushed("jobs", 1)]),
        json!([
            pushed("jobs", 2),
            answer(200, json!({"messages": {"claimed": 0, "free": 2, "total": 2}})),
            null
        ]),
        json!([subscribed, pushed("jobs", 3)]),
    ]);
    let client = script.client();
    let jobs = client.queue("jobs");
    let mut feed = jobs.listen(&NewSubscription::to_this_connection());
    assert_eq!(heard(&mut feed), 1);
    assert_eq!(run(jobs.stats()).unwrap().total, 2);
    assert_eq!(heard(&mut feed), 2);
    assert_eq!(heard(&mut feed), 3, "subscribed again on another connection");
    assert_eq!(script.0.lock().unwrap().opened, 2);
    assert_eq!(script.sent()[0]["body"], json!({"queue_name": "jobs", "ttl": 3600}));
}

#[test]
fn a_call_that_is_given_up_takes_its_connection_with_it() {
    let script = Script::new([json!([])]);
    let client = script.client();
    {
        let mut given_up = Box::pin(client.queue("jobs").create().into_future());
        run(async { assert!(poll!(&mut given_up).is_pending()) });
    }
    script.0.lock().unwrap().answers.push_back(answer(201, json!("Queue jobs created.")));
    assert!(run(client.queue("jobs").create()).unwrap());
    assert_eq!(script.0.lock().unwrap().opened, 2);
}

#[test]
fn listening_needs_a_websocket() {
    let client = Client::new("http://zaqar.test", Version::V2).build().unwrap();
    let mut feed = client.queue("jobs").listen(&NewSubscription::to_this_connection());
    let error = run(feed.next()).unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.hint()),
        (ErrorKind::Unsupported, Some("make the client with a ws:// URL"))
    );
}

#[test]
fn a_listener_that_is_not_asked_for_a_while_stops_no_call() {
    let script = Script::new([
        subscribed("S1"),
        answer(200, json!({"messages": {"claimed": 0, "free": 2, "total": 2}})),
    ]);
    let client = script.client();
    let jobs = client.queue("jobs");
    let mut feed = jobs.listen(&NewSubscription::to_this_connection());
    vainly(&mut feed);
    assert_eq!(run(jobs.stats()).unwrap().total, 2);
    script.push(pushed("jobs", 1));
    assert_eq!(heard(&mut feed), 1);
}
