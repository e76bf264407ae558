//! The log of requests and answers.

use std::io::Write;
use std::sync::{Arc, Mutex};

use pentad_connect::RequestLog;
use pentad_core::{Error, ErrorKind, RetryPolicy, Sent};
use pentad_testkit::{ScriptedTransport, run};
use serde_json::json;

use crate::support::builder;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_block_per_request_and_answer_with_secrets_hidden() {
    let script = ScriptedTransport::new().answer_with(
        201,
        ("content-type", "application/json"),
        r#"{"id": 1, "password": "canary"}"#,
    );
    let sink = Sink::default();
    let client = builder(&script).log(RequestLog::new(sink.clone())).build().unwrap();
    let body = json!({"n": "é", "secret": "canary"});
    run(client.collection("p").create(body).query("api_key", "canary")).unwrap();
    let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("canary"), "{text}");
    for line in [
        "--- HTTP Request ---\nPOST http://e.test/public/v1/p?api_key=***\n",
        "authorization: ApiKey SU-000-000-000:***\n",
        "  \"n\": \"é\"",
        "--- HTTP Response ---\n201 Created\n",
        "  \"id\": 1",
    ] {
        assert!(text.contains(line), "{line:?} in\n{text}");
    }
}

#[test]
fn a_log_that_cannot_be_written_fails_no_call() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("full"))
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Err(std::io::Error::other("full"))
        }
    }
    let script = ScriptedTransport::new().answer_with(204, ("content-type", "application/json"), "");
    let client = builder(&script).log(RequestLog::new(Full)).build().unwrap();
    assert!(run(client.collection("p").resource(1).delete()).unwrap().is_null());
}

#[test]
fn a_request_without_an_answer_has_a_block_that_says_why() {
    let script =
        ScriptedTransport::new().fail(Error::new(ErrorKind::Connection, "refused").with_sent(Sent::No));
    let sink = Sink::default();
    let client =
        builder(&script).log(RequestLog::new(sink.clone())).retry(RetryPolicy::none()).build().unwrap();
    run(client.collection("p").resource(1).get()).unwrap_err();
    let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches("--- HTTP Request ---").count(), 1);
    assert!(text.contains("--- HTTP Response ---\n(none: ") && text.contains("refused)"), "{text}");
}
