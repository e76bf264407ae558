use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::ivcap::list::value::descend;

fn seen(filter: &Filter, parts: &[&Value]) -> bool {
    filter.keeps(&|name: &str| parts.iter().find_map(|part| descend(part, name)).map(Seen::Json))
}

fn keeps(filter: &str, record: &Value) -> bool {
    seen(&Filter::parse(filter).unwrap_or_else(|why| panic!("{filter}: {why}")), &[record])
}

#[test]
fn every_form_that_clients_send_is_understood() {
    let record = json!({"name": "fire-risk", "schema": "urn:x:project.1", "collection": "urn:x:collection:trip 1",
        "FirstName": "Ann", "cloud-cover-pct": 4.5});
    for yes in [
        "name ~= 'fire%'",
        "name~='fire-risk'",
        "name~=risk",
        "schema~=project",
        "collection~='urn:x:collection:trip 1'",
        "FirstName eq 'Ann'",
        "cloud-cover-pct<5",
        "cloud_cover_pct <= 4.5",
        "name=~f",
        "name == \"fire-risk\" and not (FirstName = Bob || FirstName = Carl)",
    ] {
        assert!(keeps(yes, &record), "{yes}");
    }
    for no in ["name ~= 'risk%'", "name == 'fire'", "cloud-cover-pct > 5", "absent != 1", "name ~= FIRE"] {
        assert!(!keeps(no, &record), "{no}");
    }
}

#[test]
fn and_binds_closer_than_or() {
    let record = json!({"a": 1});
    assert!(keeps("a=1 or a=2 and a=3", &record));
    assert!(!keeps("(a=1 or a=2) and a=3", &record));
}

#[test]
fn values_compare_as_what_they_are() {
    let record =
        json!({"n": 10, "t": "2025-01-01T00:00:00Z", "b": true, "s": "10", "l": ["x", "y"], "o": {"k": 2}});
    for yes in [
        "n > 9",
        "n == '10'",
        "t < 2025-01-01T00:00:00.5Z",
        "t == '2025-01-01T01:00:00+01:00'",
        "b == true",
        "b == 'true'",
        "s == 10",
        "l == x",
        "o.k == 2",
    ] {
        assert!(keeps(yes, &record), "{yes}");
    }
    assert!(!keeps("n > 9x", &json!({"n": null})));
}

#[test]
fn quotes_are_doubled_or_escaped() {
    let record = json!({"name": "it's \"so\""});
    for yes in [r#"name == 'it''s "so"'"#, r#"name == "it's \"so\"""#, r#"name == 'it\'s "so"'"#] {
        assert!(keeps(yes, &record), "{yes}");
    }
}

#[test]
fn a_field_of_the_record_hides_one_of_the_content() {
    let filter = Filter::parse("entity == 'e' and label == cat").unwrap();
    let (record, content) = (json!({"entity": "e"}), json!({"entity": "other", "label": "cat"}));
    assert!(seen(&filter, &[&record, &content]));
    assert!(!seen(&filter, &[&record]));
}

#[test]
fn what_is_no_filter_is_refused_with_its_place() {
    for wrong in
        ["name", "name ~", "name ==", "== x", "(a=1", "a=1 b=2", "a='x", "not", "a=1)", "1=a", "a ? b"]
    {
        assert!(Filter::parse(wrong).is_err(), "{wrong}");
    }
    assert_eq!(Filter::parse("a=1 x").unwrap_err(), "expected the end or 'and'/'or' at character 5");
    assert!(Filter::parse(&"(".repeat(5000)).is_err());
    assert!(Filter::parse(&"not ".repeat(2000)).is_err());
    assert!(Filter::parse(&format!("a={}", "x".repeat(10_000))).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}") {
        if let Ok(filter) = Filter::parse(&text) {
            seen(&filter, &[&json!({"a": 1, "b": ["x"]}), &json!({"c": {"d": null}})]);
        }
    }

    #[test]
    fn no_mixture_of_its_words_makes_it_panic(
        words in proptest::collection::vec(
            prop::sample::select(vec!["a", "b.c", "==", "~=", "<", "'x%'", "\"", "'", "(", ")", "not", "and", "or",
                "&&", "||", "5", "true", "é", "\\"]), 0..24)
    ) {
        for separator in ["", " "] {
            if let Ok(filter) = Filter::parse(&words.join(separator)) {
                seen(&filter, &[&json!({"a": 5, "b": {"c": "x"}})]);
            }
        }
    }
}
