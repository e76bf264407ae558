//! Bodies in both directions.

use std::io;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use pentad_core::message::ResponseBody;
use pentad_core::{Body, Error, ErrorKind, Request, Sent, Transport};
use tower::ServiceExt;
use tower_http::compression::Compression;

use crate::support::{Answer, Server, answer, direct, post, request};

const TEXT: &str =
    "the same words again and again, the same words again and again, the same words again and again";

/// Compresses as the request wants it.
async fn compressing(request: http::Request<Incoming>) -> Answer {
    let accepted = request.headers().get(ACCEPT_ENCODING).cloned();
    let plain = tower::service_fn(move |_| {
        let mut plain = answer(TEXT);
        if let Some(accepted) = accepted.clone() {
            plain.headers_mut().insert("x-accepted", accepted);
        }
        std::future::ready(Ok::<_, io::Error>(plain))
    });
    let compressed = Compression::new(plain).oneshot(request).await.unwrap();
    compressed.map(|body| body.map_err(io::Error::other).boxed())
}

async fn echo(request: http::Request<Incoming>) -> Answer {
    let length = format!("{:?}", request.headers().get(CONTENT_LENGTH));
    let body = request.into_body().collect().await;
    let mut echoed = answer(body.map(|body| body.to_bytes()).unwrap_or_default());
    echoed.headers_mut().insert("x-length", length.parse().unwrap());
    echoed
}

#[tokio::test]
async fn compressed_answer_is_decoded() {
    let server = Server::start(compressing).await;
    let transport = direct().build().unwrap();
    let response = transport.send(request(&server.http(), "/")).await.unwrap();
    assert_eq!(response.headers["x-accepted"], "gzip, zstd");
    assert!(!response.headers.contains_key(CONTENT_ENCODING), "{:?}", response.headers);
    assert_eq!(response.bytes(1000).await.unwrap(), TEXT);
}

#[tokio::test]
async fn gzip_and_zstd_are_decoded() {
    for encoding in ["gzip", "zstd"] {
        let server = Server::start(move |mut request: http::Request<Incoming>| {
            request.headers_mut().insert(ACCEPT_ENCODING, encoding.parse().unwrap());
            compressing(request)
        })
        .await;
        let response = direct().build().unwrap().send(request(&server.http(), "/")).await.unwrap();
        assert_eq!(response.bytes(1000).await.unwrap(), TEXT, "{encoding}");
    }
}

#[tokio::test]
async fn encoding_that_the_caller_asked_for_is_left_alone() {
    let server = Server::start(compressing).await;
    let mut sent = request(&server.http(), "/");
    sent.headers.insert(ACCEPT_ENCODING, "gzip".parse().unwrap());
    let response = direct().build().unwrap().send(sent).await.unwrap();
    assert_eq!(response.headers[CONTENT_ENCODING], "gzip");
    assert_ne!(response.bytes(1000).await.unwrap(), TEXT);
}

#[tokio::test]
async fn broken_compression_is_a_decode_error() {
    let server = Server::start(|_| async {
        let mut broken = answer("this is no gzip stream at all");
        broken.headers_mut().insert(CONTENT_ENCODING, "gzip".parse().unwrap());
        broken
    })
    .await;
    let response = direct().build().unwrap().send(request(&server.http(), "/")).await.unwrap();
    let error = response.bytes(1000).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error:?}");
}

