//! What requests say of their sender.

use pentad_core::Transport;

use crate::support::{Server, answer, direct, request};

async fn server() -> Server {
    Server::start(
        |request| async move { answer(request.headers()["user-agent"].to_str().unwrap().to_owned()) },
    )
    .await
}

#[tokio::test]
async fn requests_name_this_product_and_its_version() {
    let server = server().await;
    let response = direct().build().unwrap().send(request(&server.http(), "/")).await.unwrap();
    assert_eq!(response.bytes(100).await.unwrap(), concat!("pentad/", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn callers_word_for_it_stays() {
    let server = server().await;
    let mut sent = request(&server.http(), "/");
    sent.headers.insert("user-agent", "mine/1".parse().unwrap());
    let response = direct().build().unwrap().send(sent).await.unwrap();
    assert_eq!(response.bytes(100).await.unwrap(), "mine/1");
}
