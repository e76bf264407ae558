//! HTTP over a unix socket.

use pentad_core::unix::SocketPath;
use pentad_core::{ErrorKind, Sent};
use tokio::net::UnixListener;

use crate::support::{answer, request, serve};

#[tokio::test]
async fn request_reaches_the_server_behind_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        // Each request has a connection of its own.
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            serve(stream, |request| async move { answer(request.uri().to_string()) }).await;
        }
    });
    let transport = pentad_transport::unix(path);
    for wanted in ["/ams/v1/x", "/ams/v1/y"] {
        let response = transport.send(request("http://pentad.local", wanted)).await.unwrap();
        assert_eq!(response.bytes(100).await.unwrap(), wanted);
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_path_that_is_too_long_for_the_system_is_reached_through_its_directory() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("d".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    let path = deep.join("socket");
    assert!(UnixListener::bind(&path).is_err(), "this path is not too long");
    let short = SocketPath::new(&path).unwrap();
    let listener = UnixListener::bind(&short).unwrap();
    assert!(path.exists(), "it is where it was asked for");
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream, |request| async move { answer(request.uri().to_string()) }).await;
    });
    let transport = pentad_transport::unix(path);
    let response = transport.send(request("http://pentad.local", "/deep")).await.unwrap();
    assert_eq!(response.bytes(100).await.unwrap(), "/deep");
}

#[tokio::test]
async fn missing_socket_was_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let transport = pentad_transport::unix(folder.path().join("socket"));
    let error = transport.send(request("http://pentad.local", "/")).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::No));
}

#[tokio::test]
async fn https_over_a_socket_is_a_configuration_fault() {
    let transport = pentad_transport::unix("/nowhere".into());
    let error = transport.send(request("https://pentad.local", "/")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
