use pentad_openapi::{Document, ErrorKind, Kind, Line};
use pentad_testkit::document;
use serde_json::json;

use crate::support::{document, published};

#[test]
fn the_document_of_published_size_has_the_published_counts() {
    let document = published();
    assert_eq!(document.paths().count(), 555);
    assert_eq!(document.operations().count(), 861);
    assert_eq!(document.paths().filter(|item| item.path().ends_with('}')).count(), 167);
    let lines = document::published_scale().lines().count();
    assert!((95_000..110_000).contains(&lines), "{lines} lines");
    for operation in document.operations() {
        operation.parameters().unwrap();
        operation.responses().unwrap();
        operation.request_body().unwrap();
    }
}

#[test]
fn yaml_and_json_give_the_same_values() {
    let yaml = document(
        "openapi: 3.1.0\nx: {a: [1, -2, 2.5, true, null, 'yes', \"\\u00e9\"], b: 18446744073709551615}\n",
    );
    let json = document(
        r#"{"openapi":"3.1.0","x":{"a":[1,-2,2.5,true,null,"yes","\u00e9"],"b":18446744073709551615}}"#,
    );
    assert_eq!(yaml.root().to_value(), json.root().to_value());
    assert_eq!(yaml.line(), Line::V3_1);
}

#[test]
fn scalars_follow_yaml_1_2() {
    let document = document(
        "openapi: 3.0.0\nx: [yes, 012, 0x1f, 1e3, .5, ~, '', !!str 7, 2024-01-02, .inf, \"true\", -a, 1.2.3]\n",
    );
    let expected =
        json!(["yes", 12, 31, 1000.0, 0.5, null, "", "7", "2024-01-02", ".inf", "true", "-a", "1.2.3"]);
    assert_eq!(document.root().get("x").unwrap().to_value(), expected);
}

#[test]
fn keys_are_names_even_if_they_look_like_numbers() {
    let document = document("openapi: 3.0.0\nx:\n  200: ok\n  true: t\n  null: n\n");
    assert_eq!(document.root().get("x").unwrap().to_value(), json!({"200": "ok", "true": "t", "null": "n"}));
}

#[test]
fn anchors_and_merge_keys_are_read() {
    let document = document(
        "openapi: 3.0.0\nbase: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\none:\n  <<: *base\n  b: 9\nboth:\n  <<: [*base, *other]\nsame: *base\n",
    );
    let value = |name| document.root().get(name).unwrap().to_value();
    assert_eq!(value("one"), json!({"a": 1, "b": 9}));
    assert_eq!(value("both"), json!({"a": 1, "b": 2, "c": 4}));
    assert_eq!(value("same"), json!({"a": 1, "b": 2}));
}

#[test]
fn of_repeated_keys_the_last_one_counts() {
    let document = document("openapi: 3.0.0\nx: {a: 1, b: 2, a: 3}\n");
    assert_eq!(document.root().get("x").unwrap().to_value(), json!({"a": 3, "b": 2}));
}

#[test]
fn malformed_yaml_is_located() {
    let error = Document::parse(b"openapi: 3.0.0\npaths:\n  /a:\n    get: [1, 2\n  /b: {}\n").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Syntax);
    let (line, column) = error.position().unwrap();
    assert!((4..=5).contains(&line) && column >= 1, "{error}");
    assert!(error.advice().is_some());
}

#[test]
fn malformed_json_is_located() {
    let error = Document::parse(b"{\n  \"openapi\": \"3.0.0\",\n  \"paths\": {]\n}").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Syntax);
    assert_eq!(error.position().unwrap().0, 3, "{error}");
}

#[test]
fn bytes_that_are_not_utf8_are_located() {
    let error = Document::parse(b"openapi: 3.0.0\nx: \xc3\xa9\xff\n").unwrap_err();
    assert_eq!(error.position(), Some((2, 5)));
    let error = Document::parse(b"\xff\xfeo\0").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(Document::parse(b"\xef\xbb\xbfopenapi: 3.0.0\n").is_ok());
}

#[test]
fn what_is_no_openapi_3_is_told_by_name() {
    let kind = |text: &str| Document::parse(text.as_bytes()).unwrap_err().kind();
    assert_eq!(kind("swagger: '2.0'\n"), ErrorKind::Unsupported);
    assert_eq!(kind("openapi: 4.0.0\n"), ErrorKind::Unsupported);
    assert_eq!(kind("a: 1\n"), ErrorKind::Invalid);
    assert_eq!(kind("- 1\n"), ErrorKind::Invalid);
    assert_eq!(kind(""), ErrorKind::Syntax);
    assert_eq!(kind("openapi: 3.0.0\npaths: []\n"), ErrorKind::Invalid);
    assert_eq!(kind("openapi: 3.0.0\n---\nopenapi: 3.0.0\n"), ErrorKind::Syntax);
}

#[test]
fn the_head_is_read_as_text_whatever_yaml_makes_of_it() {
    let document = document(
        "openapi: 3.0.0\ninfo: {title: Shop, version: 37}\ntags: [{name: a, description: b}]\nservers: [{url: /v1}]\n",
    );
    assert_eq!((document.title().as_deref(), document.version().as_deref()), (Some("Shop"), Some("37")));
    assert_eq!(document.tags().collect::<Vec<_>>(), [("a", Some("b"))]);
    assert_eq!(document.servers().collect::<Vec<_>>(), ["/v1"]);
    assert_eq!(document.description(), None);
}

#[test]
fn references_are_followed_when_asked_for() {
    let document = document(
        "openapi: 3.0.0\nx:\n  good: {$ref: '#/y/a~1b'}\n  gone: {$ref: '#/y/alpa'}\n  round: {$ref: '#/x/trip'}\n  trip: {$ref: '#/x/round'}\n  far: {$ref: 'other.yml#/a'}\n  self: {$ref: '#/x/self'}\ny: {a/b: {$ref: '#/y/alpha'}, alpha: 7}\n",
    );
    let resolve = |name| document.resolve(document.root().get("x").unwrap().get(name).unwrap());
    assert_eq!(resolve("good").unwrap().to_value(), json!(7));
    let gone = resolve("gone").unwrap_err();
    assert_eq!((gone.kind(), gone.nearest()), (ErrorKind::Reference, &["alpha".to_owned()][..]));
    assert_eq!(resolve("round").unwrap_err().kind(), ErrorKind::Reference);
    assert_eq!(resolve("self").unwrap_err().kind(), ErrorKind::Reference);
    assert_eq!(resolve("far").unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn values_know_their_line() {
    let document = document("openapi: 3.0.0\npaths:\n  /a:\n    get:\n      summary: x\n");
    let get = document.operation("get", "a").unwrap();
    assert_eq!(get.node().line(), Some(5));
    assert_eq!(get.node().kind(), Kind::Object);
}
