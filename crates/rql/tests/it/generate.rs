//! Trees, objects and texts for property tests.

use pentad_rql::{Expr, Membership, Operator, Property, Sign, Signed, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

pub(crate) fn property() -> impl Strategy<Value = Property> {
    let names = prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "a.b", "c", "a.c", "b.a.c"]).prop_map(String::from),
        1 => "[a-zA-Z][a-zé0-9_.-]{0,6}",
        1 => prop::sample::select(vec!["t", "in", "and", "null", "eq", "select"]).prop_map(String::from),
    ];
    names
        .prop_filter("a word of its own", |name| !matches!(name.as_str(), "limit" | "offset" | "search"))
        .prop_map(|name| Property::new(name).unwrap())
}

fn text() -> impl Strategy<Value = String> {
    let one_kind_of_quotes = |text: &String| !(text.contains('"') && text.contains('\''));
    prop_oneof![
        6 => prop::sample::select(vec!["1", "x", "2", "-1.5", "true", "false", "", "x y", "X", "null()", "t", "1.0", "é"])
            .prop_map(String::from),
        2 => "[ -~]{0,8}".prop_filter("quotes", one_kind_of_quotes),
        1 => any::<String>().prop_filter("quotes", one_kind_of_quotes),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![8 => text().prop_map(Value::Text), 1 => Just(Value::Null), 1 => Just(Value::Empty)]
}

fn tested() -> impl Strategy<Value = Value> {
    let test = (property(), text()).prop_map(|(property, text)| Expr::Test {
        property,
        operator: Operator::Eq,
        value: Value::Text(text),
    });
    prop_oneof![9 => value(), 1 => prop::collection::vec(test, 1..3).prop_map(Value::Tuple)]
}

fn leaf() -> impl Strategy<Value = Expr> {
    let equality = (property(), prop::sample::select(vec![Operator::Eq, Operator::Ne]), tested());
    let order = prop::sample::select(vec![Operator::Gt, Operator::Ge, Operator::Lt, Operator::Le]);
    let pattern = prop::sample::select(vec![Operator::Like, Operator::Ilike]);
    let patterns = prop_oneof![4 => "[a-cX*\\\\]{0,5}", 1 => text()];
    let make = |(property, operator, value)| Expr::Test { property, operator, value };
    let list = prop::sample::select(vec![Membership::In, Membership::Out]);
    prop_oneof![
        4 => equality.prop_map(make),
        2 => (property(), order, text().prop_map(Value::Text)).prop_map(make),
        2 => (property(), pattern, patterns.prop_map(Value::Text)).prop_map(make),
        2 => (property(), list, prop::collection::vec(tested(), 1..4))
            .prop_map(|(property, operator, values)| Expr::Member { property, operator, values }),
    ]
}

fn signed() -> impl Strategy<Value = Vec<Signed>> {
    let sign = prop::sample::select(vec![Sign::None, Sign::Plus, Sign::Minus]);
    prop::collection::vec((sign, property()).prop_map(|(sign, property)| Signed { sign, property }), 0..3)
}

/// Conditions, nested, with logic also inside `not`.
pub(crate) fn condition() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(5, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::Or),
            inner.prop_map(|term| Expr::Not(Box::new(term))),
        ]
    })
}

/// Conditions and what else stands in a query.
pub(crate) fn query() -> impl Strategy<Value = Expr> {
    let beside = prop_oneof![
        signed().prop_map(Expr::Ordering),
        signed().prop_map(Expr::Select),
        prop::sample::select(vec!["limit", "offset", "search"]).prop_map(|word| Expr::Test {
            property: Property::new(word).unwrap(),
            operator: Operator::Eq,
            value: "1".into(),
        }),
    ];
    let any = prop_oneof![4 => condition(), 1 => beside];
    any.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::Or),
            inner.prop_map(|term| Expr::Not(Box::new(term))),
        ]
    })
}

/// Objects with the fields that the trees name.
pub(crate) fn object() -> impl Strategy<Value = Json> {
    let scalar = prop::sample::select(vec![
        json!(null),
        json!(1),
        json!(1.0),
        json!(2),
        json!(-1.5),
        json!("1"),
        json!("x"),
        json!("X"),
        json!(""),
        json!(true),
        json!("x y"),
        json!("abc"),
        json!([]),
        json!({}),
    ]);
    let value = scalar.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..3).prop_map(Json::Array), members(inner)]
    });
    members(value)
}

fn members(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    let name = prop::sample::select(vec!["a", "b", "c"]).prop_map(String::from);
    prop::collection::btree_map(name, value, 0..4).prop_map(|map| Json::Object(map.into_iter().collect()))
}
