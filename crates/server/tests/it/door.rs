use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, Method};
use pentad_core::message::Args;
use pentad_core::{Api, Body, ErrorKind, Limits, Op, Request, Sent, Target};
use pentad_server::{Server, ServerOptions};
use serde_json::Value;

use crate::fixture::open;

static SHOW: Op = Op {
    id: "mirror.show",
    routes: &[(Api("v1"), Method::POST, "/x")],
    idempotent: true,
    patience: Duration::ZERO,
    source: "tests",
};

fn request(path: &str, body: Body) -> Request {
    Request {
        op: &SHOW,
        method: Method::POST,
        target: Target::parse("http://pentad.local/ams").unwrap(),
        path: path.to_owned(),
        query: vec![(Cow::Borrowed("q"), "a b".to_owned())],
        raw_query: None,
        headers: HeaderMap::new(),
        body,
        args: Args::default(),
        limits: Limits::default(),
    }
}

async fn show(server: &Server, body: Body) -> Value {
    let answer = server.door().send(request("/v1/x", body)).await.unwrap();
    assert!(answer.headers.contains_key("x-request-id"));
    serde_json::from_slice(&answer.bytes(1 << 20).await.unwrap()).unwrap()
}

#[tokio::test]
async fn the_door_answers_as_the_plain_listener_does() {
    let server = open(ServerOptions::memory()).await;
    let seen = show(&server, Body::Bytes(Bytes::from_static(b"hello"))).await;
    assert_eq!(seen["path"], "/v1/x");
    assert_eq!(seen["query"], "q=a%20b");
    assert_eq!(seen["base"], "http://pentad.local/ams");
    assert_eq!(seen["body"], "hello");
    assert_eq!(seen["local"], true);
}

#[tokio::test]
async fn a_streamed_body_goes_through_the_door() {
    let server = open(ServerOptions::memory()).await;
    let pieces = futures_util::stream::iter([Ok(Bytes::from_static(b"he")), Ok(Bytes::from_static(b"llo"))]);
    assert_eq!(show(&server, Body::Once(pieces.boxed(), None)).await["body"], "hello");
}

#[tokio::test]
async fn the_limit_holds_at_the_door() {
    let mut options = ServerOptions::memory();
    options.max_body = 3;
    let server = open(options).await;
    let answer =
        server.door().send(request("/length", Body::Bytes(Bytes::from_static(b"four")))).await.unwrap();
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_door_of_a_stopped_server_is_a_connection_that_was_never_made() {
    let server = open(ServerOptions::memory()).await;
    let door = server.door();
    server.shutdown().await;
    let error = door.send(request("/v1/x", Body::Empty)).await.err().unwrap();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::No));
}

#[tokio::test]
async fn the_answer_to_a_head_request_has_no_body() {
    let server = open(ServerOptions::memory()).await;
    let head = Request { method: Method::HEAD, ..request("/v1/x", Body::Empty) };
    let answer = server.door().send(head).await.unwrap();
    assert!(answer.headers.contains_key("x-request-id"));
    assert!(answer.bytes(1 << 20).await.unwrap().is_empty());
}
