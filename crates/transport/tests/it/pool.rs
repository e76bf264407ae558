//! Connections are kept and shared.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{StatusCode, Version, header};
use pentad_core::{Body, ErrorKind, Transport, message::ResponseBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

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

#[tokio::test]
async fn one_shot_body_survives_a_server_that_closes_idle_connections() {
    // Each connection carries one request, and nothing says so.
    let address = raw(|mut stream, _| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    })
    .await;
    let transport = direct().build().unwrap();
    for _ in 0..3 {
        let piece = stream::iter([Ok(Bytes::from_static(b"x"))]);
        let sent = post(&format!("http://{address}"), "/", Body::Once(piece.boxed(), Some(1)));
        assert_eq!(transport.send(sent).await.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn connection_that_nobody_uses_is_closed() {
    let (tell, mut closed) = mpsc::unbounded_channel();
    let address = raw(move |mut stream, _| {
        let tell = tell.clone();
        async move {
            head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            tell.send(stream.read(&mut [0]).await.unwrap()).unwrap();
        }
    })
    .await;
    let transport = direct().pool_idle(Duration::from_millis(20)).build().unwrap();
    transport.send(request(&format!("http://{address}"), "/")).await.unwrap();
    assert_eq!(closed.recv().await, Some(0), "the end of the stream");
}

#[tokio::test]
async fn connections_beyond_the_limit_are_not_kept() {
    let server = Server::start(|_| async { answer("x") }).await;
    let transport = direct().pool_idle_per_host(1).build().unwrap();
    let both = || async {
        let sent = (0..2).map(|_| transport.send(request(&server.http(), "/")));
        futures_util::future::try_join_all(sent).await.unwrap();
    };
    both().await;
    assert_eq!(server.connections(), 2);
    both().await;
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn answer_read_to_its_end_frees_its_connection_and_one_that_is_dropped_closes_it() {
    let address = raw(|mut stream, number| async move {
        loop {
            head(&mut stream).await;
            let text = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{number}\r\n");
            stream.write_all(text.as_bytes()).await.unwrap();
            if number == 0 {
                stream.write_all(b"0\r\n\r\n").await.unwrap();
            } else {
                // The rest never comes.
                let _ = stream.read_to_end(&mut Vec::new()).await;
                return;
            }
        }
    })
    .await;
    let transport = direct().build().unwrap();
    let ask = || transport.send(request(&format!("http://{address}"), "/"));
    assert_eq!(ask().await.unwrap().bytes(10).await.unwrap(), "0");
    let first = ask().await.unwrap();
    // While the first connection is busy with its answer there is another one.
    let ResponseBody::Stream(mut body) = ask().await.unwrap().body else { panic!("it has no known length") };
    assert_eq!(body.next().await.unwrap().unwrap(), "1");
    drop(body);
    assert_eq!(first.bytes(10).await.unwrap(), "0");
    assert_eq!(ask().await.unwrap().bytes(10).await.unwrap(), "0", "neither the dropped one nor a third");
}

#[tokio::test]
async fn shared_connection_that_fell_silent_is_not_used_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let server = Server::start(move |_| {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        async move {
            if number == 0 {
                std::future::pending::<()>().await;
            }
            answer("x")
        }
    })
    .await;
    let transport = direct().http2_only(true).build().unwrap();
    let mut impatient = request(&server.http(), "/");
    impatient.limits.idle = Duration::from_millis(30);
    assert_eq!(transport.send(impatient).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(transport.send(request(&server.http(), "/")).await.unwrap().status, StatusCode::OK);
    assert_eq!(server.connections(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_at_a_time_needs_one_connection_however_threads_are_timed() {
    let server = Server::start(|_| async { answer("x") }).await;
    let transport = direct().build().unwrap();
    for _ in 0..200 {
        transport.send(request(&server.http(), "/")).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
}
