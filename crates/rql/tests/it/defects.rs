//! The rows of reference 15 that concern RQL: meaning is kept where the original's text loses it.

use pentad_rql::{BuildError, Parser, Plan, R, Schema, Value, field};
use serde_json::json;

fn strict(condition: &R) -> Plan {
    let text = condition.to_rql().unwrap();
    Plan::new(&Parser::new().strict(true).parse(&text).unwrap(), &Schema::open()).unwrap()
}

#[test]
fn row_1_a_single_negated_filter_stays_negated() {
    let filter = R::all_of([!field("a").eq(1)]);
    assert_eq!(filter.to_rql().unwrap(), "not(eq(a,1))");
    assert!(!strict(&filter).matches(&json!({"a": 1})));
    assert!(strict(&filter).matches(&json!({"a": 2})));
    for other in
        [R::new() & !field("a").eq(1), !field("a").eq(1) & R::new(), !field("a").eq(1) & !field("a").eq(1)]
    {
        assert_eq!(other, filter);
    }
}

#[test]
fn row_2_double_negation_is_no_negation() {
    assert_eq!((!!field("a").eq(1)).to_rql().unwrap(), "eq(a,1)");
    assert_eq!((!!(field("a").eq(1) & field("b").eq(2))).to_rql().unwrap(), "and(eq(a,1),eq(b,2))");
    assert_eq!((!!R::raw("eq(a,1)")).to_rql().unwrap(), "eq(a,1)");
}

#[test]
fn row_2_negated_logic_is_written_so_that_the_service_reads_it() {
    let neither = !(field("a").eq(1) | field("b").eq(2));
    assert_eq!(neither.to_rql().unwrap(), "and(not(eq(a,1)),not(eq(b,2)))");
    for (object, holds) in
        [(json!({"a": 1, "b": 3}), false), (json!({"a": 3, "b": 2}), false), (json!({"a": 3, "b": 3}), true)]
    {
        assert_eq!(strict(&neither).matches(&object), holds, "{object}");
    }
    let not_both = !R::raw("and(eq(a,1),or(eq(b,2),not(eq(c,3))))");
    assert_eq!(not_both.to_rql().unwrap(), "or(not(eq(a,1)),and(not(eq(b,2)),eq(c,3)))");
}

#[test]
fn row_2_the_negated_empty_condition_is_empty() {
    assert!((!R::new()).is_empty());
    assert_eq!((!R::new() & field("a").eq(1)).to_rql().unwrap(), "eq(a,1)");
}

#[test]
fn row_3_a_condition_is_not_changed_by_its_use() {
    let status = field("status");
    let either = status.clone().eq("a") | status.eq("b");
    assert_eq!(either.to_rql().unwrap(), "or(eq(status,a),eq(status,b))");
    let more = either.clone() & field("x").eq(1);
    assert_eq!(either.to_rql().unwrap(), "or(eq(status,a),eq(status,b))");
    assert_eq!(more.to_rql().unwrap(), "and(or(eq(status,a),eq(status,b)),eq(x,1))");
}

#[test]
fn row_4_values_are_quoted_when_they_need_it_and_the_raw_doors_are_open() {
    let cases = [
        ("x,y", r#"eq(a,"x,y")"#),
        ("it's", r#"eq(a,"it's")"#),
        ("say \"hi\"", "eq(a,'say \"hi\"')"),
        ("", r#"eq(a,"")"#),
        ("t", r#"eq(a,"t")"#),
        ("T", "eq(a,T)"),
        (" x", r#"eq(a," x")"#),
        ("x ", "eq(a,x )"),
        (".5", r#"eq(a,".5")"#),
        ("null()", r#"eq(a,"null()")"#),
        ("a\tb", "eq(a,\"a\tb\")"),
        ("user@x.org", "eq(a,user@x.org)"),
        ("日本", "eq(a,\"日本\")"),
    ];
    for (value, text) in cases {
        assert_eq!(field("a").eq(value).to_rql().unwrap(), text);
        assert!(strict(&field("a").eq(value)).matches(&json!({"a": value})), "{value:?} comes back");
    }
    assert_eq!(R::raw("eq(a,x,y)").to_rql().unwrap(), "eq(a,x,y)");
    assert_eq!(R::lookup_raw("a__in", "x,\"y z\"").to_rql().unwrap(), "in(a,(x,\"y z\"))");
    assert_eq!(field("a").eq("'\"").to_rql(), Err(BuildError::Quotes("'\"".into())));
}

#[test]
fn row_5_lists_take_any_scalar() {
    assert_eq!(field("a").in_([1, 2]).to_rql().unwrap(), "in(a,(1,2))");
    let mixed = [Value::from(true), Value::from(1.5), Value::Null, Value::Empty, "x".into()];
    assert_eq!(field("a").out(mixed).to_rql().unwrap(), "out(a,(true,1.5,null(),empty(),x))");
}

#[test]
fn row_6_null_and_empty_take_a_boolean_in_both_forms() {
    for flag in [true, false] {
        assert_eq!(R::lookup("a__null", flag), field("a").null(flag));
        assert_eq!(R::lookup("a__empty", flag), field("a").empty(flag));
    }
    for not_a_flag in [Value::from(1), Value::Null, "True".into()] {
        assert!(matches!(R::lookup("a__null", not_a_flag).to_rql(), Err(BuildError::Operand { .. })));
    }
}
