//! Failures say how far the request got.

use std::error::Error as _;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use pentad_core::{Body, Error, ErrorKind, Request, Sent, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{direct, head, post, raw, request};

/// Everything that is printed of an error and its causes.
fn printed(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text} {cause}");
        source = cause.source();
    }
    text
}

fn impatient(mut request: Request, idle: u64) -> Request {
    request.limits.idle = Duration::from_millis(idle);
    request
}

#[tokio::test]
async fn refused_connection_was_not_sent() {
    // Nothing listens on the port of a listener that is gone.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut sent = request(&format!("http://{address}"), "/secret-path");
    sent.push_query("token", "canary");
    let error = direct().build().unwrap().send(sent).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::No));
    assert!(error.message().contains(&address.to_string()), "{error}");
    assert_eq!(error.op(), Some("test.op"));
    let printed = printed(&error);
    assert!(!printed.contains("canary") && !printed.contains("secret-path"), "{printed}");
}

#[tokio::test]
async fn unknown_host_was_not_sent() {
    let error = direct().build().unwrap().send(request("http://nowhere.invalid", "/")).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::No));
    assert!(error.message().contains("nowhere.invalid:80"), "{error}");
}

#[tokio::test]
async fn handshake_that_takes_too_long_is_a_timeout_and_was_not_sent() {
    let address = raw(|mut stream, _| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let mut sent = request(&format!("https://{address}"), "/");
    sent.limits.connect = Duration::from_millis(30);
    let error = direct().build().unwrap().send(sent).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No), "{error:?}");
    assert!(error.message().contains("30ms"), "{error}");
}

#[tokio::test]
async fn connect_ceiling_holds_for_patient_requests_too() {
    let address = raw(|mut stream, _| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let transport = direct().connect_ceiling(Duration::from_millis(30)).build().unwrap();
    let error = transport.send(request(&format!("https://{address}"), "/")).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No), "{error:?}");
}

#[tokio::test]
async fn connection_closed_without_an_answer_may_have_been_sent() {
    let address = raw(|mut stream, _| async move {
        head(&mut stream).await;
    })
    .await;
    let error = direct().build().unwrap().send(request(&format!("http://{address}"), "/")).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::Maybe), "{error:?}");
}

#[tokio::test]
async fn answer_that_is_not_http_is_a_decode_error() {
    let address = raw(|mut stream, _| async move {
        head(&mut stream).await;
        stream.write_all(b"220 mail.example ESMTP\r\n\r\n").await.unwrap();
    })
    .await;
    let error = direct().build().unwrap().send(request(&format!("http://{address}"), "/")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error:?}");
}

#[tokio::test]
async fn silence_before_the_answer_is_a_timeout_and_may_have_been_sent() {
    let address = raw(|mut stream, _| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let sent = impatient(request(&format!("http://{address}"), "/"), 30);
    let error = direct().build().unwrap().send(sent).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::Maybe));
}

#[tokio::test]
async fn connection_that_fell_silent_is_not_used_again() {
    let address = raw(|mut stream, number| async move {
        head(&mut stream).await;
        if number > 0 {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        }
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let transport = direct().build().unwrap();
    let base = format!("http://{address}");
    transport.send(impatient(request(&base, "/"), 30)).await.unwrap_err();
    assert_eq!(transport.send(request(&base, "/")).await.unwrap().status, 200);
}

#[tokio::test]
async fn silence_in_the_middle_of_a_short_and_of_a_long_answer_is_a_timeout() {
    for length in [10, 10_000_000] {
        let address = raw(move |mut stream, _| async move {
            head(&mut stream).await;
            let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\nabc");
            stream.write_all(text.as_bytes()).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
        let sent = impatient(request(&format!("http://{address}"), "/"), 30);
        let error = match direct().build().unwrap().send(sent).await {
            Ok(response) => response.bytes(usize::MAX).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::Maybe), "{length}: {error:?}");
    }
}

#[tokio::test]
async fn answer_that_breaks_off_may_have_been_sent() {
    for length in [10, 10_000_000] {
        let address = raw(move |mut stream, _| async move {
            head(&mut stream).await;
            let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\nabc");
            stream.write_all(text.as_bytes()).await.unwrap();
        })
        .await;
        let error = match direct().build().unwrap().send(request(&format!("http://{address}"), "/")).await {
            Ok(response) => response.bytes(usize::MAX).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::Maybe), "{length}: {error:?}");
    }
}

#[tokio::test]
async fn upload_that_moves_is_not_silence() {
    // Each piece comes later than half the limit, all of them together well over it.
    let address = raw(|mut stream, _| async move {
        let mut read = Vec::new();
        while !read.ends_with(b"0\r\n\r\n") {
            stream.read_buf(&mut read).await.unwrap();
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    })
    .await;
    #[expect(clippy::disallowed_methods, reason = "the time limit on real input and output is under test")]
    let slow = stream::iter(0..6).then(|_| async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        Ok(bytes::Bytes::from_static(b"piece"))
    });
    let sent = post(&format!("http://{address}"), "/", Body::Once(slow.boxed(), None));
    let response = direct().build().unwrap().send(impatient(sent, 110)).await.unwrap();
    assert_eq!(response.status, 200);
}
