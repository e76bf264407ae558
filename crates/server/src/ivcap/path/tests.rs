use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::ivcap::words::order;

/// What PostgreSQL answered; made by `conformance/ivcap/json_paths.py`.
const ANSWERS: &str = include_str!("postgres.json");

fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => order(one, other) == Some(std::cmp::Ordering::Equal),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        (one, other) => one == other,
    }
}

#[test]
fn every_path_selects_what_postgresql_selects() {
    let recorded: Value = serde_json::from_str(ANSWERS).unwrap();
    let documents = recorded["documents"].as_array().unwrap();
    let mut differences = Vec::new();
    for case in recorded["cases"].as_array().unwrap() {
        let text = case["path"].as_str().unwrap();
        let Some(answers) = case["answers"].as_array() else {
            if Path::parse(text).is_ok() {
                differences.push(format!("{text}: PostgreSQL refuses it"));
            }
            continue;
        };
        let path = match Path::parse(text) {
            Ok(path) => path,
            Err(why) => {
                differences.push(format!("{text}: {why}"));
                continue;
            }
        };
        for (document, answer) in documents.iter().zip(answers) {
            let found = json!(path.select(document, &Steps::default()).unwrap());
            let exists = !found.as_array().unwrap().is_empty();
            if answer[0] != json!(exists) || !same(&found, &answer[1]) {
                differences.push(format!("{text} on {document}: {found}, not {}", answer[1]));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn what_is_beyond_the_subset_is_refused_by_name() {
    for (text, named) in [
        ("strict $.a", "strict"),
        ("$.a.size()", ".size()"),
        ("$.**.a", ".**"),
        ("$.a[1 to 2]", "to"),
        ("$.a[last]", "last"),
        ("$.a ? (@ > $x)", "$x"),
        ("$.a == 1", "=="),
        ("$.a ? (@ + 1 > 2)", "+"),
        ("$.a ? ((@ == 1) is unknown)", "is unknown"),
        ("$.a ? (@ like_regex \"a\" flag \"x\")", "\"x\""),
        ("$.a ? (@ like_regex \"(?=a)\")", "(?="),
        ("$.a ? (@ like_regex \"(a)\\\\1\")", "\\1"),
        ("$.a ? (@.type() == \"x\")", ".type()"),
        ("$.a ? (@ = 1)", "="),
    ] {
        let why = Path::parse(text).unwrap_err();
        assert!(why.contains(named), "{text}: {why}");
    }
}

#[test]
fn neither_deep_nor_long_paths_are_taken() {
    for wrong in [
        format!("$ ? {}@ == 1{}", "(".repeat(3000), ")".repeat(3000)),
        format!("$ ? ({}(@ == 1)", "!".repeat(3000)),
        format!("${}", " ? (exists (@".repeat(500)),
        format!("${}", ".a".repeat(5000)),
    ] {
        assert!(Path::parse(&wrong).is_err());
    }
}

#[test]
fn a_path_that_compares_all_with_all_gives_up() {
    let many: Vec<u32> = (0..5000).collect();
    let document = json!({"a": many, "b": many});
    let path = Path::parse("$.a[*] ? (@ == $.b[*] && @ < 0)").unwrap();
    assert_eq!(path.select(&document, &Steps::default()), Err(TooLong));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}") {
        let _ = Path::parse(&text);
        let _ = Path::parse(&format!("$ ? (@ like_regex \"{text}\")"));
    }

    #[test]
    fn no_mixture_of_its_words_makes_it_panic(
        words in proptest::collection::vec(
            prop::sample::select(vec!["$", "@", ".", "a", "\"b\"", "*", "[", "]", "0", "1.5", "?", "(", ")", "==", "<",
                "&&", "||", "!", "exists", "starts with", "like_regex", "flag", "\"i\"", "\\", "null", "-"]), 0..24)
    ) {
        let document = json!({"a": [1, {"b": null}], "b": "i"});
        for separator in ["", " "] {
            if let Ok(path) = Path::parse(&format!("${}", words.join(separator))) {
                let _ = path.select(&document, &Steps::default());
            }
        }
    }

    #[test]
    fn no_pattern_makes_it_panic(pattern in "[a\\\\.\\[\\]^$(){}|*+?,0-9:d-]{0,16}") {
        let _ = pattern::compile(&pattern, true);
    }
}
