use std::fmt::Write as _;

use pentad_openapi::{Document, ErrorKind, Limits, METHODS, Way};
use proptest::prelude::*;
use serde_json::json;

fn kind(text: &str) -> ErrorKind {
    Document::parse(text.as_bytes()).unwrap_err().kind()
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = "openapi: 3.0.0\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let inner = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{inner}]");
    }
    assert_eq!(kind(&text), ErrorKind::TooLarge);
}

#[test]
fn a_merge_bomb_is_refused() {
    let mut text = "openapi: 3.0.0\nbase: &base\n".to_owned();
    for key in 0..5_000 {
        let _ = writeln!(text, "  k{key}: 1");
    }
    for copy in 0..5_000 {
        let _ = writeln!(text, "c{copy}: {{<<: *base}}");
    }
    assert_eq!(kind(&text), ErrorKind::TooLarge);
}

#[test]
fn a_ladder_of_aliases_is_refused() {
    let mut text = "openapi: 3.0.0\na0: &a0 [1]\n".to_owned();
    for level in 1..1_000 {
        let _ = writeln!(text, "a{level}: &a{level} [*a{}]", level - 1);
    }
    assert_eq!(kind(&text), ErrorKind::TooLarge);
}

#[test]
fn depth_is_refused_in_every_notation() {
    let depth = 100_000;
    assert_eq!(kind(&format!("{{\"a\":{}", "[".repeat(depth))), ErrorKind::TooLarge);
    assert_eq!(kind(&"{\"a\":".repeat(depth)), ErrorKind::TooLarge);
    assert_eq!(kind(&format!("a: {}", "[".repeat(depth))), ErrorKind::TooLarge);
    assert_eq!(kind(&format!("a: {}", "{a: ".repeat(depth))), ErrorKind::TooLarge);
    assert_eq!(kind(&format!("a:\n  {}1", "- ".repeat(depth))), ErrorKind::TooLarge);
    let mut stairs = String::new();
    for level in 0..2_000 {
        let _ = writeln!(stairs, "{:level$}a:", "");
    }
    assert_eq!(kind(&stairs), ErrorKind::TooLarge);
}

#[test]
fn size_is_refused_before_reading() {
    let limits = Limits { bytes: 100, ..Limits::default() };
    let text = format!("openapi: 3.0.0\nx: {}\n", "y".repeat(100));
    assert_eq!(Document::parse_within(text.as_bytes(), limits).unwrap_err().kind(), ErrorKind::TooLarge);
    let limits = Limits { values: 50, ..Limits::default() };
    for text in ["{\"openapi\": \"3.0.0\", \"x\": [1", "openapi: 3.0.0\nx: [1"] {
        let end = if text.starts_with('{') { "]}" } else { "]" };
        let text = format!("{text}{}{end}", ", 1".repeat(60));
        assert_eq!(Document::parse_within(text.as_bytes(), limits).unwrap_err().kind(), ErrorKind::TooLarge);
    }
}

#[test]
fn schemas_without_end_are_refused() {
    let document = Document::parse(
        b"openapi: 3.1.0\na: {allOf: [{$ref: '#/b'}]}\nb: {anyOf: [{$ref: '#/a'}]}\nc: {$ref: '#/c'}\nd: {properties: {d: {$ref: '#/d'}}}\n",
    )
    .unwrap();
    let check =
        |name: &str| document.check(document.root().get(name).unwrap(), &json!({"d": {}}), Way::Request);
    assert_eq!(check("a").unwrap_err().kind(), ErrorKind::Reference);
    assert_eq!(check("c").unwrap_err().kind(), ErrorKind::Reference);
    assert!(check("d").unwrap().is_empty());
}