#[tokio::test]
async fn short_answer_is_whole_and_long_answer_is_a_stream() {
    let server = Server::start(|request| async move {
        let length: usize = request.uri().path()[1..].parse().unwrap();
        answer(vec![b'x'; length])
    })
    .await;
    let transport = direct().build().unwrap();
    for length in [0, 1, 100_000, 10_000_000] {
        let response = transport.send(request(&server.http(), &format!("/{length}"))).await.unwrap();
        let whole = matches!(response.body, ResponseBody::Full(_));
        assert_eq!(whole, length <= 100_000);
        assert_eq!(response.bytes(usize::MAX).await.unwrap().len(), length);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn pieces_arrive_while_the_server_still_writes() {
    let (more, pieces) = tokio::sync::mpsc::unbounded_channel::<Bytes>();
    let pieces = std::sync::Arc::new(std::sync::Mutex::new(Some(pieces)));
    let server = Server::start(move |_| {
        let mut pieces = pieces.lock().unwrap().take().unwrap();
        let pieces = stream::poll_fn(move |cx| pieces.poll_recv(cx));
        let body = StreamBody::new(pieces.map(|piece| Ok::<_, io::Error>(Frame::data(piece))));
        async move { http::Response::new(BodyExt::boxed(body)) }
    })
    .await;
    let response = direct().build().unwrap().send(request(&server.http(), "/")).await.unwrap();
    let mut stream = response.body.into_stream();
    for piece in ["one", "two"] {
        more.send(Bytes::from(piece)).unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap(), piece);
    }
    drop(more);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn head_of_a_compressed_document_has_no_body() {
    let server = Server::start(|_| async {
        let mut head = answer("");
        head.headers_mut().insert(CONTENT_ENCODING, "gzip".parse().unwrap());
        head
    })
    .await;
    let sent = Request { method: Method::HEAD, headers: HeaderMap::new(), ..request(&server.http(), "/") };
    let response = direct().build().unwrap().send(sent).await.unwrap();
    assert!(response.bytes(0).await.unwrap().is_empty());
}

#[tokio::test]
async fn body_in_memory_is_sent_with_its_length() {
    let server = Server::start(echo).await;
    let transport = direct().build().unwrap();
    for length in [0, 5, 3_000_000] {
        let body = Bytes::from(vec![b'x'; length]);
        let response = transport.send(post(&server.http(), "/", Body::Bytes(body.clone()))).await.unwrap();
        assert_eq!(response.headers["x-length"], format!("Some(\"{length}\")"));
        assert_eq!(response.bytes(usize::MAX).await.unwrap(), body);
    }
}

fn parts(parts: &'static [&'static str]) -> pentad_core::message::ByteStream {
    stream::iter(parts).map(|part| Ok(Bytes::from_static(part.as_bytes()))).boxed()
}

#[tokio::test]
async fn streamed_upload_arrives_with_and_without_known_length() {
    let server = Server::start(echo).await;
    let transport = direct().build().unwrap();
    for (length, header) in [(Some(6), "Some(\"6\")"), (None, "None")] {
        let sent = post(&server.http(), "/", Body::Once(parts(&["one", "two"]), length));
        let response = transport.send(sent).await.unwrap();
        assert_eq!(response.headers["x-length"], header);
        assert_eq!(response.bytes(100).await.unwrap(), "onetwo");
    }
}

#[tokio::test]
async fn replayable_body_is_opened_for_the_request() {
    let server = Server::start(echo).await;
    let body = Body::Replay(std::sync::Arc::new(|| parts(&["again"])), Some(5));
    let response = direct().build().unwrap().send(post(&server.http(), "/", body)).await.unwrap();
    assert_eq!(response.bytes(100).await.unwrap(), "again");
}

#[tokio::test]
async fn error_of_the_callers_stream_comes_back_to_the_caller() {
    let server = Server::start(echo).await;
    let source = stream::iter([
        Ok(Bytes::from_static(b"one")),
        Err(Error::new(ErrorKind::Failed, "the disk is gone")),
    ]);
    let sent = post(&server.http(), "/", Body::Once(source.boxed(), None));
    let error = direct().build().unwrap().send(sent).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Failed, "the disk is gone"));
    assert_eq!(error.sent(), Sent::Maybe);
}

#[tokio::test]
async fn stream_of_another_length_than_announced_is_refused() {
    let server = Server::start(echo).await;
    for length in [2, 100] {
        let sent = post(&server.http(), "/", Body::Once(parts(&["one", "two"]), Some(length)));
        let error = direct().build().unwrap().send(sent).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{length}: {error:?}");
    }
}
