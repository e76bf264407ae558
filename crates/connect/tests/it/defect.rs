//! The defects of the original (reference 15) that ours does not have, by number of the row.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use pentad_connect::{Client, R, field, retry};
use pentad_core::{Error, ErrorKind, Sent};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::{Value, json};

use crate::support::{builder, client, is_decode, json as answer, pages, paths};

fn query(condition: R) -> String {
    client(&ScriptedTransport::new()).collection("p").filter(condition).to_rql().unwrap()
}

#[test]
fn row_1_a_single_negated_condition_stays_negated() {
    assert_eq!(query(!field("a").eq(1)), "not(eq(a,1))");
    let set =
        client(&ScriptedTransport::new()).collection("p").filter(!field("a").eq(1)).filter(field("b").eq(2));
    assert_eq!(set.to_rql().unwrap(), "and(not(eq(a,1)),eq(b,2))");
}

#[test]
fn row_2_negated_logic_has_a_form_that_the_service_reads() {
    assert_eq!(query(!!field("a").eq(1)), "eq(a,1)");
    assert_eq!(query(!(field("a").eq(1) | field("b").eq(2))), "and(not(eq(a,1)),not(eq(b,2)))");
}

#[test]
fn row_3_conditions_are_values() {
    let status = field("status");
    assert_eq!(query(status.clone().eq("a") | status.eq("b")), "or(eq(status,a),eq(status,b))");
}

#[test]
fn row_4_values_are_quoted_unless_written_raw() {
    assert_eq!(query(field("a").eq("x, y")), "eq(a,\"x, y\")");
    assert_eq!(query(R::lookup_raw("a", "x, y")), "eq(a,x, y)");
}

#[test]
fn row_5_lists_take_any_scalars() {
    assert_eq!(query(field("a").in_([1, 2])), "in(a,(1,2))");
}

