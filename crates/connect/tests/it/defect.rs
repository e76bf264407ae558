//! The defects of the original (reference 15) that ours does not have, by number of the row.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use pentad_connect::mock::Mock;
use pentad_connect::openapi::Document;
use pentad_connect::{Client, Multipart, R, RequestLog, Specs, field, retry};
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
fn row_9_files_are_sent_whole_again_when_a_request_is_repeated() {
    let script = ScriptedTransport::new().answer(503, "").answer(201, "{}");
    let client = builder(&script).max_retries(1).build().unwrap();
    let parts = Multipart::new().text("k", "v").bytes("f", "n.txt", "text/plain", &b"content"[..]);
    run(client.collection("media").create(parts)).unwrap();
    let bodies: Vec<String> =
        script.requests().iter().map(|r| String::from_utf8_lossy(&r.body).into_owned()).collect();
    assert_eq!(bodies.len(), 2);
    assert!(bodies[0].contains("\r\n\r\ncontent\r\n") && bodies[0] == bodies[1], "{bodies:?}");
}

#[test]
fn row_10_a_set_that_was_left_in_the_middle_is_whole_the_next_time() {
    let (first, second) = (("items 0-0/2", r#"[{"n":1}]"#), ("items 1-1/2", r#"[{"n":2}]"#));
    let script = pages(&[first, first, second]);
    let set = client(&script).collection("p").all().limit(1);
    assert_eq!(run(async { set.items().next().await.unwrap().unwrap() })["n"], 1);
    assert_eq!(run(set.collect()).unwrap().len(), 2);
}

#[test]
fn row_10_values_are_reduced_however_often_and_in_whatever_way_they_are_read() {
    let whole = ("items 0-0/1", r#"[{"a":1,"b":2}]"#);
    let script = pages(&[whole, whole]);
    let set = client(&script).collection("p").all();
    for _ in 0..2 {
        let read = run(set.values_list(["a"]).all()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), json!([{"a": 1}]));
    }
}

#[test]
fn row_10_positions_in_a_slice_count_from_its_start() {
    let empty = ("items 0-0/50", "[]");
    let script = pages(&[empty, empty, empty, ("items 0-0/50", "[]")]);
    let slice = client(&script).collection("p").all().slice(10..20);
    run(slice.first()).unwrap();
    run(slice.nth(3)).unwrap();
    run(slice.clone().slice(2..4).list()).unwrap();
    assert_eq!(run(slice.count()).unwrap(), 10);
    let asked: Vec<String> = script.requests().iter().map(|r| r.uri.to_string()).collect();
    for (asked, range) in asked.iter().zip(["limit=1&offset=10", "limit=1&offset=13", "limit=2&offset=12"]) {
        assert!(asked.ends_with(range), "{asked}");
    }
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
fn row_18_every_status_and_every_shape_of_errors_has_a_text() {
    let bodies = ["", "null", "7", "<html>", r#"{"error_code":"X","errors":[{"a":1},null,7]}"#];
    for status in [400, 418, 499, 520, 599, 999] {
        for body in bodies {
            let script = answer(status, body);
            let client = builder(&script).max_retries(0).build().unwrap();
            let error = run(client.collection("p").resource(1).get()).unwrap_err();
            assert!(error.to_string().contains(&status.to_string()), "{error}");
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        }
    }
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
fn row_21_the_log_shows_no_key_of_any_shape_and_reads_every_cookie() {
    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for key in ["ApiKey canary", "canary", "ApiKey SU-1:canary"] {
        let (sink, script) = (Sink::default(), ScriptedTransport::new());
        let script = script.answer_with(200, ("set-cookie", "api_key=\"canary"), "");
        let client = Client::new(key.to_owned()).endpoint("http://e.test").transport(script.shared());
        let client = client.log(RequestLog::new(sink.clone())).build().unwrap();
        let call = client.get("x").header(http::header::COOKIE, HeaderValue::from_static("api_key=\"canary"));
        run(call).unwrap();
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("HTTP Response") && !text.contains("canary"), "{text}");
    }
}

const DOCUMENT: &str = r"
openapi: 3.0.3
info: {title: Shop, version: '1'}
paths:
  /products/{id}: {get: {summary: One}}
  /products/export: {get: {summary: All}}
  /products: {get: {summary: Products}}
  /media: {get: {summary: Media}}
  /media/{id}: {summary: neither read nor made}
  /media/{id}/play: {post: {operationId: play}}
";

#[tokio::test]
async fn row_22_a_document_is_kept_read_and_a_literal_step_comes_before_a_template() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.yml");
    std::fs::write(&file, DOCUMENT).unwrap();
    let specs = Specs::file(&file).cache(folder.path().join("cache"));
    let script = ScriptedTransport::new();
    let client = builder(&script).specs(specs.clone()).build().unwrap();
    let summary = |path: &str| {
        let operation = client.document().unwrap().operation("get", path).unwrap();
        operation.summary().map(str::to_owned)
    };
    assert_eq!(summary("products/export").as_deref(), Some("All"));
    assert_eq!(summary("products/PRD-1").as_deref(), Some("One"));
    assert!(folder.path().join("cache").read_dir().unwrap().count() > 0, "the parsed form is kept");
    assert!(builder(&script).specs(specs).open().await.unwrap().document().is_some());
}

#[test]
fn row_23_help_is_there_for_every_place_of_a_document_of_the_published_size() {
    let document = Document::parse(pentad_testkit::document::published_scale().as_bytes()).unwrap();
    let places: Vec<String> =
        document.paths().map(|item| item.path().trim_start_matches('/').to_owned()).collect();
    let client = builder(&ScriptedTransport::new()).specs(document).build().unwrap();
    assert!(places.len() > 500);
    for place in places {
        let place = place.replace(['{', '}'], "");
        assert!(!client.at(&place).help().is_empty(), "{place}");
    }
    // A name without a singular, and a path that can neither be read nor made.
    let media = builder(&ScriptedTransport::new()).specs(Document::parse(DOCUMENT.as_bytes()).unwrap());
    let media = media.build().unwrap();
    assert!(media.at("media/MD-1").help().contains("play"));
}

#[test]
fn row_24_a_client_outlives_the_runtime_in_which_it_connected() {
    let mock = Mock::new();
    mock.collection("p").resource(1).get().reply(json!({"id": 1})).times(3);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let serving = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = serving.block_on(mock.serve()).unwrap();
    let client = Client::new("ApiKey SU-1:x".to_owned()).endpoint(server.endpoint()).build().unwrap();
    for _ in 0..3 {
        let got = runtime().block_on(async { client.collection("p").resource(1).get().await });
        assert_eq!(got.unwrap()["id"], 1);
    }
    mock.verify().unwrap();
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

#[test]
fn row_27_an_item_at_a_position_is_expected_at_that_position() {
    let mock = Mock::new();
    mock.collection("p").all().nth(7, Some(json!({"id": "seventh"})));
    let client = mock.client();
    let set = client.collection("p").all();
    assert!(run(set.nth(0)).is_err());
    assert_eq!(run(set.nth(7)).unwrap().unwrap()["id"], "seventh");
}
