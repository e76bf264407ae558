//! Bodies: files, streams, forms, multipart.

use std::io::Write;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use pentad_connect::{Multipart, Payload};
use pentad_testkit::{ScriptedTransport, run};
use serde_json::json;

use crate::support::{builder, client};

fn file(content: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().prefix("logo").suffix(".png").tempfile().unwrap();
    file.write_all(content).unwrap();
    file
}

#[tokio::test]
async fn a_file_is_sent_whole_on_every_attempt() {
    let content: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let file = file(&content);
    let script = ScriptedTransport::new().answer(503, "").answer(201, "{}");
    let client = builder(&script).max_retries(1).build().unwrap();
    client
        .collection("p")
        .resource(1)
        .action("upload")
        .post(Payload::file("image/png", file.path()))
        .await
        .unwrap();
    let requests = script.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|r| r.body == content && r.header("content-type") == "image/png"));
}

#[tokio::test]
async fn a_stream_is_sent_once_and_never_again() {
    let script = ScriptedTransport::new().answer(503, "");
    let client = builder(&script).max_retries(3).build().unwrap();
    let pieces = stream::iter([Ok(Bytes::from("ab")), Ok(Bytes::from("cd"))]).boxed();
    let error = client.update("p/1", Payload::stream("text/plain", pieces, Some(4))).await.unwrap_err();
    assert_eq!(script.requests()[0].body, "abcd");
    assert!(error.hint().unwrap().contains("read only once"), "{error}");
}

#[tokio::test]
async fn multipart_has_fields_and_files_anew_on_every_attempt() {
    let file = file(b"\x89PNG");
    let script = ScriptedTransport::new().answer(503, "").answer(201, "{}");
    let client = builder(&script).max_retries(1).build().unwrap();
    let parts = Multipart::new().text("k", "v").bytes("f", "n\".txt", "text/plain", &b"abc"[..]).file(
        "logo",
        "image/png",
        file.path(),
    );
    client.collection("media").create(parts).await.unwrap();
    let requests = script.requests();
    assert_eq!((requests.len(), &requests[0].body), (2, &requests[1].body));
    let kind = requests[0].header("content-type").to_owned();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let name = file.path().file_name().unwrap().to_string_lossy().into_owned();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"k\"\r\n\r\nv\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n%22.txt\"\r\nContent-Type: text/plain\r\n\r\nabc\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n"
    );
    let mut expected = expected.into_bytes();
    expected.extend_from_slice(b"\x89PNG");
    expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    assert_eq!(requests[0].body, expected);
}

#[test]
fn forms_are_escaped_and_a_missing_file_is_said_before_sending() {
    let script = ScriptedTransport::new().answer(200, "");
    run(client(&script).create("x", Payload::form([("a b", "c&d"), ("e", "é")]))).unwrap();
    assert_eq!(script.requests()[0].body, "a%20b=c%26d&e=%C3%A9");
    let error = run(client(&script).create("x", Payload::file("a/b", "/nowhere/at/all"))).unwrap_err();
    assert!(error.message().contains("/nowhere/at/all"), "{error}");
    assert_eq!(script.requests().len(), 1);
}

#[test]
fn create_takes_objects_only_and_update_anything() {
    let script = ScriptedTransport::new().answer(200, "{}");
    let client = client(&script);
    let error = run(client.collection("p").create(json!([1]))).unwrap_err();
    assert_eq!(error.message(), "payload: must be an object");
    run(client.collection("p").resource(1).update(json!("text"))).unwrap();
    assert_eq!(script.requests()[0].body, "\"text\"");
}
