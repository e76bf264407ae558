//! The builder against the vectors of the reference, as they stand in `vectors.txt`.

use pentad_rql::{BuildError, Operator, Parser, R, field};

use crate::build::build;

struct Row {
    number: u32,
    section: &'static str,
    original: &'static str,
    accepted: bool,
    ours: &'static str,
    deviates: bool,
}

fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in include_str!("vectors.txt").lines().filter(|line| !line.starts_with('#')) {
        let (deviation, parts) = match line.strip_prefix("=> ") {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let parts: Vec<&'static str> =
            parts.split(" || ").flat_map(|part| part.split(" ||")).map(str::trim).collect();
        if deviation {
            let row = rows.last_mut().unwrap();
            assert!(parts.last().unwrap().starts_with("15#"), "a deviation without its reason: {line}");
            (row.ours, row.deviates) = (parts[0], true);
        } else {
            let [section, _, text, accepted] = parts[..] else { panic!("{line:?}: {parts:?}") };
            let number = section.split_once('#').unwrap().1.parse().unwrap();
            rows.push(Row {
                number,
                section,
                original: text,
                accepted: accepted == "yes",
                ours: text,
                deviates: false,
            });
        }
    }
    rows
}

#[test]
fn the_table_is_whole() {
    let numbers: Vec<u32> = rows().iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=126).collect::<Vec<_>>());
    assert_eq!(rows().iter().filter(|row| row.deviates).count(), 22);
}

#[test]
fn builder_gives_the_text_of_each_vector() {
    for row in rows() {
        let built = build(row.number).to_rql();
        if row.ours == "!" {
            assert!(matches!(built, Err(BuildError::Operand { .. })), "{}: {built:?}", row.section);
        } else {
            assert_eq!(built.as_deref(), Ok(row.ours), "{}", row.section);
        }
    }
}

#[test]
fn strict_parser_takes_what_the_service_takes() {
    for row in rows() {
        let parsed = Parser::new().strict(true).parse(row.original);
        assert_eq!(parsed.is_ok(), row.accepted, "{}: {parsed:?}", row.section);
    }
}

#[test]
fn what_deviates_is_taken_by_the_service() {
    for row in rows().iter().filter(|row| row.deviates && row.ours != "!") {
        let parsed = Parser::new().strict(true).parse(row.ours);
        assert!(parsed.is_ok(), "{}: {parsed:?}", row.section);
    }
}

#[test]
fn what_reads_comes_out_as_it_went_in() {
    for row in rows().iter().filter(|row| row.accepted) {
        let read = pentad_rql::parse(row.original).unwrap();
        let printed = read.to_rql().unwrap();
        // Quotes that are not needed, and the kind of quotes, are no part of the tree.
        assert_eq!(printed, row.original, "{}", row.section);
        assert_eq!(pentad_rql::parse(&printed).unwrap(), read, "{}", row.section);
    }
}

#[test]
fn raw_door_gives_the_text_of_the_original_for_every_value() {
    for (number, value) in [(19, ""), (21, "x,y"), (22, "\"x,y\""), (23, "it's"), (24, "f(x)"), (25, "a&b")] {
        let row = rows().into_iter().find(|row| row.number == number).unwrap();
        assert_eq!(field("a").raw(Operator::Eq, value).to_rql().unwrap(), row.original);
        assert_eq!(R::lookup_raw("a", value).to_rql().unwrap(), row.original);
    }
}

#[test]
fn arguments_that_no_operator_takes_are_refused_when_the_text_is_asked_for() {
    use pentad_rql::Value;
    let refused = [
        R::lookup_list("a", ["x"]),
        R::lookup("a__in", "xy"),
        R::lookup("a__ilike", Value::Null),
        R::lookup("a__like", Value::Empty),
        R::lookup("a__gt", Value::Null),
        R::lookup("a__null", "yes"),
        R::lookup_list("a__range", ["x", "y"]),
    ];
    for condition in refused {
        assert!(matches!(condition.to_rql(), Err(BuildError::Operand { .. })), "{condition:?}");
        let kept = (R::raw("eq(b,1)") & condition.clone()) | R::raw("eq(c,1)");
        assert_eq!(kept.to_rql(), condition.to_rql(), "the first error is kept");
        assert_eq!((!condition.clone()).to_rql(), condition.to_rql());
    }
    assert_eq!(field("1a").eq(1).to_rql(), Err(BuildError::Name("1a".into())));
    assert_eq!(R::ordering(["a", "-"]).to_rql(), Err(BuildError::Name(String::new())));
    let both = field("a").eq("it's \"x\"").to_rql();
    assert_eq!(
        both.unwrap_err().to_string(),
        r#"value "it's \"x\"" contains both kinds of quotes, which RQL cannot express"#
    );
    for json in [serde_json::json!([1]), serde_json::json!({"x": 1})] {
        assert!(Value::from_json(&json).is_err());
    }
}
