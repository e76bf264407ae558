use pentad_server::ServerOptions;

use crate::fixture::{call, get, listening, send};

fn small() -> ServerOptions {
    let mut options = ServerOptions::memory();
    options.max_body = 1000;
    options
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken() {
    let (_server, addr) = listening(small()).await;
    assert_eq!(call(addr, "POST", "/ams/length", &"x".repeat(1000)).await.body, "1000");
}

#[tokio::test]
async fn a_longer_body_is_refused_in_the_shape_of_the_service() {
    let (_server, addr) = listening(small()).await;
    let answer = call(addr, "POST", "/ams/length", &"x".repeat(1001)).await;
    assert_eq!((answer.status, answer.body.as_str()), (413, "mirror takes 1000"));
}

#[tokio::test]
async fn a_chunked_body_is_refused_as_soon_as_it_is_too_long() {
    let (_server, addr) = listening(small()).await;
    let chunk = format!("1f4\r\n{}\r\n", "x".repeat(500));
    let head =
        "POST /ams/length HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    let long = send(addr, &format!("{head}{chunk}{chunk}{chunk}0\r\n\r\n")).await;
    assert_eq!((long.status, long.body.as_str()), (413, "mirror takes 1000"));
    let fits = send(addr, &format!("{head}{chunk}{chunk}0\r\n\r\n")).await;
    assert_eq!((fits.status, fits.body.as_str()), (200, "1000"));
}

#[tokio::test]
async fn who_asks_before_sending_too_much_is_told_at_once() {
    let (_server, addr) = listening(small()).await;
    let head = "POST /ams/length HTTP/1.1\r\nhost: h\r\ncontent-length: 5000\r\nexpect: 100-continue\r\n\r\n";
    let answer = send(addr, head).await;
    assert_eq!(answer.status, 413, "{}", answer.head);
}

#[tokio::test]
async fn the_control_api_keeps_the_limit_too() {
    let (_server, addr) = listening(small()).await;
    assert_eq!(call(addr, "POST", "/_pentad/seed", &" ".repeat(2000)).await.status, 413);
    assert_eq!(get(addr, "/_pentad/healthz").await.status, 200);
}
