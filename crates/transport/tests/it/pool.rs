//! Connections are kept and shared.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{StatusCode, Version, header};
use pentad_core::{Body, Transport};
use tokio::io::AsyncWriteExt;

use crate::support::{Server, answer, direct, head, post, raw, request};

#[tokio::test]
async fn requests_one_after_the_other_share_a_connection() {
    let server = Server::start(|request| async move { answer(request.uri().path().to_owned()) }).await;
    let transport = direct().build().unwrap();
    for path in ["/a", "/b", "/c"] {
        let response = transport.send(request(&server.http(), path)).await.unwrap();
        assert_eq!(response.version, Version::HTTP_11);
        assert_eq!(response.bytes(100).await.unwrap(), path);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn clones_share_the_connections() {
    let server = Server::start(|_| async { answer("x") }).await;
    let transport = direct().build().unwrap();
    transport.send(request(&server.http(), "/")).await.unwrap();
    transport.clone().send(request(&server.http(), "/")).await.unwrap();
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn plain_http2_is_spoken_on_request() {
    let server = Server::start(|request| async move { answer(format!("{:?}", request.version())) }).await;
    let transport = direct().http2_only(true).build().unwrap();
    let both = futures_util::future::join(
        transport.send(request(&server.http(), "/")),
        transport.send(request(&server.http(), "/")),
    );
    let (one, two) = both.await;
    assert_eq!(one.unwrap().bytes(100).await.unwrap(), "HTTP/2.0");
    assert_eq!(two.unwrap().version, Version::HTTP_2);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn request_arrives_as_written() {
    let server = Server::start(|request| async move {
        let text = format!(
            "{} {} {:?} {:?}",
            request.method(),
            request.uri(),
            request.headers().get(header::HOST),
            request.headers().get("x-mine"),
        );
        answer(text)
    })
    .await;
    let mut sent = post(&format!("{}/base", server.http()), "/a%2Fb", Body::Bytes(Bytes::from_static(b"x")));
    sent.push_query("q", "1 2");
    sent.headers.insert("x-mine", "y".parse().unwrap());
    let response = direct().build().unwrap().send(sent).await.unwrap();
    let wanted = format!("POST /base/a%2Fb?q=1%202 Some(\"{}\") Some(\"y\")", server.address);
    assert_eq!(response.bytes(1000).await.unwrap(), wanted);
}

#[tokio::test]
async fn connection_to_a_sick_backend_is_not_used_again() {
    let server = Server::start(|_| async {
        let mut sick = answer("no");
        *sick.status_mut() = StatusCode::BAD_GATEWAY;
        sick
    })
    .await;
    let transport = direct().build().unwrap();
    for _ in 0..2 {
        let response = transport.send(request(&server.http(), "/")).await.unwrap();
        assert_eq!(response.status, StatusCode::BAD_GATEWAY);
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn busy_server_keeps_its_connection() {
    let server = Server::start(|_| async {
        let mut busy = answer("later");
        *busy.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        busy.headers_mut().insert(header::RETRY_AFTER, "1".parse().unwrap());
        busy
    })
    .await;
    let transport = direct().build().unwrap();
    for _ in 0..2 {
        transport.send(request(&server.http(), "/")).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn request_is_never_sent_again_once_it_was_read() {
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    // The first request of each connection is answered, the second is read and dropped.
    let address = raw(move |mut stream, _| {
        let counter = Arc::clone(&counter);
        async move {
            head(&mut stream).await;
            counter.fetch_add(1, Ordering::SeqCst);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            head(&mut stream).await;
            counter.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await;
    let transport = direct().build().unwrap();
    transport.send(request(&format!("http://{address}"), "/")).await.unwrap();
    let error = transport.send(request(&format!("http://{address}"), "/")).await.unwrap_err();
    assert_eq!(error.sent(), pentad_core::Sent::Maybe, "{error:?}");
    assert_eq!(read.load(Ordering::SeqCst), 2);
}
