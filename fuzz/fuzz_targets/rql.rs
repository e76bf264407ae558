//! RQL is refused or read; what was read prints as itself, simplifies to the same meaning and evaluates, also by types and
//! by the service's own grammar.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pentad_rql::{FieldType, Kind, Parser, Plan, Schema, parse, split};
use serde_json::json;

fn typed() -> Schema {
    Schema::closed()
        .field("a", FieldType::new(Kind::Any).nullable().searchable())
        .field("at", FieldType::new(Kind::DateTime).nullable())
        .field("n", FieldType::new(Kind::Decimal { scale: 1 }))
        .field("id", FieldType::new(Kind::Choice(vec!["X-1".into()])))
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    assert!(split(&text).len() <= text.matches('&').count() + 1);
    let read = parse(&text);
    if let Ok(strict) = Parser::new().strict(true).parse(&text) {
        assert_eq!(read.as_ref(), Ok(&strict), "patience changes no meaning");
    }
    let Ok(expr) = read else { return };
    let printed = expr.to_rql().expect("what was read can be printed");
    assert_eq!(parse(&printed).as_ref(), Ok(&expr), "what was printed can be read");
    let object = json!({"a": [1, "x", {"b": null}], "id": "X-1", "at": "2024-01-02T03:04:05Z", "n": 1.25});
    for schema in [Schema::open(), typed()] {
        let plan = Plan::new(&expr, &schema);
        for other in [expr.simplify(), expr.canonical()] {
            let other = Plan::new(&other, &schema);
            assert_eq!(plan.is_ok(), other.is_ok());
            if let (Ok(plan), Ok(other)) = (&plan, &other) {
                assert_eq!(plan.matches(&object), other.matches(&object));
            }
        }
        if let Ok(plan) = &plan {
            let _ = plan.compare(&object, &json!({}));
            plan.selection().apply(&mut object.clone());
        }
    }
});
