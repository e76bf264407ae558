//! The error table of the reference (section 12).

use pentad_connect::ErrorExt;
use pentad_core::ErrorKind;
use pentad_testkit::{ScriptedTransport, run};
use serde_json::{Value, json};

use crate::support::client;

struct Row {
    status: u16,
    body: &'static str,
    code: Option<&'static str>,
    errors: &'static [&'static str],
    additional: Value,
    text: &'static str,
}

fn row(
    status: u16,
    body: &'static str,
    code: Option<&'static str>,
    errors: &'static [&'static str],
    text: &'static str,
) -> Row {
    Row { status, body, code, errors, additional: json!({}), text }
}

#[test]
fn every_error_body_of_the_reference_is_read_and_none_fails_the_reading() {
    let rows = [
        row(
            400,
            r#"{"error_code":"VAL_001","errors":["a","b"]}"#,
            Some("VAL_001"),
            &["a", "b"],
            "invalid: a, b [VAL_001] (400, 1 attempt)",
        ),
        Row {
            additional: json!({"params": {"x": 1}}),
            ..row(
                400,
                r#"{"error_code":"VAL_001","errors":["a","b"],"params":{"x":1}}"#,
                Some("VAL_001"),
                &["a", "b"],
                "invalid: a, b [VAL_001] (400, 1 attempt)",
            )
        },
        row(400, r#"{"error_code":"VAL_001"}"#, None, &[], "invalid: Bad Request (400, 1 attempt)"),
        row(400, r#"{"errors":["a"]}"#, None, &[], "invalid: Bad Request (400, 1 attempt)"),
        row(400, r#"{"error_code":"X","errors":[]}"#, Some("X"), &[], "invalid: X (400, 1 attempt)"),
        row(
            400,
            r#"{"error_code":"X","errors":"abc"}"#,
            Some("X"),
            &["abc"],
            "invalid: abc [X] (400, 1 attempt)",
        ),
        row(
            400,
            r#"{"error_code":"X","errors":[{"a":1}]}"#,
            Some("X"),
            &["{\"a\":1}"],
            "invalid: {\"a\":1} [X] (400, 1 attempt)",
        ),
        row(400, r#"{"error_code":5,"errors":["x"]}"#, Some("5"), &["x"], "invalid: x [5] (400, 1 attempt)"),
        row(
            400,
            r#"{"error_code":"X","errors":["a"],"message":"boom"}"#,
            Some("X"),
            &["a"],
            "invalid: boom: a [X] (400, 1 attempt)",
        ),
        row(400, "\"text\"", None, &[], "invalid: Bad Request (400, 1 attempt)"),
        row(400, "null", None, &[], "invalid: Bad Request (400, 1 attempt)"),
        row(400, "7", None, &[], "invalid: Bad Request (400, 1 attempt)"),
        row(400, r#"["error_code","errors"]"#, None, &[], "invalid: Bad Request (400, 1 attempt)"),
        row(
            400,
            r#"{"error_code":"X","errors":["a"],"status_code":9}"#,
            Some("X"),
            &["a"],
            "invalid: a [X] (400, 1 attempt)",
        ),
        row(404, "", None, &[], "not found: Not Found (404, 1 attempt)"),
        row(403, "<html>no</html>", None, &[], "forbidden: Forbidden (403, 1 attempt)"),
        row(499, "", None, &[], "unexpected: status 499 (499, 1 attempt)"),
        row(
            401,
            r#"{"error_code":"AUTH_001","errors":["API request is unauthorized."]}"#,
            Some("AUTH_001"),
            &["API request is unauthorized."],
            "not authenticated: API request is unauthorized. [AUTH_001] (401, 1 attempt)",
        ),
    ];
    for Row { status, body, code, errors, additional, text } in rows {
        let transport = ScriptedTransport::new().answer(status, body);
        let error = run(client(&transport).collection("products").resource("P").get()).unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status, "{body}");
        assert_eq!(error.error_code(), code, "{body}");
        assert_eq!(error.errors(), errors, "{body}");
        assert_eq!(Value::Object(error.additional_info()), additional, "{body}");
        assert_eq!(error.to_string(), format!("connect.resource.get: {text}"), "{body}");
    }
}

#[test]
fn a_body_that_is_no_text_leaves_the_status() {
    let transport = ScriptedTransport::new().answer(400, &b"\xff\xfe\x00"[..]);
    let error = run(client(&transport).get("x")).unwrap_err();
    assert_eq!((error.kind(), error.error_code()), (ErrorKind::Invalid, None));
}

#[test]
fn only_404_means_that_a_resource_does_not_exist() {
    for (status, exists) in
        [(200, Some(true)), (204, Some(true)), (404, Some(false)), (403, None), (410, None)]
    {
        let transport = ScriptedTransport::new().answer(status, "");
        let got = run(client(&transport).collection("products").resource("P").exists());
        assert_eq!(got.ok(), exists, "{status}");
    }
    let transport = ScriptedTransport::new().answer(404, "");
    let error = run(client(&transport).collection("products").resource("P").get()).unwrap_err();
    assert!(error.is_missing() && !error.is_validation());
    let transport = ScriptedTransport::new().answer(404, "");
    assert_eq!(run(client(&transport).collection("p").resource("P").get().optional()).unwrap(), None);
}
