//! Bad input ends in an error, never in a panic, a hang or an exhausted stack.

use pentad_rql::{BuildError, FieldType, Kind, Parser, Pattern, Plan, R, Schema, field, parse, split};
use proptest::prelude::*;
use serde_json::json;

use crate::generate::object;

#[test]
fn a_million_parentheses_are_refused() {
    let many = 1_000_000;
    for text in
        ["(".repeat(many), "not(".repeat(many / 4), "and(".repeat(many / 4), "eq(a,t(".repeat(many / 8)]
    {
        let error = parse(&text).unwrap_err();
        assert!(error.position() < 2000, "{error}");
    }
    let error = parse(&"(".repeat(many)).unwrap_err();
    assert_eq!((error.position(), error.expected()), (128, "fewer levels of nesting"));
}

#[test]
fn a_long_text_is_refused_on_a_character_boundary() {
    let text = format!("eq(a,{})", "é".repeat(20));
    let error = Parser::new().max_length(10).parse(&text).unwrap_err();
    assert_eq!((error.position(), error.found()), (9, Some('é')));
    assert!(Parser::new().max_length(text.len()).parse(&text).is_ok());
}

#[test]
fn a_long_flat_query_is_fine() {
    let terms: Vec<String> = (0..10_000).map(|i| format!("eq(a,{i})")).collect();
    let expr = parse(&format!("or({})", terms.join(","))).unwrap();
    assert!(Plan::new(&expr, &Schema::open()).unwrap().matches(&json!({"a": 9_999})));
    let chain = terms.join("&");
    assert!(parse(&chain).is_ok());
}

#[test]
fn as_many_terms_as_the_parser_takes_cost_no_more_than_their_number() {
    let terms: Vec<String> = (0..100_000).map(|i| format!("a={i}")).collect();
    let text = format!("({})", terms.join("|"));
    let expr = parse(&text).unwrap();
    assert_eq!(expr.canonical(), expr.simplify().canonical());
    assert!(!R::from(expr).is_empty());
    let list = format!("in(a,({}))", (0..100_000).map(|i| i.to_string()).collect::<Vec<_>>().join(","));
    assert!(Plan::new(&parse(&list).unwrap(), &Schema::open()).unwrap().matches(&json!({"a": 99_999})));
    assert!(!(!R::any_of((0..100_000).map(|i| field("a").eq(i)))).is_empty());
}

#[test]
fn a_raw_query_of_quotes_and_parentheses_is_split_at_once() {
    for raw in ["(\"".repeat(500_000), "='".repeat(500_000), "a=\"x".repeat(200_000), "%22(".repeat(200_000)]
    {
        assert_eq!(split(&raw).len(), 1);
    }
}

#[test]
fn a_path_of_many_steps_costs_no_stack() {
    let path = format!("a{}", ".a".repeat(200_000));
    let expr = parse(&format!("eq({path},null())&ordering({path})")).unwrap();
    let plan = Plan::new(&expr, &Schema::open()).unwrap();
    assert!(plan.matches(&json!({"a": {"a": [1]}})));
    assert!(plan.compare(&json!({"a": 1}), &json!({})).is_eq());
}

#[test]
fn a_builder_nested_too_deep_is_refused() {
    let mut condition = R::new();
    for i in 0..100_000 {
        condition = (condition & field("a").eq(i)) | field("b").eq(i);
    }
    assert_eq!(condition.to_rql(), Err(BuildError::Depth));
    let flat = R::any_of((0..2_000).map(|i| field("a").eq(i)));
    assert!(flat.to_rql().is_ok());
    assert!((!flat).to_rql().is_ok());
}

#[test]
fn a_pattern_of_many_stars_takes_no_time() {
    let pattern = Pattern::new(&"*a".repeat(2_000), false).unwrap();
    assert!(!pattern.matches(&("a".repeat(1_999) + "b")));
    assert!(pattern.matches(&"a".repeat(2_000)));
}

fn typed() -> Schema {
    Schema::closed()
        .field("a", FieldType::new(Kind::DateTime).nullable())
        .field("b", FieldType::new(Kind::Decimal { scale: 1 }).searchable())
        .field("c", FieldType::new(Kind::Date))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), object in object()) {
        try_all(&String::from_utf8_lossy(&bytes), &object);
    }

    #[test]
    fn text_near_the_language_never_panics(
        parts in prop::collection::vec(prop::sample::select(vec![
            "and(", "or(", "not(", "(", ")", ",", "&", "|", ";", "eq(", "in(", "out(", "like(", "ordering(", "select(", "t(",
            "a", "b.c", "limit", "search", "offset", "=", "gt=", "null()", "empty()", "\"", "'", "1", "*", "\\", " ", "+", "-", "é", "2024-01-02",
        ]), 0..24),
        object in object(),
    ) {
        try_all(&parts.concat(), &object);
    }
}

fn try_all(text: &str, object: &serde_json::Value) {
    for strict in [false, true] {
        let parsed = Parser::new().strict(strict).parse(text);
        if strict && let Ok(expr) = &parsed {
            assert_eq!(Parser::new().parse(text).as_ref(), Ok(expr), "patience changes no meaning: {text:?}");
        }
        match parsed {
            Err(error) => {
                assert!(text.is_char_boundary(error.position()));
                assert_eq!(error.found(), text[error.position()..].chars().next());
                assert!(!error.to_string().is_empty());
            }
            Ok(expr) => {
                let printed = expr.to_rql().unwrap();
                assert_eq!(parse(&printed), Ok(expr.clone()), "{text:?} {printed:?}");
                let _ = (expr.simplify(), expr.canonical());
                for schema in [Schema::open(), typed()] {
                    match Plan::new(&expr, &schema) {
                        Ok(plan) => {
                            let _ = (plan.matches(object), plan.compare(object, &json!({})));
                            plan.selection().apply(&mut object.clone());
                        }
                        Err(error) => assert!(!error.to_string().is_empty()),
                    }
                }
            }
        }
    }
    let parts = split(text).len();
    assert!(parts <= text.matches('&').count() + 1, "{text:?}");
    let raw = !(R::raw(text) & field("a").eq(1));
    let _ = (raw.to_rql(), raw.to_expr(), Pattern::search(text));
}
