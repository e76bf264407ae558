use std::os::unix::fs::PermissionsExt;

use pentad_server::{Server, ServerOptions, holder};
use tokio::net::UnixStream;

use crate::fixture::{exchange, mirror, open};

#[tokio::test]
async fn the_second_opener_of_a_directory_learns_of_the_holder_and_reaches_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = open(ServerOptions::dir(dir.path())).await;
    let second = Server::builder(ServerOptions::dir(dir.path())).service("ams", mirror).open().await;
    assert!(second.is_err_and(|error| error.is_held()));
    let socket = holder::find(dir.path()).await.unwrap();
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let stream = UnixStream::connect(&socket).await.unwrap();
    let request = "GET /ams/v1/x HTTP/1.1\r\nhost: pentad.local\r\nconnection: close\r\n\r\n";
    assert_eq!(exchange(stream, request).await.json()["base"], "http://pentad.local/ams");
    server.shutdown().await;
}

#[tokio::test]
async fn a_directory_that_was_let_go_has_no_holder_and_can_be_taken() {
    let dir = tempfile::tempdir().unwrap();
    let server = open(ServerOptions::dir(dir.path())).await;
    server.shutdown().await;
    assert_eq!(holder::find(dir.path()).await, None);
    open(ServerOptions::dir(dir.path())).await.shutdown().await;
}

#[tokio::test]
async fn a_socket_left_by_a_dead_process_is_no_holder_and_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    drop(tokio::net::UnixListener::bind(holder::socket(dir.path())).unwrap());
    assert_eq!(holder::find(dir.path()).await, None);
    let server = open(ServerOptions::dir(dir.path())).await;
    assert!(holder::find(dir.path()).await.is_some());
    server.shutdown().await;
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_directory_whose_path_is_too_long_for_a_socket_is_held_and_found() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("d".repeat(120)).join("e".repeat(120));
    let server = open(ServerOptions::dir(&dir)).await;
    let socket = holder::find(&dir).await.unwrap();
    assert_eq!(socket, dir.join("pentad.sock"));
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    server.shutdown().await;
    assert_eq!(holder::find(&dir).await, None);
    assert!(!socket.exists());
}