#[test]
fn long_chains_of_schemas_end() {
    for count in [900, 5_000] {
        let mut text = "openapi: 3.1.0\nparts:\n".to_owned();
        for part in 0..count {
            let _ = writeln!(text, "  p{part}: {{properties: {{x: {{$ref: '#/parts/p{}'}}}}}}", part + 1);
        }
        let _ = writeln!(text, "  p{count}: {{type: string}}");
        let document = Document::parse(text.as_bytes()).unwrap();
        let first = document.root().pointer("/parts/p0").unwrap();
        let outcome = document.check(first, &json!({"x": {"x": 1}}), Way::Request);
        assert_eq!(outcome.is_ok(), count < 1_000, "{outcome:?}");
    }
    let mut text = "openapi: 3.1.0\nparts:\n".to_owned();
    for part in 0..500 {
        let _ = writeln!(text, "  p{part}: {{allOf: [{{$ref: '#/parts/p{}'}}]}}", part + 1);
    }
    text.push_str("  p500: {type: string}\n");
    let document = Document::parse(text.as_bytes()).unwrap();
    let first = document.root().pointer("/parts/p0").unwrap();
    assert_eq!(document.check(first, &json!(1), Way::Request).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn long_paths_end() {
    let document = Document::parse(b"openapi: 3.0.0\npaths:\n  /a/{b}/c: {get: {}}\n").unwrap();
    assert!(document.require("get", &"a/".repeat(100_000)).is_err());
    assert!(document.place(&"x".repeat(1_000_000)).is_err());
}

#[test]
fn a_path_of_very_many_segments_is_refused() {
    let text = format!("openapi: 3.0.0\npaths:\n  {}:\n    get: {{}}\n", "/a".repeat(400));
    assert_eq!(kind(&text), ErrorKind::TooLarge);
}

/// Asks a document everything.
fn walk(document: &Document) {
    for item in document.paths() {
        for operation in item.operations() {
            let _ = (operation.id(), operation.summary(), operation.description(), operation.tags().count());
            let _ = (operation.parameters(), operation.responses(), operation.check_path(item.path()));
            let _ = operation.check_query(&[("a", "1")]);
            let _ = operation.check_body("application/json", Some(&json!({"a": [1]})));
            let _ = operation.check_answer(200, "application/json", &json!(null));
        }
        if let Ok(place) = document.place(item.path()) {
            let _ = (place.help(), place.search_help(), place.template());
        }
    }
    let _ = (
        document.top().help(),
        document.tags().count(),
        document.servers().count(),
        document.root().to_value(),
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(document) = Document::parse(&bytes) {
            walk(&document);
        }
    }

    #[test]
    fn texts_of_yaml_signs_never_panic(text in r##"[-a-c0-9:{}\[\],&*!|>'"#%@`~? \n\t<]{0,200}"##) {
        let text = format!("openapi: 3.0.0\n{text}");
        if let Ok(document) = Document::parse(text.as_bytes()) {
            walk(&document);
        }
    }

    #[test]
    fn documents_of_wrong_shapes_never_panic(
        method in proptest::sample::select(METHODS.to_vec()),
        key in proptest::sample::select(vec!["parameters", "requestBody", "responses", "tags", "operationId", "summary"]),
        inner in proptest::sample::select(vec![
            "1", "x", "[]", "{}", "[1]", "[{name: a, in: query, schema: 1}]", "[{name: 1, in: path}]", "{200: 1}",
            "{content: {application/json: {schema: {type: 5, properties: [], required: {}, enum: 1, allOf: []}}}}",
            "{content: {application/json: {schema: {$ref: '#/paths'}}}}", "{$ref: '#/nowhere'}", "{default: {$ref: 5}}",
            "{content: {application/json: {schema: {type: [string, bad], pattern: '(', minLength: -1, multipleOf: 0}}}}",
            "{200: {content: {a: 1, application/json: {schema: {items: [{}], nullable: true, format: 1}}}}}",
        ]),
    ) {
        let text = format!("openapi: 3.0.0\npaths:\n  /a/{{b}}:\n    {method}: {{{key}: {inner}}}\n");
        walk(&Document::parse(text.as_bytes()).unwrap());
    }
}