#[test]
fn row_6_null_takes_a_boolean() {
    assert_eq!(query(R::lookup("a__null", true)), "eq(a,null())");
    let script = ScriptedTransport::new();
    let set = client(&script).collection("p").filter(R::lookup("a__null", 1));
    assert_eq!(run(set.first()).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn rows_7_and_8_the_original_s_retries_are_a_policy_that_waits_on_the_clock() {
    let clock = ManualClock::auto();
    let script = ScriptedTransport::new()
        .answer(599, "")
        .fail(Error::new(ErrorKind::Connection, "reset").with_sent(Sent::Maybe))
        .answer_with(501, ("retry-after", "30"), "")
        .answer(201, "{}");
    let client = builder(&script).clock(clock.shared()).max_retries(3).build().unwrap();
    run(client.collection("p").create(json!({"a": 1}))).unwrap();
    assert_eq!(clock.slept(), [Duration::from_secs(1); 3]);
    let bodies: Vec<_> = script.requests().iter().map(|request| request.body.clone()).collect();
    assert!(bodies.iter().all(|body| body == r#"{"a":1}"#) && bodies.len() == 4);
}

#[test]
fn row_8_the_original_s_retries_end_and_leave_429_alone() {
    let script = (0..3).fold(ScriptedTransport::new(), |script, _| script.answer(500, ""));
    let error = run(builder(&script).max_retries(2).build().unwrap().get("p")).unwrap_err();
    assert_eq!((error.attempts(), script.left()), (3, 0));
    for status in [408, 425, 429, 404] {
        let script = ScriptedTransport::new().answer(status, "");
        let error = run(builder(&script).retry(retry::original(3)).build().unwrap().get("p")).unwrap_err();
        assert_eq!(error.attempts(), 1, "{status}");
    }
}

#[test]
fn row_8_by_default_what_creates_is_not_repeated_and_what_reads_is() {
    let script = ScriptedTransport::new().answer(500, "");
    assert!(run(client(&script).collection("p").create(())).is_err());
    assert_eq!(script.requests().len(), 1);
    let script = ScriptedTransport::new().answer(500, "").answer(200, "{}");
    run(client(&script).collection("p").resource(1).get()).unwrap();
    assert_eq!(script.requests().len(), 2);
}

#[test]
fn row_11_a_service_that_gives_less_than_asked_loses_nothing() {
    let script = pages(&[("items 0-1/4", "[0,1]"), ("items 2-3/4", "[2,3]")]);
    let all = run(client(&script).collection("p").all().limit(3).collect()).unwrap();
    assert_eq!(all, [json!(0), json!(1), json!(2), json!(3)]);
    assert_eq!(paths(&script), ["/p?limit=3&offset=0", "/p?limit=3&offset=2"]);
}

#[test]
fn row_12_a_count_that_is_not_told_is_a_typed_error() {
    let script = ScriptedTransport::new().answer(200, "[]");
    let error = run(client(&script).collection("p").all().count()).unwrap_err();
    assert!(is_decode(error.kind()) && error.message().contains("Content-Range"), "{error}");
}

#[test]
fn row_13_stars_and_blanks_in_content_range_are_read_and_anything_else_is_a_typed_error() {
    let script = pages(&[("items  0-0 / *", "[1]"), ("items 1-1/*", "[]")]);
    assert_eq!(run(client(&script).collection("p").all().limit(1).collect()).unwrap(), [json!(1)]);
    let script = pages(&[("items */7", "[]")]);
    assert_eq!(run(client(&script).collection("p").all().count()).unwrap(), 7);
    let script = pages(&[("pages 1 of 7", "[]")]);
    assert!(is_decode(run(client(&script).collection("p").all().count()).unwrap_err().kind()));
}

#[test]
fn row_14_no_bulk_request_without_a_list() {
    let script = ScriptedTransport::new();
    let products = client(&script).collection("p");
    for kind in [
        run(products.bulk_delete(&[] as &[Value])).unwrap_err().kind(),
        run(products.bulk_create(&[] as &[Value])).unwrap_err().kind(),
        run(products.bulk_update(&[] as &[Value])).unwrap_err().kind(),
    ] {
        assert_eq!(kind, ErrorKind::Invalid);
    }
    assert!(script.requests().is_empty());
}

#[test]
fn row_15_an_empty_object_is_sent_and_nothing_is_nothing() {
    let script = ScriptedTransport::new().answer(201, "{}").answer(201, "{}");
    let products = client(&script).collection("p");
    run(products.create(json!({}))).unwrap();
    run(products.create(())).unwrap();
    let requests = script.requests();
    assert_eq!(
        (requests[0].body.as_ref(), requests[0].header("content-type")),
        (&b"{}"[..], "application/json")
    );
    assert_eq!((requests[1].body.as_ref(), requests[1].header("content-type")), (&b""[..], ""));
}

#[test]
fn rows_16_and_17_identifiers_are_one_segment_and_zero_is_one() {
    let client = client(&ScriptedTransport::new());
    let path = |id: &str| client.collection("p").resource(id).get().request().unwrap().path.clone();
    assert_eq!(path("a/b?c#d"), "/p/a%2Fb%3Fc%23d");
    assert_eq!(client.collection("p").resource(0).get().request().unwrap().path, "/p/0");
    for bad in ["", "..", "."] {
        assert_eq!(run(client.collection("p").resource(bad).get()).unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert!(client.collection("").all().first().request().is_err());
}

#[test]
fn row_19_what_cannot_be_decoded_is_one_error_and_is_not_repeated() {
    let script = ScriptedTransport::new().answer_with(200, ("content-type", "application/json"), "{broken");
    let error =
        run(builder(&script).max_retries(3).build().unwrap().collection("p").resource(1).get()).unwrap_err();
    assert!(is_decode(error.kind()), "{error}");
    assert_eq!(script.requests().len(), 1);
    assert!(run(client(&answer(204, "")).collection("p").resource(1).delete()).unwrap().is_null());
}

#[test]
fn row_20_no_spelling_of_a_credential_among_default_headers() {
    let name = HeaderName::from_bytes(b"aUTHORIZATION").unwrap();
    let built = Client::new("k".to_owned()).header(name, HeaderValue::from_static("x")).build();
    assert_eq!(built.unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn row_25_redirects_are_followed_and_the_key_stays_at_home() {
    let script = ScriptedTransport::new()
        .answer_with(302, ("location", "http://files.test/doc.pdf"), "")
        .answer_with(200, ("content-type", "application/pdf"), "%PDF");
    let document = run(client(&script).collection("p").resource(1).action("pdf").get()).unwrap();
    assert_eq!(document.bytes().as_ref(), b"%PDF");
    let requests = script.requests();
    assert!(!requests[0].header("authorization").is_empty());
    assert_eq!(requests[1].header("authorization"), "");
}
