//! Waiting without an async context.

use pentad_core::{ErrorKind, Transport, blocking};

use crate::support::{Server, answer, direct, request};

#[test]
fn thread_waits_for_calls_and_they_share_a_connection() {
    let transport = direct().build().unwrap();
    let server = blocking::wait(async { Ok(Server::start(|_| async { answer("hello") }).await) }).unwrap();
    for _ in 0..2 {
        let (transport, sent) = (transport.clone(), request(&server.http(), "/"));
        let response = blocking::wait(async move { transport.send(sent).await }).unwrap();
        assert_eq!(response.status, 200);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn waiting_within_an_async_context_is_refused_with_advice() {
    direct().build().unwrap();
    let error = blocking::wait(async { Ok(()) }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.hint().unwrap().contains(".await"), "{error}");
}
